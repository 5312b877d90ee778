"""Linear models of a limit state, fitted where it is zero: hyperplanes with failures beyond.

A sparse Bayesian regression finds the slope from about as many evaluations as variables, or
fewer where few variables matter: M. E. Tipping, J. Mach. Learn. Res. 1, 211 (2001).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_ROUNDS = 40
_REWEIGHTINGS = 3
_PARTS = 5


@dataclass(frozen=True)
class Region:
    """One failure region: beyond the hyperplane `direction` . z = `distance`.

    `direction` (d,) is a unit vector towards failure, `distance` [sigma] that of the most
    probable failure point `point`, `scatter` [sigma] how far the true surface strays from the
    hyperplane. `component` is the limit state's that fails there; `born` numbers the gradient
    that the region was found by, -1 where a regression found it.
    """

    component: int
    direction: Array
    distance: float
    scatter: float
    slope: float
    born: int = -1

    @property
    def point(self) -> Array:
        """The most probable failure point (d,), first-order."""
        return self.distance * self.direction

    def excess(self, points: Array) -> Array:
        """How far [sigma] points (n, d) lie beyond the hyperplane."""
        return np.asarray(points @ self.direction - self.distance)


def fit_region(
    component: int,
    points: Array,
    values: Array,
    scales: Array,
    start: Region | None = None,
) -> Region | None:
    """The hyperplane on which a component of the limit state is zero, from its values.

    `points` (n, d), `values` (n,) and `scales` (n,), the standard deviation with which each
    point was drawn about its centre: the error of a linear model grows with its square. From a
    `start` only corrections are sought. None where no slope is seen.
    """
    dimension = points.shape[1]
    plane = np.zeros(dimension) if start is None else -start.slope * start.direction
    height = 0.0 if start is None else start.slope * start.distance
    values = values - (points @ plane + height)
    # Curvature lifts wide points by their variance, which one more variable takes up.
    columns = np.column_stack([points, scales**2 - 1])
    weights = scales**-4
    for _ in range(_REWEIGHTINGS):
        found = sparse_regression(columns, values, weights)
        slopes, intercept = plane + found[1][:-1], height + found[0]
        slope = float(np.linalg.norm(slopes))
        if not slope > 0:
            return None
        forecast = columns @ found[1] + found[0] + points @ plane + height
        # What is wrong by a factor, such as a gain, matters little where the value is zero.
        weights = scales**-4 / (1 + (forecast / slope) ** 2)
    scatter = _unseen_scatter(columns, values, weights) / slope
    return region_of(component, intercept, slopes, scatter)


def region_of(component: int, intercept: float, slopes: Array, scatter: float) -> Region | None:
    """The region where intercept + slopes . z is negative; None without a slope."""
    slope = float(np.linalg.norm(slopes))
    if not slope > 0:
        return None
    return Region(component, -slopes / slope, intercept / slope, scatter, slope)


def _unseen_scatter(points: Array, values: Array, weights: Array) -> float:
    """Standard deviation of the model's error at points that it was not fitted to."""
    parts = np.arange(len(values)) % _PARTS
    errors = np.zeros_like(values)
    for part in range(_PARTS):
        kept = parts != part
        intercept, slopes = sparse_regression(points[kept], values[kept], weights[kept])
        errors[~kept] = values[~kept] - points[~kept] @ slopes - intercept
    # The weights are one over the variance, that of a point at the surface being 1.
    return float(np.sqrt(weights @ errors**2 / weights.sum()))


def sparse_regression(points: Array, values: Array, weights: Array) -> tuple[float, Array]:
    """Intercept and slopes (d,); each slope has a prior about zero whose width is fitted."""
    weights = weights / weights.max()
    total = weights.sum()
    mean_point, mean_value = weights @ points / total, float(weights @ values / total)
    root = np.sqrt(weights)
    x, y = root[:, None] * (points - mean_point), root * (values - mean_value)
    used = np.flatnonzero((x**2).sum(axis=0) > 0)
    count, dimension = len(y), points.shape[1]
    slopes = np.zeros(dimension)
    power = float(y @ y)
    if power == 0 or len(used) == 0:
        return mean_value, slopes
    x = x[:, used]
    gram, moment = x.T @ x, x.T @ y
    noise = 0.1 * power / count
    precision = np.full(len(used), len(used) * count / power)
    kept, mean = used, np.zeros(len(used))
    covariance = np.zeros((len(used), len(used)))
    for _ in range(_ROUNDS):
        covariance = np.linalg.inv(gram / noise + np.diag(precision))
        mean = covariance @ moment / noise
        determined = np.clip(1 - precision * np.diag(covariance), 1e-9, 1.0)
        residual = float(np.sum((y - x @ mean) ** 2))
        noise = max(residual / max(count - determined.sum(), 0.1 * count), 1e-12 * power / count)
        precision = determined / np.maximum(mean**2, 1e-300)
        relevant = precision * np.sum(mean**2) < 1e8
        if not relevant.all():
            kept, x, moment = kept[relevant], x[:, relevant], moment[relevant]
            gram, precision = gram[np.ix_(relevant, relevant)], precision[relevant]
            mean, covariance = mean[relevant], covariance[np.ix_(relevant, relevant)]
    slopes[kept] = mean
    intercept = mean_value - float(mean_point @ slopes)
    return intercept, slopes
