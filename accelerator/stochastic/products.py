"""Whole layers of stochastic products, accumulated exactly.

Bit x_{N-i} of an activation is counted floor((|w| + 2^(i-1)) / 2^i) times, whatever the other bits
are. So a layer is N matrix products of bit-planes with those counts, one of N planes side by side.
"""

from __future__ import annotations

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
    places = np.arange(width)[::-1]
    planes = np.sign(first)[..., None] * ((np.abs(first)[..., None] >> dropped >> places) & 1)
    sums = _whole_product(
        planes.reshape(len(first), -1), counts.transpose(0, 2, 1).reshape(-1, second.shape[1])
    )
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


def _whole_product(left: Integers, right: Integers) -> Integers:
    """A matrix product by floating point, which is exact below 2^53 and far faster than integers.

    The largest sum is (number of terms) 2^16 2^16, below 2^53 for two million terms.
    """
    product: NDArray[np.float64] = left.astype(np.float64) @ right.astype(np.float64)
    return product.astype(np.int64)
