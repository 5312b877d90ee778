"""Network estimates: wall time from the shell, in a warm process, and peak memory.

python benchmarks/estimation.py [--lut TABLE.h5] [--repeats N]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

from machine import processor

NETWORKS = ("alexnet", "resnet18")


def from_the_shell(network: str, table: list[str], repeats: int) -> tuple[float, float]:
    """Median wall time [s] and peak memory [MB] of the whole command."""
    command = [str(Path(sys.executable).with_name("mramcim")), "estimate", network, *table]
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ)
        times.append(time.perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return statistics.median(times), peak


def warm(network: str, path: str | None, repeats: int) -> float:
    """Median time [s] of one estimate with packages and table loaded."""
    from accelerator import estimate
    from lut import Table

    table = Table.open(path)
    times = []
    for _ in range(repeats + 1):
        started = time.perf_counter()
        json.dumps(estimate(network, table=table).to_dict())
        times.append(time.perf_counter() - started)
    return statistics.median(times[1:])


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lut")
    parser.add_argument("--repeats", type=int, default=7)
    arguments = parser.parse_args()
    table = ["--lut", arguments.lut] if arguments.lut else []
    print(f"{processor()}, median of {arguments.repeats}")
    print("network    shell s   warm ms   peak MB")
    for network in NETWORKS:
        shell, peak = from_the_shell(network, table, arguments.repeats)
        milliseconds = 1e3 * warm(network, arguments.lut, arguments.repeats)
        print(f"{network:10} {shell:7.2f}   {milliseconds:7.1f}   {peak:7.0f}")


if __name__ == "__main__":
    main()
