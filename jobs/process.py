"""One child process that runs a task and can be killed at any time."""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MEMORY_LIMIT = 4 << 30
"""Address space [B] of a child; a task that wants more dies alone."""


@dataclass(frozen=True)
class Reply:
    """What a child answers to an item: the result, or the text of an exception.

    After a `spent` reply the child ends.
    """

    result: Any
    error: str = ""
    spent: bool = False


def environment(folder: str, settings: Mapping[str, str]) -> dict[str, str]:
    """Environment of a child: paths and `settings` only, so that no user's setting leaks in."""
    packages = str(Path(__file__).resolve().parents[1])
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return {
        **kept,
        "HOME": folder,
        "LC_ALL": "C",
        "OMP_THREAD_LIMIT": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([packages, *(entry for entry in sys.path if entry)]),
        **{name: value for name, value in os.environ.items() if name.startswith("OPENBLAS_CORE")},
        **settings,
    }


class Process:
    """A child with a task loaded.

    `factory` is "module:function", `setup` what the function gets; `folder` the child's working
    and home folder, `memory_limit` its address space in bytes (0: unlimited).
    """

    def __init__(
        self,
        factory: str,
        setup: object,
        folder: str,
        memory_limit: int = MEMORY_LIMIT,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "jobs.child", str(os.getpid()), str(memory_limit)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=environment(folder, settings or {}),
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self.replies = self._process.stdin, self._process.stdout
        self.send((factory, setup))

    @property
    def pid(self) -> int:
        """The child's process number."""
        return self._process.pid

    def send(self, item: object) -> None:
        """Send an item; a broken pipe shows when the reply is read."""
        with contextlib.suppress(BrokenPipeError):
            pickle.dump(item, self._requests)
            self._requests.flush()

    def receive(self) -> Reply | None:
        """The next reply (the first has the task's hello), or None when the child has died."""
        try:
            reply: Reply = pickle.load(self.replies)
        except (EOFError, pickle.UnpicklingError):
            return None
        return reply

    def ending(self) -> str:
        """How a dead child ended, for a message."""
        code = self._process.wait()
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    def kill(self) -> None:
        """End the child and reap it."""
        self._process.kill()
        self._process.wait()
        for stream in (self._requests, self.replies):
            with contextlib.suppress(BrokenPipeError):
                stream.close()
