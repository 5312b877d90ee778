"""Probabilities of rare failures by importance sampling, from few evaluations of a limit state.

Independent of circuits: `evaluate` maps points (n, d) of a standard normal space to values
(n, m) of m limit states, positive where all is well, and whether each point fails. The values
only tell where to look; what is counted is whether a point fails.

1. Explore: points with two to four times the standard deviation, until some fail.
2. Learn: fit one hyperplane a failure region, draw about it, fit again until it rests.
   Failures that no hyperplane explains get one of their own from a gradient where they begin.
3. Estimate: importance sampling from a fixed mixture over the regions, until the interval of
   the mean weight of failures is narrow enough. Only these points count.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from characterize.errors import PlanError
from characterize.failure_search import Evaluate, Evaluation, Search
from characterize.linear_limits import Region
from characterize.proposals import Proposal

Array = NDArray[np.float64]
BATCH = 50
LEAST_FAILURES = 80
"""Failures below which no interval is believed."""
_MOST_PHASES = 4
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A probability of failure with its confidence interval of 95 % and what it cost.

    `relative_error` is half the interval's width over the rate; `converged` whether that is
    the one asked for, or the whole interval negligible, and the search for regions came to its
    end. `regions` are the failure
    regions with their most probable points, `shares` (regions,) what each contributes,
    `sensitivity` (d,) the share of each variable, its squared direction cosine averaged over
    the regions. `first_order` is what the hyperplanes alone give, to compare.
    """

    rate: float
    low: float
    high: float
    relative_error: float
    converged: bool
    evaluations: int
    unresolved: int
    first_order: float
    regions: tuple[Region, ...]
    shares: tuple[float, ...]
    sensitivity: Array


def series(limit_state: Callable[[Array], Array]) -> Evaluate:
    """What `estimate` wants, from a function that is negative where a point fails.

    It may return (n,), or (n, m) where a point fails if any of m values is negative.
    """

    def evaluate(points: Array) -> Evaluation:
        values = np.asarray(limit_state(points), dtype=float).reshape(len(points), -1)
        return Evaluation(values, np.asarray((values < 0).any(axis=1)))

    return evaluate


def estimate(
    evaluate: Evaluate,
    dimension: int,
    *,
    relative_error: float = 0.2,
    budget: int = 2000,
    seed: int = 1,
    negligible: float = 0.0,
) -> Estimate:
    """The probability that a standard normal point fails.

    An interval that ends below `negligible` is narrow enough. Raises PlanError where a request
    makes no sense or most points have no result.
    """
    if not 0.01 <= relative_error <= 1 or budget < 200 or dimension < 1:
        raise PlanError(
            f"a relative error of {relative_error:g} in {budget} evaluations of {dimension} "
            "variables cannot be estimated; give 0.01 to 1, 200 or more, and 1 or more"
        )
    search = Search(evaluate, dimension, budget, np.random.default_rng(seed))
    search.explore()
    phases: list[_Phase] = []
    goal = _Goal(relative_error, negligible)
    while True:
        search.learn()
        if not search.regions:
            return _nothing_found(search)
        phases.append(_Phase(Proposal(search.regions)))
        if _sample(search, phases, goal):
            return _result(search, phases, goal)


@dataclass(frozen=True)
class _Goal:
    """When an estimate is good enough."""

    relative_error: float
    negligible: float

    def reached(self, rate: float, half: float, failures: int) -> bool:
        narrow = half <= self.relative_error or 0 < rate * math.exp(half) < self.negligible
        return narrow and failures >= LEAST_FAILURES


class _Phase:
    """A proposal and what was drawn from it."""

    def __init__(self, proposal: Proposal) -> None:
        self.proposal = proposal
        self.points: list[Array] = []
        self.failed: list[NDArray[np.bool_]] = []
        self.resolved: list[NDArray[np.bool_]] = []

    def draw(self, search: Search, count: int) -> None:
        points = self.proposal.draw(search.generator, count)
        found = search.evaluate(points)
        self.points.append(points)
        self.failed.append(found.failed & found.resolved)
        self.resolved.append(found.resolved)


def _sample(search: Search, phases: list[_Phase], goal: _Goal) -> bool:
    """Draw from the last phase's proposal; False when it is worth to learn anew first."""
    drawn = 0
    while search.left > 0:
        wanted = BATCH
        if drawn:
            rate, error, failures = _statistics(phases)
            half = _half_width(rate, error, failures)
            if goal.reached(rate, half, failures):
                return True
            # What is still missing if the spread is that seen so far; half of it at a time.
            ratio = (half / goal.relative_error) ** 2 if rate > 0 else math.inf
            needed = sum(len(p) for phase in phases for p in phase.points) * (ratio - 1)
            if needed > search.left and drawn >= 4 * BATCH and len(phases) < _MOST_PHASES:
                return False
            wanted = int(min(max(BATCH, needed / 2), 4 * BATCH)) if rate > 0 else BATCH
        count = min(wanted, search.left)
        phases[-1].draw(search, count)
        drawn += count
    return True


def _weights(phases: list[_Phase]) -> tuple[Array, NDArray[np.bool_], NDArray[np.bool_]]:
    """Weights of all points against the mixture of all phases, which failed, which count."""
    from scipy.special import logsumexp

    drawn = [phase for phase in phases if phase.points]
    points = np.concatenate([part for phase in drawn for part in phase.points])
    failed = np.concatenate([part for phase in drawn for part in phase.failed])
    resolved = np.concatenate([part for phase in drawn for part in phase.resolved])
    counts = np.array([sum(len(part) for part in phase.points) for phase in drawn])
    logs = np.array([-phase.proposal.log_weights(points) for phase in drawn])
    mixed = logsumexp(logs + np.log(counts / counts.sum())[:, None], axis=0)
    return np.exp(-mixed), failed, resolved


def _statistics(phases: list[_Phase]) -> tuple[float, float, int]:
    """Rate, its standard error, and the number of failures."""
    weights, failed, resolved = _weights(phases)
    terms = (weights * failed)[resolved]
    if len(terms) < 2:
        return 0.0, math.inf, 0
    return float(terms.mean()), float(terms.std(ddof=1) / math.sqrt(len(terms))), int(failed.sum())


def _half_width(rate: float, error: float, failures: int) -> float:
    """Half of the relative interval, by Student's t with the failures as its sample."""
    from scipy.special import stdtrit

    if rate <= 0 or failures < 2:
        return math.inf
    return float(stdtrit(failures - 1, 0.5 + CONFIDENCE / 2)) * error / rate


def _result(search: Search, phases: list[_Phase], goal: _Goal) -> Estimate:
    weights, failed, resolved = _weights(phases)
    rate, error, failures = _statistics(phases)
    half = _half_width(rate, error, failures)
    unknown = float(weights[~resolved].sum() / len(weights))
    points = np.concatenate([part for phase in phases for part in phase.points])
    excess = np.array([region.excess(points) for region in search.regions])
    nearest = excess.argmax(axis=0)
    failing = weights * failed
    total = failing.sum() or 1.0
    shares = tuple(
        float(failing[nearest == index].sum() / total) for index in range(len(search.regions))
    )
    first_order = Proposal(search.regions).first_order
    return Estimate(
        rate=rate,
        low=rate * math.exp(-half) if rate > 0 else 0.0,
        high=min(1.0, rate * math.exp(half) + unknown if rate > 0 else 1.0),
        relative_error=half,
        converged=search.explored and goal.reached(rate, half, failures),
        evaluations=search.evaluations,
        unresolved=search.unresolved,
        first_order=first_order,
        regions=tuple(search.regions),
        shares=shares,
        sensitivity=np.array(shares) @ np.array([r.direction**2 for r in search.regions]),
    )


def _nothing_found(search: Search) -> Estimate:
    """No slope to follow: only what was drawn bounds the rate, if none of that failed."""
    count = 0 if search.failures else search.evaluations - search.unresolved
    return Estimate(
        0.0, 0.0, 1 - (1 - CONFIDENCE) ** (1 / count) if count else 1.0, math.inf, False,
        search.evaluations, search.unresolved, 0.0, (), (), np.zeros(search.dimension),
    )  # fmt: skip
