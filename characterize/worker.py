"""The task of a worker process: points or decks through the ngspice that it has loaded."""

from __future__ import annotations

from typing import Any

from characterize.ageing_points import AgedSimulator
from characterize.answers import data_of
from characterize.ngspice import Ngspice
from characterize.plan import Point
from characterize.simulate import Simulator
from characterize.statistics_points import statistics_point
from circuits import Deck, Design
from circuits.netlist import new_circuit

FACTORY = "characterize.worker:Simulating"


class Simulating:
    """Answers a point with its result and a deck with its waveforms, both as data.

    `design` is that of the points; decks need none.
    """

    def __init__(self, design: Design | None) -> None:
        self._ngspice = Ngspice()
        self._design = design
        self._simulator = None if design is None else Simulator(self._ngspice, design)
        self._ageing = None if design is None else AgedSimulator(self._ngspice, design)
        self.hello = self._ngspice.version
        self.spent = False
        # Loads PySpice now, so that the first point's time limit does not pay for it.
        new_circuit("warm")

    def __call__(self, item: Point | Deck) -> dict[str, Any]:
        """Simulate one item; `spent` is true once the library must not be used again."""
        if isinstance(item, Deck):
            # What is raised goes to the parent as text; the library may be poisoned then.
            self.spent = True
            waves = self._ngspice.run(item.netlist)
            self.spent = False
            return data_of(waves)
        assert self._simulator is not None, "the design comes before the points"
        assert self._design is not None, "as above"
        if item.draws is not None:
            result = statistics_point(self._ngspice, self._design, item)
        elif item.stress is not None:
            assert self._ageing is not None, "as above"
            result = self._ageing.point(item)
        else:
            result = self._simulator.point(item)
        self.spent = result.poisoned
        return data_of(result)
