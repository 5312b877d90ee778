"""Rows of numbers that no other row is below in everything."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def undominated(values: NDArray[np.float64]) -> NDArray[np.intp]:
    """Rows of `values`, shape (rows, measures), that no other row dominates, as indices.

    A row dominates another that it is nowhere above; of equal rows the first stays.
    """
    order = np.lexsort(values.T[::-1])
    kept: list[int] = []
    while len(order):
        first = order[0]
        kept.append(int(first))
        # Rows after this one are at least as large in the first column.
        order = order[1:][np.any(values[order[1:]] < values[first], axis=1)]
    return np.array(kept, dtype=np.intp)
