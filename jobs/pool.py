"""A pool of child processes on this machine.

A child that dies, hangs or is spent costs one item; it is replaced. No more are started than
there are items for.
"""

from __future__ import annotations

import contextlib
import selectors
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self

from jobs.errors import JobsError
from jobs.folders import WorkingFolder
from jobs.process import MEMORY_LIMIT, Process, Reply, Unfinished
from jobs.processes import process_count
from jobs.time_limits import Allowance

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
        self.allowance = Allowance(process.pid, _START_LIMIT)
        self.served = 0

    def feed(self, item: Any, time_limit: float) -> None:
        """Give it an item, and processor time [s] for that."""
        self.item, self.busy = item, True
        self.allowance = Allowance(self.process.pid, time_limit)
        self.process.send(item, time_limit)


class Pool:
    """Runs items on a number of children; use it as a context manager.

    `factory` and `setup` are those of `Process`; `time_limit` [s] of processor time is for one
    item, or tells it from the item. Results are data (`jobs.data`). Raises JobsError on a number
    of `jobs` that makes no sense.
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
        self._factory, self._setup, self._jobs = factory, setup, process_count(jobs)
        self._limit = time_limit if callable(time_limit) else lambda _: time_limit
        self._memory_limit = memory_limit
        self._recycle_after = recycle_after
        self._folder = WorkingFolder()
        self._children: list[_Child] = []
        self._has_greeted = False
        self._failed_starts = 0
        self.hello: Any = None
        """What the task of the last child that came up tells of itself."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for child in self._children:
            child.process.kill()
        self._children.clear()
        self._folder.remove()

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

        An item is taken when a child is free for it, or may be started for it; the first when a
        child has told of itself. Children stay for the next call. Raises JobsError when they do
        not start.
        """
        waiting, taken = _Source(items), deque[Any]()
        self._failed_starts = 0
        try:
            while True:
                self._occupy(waiting, taken)
                if waiting.exhausted and not taken and not any(c.busy for c in self._children):
                    return
                for child in self._ready():
                    reply = child.process.poll()
                    if isinstance(reply, Unfinished):
                        continue
                    if child.busy:
                        child.busy = False
                        done = self._done(child, reply)
                        if reply is None or reply.spent or child.served >= self._recycle_after:
                            self._drop(child)
                        yield done
                    else:
                        self._greeted(child, reply)
                for child in [one for one in self._children if one.busy or not one.greeted]:
                    stopped = child.allowance.exceeded()
                    if stopped:
                        self._drop(child)
                        if child.busy:
                            yield Done(child.item, None, stopped, timed_out=True, hello=child.hello)
                        else:
                            self._failed(stopped)
        finally:
            # A caller that stops early leaves replies that nobody waits for.
            for child in [one for one in self._children if one.busy]:
                self._drop(child)

    def _occupy(self, waiting: _Source, taken: deque[Any]) -> None:
        """Feed the free children, and start one for each item that finds none."""
        for child in self._children:
            if child.greeted and not child.busy:
                with contextlib.suppress(StopIteration):
                    item = taken.popleft() if taken else next(waiting)
                    child.feed(item, self._limit(item))
        starting = sum(not child.greeted for child in self._children)
        if not self._has_greeted:
            if not starting:
                self._start()
            return
        while len(self._children) < self._jobs:
            if len(taken) <= starting:
                with contextlib.suppress(StopIteration):
                    taken.append(next(waiting))
            if len(taken) <= starting:
                return
            self._start()
            starting += 1

    def _greeted(self, child: _Child, reply: Reply | None) -> None:
        if reply is not None and not reply.error:
            child.greeted = self._has_greeted = True
            self.hello = child.hello = reply.result
        else:
            how = child.process.ending() if reply is None else reply.error
            self._drop(child)
            self._failed(how)

    def _failed(self, how: str) -> None:
        """Count a child that did not come up."""
        self._failed_starts += 1
        if self._failed_starts > 3:
            raise JobsError(
                f"the worker processes do not start ({how}); check the installation with "
                "`mramcim list` and the memory left"
            )

    def _done(self, child: _Child, reply: Reply | None) -> Done:
        child.served += 1
        if reply is None:
            failure = f"the worker process died ({child.process.ending()})"
            return Done(child.item, None, failure, hello=child.hello)
        # So that what a limit stops does not depend on when somebody looked.
        overrun = child.allowance.overrun()
        if overrun:
            return Done(child.item, None, overrun, timed_out=True, hello=child.hello)
        return Done(child.item, reply.result, reply.error, hello=child.hello)

    def _start(self) -> None:
        process = Process(self._factory, self._setup, self._folder.name, self._memory_limit)
        self._children.append(_Child(process))

    def _drop(self, child: _Child) -> None:
        child.process.kill()
        self._children.remove(child)

    def _ready(self) -> list[_Child]:
        waited_for = [child for child in self._children if child.busy or not child.greeted]
        with selectors.DefaultSelector() as selector:
            for child in waited_for:
                selector.register(child.process.replies, selectors.EVENT_READ, child)
            look = min(child.allowance.look_again for child in waited_for)
            wait = max(0.0, look - time.monotonic())
            return [key.data for key, _ in selector.select(wait)]


class _Source:
    """Items one after the other, and whether they have come to an end."""

    def __init__(self, items: Iterable[Any]) -> None:
        self._items, self.exhausted = iter(items), False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        if self.exhausted:
            raise StopIteration
        try:
            return next(self._items)
        except StopIteration:
            self.exhausted = True
            raise
