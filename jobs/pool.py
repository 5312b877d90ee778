"""A pool of child processes on this machine.

A child that dies, hangs or is spent costs one item; it is replaced.
"""

from __future__ import annotations

import selectors
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from jobs.errors import JobsError
from jobs.process import MEMORY_LIMIT, Process, Reply

RECYCLE_AFTER = 2000
"""Items after which a child is replaced, so that no leak of a library adds up."""
_START_LIMIT = 60.0


@dataclass(frozen=True)
class Done:
    """An item and its result, or why it has none: `failure` is "" for a result.

    `timed_out` tells a stopped child from one that died or raised; `hello` is the task's.
    """

    item: Any
    result: Any
    failure: str = ""
    timed_out: bool = False
    hello: Any = None


class _Child:
    """A process of the pool, with what it is busy with."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.greeted = False
        self.hello: Any = None
        self.item: Any = None
        self.deadline = time.monotonic() + _START_LIMIT
        self.served = 0


class Pool:
    """Runs items on a number of children; use it as a context manager.

    `factory` and `setup` are those of `Process`; `time_limit` [s] is for one item.
    """

    def __init__(
        self,
        factory: str,
        setup: object,
        jobs: int,
        time_limit: float,
        *,
        memory_limit: int = MEMORY_LIMIT,
        recycle_after: int = RECYCLE_AFTER,
    ) -> None:
        if jobs < 1:
            raise JobsError(f"{jobs} jobs cannot run anything; give -j a number of 1 or more")
        self._factory, self._setup, self._jobs = factory, setup, jobs
        self._time_limit, self._memory_limit = time_limit, memory_limit
        self._recycle_after = recycle_after
        self._folder = tempfile.TemporaryDirectory(prefix="mramcim-")
        self._children: list[_Child] = []
        self._exhausted = False
        self.hello: Any = None
        """What the task of the last child that came up tells of itself."""

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        for child in self._children:
            child.process.kill()
        self._children.clear()
        self._folder.cleanup()

    @property
    def pids(self) -> list[int]:
        """Process numbers of the children."""
        return [child.process.pid for child in self._children]

    def run(self, items: Iterable[Any]) -> Iterator[Done]:
        """Run items in any order, each once; yields them as they finish.

        Raises JobsError when the children do not start.
        """
        waiting = iter(items)
        self._exhausted = False
        self._children = [self._start() for _ in range(self._jobs)]
        failed_starts = 0
        while self._children:
            for child in self._ready():
                reply = child.process.receive()
                if not child.greeted:
                    if reply is None:
                        failed_starts += 1
                        if failed_starts > 3:
                            raise JobsError(
                                f"the worker processes do not start ({child.process.ending()}); "
                                "check the installation with `mramcim list` and the memory left"
                            )
                        self._replace(child)
                        continue
                    child.greeted = True
                    self.hello = child.hello = reply.result
                else:
                    yield self._done(child, reply)
                    child.served += 1
                    if reply is None or reply.spent or child.served >= self._recycle_after:
                        self._replace(child)
                        continue
                self._feed(child, waiting)
            for child in [one for one in self._children if time.monotonic() > one.deadline]:
                greeted, item, hello = child.greeted, child.item, child.hello
                self._replace(child)
                if greeted:
                    stopped = f"stopped after {self._time_limit:g} s"
                    yield Done(item, None, stopped, timed_out=True, hello=hello)

    def _done(self, child: _Child, reply: Reply | None) -> Done:
        if reply is None:
            failure = f"the worker process died ({child.process.ending()})"
            return Done(child.item, None, failure, hello=child.hello)
        return Done(child.item, reply.result, reply.error, hello=child.hello)

    def _start(self) -> _Child:
        return _Child(Process(self._factory, self._setup, self._folder.name, self._memory_limit))

    def _replace(self, child: _Child) -> None:
        child.process.kill()
        place = self._children.index(child)
        self._children[place : place + 1] = [] if self._exhausted else [self._start()]

    def _feed(self, child: _Child, waiting: Iterator[Any]) -> None:
        for item in waiting:
            child.item = item
            child.deadline = time.monotonic() + self._time_limit
            child.process.send(item)
            return
        self._exhausted = True
        self._replace(child)

    def _ready(self) -> list[_Child]:
        with selectors.DefaultSelector() as selector:
            for child in self._children:
                selector.register(child.process.replies, selectors.EVENT_READ, child)
            now = time.monotonic()
            wait = max(0.0, min(child.deadline for child in self._children) - now)
            return [key.data for key, _ in selector.select(wait + 0.01)]
