"""A pool of child processes on this machine.

A child that dies, hangs or is spent costs one item; it is replaced.
"""

from __future__ import annotations

import math
import selectors
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self

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
        self.busy = False
        self.hello: Any = None
        self.item: Any = None
        self.deadline = time.monotonic() + _START_LIMIT
        self.served = 0


class Pool:
    """Runs items on a number of children; use it as a context manager.

    `factory` and `setup` are those of `Process`; `time_limit` [s] is for one item, or tells it
    from the item.
    """

    def __init__(
        self,
        factory: str,
        setup: object,
        jobs: int,
        time_limit: float | Callable[[Any], float],
        *,
        memory_limit: int = MEMORY_LIMIT,
        recycle_after: int = RECYCLE_AFTER,
    ) -> None:
        if jobs < 1:
            raise JobsError(f"{jobs} jobs cannot run anything; give -j a number of 1 or more")
        self._factory, self._setup, self._jobs = factory, setup, jobs
        self._limit = time_limit if callable(time_limit) else lambda _: time_limit
        self._memory_limit = memory_limit
        self._recycle_after = recycle_after
        self._folder = tempfile.TemporaryDirectory(prefix="mramcim-")
        self._children: list[_Child] = []
        self.hello: Any = None
        """What the task of the last child that came up tells of itself."""

    def __enter__(self) -> Self:
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

    def greet(self) -> Any:
        """What the task of a child tells of itself; starts one where there is none."""
        if not any(child.greeted for child in self._children):
            for _ in self.run(()):
                pass
        return self.hello

    def run(self, items: Iterable[Any]) -> Iterator[Done]:
        """Run items in any order, each once; yields them as they finish.

        An item is taken when a child is free for it. Children stay for the next call. Raises
        JobsError when they do not start.
        """
        waiting, exhausted, failed_starts = iter(items), False, 0
        try:
            while True:
                while not exhausted and len(self._children) < self._jobs:
                    self._children.append(self._start())
                for child in self._children:
                    if child.greeted and not child.busy and not exhausted:
                        exhausted = not self._feed(child, waiting)
                if exhausted and not any(child.busy for child in self._children):
                    return
                for child in self._ready():
                    reply = child.process.receive()
                    if child.busy:
                        child.busy = False
                        done = self._done(child, reply)
                        if reply is None or reply.spent or child.served >= self._recycle_after:
                            self._drop(child)
                        yield done
                    elif reply is not None:
                        child.greeted, child.deadline = True, math.inf
                        self.hello = child.hello = reply.result
                    else:
                        failed_starts += 1
                        if failed_starts > 3:
                            raise JobsError(
                                f"the worker processes do not start ({child.process.ending()}); "
                                "check the installation with `mramcim list` and the memory left"
                            )
                        self._drop(child)
                for child in [one for one in self._children if time.monotonic() > one.deadline]:
                    self._drop(child)
                    if child.busy:
                        stopped = f"stopped after {self._limit(child.item):g} s"
                        yield Done(child.item, None, stopped, timed_out=True, hello=child.hello)
        finally:
            # A caller that stops early leaves replies that nobody waits for.
            for child in [one for one in self._children if one.busy]:
                self._drop(child)

    def _done(self, child: _Child, reply: Reply | None) -> Done:
        child.served += 1
        child.deadline = math.inf
        if reply is None:
            failure = f"the worker process died ({child.process.ending()})"
            return Done(child.item, None, failure, hello=child.hello)
        return Done(child.item, reply.result, reply.error, hello=child.hello)

    def _start(self) -> _Child:
        return _Child(Process(self._factory, self._setup, self._folder.name, self._memory_limit))

    def _drop(self, child: _Child) -> None:
        child.process.kill()
        self._children.remove(child)

    def _feed(self, child: _Child, waiting: Iterator[Any]) -> bool:
        """Give a free child the next item, if there is one."""
        for item in waiting:
            child.item, child.busy = item, True
            child.deadline = time.monotonic() + self._limit(item)
            child.process.send(item)
            return True
        return False

    def _ready(self) -> list[_Child]:
        waited_for = [child for child in self._children if child.busy or not child.greeted]
        with selectors.DefaultSelector() as selector:
            for child in waited_for:
                selector.register(child.process.replies, selectors.EVENT_READ, child)
            now = time.monotonic()
            wait = max(0.0, min(child.deadline for child in waited_for) - now)
            return [key.data for key, _ in selector.select(wait)]
