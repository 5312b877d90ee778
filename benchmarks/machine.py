"""What a benchmark names the machine by, and how it takes a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path


def processor() -> str:
    """Name of this machine's processor."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown processor"


def least_time(run: Callable[[], object], repeats: int) -> float:
    """Seconds of the fastest run."""
    run()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)
