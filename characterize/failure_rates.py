"""How often a sense is wrong under variation, down to rates that no random sample reaches."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from characterize.deck_runner import DeckRunner
from characterize.importance import estimate
from characterize.limit_state import SensingLimitState
from circuits import Conditions, Design
from circuits.technologies import Technology
from circuits.variation import Variation

Array = NDArray[np.float64]

IMPORTANCE = "importance sampling about fitted hyperplanes"
NOMINAL = "nominal circuit, nothing varies"
NEGLIGIBLE = 1e-20
"""Below it a rate matters to nobody, so that how little it is need not be known as well."""


@dataclass(frozen=True)
class DesignPoint:
    """The most probable failure of one kind: its distance [sigma], its share of all failures.

    `deviates` (d,) are those of the deck's variables; `amplifier` counts from 0.
    """

    distance: float
    share: float
    amplifier: int
    deviates: Array


@dataclass(frozen=True)
class FailureRate:
    """Probability of a wrong result, with its interval of 95 %.

    `relative_error` is half the interval's width over the rate, as estimated; `converged`
    whether it is the one that was asked for, or the whole interval lies below NEGLIGIBLE.
    `sensitivity` is the share [1] of each variable in the variance of what decides, in
    descending order. `failed_simulations` gave no result: they widen the interval upwards as if
    all were wrong; `messages` tells of some. `nominal_right` is whether the sense is right where
    nothing varies.
    """

    rate: float
    low: float
    high: float
    relative_error: float
    converged: bool
    simulations: int
    method: str
    design_points: tuple[DesignPoint, ...]
    sensitivity: dict[str, float]
    failed_simulations: int
    messages: tuple[str, ...] = ()
    nominal_right: bool = True

    def devices(self) -> dict[str, float]:
        """The share of each device, its quantities together, in descending order."""
        shares: dict[str, float] = {}
        for name, share in self.sensitivity.items():
            path = name.rpartition(":")[0]
            shares[path] = shares.get(path, 0.0) + share
        return dict(sorted(shares.items(), key=lambda item: -item[1]))


def failure_rate(
    design: Design,
    bench: str,
    operands: str,
    conditions: Conditions | None,
    variation: Variation,
    *,
    decks: DeckRunner,
    relative_error: float = 0.2,
    budget: int = 2000,
    seed: int = 1,
) -> FailureRate:
    """The error rate of one operation, operand pattern and condition.

    `relative_error` is that of the interval of 95 %, `budget` the most simulations, which
    `decks` run. Raises PlanError where the bench decides nothing or most simulations fail.
    """
    limit_state = SensingLimitState(design, bench, operands, conditions, variation, decks)
    names = [variable.name for variable in limit_state.variables]
    if not names:
        rate = 0.0 if limit_state.nominal_right else 1.0
        return FailureRate(
            rate, rate, rate, 0.0, True, 1, NOMINAL, (), {}, 0,
            nominal_right=limit_state.nominal_right,
        )  # fmt: skip
    found = estimate(
        limit_state,
        len(names),
        relative_error=relative_error,
        budget=budget - limit_state.calibrations,
        seed=seed,
        negligible=NEGLIGIBLE,
    )
    points = [
        DesignPoint(region.distance, share, region.component, region.point)
        for region, share in zip(found.regions, found.shares, strict=True)
    ]
    sensitivity = {names[i]: float(found.sensitivity[i]) for i in np.argsort(-found.sensitivity)}
    return FailureRate(
        rate=found.rate,
        low=found.low,
        high=found.high,
        relative_error=found.relative_error,
        converged=found.converged,
        simulations=found.evaluations + limit_state.calibrations,
        method=IMPORTANCE,
        design_points=tuple(sorted(points, key=lambda point: -point.share)),
        sensitivity=sensitivity,
        failed_simulations=found.unresolved,
        messages=tuple(dict.fromkeys(limit_state.messages))[:5],
        nominal_right=limit_state.nominal_right,
    )


def scaled(variation: Variation, technology: Technology, factor: float) -> Variation:
    """The same set with every sigma times a factor, thresholds of the technology included."""
    numbers = dict(variation.parameters.numbers)
    like = numbers["current_factor_coefficient_n"]
    for polarity in ("n", "p"):
        coefficient = variation.threshold_coefficient(technology, polarity)
        numbers[f"threshold_coefficient_{polarity}"] = replace(like, value=coefficient)
    for name, number in numbers.items():
        if name != "barrier_decay_length":
            numbers[name] = replace(number, value=factor * number.value)
    parameters = replace(variation.parameters, numbers=numbers)
    return replace(variation, name=f"{variation.name} x {factor:g}", parameters=parameters)
