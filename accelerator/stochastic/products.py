"""Whole layers of stochastic products, accumulated exactly.

Bit x_{N-i} of an activation is counted floor((|w| + 2^(i-1)) / 2^i) times, whatever the other bits
are. So a layer is N matrix products of bit-planes with those counts, added up.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelerator.stochastic.multiplier import Integers, checked, plane_counts, remaining


def stochastic_products(x: Integers, w: Integers, bits: int, dropped: int = 0) -> Integers:
    """Sums of stochastic products of x (n, k) with w (k, m), in units of x w / 2^bits.

    Equals the sum over k of `multiplier.product`, bit for bit.
    """
    first, second = checked("x", x, bits), checked("w", w, bits)
    width = remaining(bits, dropped)
    counts = np.sign(second)[..., None] * plane_counts(np.abs(second) >> dropped, width)
    magnitudes = (np.abs(first) >> dropped).astype(np.int32)
    signs = None if first.size == 0 or first.min() >= 0 else np.sign(first).astype(np.int32)
    sums = np.zeros((len(first), second.shape[1]), np.int64)
    for place in range(width):
        plane = (magnitudes >> (width - 1 - place)) & 1
        if plane.any():
            sums += _whole_product(plane if signs is None else plane * signs, counts[..., place])
    return sums << dropped


def exact_products(x: Integers, w: Integers, bits: int, dropped: int = 0) -> Integers:
    """Sums of exact products of the same cut operands, in units of x w (one product is P 2^bits).

    What an integer multiplier of the same width gives.
    """
    first, second = checked("x", x, bits), checked("w", w, bits)
    remaining(bits, dropped)
    return _whole_product(_cut(first, dropped), _cut(second, dropped)) << 2 * dropped


def _cut(values: Integers, dropped: int) -> Integers:
    return np.asarray(np.sign(values) * (np.abs(values) >> dropped))


def _whole_product(left: NDArray[Any], right: Integers) -> Integers:
    """A matrix product of whole numbers by floating point, far faster than by integers.

    Single precision is exact up to 2^24, double up to 2^53: two million terms of 16 bits each.
    """
    terms = left.shape[1] * int(np.abs(left).max(initial=0)) * int(np.abs(right).max(initial=0))
    kind = np.float32 if terms < 1 << 24 else np.float64
    return np.asarray((left.astype(kind) @ right.astype(kind)).astype(np.int64))
