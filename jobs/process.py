"""One child process that runs a task and can be killed at any time."""

from __future__ import annotations

import contextlib
import math
import os
import pickle
import select
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.data import HEADER, DataError, decoded, length

MEMORY_LIMIT = 4 << 30
"""Address space [B] of a child; a task that wants more dies alone."""


@dataclass(frozen=True)
class Reply:
    """What a child answers to an item: the result, or the text of an exception.

    The result is data (`jobs.data`), whatever the child has become. After a `spent` reply the
    child ends.
    """

    result: Any
    error: str = ""
    spent: bool = False


class Unfinished:
    """That a reply is not there yet, or not all of it."""


UNFINISHED = Unfinished()
_PIECE = 1 << 16


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
        self._received = bytearray()
        os.set_blocking(self.replies.fileno(), False)
        self._write((factory, setup))

    @property
    def pid(self) -> int:
        """The child's process number."""
        return self._process.pid

    def send(self, item: object, time_limit: float = math.inf) -> None:
        """Send an item; a broken pipe shows when the reply is read.

        `time_limit` [s] is what the caller gives it. An orphan ends itself some time after that.
        """
        self._write((item, time_limit))

    def _write(self, message: object) -> None:
        with contextlib.suppress(BrokenPipeError):
            pickle.dump(message, self._requests)
            self._requests.flush()

    def receive(self) -> Reply | None:
        """Wait for the next reply (the first has the task's hello); None when the child died."""
        while isinstance(reply := self.poll(), Unfinished):
            select.select([self.replies], [], [])
        return reply

    def poll(self) -> Reply | Unfinished | None:
        """The next reply as far as it is there; `UNFINISHED` where more of it is to come.

        An answer that is no data is a reply with that error.
        """
        try:
            while True:
                whole = HEADER.size
                if len(self._received) >= whole:
                    whole = length(self._received)
                    if len(self._received) >= whole:
                        message = self._received[:whole]
                        del self._received[:whole]
                        return _reply(decoded(message))
                piece = os.read(self.replies.fileno(), max(_PIECE, whole - len(self._received)))
                if not piece:
                    return None
                self._received += piece
        except BlockingIOError:
            return UNFINISHED
        except DataError as error:
            self._received.clear()
            return Reply(None, f"the worker process answered no data ({error})", spent=True)

    def ending(self) -> str:
        """How a dead child ended, for a message."""
        try:
            code = self._process.wait(5)
        except subprocess.TimeoutExpired:
            # It closed its side and lives on.
            self._process.kill()
            code = self._process.wait()
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    def kill(self) -> None:
        """End the child and reap it."""
        self._process.kill()
        self._process.wait()
        for stream in (self._requests, self.replies):
            with contextlib.suppress(BrokenPipeError):
                stream.close()


def _reply(content: object) -> Reply:
    if not isinstance(content, list) or len(content) != 3:
        raise DataError("it is no reply")
    result, error, spent = content
    if not isinstance(error, str) or not isinstance(spent, bool):
        raise DataError("it is no reply")
    return Reply(result, error, spent)
