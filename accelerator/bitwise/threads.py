"""Sharing a range of independent work among threads that run outside the interpreter lock."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

_pools: dict[int, ThreadPoolExecutor] = {}
# A child process has the pool's object but none of its threads.
os.register_at_fork(after_in_child=_pools.clear)


def thread_count() -> int:
    """Threads to use: numba's setting, NUMBA_NUM_THREADS or the processors of this process."""
    import numba

    return int(vars(numba.config)["NUMBA_NUM_THREADS"])


def share(work: Callable[[int, int], object], total: int, grain: int) -> None:
    """Call work(first, last) on parts of range(total), multiples of `grain` but the last."""
    units = -(-total // grain)
    threads = min(thread_count(), units)
    if threads <= 1:
        work(0, total)
        return
    if threads not in _pools:
        _pools[threads] = ThreadPoolExecutor(threads - 1, "bitwise")
    bounds = [min(total, units * part // threads * grain) for part in range(threads + 1)]
    others = [_pools[threads].submit(work, first, last) for first, last in pairwise(bounds[1:])]
    work(bounds[0], bounds[1])
    for other in others:
        other.result()
