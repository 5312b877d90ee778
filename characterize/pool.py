"""Points and decks on processes of their own, each with an ngspice that may crash or hang."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

from characterize.answers import (
    AnswerError,
    ngspice_version_of,
    point_result,
    printable_text,
    waveforms,
)
from characterize.errors import PlanError
from characterize.ngspice import Waveforms, find_library
from characterize.plan import Point
from characterize.simulate import PointResult
from characterize.worker import FACTORY
from circuits import Deck, Design
from jobs import Cluster, Done, Pool, Process, WorkingFolder
from lut import Outcome

SOURCES = "characterize.identity:sources_hash"


@dataclass(frozen=True)
class Finished:
    """A point that has its result, and the version of the ngspice that gave it."""

    point: Point
    result: PointResult
    ngspice_version: str


def ngspice_version() -> str:
    """The version of ngspice that workers load; raises PlanError where there is none."""
    find_library()
    with WorkingFolder() as folder:
        worker = Process(FACTORY, None, folder)
        try:
            reply = worker.receive()
            if reply is None or reply.error:
                why = worker.ending() if reply is None else reply.error
                raise PlanError(
                    f"the ngspice library does not start ({why}); reinstall it, "
                    "for example with `apt install --reinstall libngspice0`"
                )
            return ngspice_version_of(reply.result)
        finally:
            worker.kill()


class Simulations:
    """Workers that simulate the points of a design; use it as a context manager.

    They are `jobs` processes of this machine or, with the address of a Dask `scheduler`, those
    of a cluster. A worker that dies, or is stopped at the `time_limit` [s] of processor time, is
    the outcome of one point, and so is an answer that is none. Raises PlanError when ngspice is
    missing, and JobsError when no worker starts or the scheduler does not answer.
    """

    def __init__(
        self, design: Design, jobs: int, time_limit: float, scheduler: str | None = None
    ) -> None:
        def limit(point: Point) -> float:
            return time_limit if point.draws is None else point.draws.time_limit

        self._engine: Pool | Cluster
        if scheduler is None:
            find_library()
            self._engine = Pool(FACTORY, design, jobs, limit)
        else:
            self._engine = Cluster(FACTORY, design, scheduler, limit, fingerprint=SOURCES)

    def __enter__(self) -> Self:
        self._engine.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._engine.__exit__(*error)

    @property
    def pids(self) -> list[int]:
        """Process numbers of the workers on this machine."""
        return self._engine.pids if isinstance(self._engine, Pool) else []

    @property
    def ngspice_version(self) -> str:
        """The version that the workers run, known once the first asks for a point."""
        return ngspice_version_of(self._engine.hello)

    def simulate(self, points: Iterable[Point]) -> Iterator[Finished]:
        """Simulate points in any order, each once; yields them as they finish.

        A point is taken from `points` when a worker is free for it.
        """
        for done in self._engine.run(points):
            hello = self.ngspice_version if done.hello is None else ngspice_version_of(done.hello)
            yield Finished(done.item, _point_result(done), hello)


def _point_result(done: Done) -> PointResult:
    try:
        if not done.failure:
            return point_result(done.result)
        outcome = Outcome.TIME_OUT if done.timed_out else Outcome.SIMULATOR_ERROR
        return PointResult(outcome, message=printable_text(done.failure))
    except AnswerError as error:
        return PointResult(Outcome.SIMULATOR_ERROR, message=str(error))


class Decks(Pool):
    """Workers that run decks, for one study after the other; use it as a context manager.

    `time_limit` [s] of processor time is that of one simulation. Raises PlanError when ngspice is
    missing and JobsError when no worker starts.
    """

    def __init__(self, jobs: int = 1, time_limit: float = 60.0) -> None:
        find_library()
        super().__init__(FACTORY, None, jobs, time_limit)

    def simulate(self, decks: Iterable[Deck]) -> Iterator[tuple[int, Waveforms | str]]:
        """Run decks in any order; yields the index of each with its waveforms or its failure."""
        places: dict[int, int] = {}

        def numbered() -> Iterator[Deck]:
            for index, deck in enumerate(decks):
                places[id(deck)] = index
                yield deck

        for done in self.run(numbered()):
            yield places.pop(id(done.item)), done.failure or _waveforms(done.result)


def _waveforms(data: object) -> Waveforms | str:
    try:
        return waveforms(data)
    except AnswerError as error:
        return str(error)


def run_deck(deck: Deck, time_limit: float = 120.0) -> Waveforms:
    """Run one deck in a child process and return its waveforms.

    Raises PlanError when ngspice is missing, refuses the deck, or takes longer than the limit.
    """
    with Decks(1, time_limit) as running:
        ((_, found),) = running.simulate([deck])
    if isinstance(found, str):
        raise PlanError(f"ngspice could not simulate {deck.title}: {found}")
    return found
