"""What runs decks for a study: worker processes, or the ngspice of a worker itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from characterize.ngspice import Ngspice, SimulationFailedError, Waveforms
from circuits import Deck


class DeckRunner(Protocol):
    """Runs decks in any order; yields the index of each with its waveforms or its failure."""

    def simulate(self, decks: Iterable[Deck]) -> Iterator[tuple[int, Waveforms | str]]:
        """Run decks."""


class OwnNgspice:
    """Runs decks one after the other in this process.

    `simulations` and `analysis_seconds` are what that cost. Raises SimulationFailedError where
    the library must not be used again.
    """

    def __init__(self, ngspice: Ngspice) -> None:
        self._ngspice = ngspice
        self.simulations = 0
        self.analysis_seconds = 0.0

    def simulate(self, decks: Iterable[Deck]) -> Iterator[tuple[int, Waveforms | str]]:
        """Run decks in their order."""
        for index, deck in enumerate(decks):
            self.simulations += 1
            try:
                waves = self._ngspice.run(deck.netlist)
            except SimulationFailedError as error:
                if error.poisoned:
                    raise
                yield index, str(error)
            else:
                self.analysis_seconds += waves.analysis_seconds
                yield index, waves
