"""Characterization: wall time against ngspice's own analysis times and one process a point.

    python benchmarks/characterization.py [--every 10] [--jobs N]

Runs every tenth point of the shipped default plan, of its writes every three-hundredth. Prints
ratios taken in one run; absolute times belong to the machine that is named. Writes are told
apart: most of their time is ensembles of magnets, not ngspice. Tolerated offsets and error rates
are left out: each is a search over many transients, which one `ngspice -b` cannot do.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from machine import processor

from characterize import load_plan
from characterize.plan import Plan, Point
from characterize.pool import Simulations, ngspice_version
from circuits import Design, build_deck
from jobs.process import environment


def one_process_a_point(design: Design, points: list[Point], jobs: int) -> float:
    """Wall time [s] of running `ngspice -b` once for every point."""
    with tempfile.TemporaryDirectory() as folder:
        decks = []
        for index, point in enumerate(points):
            path = Path(folder) / f"{index}.cir"
            deck = build_deck(design, point.bench, point.variant, point.conditions)
            path.write_text(deck.netlist)
            decks.append(path)

        def run(path: Path) -> None:
            raw = path.with_suffix(".raw")
            subprocess.run(
                ["ngspice", "-n", "-b", "-r", str(raw), str(path)],
                check=True,
                capture_output=True,
                env=environment(folder, {}),
            )

        started = time.perf_counter()
        with ThreadPoolExecutor(jobs) as pool:
            list(pool.map(run, decks))
        return time.perf_counter() - started


def compare(name: str, plan: Plan, points: list[Point], jobs: int) -> None:
    """Print the ratios for some points."""
    started = time.perf_counter()
    with Simulations(plan.design, jobs, plan.time_limit) as running:
        results = [done.result for done in running.simulate(points)]
    wall = time.perf_counter() - started
    failed = sum(not result.values for result in results)
    analysis = sum(result.analysis_seconds for result in results)
    busy = sum(result.processor_seconds for result in results)
    alone = one_process_a_point(plan.design, points, jobs)
    print(f"{name}: {len(points)} points, {failed} without measures")
    print(f"  wall time, this engine                        {wall:8.2f} s")
    print(f"  points a second                               {len(points) / wall:8.1f}")
    print(f"  analysis times / processes                    {analysis / jobs:8.2f} s")
    print(f"  wall / (analysis / processes)                 {wall / (analysis / jobs):8.2f}")
    print(f"  workers' processor time / (wall x processes)  {busy / (wall * jobs):8.2f}")
    print(f"  wall time, one `ngspice -b` a point           {alone:8.2f} s")
    print(f"  points a second against those                 {alone / wall:8.2f} x", flush=True)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    plan = replace(load_plan(), tolerance=False, statistics=None)
    points = list(plan.points())
    print(f"{processor()}, {arguments.jobs} processes, ngspice {ngspice_version()}")
    senses = [point for point in points if point.bench != "write"]
    writes = [point for point in points if point.bench == "write"]
    compare("senses and periphery", plan, senses[:: arguments.every], arguments.jobs)
    compare("writes", plan, writes[:: 30 * arguments.every], arguments.jobs)


if __name__ == "__main__":
    main()
