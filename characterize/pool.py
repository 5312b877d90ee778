"""Points and decks on processes of their own, each with an ngspice that may crash or hang."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from characterize.errors import PlanError
from characterize.ngspice import Waveforms, find_library
from characterize.plan import Point
from characterize.simulate import PointResult
from characterize.worker import FACTORY, Refused
from circuits import Deck, Design
from jobs import JobsError, Pool, Process
from lut import Outcome


@dataclass(frozen=True)
class Finished:
    """A point that has its result, and the version of the ngspice that gave it."""

    point: Point
    result: PointResult
    ngspice_version: str


def ngspice_version() -> str:
    """The version of ngspice that workers load; raises PlanError where there is none."""
    find_library()
    with tempfile.TemporaryDirectory(prefix="mramcim-") as folder:
        worker = Process(FACTORY, None, folder)
        try:
            reply = worker.receive()
            if reply is None:
                raise PlanError(
                    f"the ngspice library does not start ({worker.ending()}); reinstall it, "
                    "for example with `apt install --reinstall libngspice0`"
                )
            return str(reply.result)
        finally:
            worker.kill()


class Simulations:
    """Simulates points on worker processes; use it as a context manager.

    A worker that dies, or is stopped at the `time_limit` [s], is the outcome of one point.
    Raises PlanError when ngspice is missing or no worker starts.
    """

    def __init__(self, design: Design, jobs: int, time_limit: float) -> None:
        find_library()
        try:
            self._pool = Pool(FACTORY, design, jobs, time_limit)
        except JobsError as error:
            raise PlanError(str(error)) from None

    def __enter__(self) -> Simulations:
        self._pool.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.__exit__(*error)

    @property
    def ngspice_version(self) -> str:
        """The version that the workers run, known once the first asks for a point."""
        return str(self._pool.hello)

    def run(self, points: Iterable[Point]) -> Iterator[Finished]:
        """Simulate points in any order, each once; yields them as they finish.

        A point is taken from `points` when a worker is free for it.
        """
        try:
            for done in self._pool.run(points):
                outcome = Outcome.TIME_OUT if done.timed_out else Outcome.SIMULATOR_ERROR
                failed = PointResult(outcome, message=done.failure)
                yield Finished(done.item, failed if done.failure else done.result, done.hello)
        except JobsError as error:
            raise PlanError(str(error)) from None


def simulate_decks(
    decks: Iterable[Deck], jobs: int, time_limit: float = 120.0
) -> Iterator[tuple[Deck, Waveforms | Refused]]:
    """Run decks in any order; yields each, the same object, with its waveforms as it finishes.

    A deck that ngspice refuses, that kills its worker or takes longer than the limit [s] has
    `Refused` instead. Raises PlanError when ngspice is missing or no worker starts.
    """
    find_library()
    try:
        with Pool(FACTORY, None, jobs, time_limit) as pool:
            for done in pool.run(decks):
                yield done.item, Refused(done.failure) if done.failure else done.result
    except JobsError as error:
        raise PlanError(str(error)) from None


def run_deck(deck: Deck, time_limit: float = 120.0) -> Waveforms:
    """Run one deck in a child process and return its waveforms.

    Raises PlanError when ngspice is missing, refuses the deck, or takes longer than the limit.
    """
    ((_, found),) = simulate_decks([deck], 1, time_limit)
    if isinstance(found, Refused):
        raise PlanError(f"ngspice could not simulate {deck.title}: {found.message}")
    return found
