"""Limit states in many dimensions whose probability of failure is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.special import ndtr, ndtri
from scipy.stats import chi2

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Problem:
    """A limit state of `dimension` standard normal variables, negative with probability `rate`."""

    name: str
    dimension: int
    limit_state: Callable[[Array], Array]
    rate: float


def directions(dimension: int, count: int, used: int | None = None, seed: int = 7) -> Array:
    """Orthonormal rows (count, dimension) that touch only `used` of the variables."""
    generator = np.random.default_rng(seed)
    used = used or dimension
    basis = np.linalg.qr(generator.standard_normal((used, count)))[0].T
    found = np.zeros((count, dimension))
    found[:, generator.permutation(dimension)[:used]] = basis
    return found


def linear(dimension: int, used: int, rate: float) -> Problem:
    """One hyperplane."""
    a, distance = directions(dimension, 1, used)[0], -ndtri(rate)
    name = f"linear, {used} of {dimension} variables matter"
    return Problem(name, dimension, lambda z: distance - z @ a, rate)


def correlated(dimension: int, correlation: float, rate: float) -> Problem:
    """The sum of equally correlated variables, drawn through the root of their covariance."""
    covariance = np.full((dimension, dimension), correlation) + (1 - correlation) * np.eye(
        dimension
    )
    root = np.linalg.cholesky(covariance)
    sigma = float(np.sqrt(covariance.sum()))
    distance = -ndtri(rate) * sigma
    name = f"sum of {dimension} variables correlated by {correlation:g}"
    return Problem(name, dimension, lambda z: distance - (z @ root.T).sum(axis=1), rate)


def two_sided(dimension: int, used: int, rate: float) -> Problem:
    """Failures on both sides of zero, in one value."""
    a, distance = directions(dimension, 1, used)[0], -ndtri(rate / 2)
    name = f"two-sided, {dimension} variables"
    return Problem(name, dimension, lambda z: distance - np.abs(z @ a), rate)


def series(dimension: int, count: int, rate: float, *, split: bool) -> Problem:
    """A chain that breaks at any of `count` links; `split` shows one value for each."""
    a = directions(dimension, count)
    distance = -ndtri(-np.expm1(np.log1p(-rate) / count))

    def limit_state(z: Array) -> Array:
        values = distance - z @ a.T
        return values if split else values.min(axis=1)

    shown = f"{count} values" if split else "one value"
    return Problem(
        f"series of {count}, {dimension} variables, {shown}", dimension, limit_state, rate
    )


def unequal(dimension: int) -> Problem:
    """Two links of 1e-9 and 4e-9."""
    a, rates = directions(dimension, 2), np.array([1e-9, 4e-9])
    distances = -ndtri(rates)
    rate = float(1 - np.prod(1 - rates))
    name = f"series of two unequal, {dimension} variables"
    return Problem(name, dimension, lambda z: distances - z @ a.T, rate)


def curved(dimension: int, distance: float, curvature: float, count: int) -> Problem:
    """A paraboloid: bent away from the origin for a positive curvature, towards it below zero."""
    a = directions(dimension, count + 1)

    def limit_state(z: Array) -> Array:
        return distance - z @ a[0] + curvature * ((z @ a[1:].T) ** 2).sum(axis=1)

    def density(square: float) -> float:
        return float(ndtr(-(distance + curvature * square)) * chi2.pdf(square, count))

    rate = quad(density, 0, 400, epsabs=0, epsrel=1e-10, limit=500)[0]
    name = f"paraboloid of curvature {curvature:g} in {count} of {dimension}"
    return Problem(name, dimension, limit_state, rate)


def parabola() -> Problem:
    """Two design points: 5 - y - (x - 0.1)^2 / 2, of A. Der Kiureghian and T. Dakessian (1998)."""

    def density(x: float) -> float:
        return float(ndtr(-(5 - 0.5 * (x - 0.1) ** 2)) * np.exp(-x * x / 2))

    rate = quad(density, -12, 12, epsrel=1e-10, limit=500)[0] / np.sqrt(2 * np.pi)
    return Problem(
        "parabola, two design points", 2, lambda z: 5 - z[:, 1] - 0.5 * (z[:, 0] - 0.1) ** 2, rate
    )


def gain(dimension: int, spread: float) -> Problem:
    """A hyperplane seen through a gain that varies: what a latch does to its imbalance."""
    a, c = directions(dimension, 1, 20)[0], directions(dimension, 1, seed=8)[0]
    name = f"linear with a gain that varies by {spread:g}"
    return Problem(
        name, dimension, lambda z: (6 - z @ a) * np.exp(spread * (z @ c)), float(ndtr(-6))
    )


def problems() -> list[Problem]:
    """All of them, the easiest first."""
    return [
        linear(150, 20, 1e-3),
        linear(150, 20, 1e-9),
        linear(150, 150, 1e-9),
        linear(300, 30, 1e-12),
        correlated(120, 0.3, 1e-9),
        gain(150, 0.1),
        two_sided(100, 20, 1e-9),
        unequal(150),
        series(100, 4, 1e-9, split=True),
        series(100, 4, 1e-9, split=False),
        series(30, 4, 1e-7, split=False),
        parabola(),
        curved(100, 6.2, -0.02, 5),
        curved(100, 5.8, 0.02, 20),
    ]
