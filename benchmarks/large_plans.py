"""Large plans: when the first point is done, and what memory a run of many points takes.

    python benchmarks/large_plans.py [--points 20000]

The first part starts the command on a plan of 100,000 points and interrupts it. The second runs
points of a small deck and watches the memory of the command and of its workers.
"""

from __future__ import annotations

import argparse
import itertools
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from machine import processor

from characterize import load_plan
from characterize.pool import Simulations

REPEATS = 5


def write_plan(path: Path) -> None:
    """A plan of 100,000 points of one gate."""
    supplies = ", ".join(f'"{0.9 + 0.2 * i / 999:.6f} V"' for i in range(1000))
    temperatures = ", ".join(f'"{-40 + 1.5 * i:g} degC"' for i in range(100))
    path.write_text(
        'title = "large"\nbenches = ["decoder_gate"]\n[axes]\ncorner = ["tt"]\n'
        f"vdd = [{supplies}]\ntemperature = [{temperatures}]\nrows = [64]\ncolumns = [64]\n"
    )


def first_point(plan: Path) -> float:
    """Time [s] from the start of the command to its first finished point."""
    environment = {**os.environ, "MRAMCIM_CACHE": str(plan.parent / "store")}
    words = ["characterize", plan.name, "-o", "never.h5", "--no-cache", "-j", "1"]
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "mramcim", *words],
        cwd=plan.parent, env=environment, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    shown = ""
    while not re.search(r" [1-9]\d*/", shown):
        shown += process.stderr.read(1) or sys.exit(shown)
    taken = time.perf_counter() - started
    process.send_signal(signal.SIGINT)
    process.communicate()
    return taken


def resident(pid: int) -> float:
    """Memory [MB] of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


def memory(plan: Path, count: int, jobs: int) -> None:
    """Print the memory as points finish, their results kept as a run keeps them."""
    loaded = load_plan(plan)
    kept, worker, shown = {}, 0.0, {100, 1000, 2000, 5000, 10_000, 20_000, count}
    with Simulations(loaded.design, jobs, 60.0) as running:
        points = itertools.islice(loaded.points(), count)
        for number, done in enumerate(running.simulate(points), 1):
            kept[done.point] = done.result
            if number % 100 == 0 and running.pids:
                worker = max(worker, max(resident(pid) for pid in running.pids))
            if number in shown:
                own = resident(os.getpid())
                print(f"after {number} points: {own:.0f} MB, largest worker so far {worker:.0f} MB")


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=20_000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    print(processor())
    with tempfile.TemporaryDirectory() as folder:
        plan = Path(folder) / "large.toml"
        write_plan(plan)
        times = sorted(first_point(plan) for _ in range(REPEATS))
        print(
            f"first of 100,000 points done {times[REPEATS // 2]:.2f} s after the start of the "
            f"command ({times[0]:.2f} to {times[-1]:.2f} s in {REPEATS} runs)"
        )
        memory(plan, arguments.points, arguments.jobs)


if __name__ == "__main__":
    main()
