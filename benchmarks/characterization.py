"""Characterization: wall time against ngspice's own analysis times and one process a point.

    python benchmarks/characterization.py [--jobs N]

Prints ratios taken in one run; absolute times belong to the machine that is named.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from machine import processor

from characterize import load_plan, run_plan
from characterize.plan import Point
from circuits import Design, build_deck
from jobs.process import environment

PLAN = """
title = "benchmark: two operations over all corners"
benches = ["and2", "write"]
tolerance = false
[axes]
corner = ["tt", "ss", "ff", "sf", "fs"]
vdd = ["0.9 V", "1.0 V", "1.1 V"]
temperature = ["27 degC", "125 degC"]
rows = [256]
columns = [256]
"""


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


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    jobs = parser.parse_args().jobs
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.toml"
        path.write_text(PLAN)
        plan = load_plan(path)
        run = run_plan(plan, Path(folder) / "out.h5", jobs=jobs)
    points = list(plan.points())
    alone = one_process_a_point(plan.design, points, jobs)
    ideal = run.analysis_seconds / jobs
    print(f"{processor()}, {jobs} processes, ngspice {run.ngspice_version}")
    print(f"points                                  {len(points)}")
    print(f"wall time, this engine                  {run.wall_seconds:.2f} s")
    print(f"points a second                         {len(points) / run.wall_seconds:.1f}")
    print(f"sum of analysis times / processes       {ideal:.2f} s")
    print(f"wall / (analysis / processes)           {run.wall_seconds / ideal:.2f}")
    print(f"wall time, one `ngspice -b` a point     {alone:.2f} s")
    print(f"points a second against one process each {alone / run.wall_seconds:.2f} x")


if __name__ == "__main__":
    main()
