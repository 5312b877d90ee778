"""Even samples of several uniform variables, and what a total owes to each of them."""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]
_NORMAL = NormalDist()


def latin_hypercube(number: int, variables: int, seed: int) -> Samples:
    """`number` points of (0, 1)^`variables`, shape (variables, number).

    Each variable takes the middle of each of `number` equal intervals once, in an order of its
    own (M. D. McKay, R. J. Beckman, W. J. Conover, Technometrics 21, 239 (1979)).
    """
    generator = np.random.default_rng(seed)
    middles = (np.arange(number) + 0.5) / number
    return np.stack([generator.permutation(middles) for _ in range(variables)])


def standard_normal(uniform: Samples) -> Samples:
    """Standard normal values of uniform ones in (0, 1), of the same shape."""
    # The variables of a hypercube take the same values, in other orders.
    values, where = np.unique(uniform, return_inverse=True)
    found: Samples = _quantiles(values.tobytes())[where].reshape(uniform.shape)
    return found


@lru_cache(maxsize=8)
def _quantiles(uniform: bytes) -> Samples:
    # Not SciPy's: importing it takes longer than an estimate.
    found = np.array([_NORMAL.inv_cdf(value) for value in np.frombuffer(uniform).tolist()])
    found.setflags(write=False)
    return found


def shares(uniform: Samples, totals: Samples) -> Samples:
    """First-order share of each variable in the variance of each total (1).

    uniform: shape (variables, samples), from `latin_hypercube`; totals: (totals, samples).
    Returns shape (totals, variables).

    The share is Var(E[total | variable]) / Var(total), with the conditional mean fitted as a
    parabola in the variable's normal score: a polynomial chaos without interactions
    (B. Sudret, Reliab. Eng. Syst. Saf. 93, 964 (2008)). What the shares leave of one is of
    several variables together, or of other shapes.
    """
    scores = standard_normal(uniform)
    basis = np.concatenate([scores, (scores**2 - 1) / 2**0.5])
    spread = totals - totals.mean(axis=1, keepdims=True)
    weights = np.linalg.solve(basis @ basis.T, basis @ spread.T)  # (terms, totals)
    # Covariances with the whole: samples are even, but have chance correlations.
    parts = weights.T * (spread @ basis.T)
    variance = (spread**2).sum(axis=1, keepdims=True)
    still = variance <= totals.shape[1] * (1e-12 * totals.mean(axis=1, keepdims=True)) ** 2
    first, second = np.split(
        np.where(still, 0.0, parts / np.where(still, 1.0, variance)), 2, axis=1
    )
    found: Samples = first + second
    return found
