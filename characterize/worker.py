"""The task of a worker process: points or decks through the ngspice that it has loaded."""

from __future__ import annotations

from dataclasses import dataclass

from characterize.ngspice import Ngspice, SimulationFailedError, Waveforms
from characterize.plan import Point
from characterize.simulate import PointResult, Simulator
from circuits import Deck, Design
from circuits.netlist import new_circuit

FACTORY = "characterize.worker:Simulating"


@dataclass(frozen=True)
class Refused:
    """What is said of a deck that gave no waveforms."""

    message: str


class Simulating:
    """Answers a point with its result and a deck with its waveforms.

    `design` is that of the points; decks need none.
    """

    def __init__(self, design: Design | None) -> None:
        self._ngspice = Ngspice()
        self._simulator = None if design is None else Simulator(self._ngspice, design)
        self.hello = self._ngspice.version
        self.spent = False
        # Loads PySpice now, so that the first point's time limit does not pay for it.
        new_circuit("warm")

    def __call__(self, item: Point | Deck) -> PointResult | Waveforms | Refused:
        """Simulate one item; `spent` is true once the library must not be used again."""
        if isinstance(item, Deck):
            try:
                return self._ngspice.run(item.netlist)
            except SimulationFailedError as error:
                self.spent = True
                return Refused(str(error))
        assert self._simulator is not None, "the design comes before the points"
        result = self._simulator.point(item)
        self.spent = result.poisoned
        return result
