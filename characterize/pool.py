"""A pool of worker processes that can be killed, each with its own ngspice.

A worker that dies, hangs or is poisoned costs one point; it is replaced.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from characterize.errors import PlanError
from characterize.ngspice import Waveforms, find_library
from characterize.plan import Point
from characterize.simulate import PointResult
from circuits import Deck, Design
from lut import Outcome

RECYCLE_AFTER = 2000
"""Points after which a worker is replaced, so that no leak of the library adds up."""
_START_LIMIT = 60.0


def worker_environment(folder: str) -> dict[str, str]:
    """Environment of a worker: no user's ngspice settings, one OpenMP thread."""
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
    }


class Worker:
    """One child process with a loaded ngspice."""

    def __init__(self, folder: str, design: Design | None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "characterize.worker", str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=worker_environment(folder),
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self.replies = self._process.stdin, self._process.stdout
        self.ngspice_version: str | None = None
        self.point: Point | None = None
        self.deadline = time.monotonic() + _START_LIMIT
        self.served = 0
        if design is not None:
            self.send(design)

    def send(self, request: object) -> None:
        """Send a design, point or deck; a broken pipe shows when the reply is read."""
        with contextlib.suppress(BrokenPipeError):
            pickle.dump(request, self._requests)
            self._requests.flush()

    def receive(self) -> Any:
        """The next reply, or None when the worker has died."""
        try:
            return pickle.load(self.replies)
        except (EOFError, pickle.UnpicklingError):
            return None

    def kill(self) -> None:
        """End the process and reap it."""
        self._process.kill()
        self._process.wait()
        for stream in (self._requests, self.replies):
            with contextlib.suppress(BrokenPipeError):
                stream.close()


@dataclass(frozen=True)
class Finished:
    """A point that has its result, and the version of the ngspice that gave it."""

    point: Point
    result: PointResult
    ngspice_version: str


class Pool:
    """Runs points on a number of workers; use it as a context manager."""

    def __init__(self, design: Design, jobs: int, time_limit: float) -> None:
        if jobs < 1:
            raise PlanError(f"{jobs} jobs cannot run anything; give -j a number of 1 or more")
        find_library()
        self._design, self._jobs, self._time_limit = design, jobs, time_limit
        self._folder = tempfile.TemporaryDirectory(prefix="mramcim-")
        self._workers: list[Worker] = []

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.kill()
        self._workers.clear()
        self._folder.cleanup()

    def run(self, points: Iterator[Point]) -> Iterator[Finished]:
        """Run points in any order, each once; yields them as they finish."""
        self._workers = [self._start() for _ in range(self._jobs)]
        failed_starts = 0
        while self._workers:
            for worker in self._ready():
                message = worker.receive()
                if worker.ngspice_version is None:
                    if message is None:
                        failed_starts += 1
                        if failed_starts > 3:
                            raise PlanError(
                                "the simulation workers do not start; check that libngspice is "
                                "whole with `ngspice --version`"
                            )
                        self._replace(worker)
                        continue
                    worker.ngspice_version = str(message)
                else:
                    assert worker.point is not None
                    result = message or PointResult(
                        Outcome.SIMULATOR_ERROR, message="the worker process died"
                    )
                    yield Finished(worker.point, result, worker.ngspice_version)
                    worker.served += 1
                    if message is None or message.poisoned or worker.served >= RECYCLE_AFTER:
                        worker = self._replace(worker)
                        continue
                self._feed(worker, points)
            for worker in [w for w in self._workers if time.monotonic() > w.deadline]:
                version, point = worker.ngspice_version, worker.point
                self._replace(worker)
                if version is not None and point is not None:
                    message = f"stopped after {self._time_limit:g} s"
                    yield Finished(point, PointResult(Outcome.TIME_OUT, message=message), version)

    def _start(self) -> Worker:
        return Worker(self._folder.name, self._design)

    def _replace(self, worker: Worker) -> Worker:
        worker.kill()
        fresh = self._start()
        self._workers[self._workers.index(worker)] = fresh
        return fresh

    def _feed(self, worker: Worker, points: Iterator[Point]) -> None:
        point = next(points, None)
        if point is None:
            worker.kill()
            self._workers.remove(worker)
            return
        worker.point = point
        worker.deadline = time.monotonic() + self._time_limit
        worker.send(point)

    def _ready(self) -> list[Worker]:
        with selectors.DefaultSelector() as selector:
            for worker in self._workers:
                selector.register(worker.replies, selectors.EVENT_READ, worker)
            now = time.monotonic()
            wait = max(0.0, min(worker.deadline for worker in self._workers) - now)
            return [key.data for key, _ in selector.select(wait + 0.01)]


def run_deck(deck: Deck, time_limit: float = 120.0) -> Waveforms:
    """Run one deck in a child process and return its waveforms.

    Raises PlanError when ngspice is missing, refuses the deck, or takes longer than the limit.
    """
    find_library()
    with tempfile.TemporaryDirectory(prefix="mramcim-") as folder:
        worker = Worker(folder, None)
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(worker.replies, selectors.EVENT_READ)
                replies: list[Any] = []
                for limit in (_START_LIMIT, time_limit):
                    if not selector.select(limit):
                        raise PlanError(
                            f"{deck.title} took longer than {limit:g} s; it was stopped"
                        )
                    replies.append(worker.receive())
                    worker.send(deck)
        finally:
            worker.kill()
    if isinstance(replies[-1], Waveforms):
        return replies[-1]
    raise PlanError(f"ngspice could not simulate {deck.title}: {replies[-1] or 'it died'}")
