"""The limit state of a sensing circuit: how far, and to which side, its latches were pushed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from characterize.deck_runner import DeckRunner
from characterize.errors import PlanError
from characterize.failure_search import Evaluation
from characterize.latch_balance import find_balance
from characterize.latch_growth import (
    LEVEL,
    Early,
    Growth,
    differential,
    early,
    growth,
    linear_constant,
    passed,
)
from characterize.measure import limiting_differential, measure
from characterize.ngspice import Waveforms
from circuits import Conditions, Deck, Design, build_deck
from circuits.variation import Variation
from circuits.varied import Variable, variables, vary
from lut import Outcome

Array = NDArray[np.float64]

_SHARES = (0.2, 0.4, 0.6, 0.8, 1.0, 1.2)
_LEAST_OFFSET, _MOST_OFFSET = 15e-3, 60e-3


class SensingLimitState:
    """Evaluates standard-normal deviates of a sensing deck by simulation.

    Callable with points (n, d), as `importance.estimate` wants; `values` has one column an
    amplifier. `nominal` are the waveforms without variation, `messages` collects what was said
    of simulations that gave no result.

    Where a latch holds its inputs on nodes of its own, its variables are `calibrated` one by
    one, so that the values are linear far from the surface too; without, they are only near it.
    """

    def __init__(
        self,
        design: Design,
        bench: str,
        operands: str,
        conditions: Conditions | None,
        variation: Variation,
        decks: DeckRunner,
        *,
        calibrated: bool = True,
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
        self.nominal = nominal
        self.nominal_right = measure(self.deck, nominal).outcome is Outcome.OK
        self.calibrations = 1
        self._imbalances: list[Callable[[Waveforms, Array], float]]
        if all(item.inner for item in self.deck.differentials):
            at_offset = partial(build_deck, design, bench, operands, conditions)
            self._imbalances = [self._held(k, at_offset, calibrated) for k in self._indices]
        else:
            growths = [growth(self.deck, nominal, k) for k in self._indices]
            constant = self._linear_constant(bench, operands, conditions, nominal, growths)
            self._imbalances = [
                _plain(replace(found, constant=constant), self.deck, k)
                for k, found in enumerate(growths)
            ]

    def _held(
        self, index: int, at_offset: Callable[[float], Deck], calibrated: bool
    ) -> Callable[[Waveforms, Array], float]:
        """What tells the imbalance of a latch that holds its inputs."""
        item = self.deck.differentials[index].inner
        assert item is not None, "asked only of latches whose nodes are watched"
        own = f"{item.signal.rpartition('.')[0]}."
        numbers = [k for k, v in enumerate(self.variables) if v.name.startswith(own)]
        if calibrated and numbers:
            balance = find_balance(
                self.nominal,
                at_offset,
                lambda deck, point: vary(deck, self._design, self._variation, point),
                self._calibrate,
                index,
                numbers,
                len(self.variables),
            )
            if balance is not None:
                return lambda waves, point: balance.imbalance(self.deck, waves, index, point)
            self.messages.append(f"amplifier {index}: no offset balances its latch")
        return _plain(early(self.deck, self.nominal, index), self.deck, index)

    def _calibrate(self, decks: Sequence[Deck]) -> list[Waveforms | None]:
        self.calibrations += len(decks)
        found: list[Waveforms | None] = [None] * len(decks)
        for index, waves in self._decks.simulate(decks):
            if isinstance(waves, str):
                self.messages.append(waves)
            else:
                found[index] = waves
        return found

    def _linear_constant(
        self,
        bench: str,
        operands: str,
        conditions: Conditions | None,
        nominal: Waveforms,
        growths: list[Growth],
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
        self.calibrations += len(decks)
        slowest = max(self._indices, key=lambda k: growths[k].time)
        nominally = growths[slowest]
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
    def _indices(self) -> range:
        return range(len(self.deck.differentials))

    def __call__(self, points: Array) -> Evaluation:
        """Simulate one deck a point."""
        values = np.full((len(points), len(self._indices)), np.nan)
        failed = np.zeros(len(points), dtype=bool)
        for index, waves in self._decks.simulate(self._varied(points)):
            if isinstance(waves, str):
                self.messages.append(waves)
                continue
            values[index] = [told(waves, points[index]) for told in self._imbalances]
            failed[index] = measure(self.deck, waves).outcome is not Outcome.OK
        return Evaluation(values, failed)

    def _varied(self, points: Array) -> Iterable[Deck]:
        return (vary(self.deck, self._design, self._variation, point) for point in points)


def _plain(latch: Early | Growth, deck: Deck, index: int) -> Callable[[Waveforms, Array], float]:
    return lambda waves, _: latch.imbalance(deck, waves, index)
