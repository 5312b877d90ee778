"""Many decks on worker processes that stay: one process start serves all of a study.

A deck that cannot be simulated gives what is said of it instead of waveforms; its worker is
replaced and the others go on.
"""

from __future__ import annotations

import selectors
import tempfile
import time
from collections.abc import Iterable, Iterator

from characterize.errors import PlanError
from characterize.ngspice import Waveforms, find_library
from characterize.pool import RECYCLE_AFTER, Worker
from circuits import Deck

_START_LIMIT = 60.0


class Decks:
    """Worker processes that run decks; use it as a context manager.

    `time_limit` [s] is that of one simulation. Raises PlanError when ngspice is missing or the
    workers do not start.
    """

    def __init__(self, jobs: int = 1, time_limit: float = 60.0) -> None:
        if jobs < 1:
            raise PlanError(f"{jobs} jobs cannot run anything; give a number of 1 or more")
        find_library()
        self._jobs, self._time_limit = jobs, time_limit
        self._folder = tempfile.TemporaryDirectory(prefix="mramcim-")
        self._idle: list[Worker] = []

    def __enter__(self) -> Decks:
        self._idle = [Worker(self._folder.name, None) for _ in range(self._jobs)]
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._idle:
            worker.kill()
        self._idle.clear()
        self._folder.cleanup()

    def run(self, decks: Iterable[Deck]) -> Iterator[tuple[int, Waveforms | str]]:
        """Run decks in any order; yields the index of each with its waveforms or its failure."""
        waiting = enumerate(decks)
        busy: dict[Worker, int] = {}
        self._feed(busy, waiting)
        try:
            while busy:
                for worker in _ready(busy):
                    reply = worker.receive()
                    index = busy.pop(worker)
                    worker.served += 1
                    good = isinstance(reply, Waveforms)
                    self._put_back(worker, good and worker.served < RECYCLE_AFTER)
                    yield index, reply if good else str(reply or "the worker process died")
                now = time.monotonic()
                for worker in [w for w in busy if now > w.deadline]:
                    index = busy.pop(worker)
                    self._put_back(worker, usable=False)
                    yield index, f"stopped after {self._time_limit:g} s"
                self._feed(busy, waiting)
        finally:
            # A caller that stops early leaves workers with replies nobody waits for.
            for worker in busy:
                self._put_back(worker, usable=False)

    def _feed(self, busy: dict[Worker, int], waiting: Iterator[tuple[int, Deck]]) -> None:
        while self._idle:
            item = next(waiting, None)
            if item is None:
                return
            worker = self._started(self._idle.pop())
            worker.send(item[1])
            worker.deadline = time.monotonic() + self._time_limit
            busy[worker] = item[0]

    def _put_back(self, worker: Worker, usable: bool) -> None:
        if not usable:
            worker.kill()
            worker = Worker(self._folder.name, None)
        self._idle.append(worker)

    def _started(self, worker: Worker) -> Worker:
        for _ in range(3):
            if worker.ngspice_version is None:
                with selectors.DefaultSelector() as selector:
                    selector.register(worker.replies, selectors.EVENT_READ)
                    answered = selector.select(_START_LIMIT)
                version = worker.receive() if answered else None
                worker.ngspice_version = None if version is None else str(version)
            if worker.ngspice_version is not None:
                return worker
            worker.kill()
            worker = Worker(self._folder.name, None)
        worker.kill()
        raise PlanError(
            "the simulation workers do not start; check that libngspice is whole with "
            "`ngspice --version`"
        )


def _ready(busy: dict[Worker, int]) -> list[Worker]:
    with selectors.DefaultSelector() as selector:
        for worker in busy:
            selector.register(worker.replies, selectors.EVENT_READ, worker)
        wait = min(worker.deadline for worker in busy) - time.monotonic()
        return [key.data for key, _ in selector.select(max(0.0, wait) + 0.01)]
