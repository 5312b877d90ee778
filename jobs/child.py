"""The child process: `python -m jobs.child PARENT MEMORY` runs items until its parent closes it.

Messages are pickles on standard input and output: first the task's factory and its set-up,
then items. Whatever the task prints goes to standard error, which the parent discards.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import pickle
import signal
import sys
from typing import Any, BinaryIO

from jobs.process import Reply

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


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer requests until their stream ends or the task is spent."""

    def send(reply: Reply) -> None:
        pickle.dump(reply, replies)
        replies.flush()

    factory, setup = pickle.load(requests)
    module, _, name = factory.partition(":")
    task: Any = getattr(importlib.import_module(module), name)(setup)
    send(Reply(getattr(task, "hello", "")))
    while True:
        try:
            item = pickle.load(requests)
        except EOFError:
            return
        result, error = None, ""
        try:
            result = task(item)
        except Exception as raised:
            error = f"{type(raised).__name__}: {raised}"
        spent = bool(getattr(task, "spent", False))
        send(Reply(result, error, spent))
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
