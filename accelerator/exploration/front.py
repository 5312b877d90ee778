"""The points that no other point is better than in everything."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from accelerator.dominance import undominated


def pareto_front(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which rows of `values`, shape (points, measures), no other row dominates.

    A row dominates another that it is nowhere above and somewhere below. Equal rows stay
    together; rows with a NaN or an infinity are never in front.
    """
    front = np.zeros(len(values), dtype=bool)
    usable = np.flatnonzero(np.isfinite(values).all(axis=1))
    if len(usable):
        rows, which = np.unique(values[usable], axis=0, return_inverse=True)
        front[usable] = np.isin(which.ravel(), undominated(rows))
    return front
