"""The largest and smallest of numbers that may be arrays of samples.

Prices and constants are numbers, or arrays of equal length that hold one number for each sample
of what is uncertain; the cost model is then walked once for all samples. Only comparisons need
to know: everything else is arithmetic.
"""

from __future__ import annotations

from functools import reduce
from typing import cast

import numpy as np
from numpy.typing import NDArray


def as_number(samples: NDArray[np.float64]) -> float:
    """Samples in the place of a number, for the type checker: the model takes both."""
    return cast(float, samples)


def larger(*values: float) -> float:
    """The largest value, sample by sample where any of them is an array."""
    if all(isinstance(value, int | float) for value in values):
        return max(values)
    return reduce(np.maximum, values)


def smaller(*values: float) -> float:
    """The smallest value, sample by sample where any of them is an array."""
    if all(isinstance(value, int | float) for value in values):
        return min(values)
    return reduce(np.minimum, values)
