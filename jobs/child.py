"""The child process: `python -m jobs.child PARENT MEMORY` runs items until its parent closes it.

Requests are pickles on standard input: first the task's factory and its set-up, then items with
their time limits. Replies are data on standard output (`jobs.data`), so that a child that foreign
input has taken over can make its parent run nothing. Whatever the task prints goes to standard
error, which the parent discards.
"""

from __future__ import annotations

import ctypes
import importlib
import math
import os
import pickle
import signal
import sys
import time
from typing import Any, BinaryIO

from jobs.data import DataError, parts

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent dies, however it dies (Linux)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    except (OSError, AttributeError):
        return  # Elsewhere the end of standard input ends the process.
    if os.getppid() != parent:
        os._exit(1)


def limit_memory(size: int) -> None:
    """Give this process an address space of `size` bytes; 0 leaves it unlimited."""
    if size:
        import resource

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        allowed = size if hard == resource.RLIM_INFINITY else min(size, hard)
        resource.setrlimit(resource.RLIMIT_AS, (allowed, hard))


def limit_processor_time(seconds: float) -> None:
    """Have the kernel end this process after twice so much more processor time [s], and some.

    The parent ends it sooner, unless the parent is gone.
    """
    import resource

    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    last = time.process_time() + 2 * seconds + 10
    if not math.isfinite(last) or last >= 2**31:
        return
    allowed = math.ceil(last)
    resource.setrlimit(
        resource.RLIMIT_CPU,
        (allowed if hard == resource.RLIM_INFINITY else min(allowed, hard), hard),
    )


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer requests until their stream ends or the task is spent."""

    def send(result: object, error: str, spent: bool) -> None:
        try:
            pieces = parts([result, error, spent])
        except DataError as problem:
            pieces = parts([None, f"the task's result cannot be sent: {problem}", spent])
        for piece in pieces:
            replies.write(piece)
        replies.flush()

    factory, setup = pickle.load(requests)
    module, _, name = factory.partition(":")
    task: Any = getattr(importlib.import_module(module), name)(setup)
    send(getattr(task, "hello", ""), "", False)
    while True:
        try:
            item, seconds = pickle.load(requests)
        except EOFError:
            return
        limit_processor_time(seconds)
        result, error = None, ""
        try:
            result = task(item)
        except Exception as raised:
            error = f"{type(raised).__name__}: {raised}"
        spent = bool(getattr(task, "spent", False))
        send(result, error, spent)
        if spent:
            return


def main() -> None:
    """Set the process up and serve."""
    die_with_parent(int(sys.argv[1]))
    limit_memory(int(sys.argv[2]))
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, replies)


if __name__ == "__main__":
    main()
