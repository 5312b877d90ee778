"""What a Dask worker does for a cluster: one item in a child process, answered in data.

It gets an item as bytes and compares the sources of its programs with the client's before it
makes anything of them. Whatever happens, it answers with a message of `jobs.data`: a list of what
kind of answer it is, and its content.
"""

from __future__ import annotations

import contextlib
import importlib
import pickle
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from jobs.data import DataError, encoded
from jobs.pool import Done, Pool

_STALE = 300.0
"""Time [s] after which a worker ends a child that nobody used."""


def same(value: Any) -> Any:
    """A value as a task, and not scattered: where its holder dies it is computed again."""
    return value


def text_of(function: str) -> str:
    """What the function "module:name", a fingerprint, says here."""
    module, _, name = function.partition(":")
    return str(getattr(importlib.import_module(module), name)())


def greet(factory: str, setup: bytes, key: str, fingerprint: str, there: str) -> bytes:
    """["hello", what the task tells of itself]."""

    def answer() -> list[Any]:
        with _borrowed(factory, setup, key) as runner:
            return ["hello", runner.hello()]

    return _answered(fingerprint, there, answer)


def run(
    factory: str, setup: bytes, key: str, fingerprint: str, there: str, item: bytes, limit: float
) -> bytes:
    """["done", result, failure, whether it was stopped, hello] of one item."""

    def answer() -> list[Any]:
        # Pickles of the client, which the worker obeys anyway; its own answer is data.
        with _borrowed(factory, setup, key) as runner:
            done = runner.run(pickle.loads(item), limit)
        return ["done", done.result, done.failure, done.timed_out, done.hello]

    return _answered(fingerprint, there, answer)


def _answered(fingerprint: str, there: str, answer: Callable[[], list[Any]]) -> bytes:
    try:
        if text_of(fingerprint) != there:
            return encoded(["other sources"])
        return encoded(answer())
    except DataError as error:
        return encoded(["done", None, f"the result cannot be sent: {error}", False, None])
    except ImportError as error:
        return encoded(["cannot import", str(error)[:1000]])
    except Exception as error:
        return encoded(["broken", f"{type(error).__name__}: {error}"[:1000]])


class _Runner:
    """A pool of one child, which a thread of its own starts and feeds.

    The kernel ends a child with the thread that began it, and a Dask worker's threads come and
    go.
    """

    def __init__(self, factory: str, setup: object) -> None:
        self._limit = 0.0
        self._pool = Pool(factory, setup, 1, lambda _: self._limit)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mramcim")
        self.used = time.monotonic()

    def run(self, item: Any, limit: float) -> Done:
        """Run one item."""
        self._limit = limit
        (done,) = self._thread.submit(lambda: list(self._pool.run([item]))).result()
        return done

    def hello(self) -> Any:
        """What the task tells of itself."""
        return self._thread.submit(self._pool.greet).result()

    def close(self) -> None:
        """End the child."""
        self._thread.submit(self._pool.__exit__)
        self._thread.shutdown(wait=False)


_idle: dict[str, list[_Runner]] = {}
_lock = threading.Lock()


@contextlib.contextmanager
def _borrowed(factory: str, setup: bytes, key: str) -> Iterator[_Runner]:
    """A runner that waits for this set-up, or a new one; others that wait too long are ended."""
    now = time.monotonic()
    with _lock:
        free = _idle.setdefault(key, [])
        runner = free.pop() if free else None
        stale = [one for runners in _idle.values() for one in runners if now - one.used > _STALE]
        for other, runners in _idle.items():
            _idle[other] = [one for one in runners if one not in stale]
    for one in stale:
        one.close()
    runner = runner or _Runner(factory, pickle.loads(setup))
    try:
        yield runner
    finally:
        runner.used = time.monotonic()
        with _lock:
            _idle[key].append(runner)
