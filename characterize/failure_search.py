"""The search for failure regions: explore widely, fit hyperplanes, draw about them, fit again.

All points seen so far take part in every fit, those nearest to the surface the most.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from characterize.errors import PlanError
from characterize.linear_limits import Region, fit_region, region_of
from characterize.proposals import LEAST_SCATTER, Proposal, broadened

Array = NDArray[np.float64]

SCALES = (2.0, 3.0, 4.0)
"""Standard deviations of the exploration, wider while hardly anything fails."""
_ENOUGH_FAILURES = 0.1
"""Share of failures among points of one scale that is enough to go no wider."""
_POINTS, _PART = 0.8, 40
"""Exploring points a variable, and how many are drawn at a time."""
_REPEATED_HITS, _MOST_WIDE = 7, 160
"""Failures for each region and one more, or widest points, that must show no new region."""
_SAME_ORDER, _SAME_ORDER_AS_GRADIENTS = 0.9, 0.98
"""Rank correlation at which one hyperplane is all there is: fitted to these points, or not."""
_LINEAR = 0.5
"""Error of an unseen value over the spread of all below which a fit is one of a hyperplane."""
_FAR, _FAR_SHARE, _NEAR, _PARALLEL = 2.0, 0.3, 3.0, 0.95
"""Scatters, or share of the distance or of this, at which a failure is another's; cosine of a
known one."""
_UNCERTAIN, _COSTLY, _BETTER = 0.25, 0.8, 0.9
"""Scatter that asks for a gradient; scatter times distance worth another round, if it helps."""
_RAY, _STEP, _LEAST_LOCAL = 8, 0.3, 15
"""Points on the way to a surface, step [sigma] of a gradient, points that can correct one."""
_MOST_REGIONS, _ROUNDS = 12, 10
_MOST_FOR_EXPLORING, _MOST_FOR_LEARNING = 0.5, 0.6
"""Shares of the budget; the rest is for the estimate."""


@dataclass(frozen=True)
class Evaluation:
    """Limit states `values` (n, m), and whether each of n points `failed` (n,).

    A row of NaN is a point without a result: it counts neither as right nor as wrong.
    """

    values: Array
    failed: NDArray[np.bool_]

    @property
    def resolved(self) -> NDArray[np.bool_]:
        """Which points (n,) have a result."""
        return np.asarray(np.isfinite(self.values).all(axis=1))


Evaluate = Callable[[Array], Evaluation]


class Search:
    """What is known of a limit state, and the failure regions that follow from it."""

    def __init__(
        self, evaluate: Evaluate, dimension: int, budget: int, generator: np.random.Generator
    ) -> None:
        self.dimension, self.generator = dimension, generator
        self.evaluations = self.unresolved = 0
        self.explored = False
        self.regions: list[Region] = []
        self._evaluate, self._budget = evaluate, budget
        self._points = np.empty((0, dimension))
        self._values = np.empty((0, 0))
        self._failed = np.empty(0, dtype=bool)
        self._scales = np.empty(0)
        self._explained_far = np.empty(0, dtype=bool)
        self._tangents: list[Region] = []

    @property
    def left(self) -> int:
        """Evaluations that the budget still allows."""
        return self._budget - self.evaluations

    @property
    def failures(self) -> int:
        """How many of all points seen failed."""
        return int(self._failed.sum())

    def evaluate(self, points: Array, scale: float = 1.0) -> Evaluation:
        """Evaluate points (n, d) that scatter by `scale`, and remember them."""
        found = self._evaluate(points)
        good = found.resolved
        self.evaluations += len(points)
        self.unresolved += int((~good).sum())
        if self.evaluations >= 2 * _PART and self.unresolved > self.evaluations / 2:
            raise PlanError(
                f"{self.unresolved} of {self.evaluations} points have no result; see why one "
                "fails before asking for an error rate"
            )
        if not len(self._points):
            self._values = np.empty((0, found.values.shape[1]))
        self._points = np.concatenate([self._points, points[good]])
        self._values = np.concatenate([self._values, found.values[good]])
        self._failed = np.concatenate([self._failed, found.failed[good]])
        self._explained_far = np.concatenate([self._explained_far, np.zeros(good.sum(), bool)])
        self._scales = np.concatenate([self._scales, np.full(int(good.sum()), scale)])
        return found

    def explore(self) -> None:
        """Draw until every component has a region and those explain what fails far out."""
        wanted = max(2 * _PART, int(_POINTS * self.dimension))
        while self.evaluations < min(wanted, _MOST_FOR_EXPLORING * self._budget):
            self._draw_wide(1.0)
            self._draw_wide(self._scale())
        hits = wide = known = 0
        while self.left:
            self._start()
            self._explain()
            if len(self.regions) > known:
                known, hits, wide = len(self.regions), self._hits(), 0
            met = self._hits() - hits >= _REPEATED_HITS * (known + 1)
            enough = met or (wide >= _MOST_WIDE and self._scale() == SCALES[-1])
            self.explored = enough or self._explained()
            if self.explored or self.evaluations > _MOST_FOR_EXPLORING * self._budget:
                return
            self._draw_wide(self._scale())
            wide += _PART // 2
            self._fit()

    def learn(self) -> None:
        """Draw about the regions and fit them until they rest, or this costs too much."""
        self._fit()
        for attempt in range(_ROUNDS):
            if not self.regions or self.evaluations > _MOST_FOR_LEARNING * self._budget:
                return
            before = self.regions
            count = max(_PART, self.dimension // 4) + _PART * (len(before) - 1)
            self.evaluate(Proposal(before).draw(self.generator, min(count, self.left)))
            self._fit()
            self._explain()
            if len(before) == len(self.regions) and _rest(before, self.regions):
                return
            if attempt == _ROUNDS // 2:
                self._renew()

    def _draw_wide(self, scale: float) -> None:
        count = min(_PART // 2, self.left)
        self.evaluate(scale * self.generator.standard_normal((count, self.dimension)), scale)

    def _scale(self) -> float:
        """The least exploring scale at which enough fails."""
        for scale in SCALES:
            drawn = self._scales == scale
            if not drawn.any() or self._failed[drawn].mean() >= _ENOUGH_FAILURES:
                return scale
        return SCALES[-1]

    def _hits(self) -> int:
        return int(self._failed[self._scales > 1].sum())

    def _explained(self) -> bool:
        """Whether the hyperplanes order the wide points of each component as its values do."""
        from scipy.stats import spearmanr

        wide = self._scales > 1
        for component in range(self._values.shape[1]):
            own = [region for region in self.regions if region.component == component]
            values = self._values[wide, component]
            if not own or np.ptp(values) == 0:
                continue
            forecast = np.max([r.slope * r.excess(self._points[wide]) for r in own], axis=0)
            if len(own) > 1:
                # Where one hyperplane is not enough there may always be another.
                return False
            regressed = all(region.born < 0 for region in own)
            least = _SAME_ORDER if regressed else _SAME_ORDER_AS_GRADIENTS
            if spearmanr(forecast, -values).statistic < least:
                return False
        return True

    def _start(self) -> None:
        """One region for each component: over all that was seen, or else at its lowest point."""
        for component in range(self._values.shape[1]):
            if any(region.component == component for region in self.regions):
                continue
            values = self._values[:, component]
            region = fit_region(component, self._points, values, self._scales)
            region_is_poor = (
                region is None or region.scatter * region.slope > _LINEAR * values.std()
            )
            if region_is_poor and self._affordable(0):
                near = np.flatnonzero(self._scales == 1)
                lowest = self._points[near[np.argmin(values[near])]]
                region = self._gradient(lowest, component, 1.0)
            if region is not None:
                self.regions.append(region)

    def _renew(self) -> None:
        """Take the gradient at the failure points of regions whose fits stay uncertain."""
        for index, region in enumerate(self.regions):
            if not self._affordable(_RAY):
                return
            if region.scatter > _UNCERTAIN:
                tangent = self._tangent(1.5 * region.point, region.component)
                if tangent is not None:
                    self.regions[index] = tangent

    def _affordable(self, more: int) -> bool:
        """Whether a gradient and some more evaluations leave enough for the estimate."""
        cost = self.dimension + 1 + more
        return self.evaluations + cost <= _MOST_FOR_LEARNING * self._budget

    def _fit(self) -> None:
        """Fit every region anew to the points for which it is the nearest to failure."""
        fitted = []
        for component in sorted({region.component for region in self.regions}):
            own = [region for region in self.regions if region.component == component]
            nearest = np.argmax([r.slope * r.excess(self._points) for r in own], axis=0)
            for index, region in enumerate(own):
                near, start = nearest == index, None
                if region.born >= 0:
                    # What was drawn about it corrects its own gradient.
                    start = self._tangents[region.born]
                    close = region.excess(self._points) > -0.5 * max(region.distance, 2.0)
                    near &= close & (self._scales == 1)
                    if near.sum() < _LEAST_LOCAL:
                        fitted.append(region)
                        continue
                values, scales = self._values[near, component], self._scales[near]
                found = fit_region(component, self._points[near], values, scales, start)
                fitted.append(replace(found, born=region.born) if found else region)
        self.regions = fitted

    def _explain(self) -> None:
        """Give failures that lie far from every hyperplane one of their own."""
        while len(self.regions) < _MOST_REGIONS:
            lost = self._failed & ~self._explained_far
            for region in self.regions:
                reach = np.minimum(
                    _FAR * self._scales**2 * max(region.scatter, LEAST_SCATTER),
                    _FAR_SHARE * max(region.distance, _NEAR),
                )
                lost &= region.excess(self._points) < -reach
            if not lost.any() or not self._affordable(_RAY):
                return
            index = np.flatnonzero(lost)[np.argmin(self._values[lost].min(axis=1))]
            tangent = self._tangent(self._points[index], int(np.argmin(self._values[index])))
            self._explained_far[index] = True
            if tangent is None or any(
                tangent.component == other.component
                and tangent.direction @ other.direction > _PARALLEL
                for other in self.regions
            ):
                return
            self.regions.append(tangent)

    def _tangent(self, failing: Array, component: int) -> Region | None:
        """The hyperplane where the ray to a point begins to fail, or else where it is nearest."""
        ray = np.linspace(1 / _RAY, 1, _RAY)
        scale = max(1.0, float(np.linalg.norm(failing)) / np.sqrt(self.dimension))
        found = self.evaluate(ray[:, None] * failing, scale)
        values = found.values[:, component]
        if not found.resolved.all():
            return None
        negative = np.flatnonzero(values <= 0)
        if len(negative) and negative[0] > 0:
            last = negative[0]
            step = values[last - 1] / (values[last - 1] - values[last])
            base = (ray[last - 1] + step * (ray[last] - ray[last - 1])) * failing
        else:
            base = ray[int(np.argmin(np.abs(values)))] * failing
        return self._gradient(base, component, scale)

    def _gradient(self, base: Array, component: int, scale: float) -> Region | None:
        """The tangent hyperplane at a point, by one difference a variable."""
        moved = np.concatenate([base[None], base + _STEP * np.eye(self.dimension)])
        found = self.evaluate(moved, scale)
        if not found.resolved[0]:
            return None
        values = found.values[:, component]
        # A difference without a result is taken for none; what is drawn later corrects it.
        slopes = np.nan_to_num((values[1:] - values[0]) / _STEP)
        intercept = float(values[0] - base @ slopes)
        region = region_of(component, intercept, slopes, LEAST_SCATTER)
        if region is None:
            return None
        region = replace(region, born=len(self._tangents))
        self._tangents.append(region)
        return region


def _rest(before: list[Region], after: list[Region]) -> bool:
    """Whether a fit has moved no hyperplane much, and has made none much more certain."""
    for old, new in zip(before, after, strict=True):
        allowed = broadened(min(new.scatter, _UNCERTAIN)) / 2
        tilt = float(np.linalg.norm(old.direction - new.direction))
        if tilt > allowed or abs(old.distance - new.distance) > allowed:
            return False
        if new.scatter * new.distance > _COSTLY and new.scatter < _BETTER * old.scatter:
            return False
    return True
