"""The product that a counter-based stochastic multiplier gives, in closed form.

H. Sim, J. Lee, "A new stochastic computing multiplier with application to deep convolutional
neural networks", DAC 2017. Of an operand X of N bits a stream is made in which bit x_{N-i} stands
at the cycles that are 2^(i-1) modulo 2^i; the other operand W says for how many cycles the ones of
the stream are counted. Bit x_{N-i} is met floor((W + 2^(i-1)) / 2^i) times in W cycles, so the
counter ends at

    P(X, W) = sum over i = 1 .. N of floor((W + 2^(i-1)) / 2^i) x_{N-i},

which is W X / 2^N within N/2, in W cycles.

Signs are kept beside magnitudes of N bits: the sign of a product is the exclusive or of both, and
says whether the counter goes up or down.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from accelerator.errors import EstimateError

Integers = NDArray[np.int64]
LARGEST_BITS = 16


def product(x: ArrayLike, w: ArrayLike, bits: int, dropped: int = 0) -> Integers:
    """The counter after one product, in units of x w / 2^bits.

    Args:
        x: what the stream is made of, w: what is counted down; whole numbers with signs,
            magnitudes below 2^bits, broadcast against each other.
        bits: N.
        dropped: low bits of both magnitudes that are cut off, 0 to bits - 1. The multiplier then
            works on N - dropped bits and its counter steps by 2^dropped, which keeps the unit:
            P = 2^dropped P'(floor(|x| / 2^dropped), floor(|w| / 2^dropped)).

    Raises EstimateError for operands that do not fit.
    """
    first, second = checked("x", x, bits), checked("w", w, bits)
    width = remaining(bits, dropped)
    cut = np.abs(first) >> dropped
    counts = plane_counts(np.abs(second) >> dropped, width)
    planes = (cut[..., None] >> np.arange(width)[::-1]) & 1
    counted = (counts * planes).sum(axis=-1) << dropped
    return np.asarray(np.sign(first) * np.sign(second) * counted)


def plane_counts(magnitudes: Integers, bits: int) -> Integers:
    """How often each stream bit is met (..., bits), the highest bit of X first."""
    place = np.arange(1, bits + 1)
    met: Integers = (magnitudes[..., None] + (1 << (place - 1))) >> place
    return met


def latency(w: ArrayLike, bits: int, dropped: int = 0) -> Integers:
    """Cycles of a product: the magnitude of what is counted down, below 2^(bits - dropped)."""
    remaining(bits, dropped)
    return np.asarray(np.abs(checked("w", w, bits)) >> dropped)


def largest_error(bits: int) -> float:
    """The largest |P - W X / 2^N| over all pairs of magnitudes (1), by trying them all."""
    every = np.arange(1 << width_in_range(bits))
    exact = every[:, None] * every / (1 << bits)
    return float(np.abs(product(every[:, None], every, bits) - exact).max())


def remaining(bits: int, dropped: int) -> int:
    """Bits that are left of `bits`, at least one."""
    left = width_in_range(bits) - dropped
    if not 1 <= left <= bits:
        raise EstimateError(f"{dropped} of {bits} bits cannot be dropped: give 0 to {bits - 1}")
    return left


def width_in_range(bits: int) -> int:
    """`bits`, where a multiplier can have so many."""
    if not 1 <= bits <= LARGEST_BITS:
        raise EstimateError(f"a stochastic multiplier has 1 to {LARGEST_BITS} bits, not {bits}")
    return bits


def checked(name: str, values: Any, bits: int) -> Integers:
    """Whole numbers whose magnitudes fit `bits` bits."""
    array = np.asarray(values)
    if array.dtype.kind not in "iu":
        raise EstimateError(f"{name} holds {array.dtype}: a stochastic product takes whole numbers")
    array = array.astype(np.int64)
    limit = 1 << width_in_range(bits)
    if array.size and max(int(array.max()), -int(array.min())) >= limit:
        raise EstimateError(
            f"{name} has magnitudes up to {max(int(array.max()), -int(array.min()))}, which do "
            f"not fit {bits} bits: give less than {limit}"
        )
    return array
