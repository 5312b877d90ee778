"""Dynamic fixed point: every tensor has a place of its own for the point.

M. Courbariaux, Y. Bengio, J.-P. David, arXiv 1412.7024. A value v is kept as the code
round(v 2^fraction), its magnitude below 2^bits and its sign beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelerator.stochastic.multiplier import Integers, width_in_range

Reals = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class FixedPoint:
    """`bits` of magnitude, `fraction` of them behind the point (any whole number)."""

    bits: int
    fraction: int

    def codes(self, values: Reals) -> Integers:
        """The nearest codes, what is too large being cut to the largest."""
        highest = (1 << self.bits) - 1
        scaled = np.rint(np.asarray(values, np.float64) * 2.0**self.fraction)
        return np.asarray(np.clip(scaled, -highest, highest).astype(np.int64))

    def values(self, codes: Integers) -> NDArray[np.float64]:
        """What codes stand for."""
        return np.asarray(codes * 2.0**-self.fraction, np.float64)


def chosen_point(values: Reals, bits: int) -> FixedPoint:
    """The point that keeps these values with the least mean square error.

    Either the finest that cuts nothing off, or one or two bits finer, which cuts off the few
    largest values where that is less of an error.
    """
    width_in_range(bits)
    largest = float(np.abs(values).max(initial=0.0))
    if largest == 0.0:
        return FixedPoint(bits, bits)
    # Rounding may reach 2^bits, which does not fit: one bit coarser then.
    finest = bits - int(np.floor(np.log2(largest))) - 1
    if round(largest * 2.0**finest) >= 1 << bits:
        finest -= 1
    candidates = [FixedPoint(bits, finest + finer) for finer in range(3)]
    return min(candidates, key=lambda point: _error(values, point))


def _error(values: Reals, point: FixedPoint) -> float:
    return float(np.mean((point.values(point.codes(values)) - values) ** 2))


def rescaled(sums: Integers, shift: int, bits: int) -> Integers:
    """Sums divided by 2^shift, rounded half up, cut to 0 .. 2^bits - 1: what a layer hands on.

    A negative shift multiplies. Negative sums become zero, which is the rectifier.
    """
    moved = (sums + (1 << shift >> 1)) >> shift if shift >= 0 else sums << -shift
    return np.asarray(np.clip(moved, 0, (1 << bits) - 1))
