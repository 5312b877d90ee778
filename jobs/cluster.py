"""Items on the workers of an existing Dask scheduler, with the interface of a pool.

A Dask worker runs an item in a child process of its own, as a pool does on one machine: what
crashes, hangs or eats memory costs one item and leaves the worker alive. A worker that dies
has its items run again elsewhere. Dask itself runs in a process of its own (`jobs.dask_client`);
here its answers are decoded as data, and nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import pickle
import re
import select
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Self

from jobs.dask_client import OTHER_SOURCES, cannot_import
from jobs.data import DataError, decoded, read, write
from jobs.errors import JobsError
from jobs.on_worker import text_of
from jobs.pool import Done

CONNECT_LIMIT = 10.0
WORKERS_LIMIT = 120.0
"""Time [s] that the scheduler may take to answer, and its first worker to join."""
_START_LIMIT = 60.0
"""Time [s] that starting the client may take beside that: it imports Dask."""
_REACTION = 2.0
"""Time [s] after which it is ended where it should have said something or left."""
_ADDRESS = re.compile(
    r"(?:(?:tcp|tls|ws|wss|ucx)://)?(?:\[[0-9A-Fa-f:.]+(?:%\w+)?\]|[^\s/:\[\]]+):(\d{1,5})/?"
)


class Cluster:
    """Runs items on a Dask cluster; use it as a context manager.

    `factory`, `setup` and `time_limit` [s] are those of `Pool`; `address` is the scheduler's,
    such as "tcp://host:8786". `fingerprint`, "module:function", names a function that must give
    the same text on the workers as here, before any of them gets an item. Raises JobsError where
    Dask is missing, the address is none or the scheduler does not answer.
    """

    def __init__(
        self,
        factory: str,
        setup: object,
        address: str,
        time_limit: float | Callable[[Any], float],
        *,
        fingerprint: str,
    ) -> None:
        self._address = _checked_address(address)
        if not _has_dask():
            raise _without_dask()
        pickled = pickle.dumps(setup)
        key = hashlib.sha256(factory.encode() + b"\0" + pickled).hexdigest()
        self._begin = ["begin", factory, pickled, key, fingerprint, text_of(fingerprint)]
        self._limit = time_limit if callable(time_limit) else lambda _: time_limit
        self.hello: Any = None
        """What the task tells of itself on the worker that was asked first."""
        self._begun = False
        self._room, self._number = 0, 0
        self._process = _started()
        try:
            self._send("connect", address, CONNECT_LIMIT)
            self._expect("started", _START_LIMIT)
            self._expect("connected", CONNECT_LIMIT + _REACTION)
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        # It takes leave of the scheduler when its input ends.
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(_REACTION + 5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def run(self, items: Iterable[Any]) -> Iterator[Done]:
        """Run items in any order, each once; yields them as they finish.

        An item is taken when the cluster has room for it. Raises JobsError when the scheduler
        goes away, no worker joins, or a worker has other programs.
        """
        if not self._begun:
            self._send(*self._begin, WORKERS_LIMIT)
            (answer,) = self._expect("hello", None)
            (self.hello,) = self._checked(answer, "hello", 1)
            self._begun = True
        waiting, exhausted = iter(items), False
        flying: dict[int, Any] = {}
        try:
            while True:
                while not exhausted and len(flying) < self._room:
                    for item in waiting:
                        self._number += 1
                        flying[self._number] = item
                        self._send("item", self._number, pickle.dumps(item), self._limit(item))
                        break
                    else:
                        exhausted = True
                if exhausted and not flying:
                    return
                kind, *content = self._receive()
                if kind == "room":
                    self._room = int(content[0])
                elif kind in ("done", "killed") and content[0] in flying:
                    item = flying.pop(content[0])
                    yield (
                        self._done(item, content[1])
                        if kind == "done"
                        else Done(
                            item, None, "the Dask workers that ran it died, one after the other"
                        )
                    )
        finally:
            if flying:
                self._send("drop")

    def _done(self, item: Any, answer: object) -> Done:
        try:
            result, failure, timed_out, hello = self._checked(answer, "done", 4)
            if not isinstance(failure, str) or not isinstance(timed_out, bool):
                raise DataError("it is no answer")
        except DataError as error:
            return Done(item, None, f"a Dask worker answered no data ({error})")
        return Done(item, result, failure, timed_out, hello)

    def _checked(self, answer: object, kind: str, length: int) -> list[Any]:
        """The content of a worker's answer.

        Raises JobsError where the worker is not one of this version, DataError where it is none.
        """
        if not isinstance(answer, bytes):
            raise DataError("it is no message")
        content = decoded(answer)
        match content:
            case ["other sources"]:
                raise JobsError(OTHER_SOURCES)
            case ["cannot import", str(why)]:
                raise JobsError(cannot_import(_plain(why)))
            case ["broken", str(why)]:
                raise JobsError(f"a Dask worker failed ({_plain(why)}); look into its log")
            case [str(found), *rest] if found == kind and len(rest) == length:
                return rest
        raise DataError("it is no answer")

    def _send(self, *message: object) -> None:
        assert self._process.stdin is not None
        # A client that is gone shows when its reply is read.
        with contextlib.suppress(OSError):
            write(self._process.stdin, list(message))

    def _expect(self, kind: str, seconds: float | None) -> list[Any]:
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], seconds)[0]:
            self._process.kill()
            raise self._unreachable("it does not react")
        found, *content = self._receive()
        if found != kind:
            raise self._unreachable("its client answered out of turn")
        return content

    def _receive(self) -> list[Any]:
        assert self._process.stdout is not None
        try:
            message = read(self._process.stdout)
        except (EOFError, DataError, OSError):
            raise JobsError(
                "the client of the Dask scheduler ended without a word; what was finished is "
                "kept, and the same command goes on from there"
            ) from None
        match message:
            case ["error", str(sentence)]:
                raise JobsError(_plain(sentence))
            case ["missing", str()]:
                raise _without_dask()
            case ["unexpected", str(why)]:
                raise self._unreachable(_plain(why))
            case [str(), *_]:
                return list(message)
        raise self._unreachable("its client answered out of turn")

    def _unreachable(self, why: str) -> JobsError:
        return JobsError(
            f"no Dask scheduler answers at {self._address} ({why}); check the address, and the "
            "certificates where it begins with tls"
        )


def _checked_address(address: str) -> str:
    found = _ADDRESS.fullmatch(address)
    if found is None or not 0 < int(found[1]) < 65536:
        raise JobsError(
            f"no Dask scheduler answers at {_plain(address)[:100]}, which is no address with a "
            "port; give one such as tcp://host:8786"
        )
    return address


def _has_dask() -> bool:
    try:
        return importlib.util.find_spec("distributed") is not None
    except (ImportError, ValueError):
        return False


def _without_dask() -> JobsError:
    return JobsError(
        "a scheduler needs Dask, which is not installed; install it with "
        "`pip install 'mramcim[cluster]'`"
    )


def _started() -> subprocess.Popen[bytes]:
    """The client's process, with this one's environment: Dask's configuration is in it."""
    packages = str(Path(__file__).resolve().parents[1])
    path = os.pathsep.join([packages, *(entry for entry in sys.path if entry)])
    return subprocess.Popen(
        [sys.executable, "-m", "jobs.dask_client", str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path},
    )


def _plain(text: str) -> str:
    """A text on one line that a terminal shows and does not obey."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())
