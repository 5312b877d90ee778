"""The points that no other point is better than in everything."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def pareto_front(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which rows of `values`, shape (points, measures), no other row dominates.

    A row dominates another that it is nowhere above and somewhere below. Equal rows stay
    together; rows with a NaN or an infinity are never in front.
    """
    front = np.zeros(len(values), dtype=bool)
    usable = np.flatnonzero(np.isfinite(values).all(axis=1))
    # In this order a row can only be dominated by one before it.
    order = usable[np.lexsort(values[usable].T[::-1])]
    kept = np.empty((0, values.shape[1]))
    for index in order:
        row = values[index]
        if np.any((kept <= row).all(axis=1) & (kept < row).any(axis=1)):
            continue
        front[index] = True
        kept = np.vstack([kept, row])
    return front
