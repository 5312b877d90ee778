"""One bench after years of stress: measured as any other, from the aged deck."""

from __future__ import annotations

from dataclasses import replace

from characterize.plan import Point
from characterize.simulate import PointResult, Simulator
from circuits import Deck
from circuits.ageing import shift_of


class AgedSimulator(Simulator):
    """Runs points whose p transistors have aged; tells the shift of their thresholds too."""

    def point(self, point: Point) -> PointResult:
        """The outcome of one point; a failed simulation is an outcome too."""
        found = super().point(point)
        if not found.values or point.stress is None:
            return found
        shift = shift_of(self._deck(point, 0.0), point.stress)
        return replace(found, values={**found.values, "threshold_shift": shift})

    def _deck(self, point: Point, offset: float) -> Deck:
        # Of the search of the tolerated offset too: whatever is simulated has aged.
        return replace(point, offset=offset).deck(self._design)
