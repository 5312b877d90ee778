"""What a worker does with one point: build, run, measure, search the tolerated offset."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace

from characterize.ladder import AS_PLANNED, higher, rungs
from characterize.measure import limiting_differential, measure, read_disturb
from characterize.ngspice import Ngspice, SimulationFailedError, Waveforms
from characterize.plan import Point
from characterize.threshold import ThresholdSearch
from characterize.write_points import WriteErrors, write_point
from circuits import Deck, Design, build_deck
from lut import Outcome

TOLERANCE_STEP = 1e-3
"""Resolution [V] of the tolerated offset; what is returned was simulated and is right."""
TOLERANCE_LIMIT = 0.2


@dataclass(frozen=True)
class PointResult:
    """Outcome and measures (SI) of one point, with what is said of a failure."""

    outcome: Outcome
    values: dict[str, float] = field(default_factory=dict)
    message: str = ""
    simulations: int = 0
    analysis_seconds: float = 0.0
    poisoned: bool = False
    """The library must not be used again."""
    rung: str = AS_PLANNED
    """The highest rung of the ladder that a transient of it needed."""
    processor_seconds: float = 0.0
    """All of it: decks, transients, measures and ensembles of magnets."""


class Simulator:
    """Runs points on one ngspice and keeps count of what they cost."""

    def __init__(self, ngspice: Ngspice, design: Design) -> None:
        self._ngspice = ngspice
        self._design = design
        self._errors: dict[float, WriteErrors] = {}
        self._simulations = 0
        self._seconds = 0.0
        self._rung = AS_PLANNED

    def point(self, point: Point) -> PointResult:
        """The outcome of one point; a failed simulation is an outcome too."""
        started = time.process_time()
        found = self._found(point)
        return replace(found, processor_seconds=time.process_time() - started)

    def _found(self, point: Point) -> PointResult:
        self._simulations, self._seconds, self._rung = 0, 0.0, AS_PLANNED
        try:
            if point.write_error_rate is not None:
                return self._write(point, point.write_error_rate)
            deck = self._deck(point, point.offset)
            waves = self.waveforms(deck)
            measured = measure(deck, waves)
            values = dict(measured.values)
            if deck.read_cells:
                values["read_disturb"] = read_disturb(deck, waves, self._design.device)
            if point.tolerance:
                right = measured.outcome is Outcome.OK
                limiting = limiting_differential(deck, waves)
                values["offset_tolerance"] = self._tolerance(point, *limiting) if right else 0.0
            return self._result(measured.outcome, values)
        except SimulationFailedError as error:
            outcome = Outcome.NO_CONVERGENCE if error.convergence else Outcome.SIMULATOR_ERROR
            return self._result(outcome, {}, str(error), error.poisoned)

    def _write(self, point: Point, target: float) -> PointResult:
        errors = self._errors.setdefault(target, WriteErrors(self._design, target))
        found = write_point(self.waveforms, errors, point.variant, point.conditions)
        return self._result(found.outcome, found.values)

    def waveforms(self, deck: Deck) -> Waveforms:
        """Run a deck, on gentler rungs where ngspice finds no solution."""
        failure: SimulationFailedError | None = None
        for name, netlist in rungs(deck.netlist):
            self._simulations += 1
            try:
                waves = self._ngspice.run(netlist)
            except SimulationFailedError as error:
                if error.poisoned or not error.convergence:
                    raise
                failure = failure or error
                continue
            self._seconds += waves.analysis_seconds
            self._rung = higher(self._rung, name)
            return waves
        assert failure is not None
        raise failure

    def _deck(self, point: Point, offset: float) -> Deck:
        return build_deck(self._design, point.bench, point.variant, point.conditions, offset)

    def _decided(self, point: Point, offset: float) -> tuple[bool, float]:
        """Whether the result is right with an offset, and the least differential [V]."""
        deck = self._deck(point, offset)
        try:
            waves = self.waveforms(deck)
        except SimulationFailedError as error:
            if error.poisoned:
                raise
            # An offset at which nothing converges is not a tolerated one.
            return False, math.nan
        right = measure(deck, waves).outcome is Outcome.OK
        return right, limiting_differential(deck, waves)[0]

    def _tolerance(self, point: Point, margin: float, adverse: int) -> float:
        """Largest offset [V] that leaves the result right in both polarities.

        The polarity `adverse` works against the least differential, `margin`, and is searched
        first; the other is checked at the limit found, and searched below it if worse.
        """
        limit = self._limit(point, adverse, margin)
        if limit == 0.0 or self._decided(point, -adverse * limit)[0]:
            return limit
        return min(limit, self._limit(point, -adverse, margin))

    def _limit(self, point: Point, polarity: float, margin: float) -> float:
        search = ThresholdSearch(margin, TOLERANCE_STEP, TOLERANCE_LIMIT)
        while (trial := search.trial()) is not None:
            search.add(trial, *self._decided(point, polarity * trial))
        return search.right

    def _result(
        self, outcome: Outcome, values: dict[str, float], message: str = "", poisoned: bool = False
    ) -> PointResult:
        return PointResult(
            outcome, values, message, self._simulations, self._seconds, poisoned, self._rung
        )
