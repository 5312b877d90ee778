"""Running one compiled function in several threads at once, outside the interpreter lock."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

_pools: dict[int, ThreadPoolExecutor] = {}
# A child process has the pool's object but none of its threads.
os.register_at_fork(after_in_child=_pools.clear)


def thread_count() -> int:
    """Threads to use: numba's setting, NUMBA_NUM_THREADS or the processors of this process."""
    import numba

    return int(vars(numba.config)["NUMBA_NUM_THREADS"])


def run_in_threads(work: Callable[[], object], threads: int) -> None:
    """Call `work`, which takes its share of a common task, in so many threads at once."""
    if threads > 1 and threads not in _pools:
        _pools[threads] = ThreadPoolExecutor(threads - 1, "bitwise")
    others = [_pools[threads].submit(work) for _ in range(threads - 1)]
    work()
    for other in others:
        # One that has not begun would find nothing left to do.
        if not other.cancel():
            other.result()
