"""Many decks on worker processes that stay: one process start serves all of a study.

A deck that cannot be simulated gives what is said of it instead of waveforms; its worker is
replaced and the others go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from characterize.errors import PlanError
from characterize.ngspice import Waveforms, find_library
from characterize.worker import FACTORY, Refused
from circuits import Deck
from jobs import JobsError, Pool


class Decks:
    """Worker processes that run decks; use it as a context manager.

    `time_limit` [s] is that of one simulation. Raises PlanError when ngspice is missing or the
    workers do not start.
    """

    def __init__(self, jobs: int = 1, time_limit: float = 60.0) -> None:
        find_library()
        try:
            self._pool = Pool(FACTORY, None, jobs, time_limit)
        except JobsError as error:
            raise PlanError(str(error)) from None

    def __enter__(self) -> Decks:
        self._pool.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.__exit__(*error)

    def run(self, decks: Iterable[Deck]) -> Iterator[tuple[int, Waveforms | str]]:
        """Run decks in any order; yields the index of each with its waveforms or its failure."""
        place: dict[int, int] = {}

        def numbered() -> Iterator[Deck]:
            for index, deck in enumerate(decks):
                place[id(deck)] = index
                yield deck

        try:
            for done in self._pool.run(numbered()):
                index = place.pop(id(done.item))
                found: Waveforms | Refused = done.result
                if done.failure:
                    yield index, done.failure
                else:
                    yield index, found.message if isinstance(found, Refused) else found
        except JobsError as error:
            raise PlanError(str(error)) from None
