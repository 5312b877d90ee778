"""The limit state of a sensing circuit: how far, and to which side, its latches were pushed.

A latch's differential grows as exp(t / tau) from what unbalances it until the supply stops it.
The time t at which it has passed a fixed level therefore tells the imbalance, exp(-t / tau),
without saturating, and its sign the side: positive for the right decision. At a fixed instant
the differential saturates instead, and with it the slope that leads to the failures.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from characterize.errors import PlanError
from characterize.failure_search import Evaluation
from characterize.measure import limiting_differential, measure
from characterize.ngspice import Waveforms
from characterize.pool import Decks
from circuits import Conditions, Deck, Design, build_deck
from circuits.variation import Variation
from circuits.varied import Variable, variables, vary
from lut import Outcome

Array = NDArray[np.float64]

LEVEL = 0.25
"""Share of the supply that a latch's differential must pass."""
_SHARES = (0.2, 0.4, 0.6, 0.8, 1.0, 1.2)
_LEAST_OFFSET, _MOST_OFFSET = 15e-3, 60e-3


@dataclass(frozen=True)
class Growth:
    """How one latch decides in the nominal circuit: the time [s] of its level, and tau [s]."""

    time: float
    constant: float


class SensingLimitState:
    """Evaluates standard-normal deviates of a sensing deck by simulation.

    Callable with points (n, d), as `importance.estimate` wants; `values` has one column an
    amplifier. `messages` collects what was said of simulations that gave no result.
    """

    def __init__(
        self,
        design: Design,
        bench: str,
        operands: str,
        conditions: Conditions | None,
        variation: Variation,
        decks: Decks,
    ) -> None:
        self.deck = build_deck(design, bench, operands, conditions)
        if not self.deck.differentials:
            raise PlanError(f"{bench} decides nothing; ask the error rate of a sensing bench")
        self.variables: tuple[Variable, ...] = variables(self.deck, design, variation)
        self.messages: list[str] = []
        self._design, self._variation, self._decks = design, variation, decks
        nominal = next(iter(decks.simulate([self.deck])))[1]
        if isinstance(nominal, str):
            raise PlanError(f"the nominal {self.deck.title} could not be simulated: {nominal}")
        self.nominal_right = measure(self.deck, nominal).outcome is Outcome.OK
        self._growths = [growth(self.deck, nominal, k) for k in self._latches]
        constant = self._linear_constant(bench, operands, conditions, nominal)
        self._growths = [replace(found, constant=constant) for found in self._growths]

    def _linear_constant(
        self, bench: str, operands: str, conditions: Conditions | None, nominal: Waveforms
    ) -> float:
        """The time constant [s] for which the imbalance is linear in an imposed offset.

        The growth's own slope gives one that is too long, since it includes the start-up.
        """
        margin, sign = limiting_differential(self.deck, nominal)
        reach = sign * min(max(abs(margin), _LEAST_OFFSET), _MOST_OFFSET)
        decks = [
            build_deck(self._design, bench, operands, conditions, share * reach)
            for share in _SHARES
        ]
        self.calibrations = 1 + len(decks)
        slowest = max(self._latches, key=lambda k: self._growths[k].time)
        nominally = self._growths[slowest]
        offsets, moments, signs = [0.0], [0.0], [1.0]
        for index, waves in self._decks.simulate(decks):
            if isinstance(waves, Waveforms):
                time, vector = differential(self.deck, waves, slowest)
                moment = passed(time, vector, LEVEL * self.deck.conditions.vdd)
                if math.isfinite(moment):
                    offsets.append(_SHARES[index])
                    moments.append(moment - nominally.time)
                    signs.append(float(np.sign(vector[-1])))
        return linear_constant(nominally.constant, *map(np.array, (offsets, moments, signs)))

    @property
    def _latches(self) -> range:
        return range(len(self.deck.differentials))

    def __call__(self, points: Array) -> Evaluation:
        """Simulate one deck a point."""
        values = np.full((len(points), len(self._latches)), np.nan)
        failed = np.zeros(len(points), dtype=bool)
        for index, waves in self._decks.simulate(self._varied(points)):
            if isinstance(waves, str):
                self.messages.append(waves)
                continue
            values[index] = [
                imbalance(self.deck, waves, k, self._growths[k]) for k in self._latches
            ]
            failed[index] = measure(self.deck, waves).outcome is not Outcome.OK
        return Evaluation(values, failed)

    def _varied(self, points: Array) -> Iterable[Deck]:
        return (vary(self.deck, self._design, self._variation, point) for point in points)


def differential(deck: Deck, waves: Waveforms, index: int) -> tuple[Array, Array]:
    """Time [s] from the decision's start, and amplifier `index`'s differential [V], right positive.

    The start is the latch's clock in the measured cycle, or that cycle's start where it has none.
    """
    start = deck.latch_time if math.isfinite(deck.latch_time) else deck.cycle.start
    inside = (waves.time >= start) & (waves.time <= deck.cycle.stop)
    sign = deck.differentials[index].sign
    vector = sign * (waves[f"high{index}"] - waves[f"low{index}"])
    return waves.time[inside] - start, vector[inside]


def passed(time: Array, vector: Array, level: float) -> float:
    """Time [s] since which a vector has stayed beyond +level or -level; inf if it does not."""
    below = np.flatnonzero(np.abs(vector) < level)
    if not len(below):
        return float(time[0])
    last = int(below[-1])
    if last == len(vector) - 1:
        return math.inf
    inner, outer = abs(vector[last]), abs(vector[last + 1])
    return float(time[last] + (level - inner) / (outer - inner) * (time[last + 1] - time[last]))


def growth(deck: Deck, waves: Waveforms, index: int) -> Growth:
    """When the nominal latch passes its level, and how fast it grows there."""
    time, vector = differential(deck, waves, index)
    level = LEVEL * deck.conditions.vdd
    late, early = (passed(time, vector, share * level) for share in (1.0, 0.2))
    if not math.isfinite(late) or late <= early:
        raise PlanError(f"amplifier {index} of the nominal {deck.title} does not decide")
    return Growth(late, (late - early) / math.log(5))


def linear_constant(guess: float, offsets: Array, moments: Array, signs: Array) -> float:
    """The time constant [s] that makes imbalances most nearly linear in the offsets.

    `moments` (n,) [s] are those of the decisions, `signs` (n,) their sides; the guess where
    there are fewer than four.
    """
    if len(offsets) < 4:
        return guess
    constants = guess * np.geomspace(0.4, 1.5, 100)
    errors = []
    for constant in constants:
        values = signs * np.exp(-moments / constant)
        slope, intercept = np.polyfit(offsets, values, 1)
        errors.append(np.std(values - slope * offsets - intercept) / abs(slope))
    return float(constants[int(np.argmin(errors))])


def imbalance(deck: Deck, waves: Waveforms, index: int, nominal: Growth) -> float:
    """What pushed a latch, over what pushes the nominal one: 1 there, negative if wrong."""
    time, vector = differential(deck, waves, index)
    moment = passed(time, vector, LEVEL * deck.conditions.vdd)
    return math.copysign(math.exp((nominal.time - moment) / nominal.constant), vector[-1])
