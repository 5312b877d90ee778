"""Random samples of a bench's measures, and what they tell of means, sigmas and error rates.

Sobol points and Latin hypercubes fill the space more evenly than independent draws, which
narrows the scatter of a mean. Their intervals are those of independent draws, so rather wide
than narrow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from characterize.deck_runner import DeckRunner
from characterize.errors import PlanError
from characterize.measure import measure
from circuits import Conditions, Design, build_deck
from circuits.variation import Variation
from circuits.varied import variables, vary
from lut import Outcome

Array = NDArray[np.float64]

SAMPLINGS = ("random", "latin", "sobol")
CONFIDENCE = 0.95
_RESAMPLES = 2000


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence interval of 95 %."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Sampled:
    """Measures of varied decks: `values` by table variable, each (n,), and which were wrong.

    Only simulations with a result are in the arrays; `failed_simulations` had none. A measure
    that a deck does not have, such as the delay of a decision that never came, is NaN there.
    """

    values: dict[str, Array]
    wrong: NDArray[np.bool_]
    failed_simulations: int
    messages: tuple[str, ...]

    def error_rate(self) -> Interval:
        """Share of wrong results with its Clopper-Pearson interval."""
        return binomial_interval(int(self.wrong.sum()), len(self.wrong))

    def mean(self, name: str) -> Interval:
        """Mean of a measure with its t interval."""
        return mean_interval(self._finite(name))

    def sigma(self, name: str, seed: int = 1) -> Interval:
        """Standard deviation of a measure with its bootstrap interval."""
        return sigma_interval(self._finite(name), seed)

    def _finite(self, name: str) -> Array:
        values = self.values[name]
        return np.asarray(values[np.isfinite(values)])


def normal_points(sampling: str, number: int, dimension: int, seed: int) -> Array:
    """Standard-normal points (number, dimension): independent, Latin hypercube or Sobol.

    Sobol points are scrambled; a power of two of them is balanced. Raises PlanError on an
    unknown sampling.
    """
    from scipy.special import ndtri
    from scipy.stats import qmc

    if sampling not in SAMPLINGS:
        raise PlanError(f"unknown sampling '{sampling}'; choose one of {', '.join(SAMPLINGS)}")
    if sampling == "random":
        return np.random.default_rng(seed).standard_normal((number, dimension))
    if sampling == "latin":
        uniform = qmc.LatinHypercube(dimension, seed=seed).random(number)
    else:
        # Drawn up to a power of two, since fewer are out of balance and warned about.
        power = max(0, math.ceil(math.log2(max(number, 1))))
        uniform = qmc.Sobol(dimension, seed=seed).random_base2(power)[:number]
    tiny = np.finfo(float).tiny
    return np.asarray(ndtri(np.clip(uniform, tiny, 1 - np.finfo(float).epsneg)))


def sample_bench(
    design: Design,
    bench: str,
    operands: str,
    conditions: Conditions | None,
    variation: Variation,
    decks: DeckRunner,
    *,
    number: int,
    seed: int = 1,
    sampling: str = "latin",
    measures: Sequence[str] = ("margin", "delay", "energy"),
) -> Sampled:
    """Simulate a bench with `number` draws of all its devices."""
    deck = build_deck(design, bench, operands, conditions)
    count = len(variables(deck, design, variation))
    points = normal_points(sampling, number, count, seed)
    varied = (vary(deck, design, variation, point) for point in points)
    rows: dict[int, list[float]] = {}
    wrong: dict[int, bool] = {}
    messages: list[str] = []
    for index, waves in decks.simulate(varied):
        if isinstance(waves, str):
            messages.append(waves)
            continue
        measured = measure(deck, waves)
        rows[index] = [measured.values.get(name, math.nan) for name in measures]
        wrong[index] = measured.outcome is not Outcome.OK
    table = np.array([rows[index] for index in sorted(rows)]).reshape(-1, len(measures))
    return Sampled(
        {name: table[:, column] for column, name in enumerate(measures)},
        np.array([wrong[index] for index in sorted(wrong)], dtype=bool),
        len(messages),
        tuple(dict.fromkeys(messages))[:5],
    )


def binomial_interval(count: int, number: int) -> Interval:
    """A share with its interval after C. J. Clopper and E. S. Pearson, Biometrika 26 (1934)."""
    from scipy.stats import binomtest

    found = binomtest(count, number).proportion_ci(CONFIDENCE, "exact")
    return Interval(count / number, float(found.low), float(found.high))


def mean_interval(values: Array) -> Interval:
    """Mean with its interval by Student's t."""
    from scipy.stats import t

    mean, number = float(np.mean(values)), len(values)
    if number < 2:
        return Interval(mean, -math.inf, math.inf)
    half = float(t.ppf(0.5 + CONFIDENCE / 2, number - 1) * np.std(values, ddof=1))
    return Interval(mean, mean - half / math.sqrt(number), mean + half / math.sqrt(number))


def sigma_interval(values: Array, seed: int = 1) -> Interval:
    """Standard deviation with its bias-corrected bootstrap interval."""
    from scipy.stats import bootstrap

    sigma = float(np.std(values, ddof=1)) if len(values) > 1 else math.nan
    if len(values) < 3:
        return Interval(sigma, 0.0, math.inf)
    if np.ptp(values) == 0:
        return Interval(0.0, 0.0, 0.0)
    found = bootstrap(
        (values,),
        lambda sample, axis: np.std(sample, ddof=1, axis=axis),
        n_resamples=_RESAMPLES,
        confidence_level=CONFIDENCE,
        vectorized=True,
        random_state=np.random.default_rng(seed),
    ).confidence_interval
    return Interval(sigma, float(found.low), float(found.high))
