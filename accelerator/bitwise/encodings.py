"""The integer that a code of b bits stands for, as a weighted sum of its bit-planes.

value = constant + sum_m plane_weights[m] * plane_m

| encoding         | values                     | plane_weights       | constant   |
|------------------|----------------------------|---------------------|------------|
| unsigned         | 0 .. 2^b - 1               | 1, 2, .. 2^(b-1)    | 0          |
| twos_complement  | -2^(b-1) .. 2^(b-1) - 1    | 1, 2, .. -2^(b-1)   | 0          |
| symmetric        | odd, -(2^b - 1) .. 2^b - 1 | 2, 4, .. 2^b        | -(2^b - 1) |
| ternary (b = 2)  | -1, 0, 1                   | 1, -1               | 0          |

The symmetric levels 2q - (2^b - 1) are those of DoReFa-Net's weights scaled to
integers (arXiv 1606.06160); at one bit they are -1 and +1. Two's complement at
one bit is the sign plane alone: -1 and 0. Ternary has a plane of the ones and a plane
of the minus ones, so that a product is the difference of two passes of AND.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelerator.errors import EstimateError

ENCODINGS = ("unsigned", "twos_complement", "symmetric")
"""Those of any width."""
TERNARY = "ternary"
TERNARY_BITS = 2
WIDEST = 16
"""The widest operand in bits."""


@dataclass(frozen=True)
class Levels:
    """The integers of one encoding at one width, and how bits make them."""

    encoding: str
    bits: int

    @cached_property
    def constant(self) -> int:
        """Value of the code whose bits are all zero."""
        return 1 - 2**self.bits if self.encoding == "symmetric" else 0

    @cached_property
    def step(self) -> int:
        """Distance of neighbouring values: 2 for symmetric levels, otherwise 1."""
        return 2 if self.encoding == "symmetric" else 1

    @cached_property
    def plane_weights(self) -> tuple[int, ...]:
        """What a one in each plane adds to the value, least significant plane first."""
        if self.encoding == TERNARY:
            return 1, -1
        weights = [self.step << plane for plane in range(self.bits)]
        if self.encoding == "twos_complement":
            weights[-1] = -weights[-1]
        return tuple(weights)

    @cached_property
    def lowest(self) -> int:
        """The least value."""
        if self.encoding == TERNARY:
            return -1
        return -(1 << self.bits - 1) if self.encoding == "twos_complement" else self.constant

    @cached_property
    def highest(self) -> int:
        """The greatest value."""
        if self.encoding == TERNARY:
            return 1
        return (1 << self.bits - (self.encoding == "twos_complement")) - 1

    @cached_property
    def magnitude(self) -> int:
        """The greatest absolute value."""
        return max(-self.lowest, self.highest)

    @property
    def zero_is_a_level(self) -> bool:
        """Whether padding can be stored; where it is not, it has to be masked."""
        return self.encoding != "symmetric"

    def stored(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """Whole numbers from 0 to 2^b - 1 whose bits are the planes of `values`."""
        codes = values.astype(np.int64)
        if self.encoding == TERNARY:
            return np.asarray(np.where(codes < 0, 2, codes), np.int64)
        # The lowest bits are the same in any width of two's complement.
        return ((codes - self.constant) >> (self.step - 1)) & ((1 << self.bits) - 1)

    def check(self, values: NDArray[Any], argument: str) -> None:
        """Refuse values outside the encoding.

        Raises
        ------
        EstimateError
            Naming the argument, the first value outside and the range.
        """
        if values.size == 0:
            return
        kind = np.iinfo(values.dtype)
        least = int(values.min()) if kind.min < self.lowest else self.lowest
        greatest = int(values.max()) if kind.max > self.highest else self.highest
        if least < self.lowest or greatest > self.highest:
            outside = least if least < self.lowest else greatest
            raise EstimateError(
                f"{argument} hold {outside}, which is outside {self}: "
                f"widen {argument[:-1]}_bits or choose another {argument[:-1]}_encoding"
            )
        if self.step == 2 and not int(np.bitwise_and.reduce(values, axis=None)) & 1:
            even = values[(values & 1) == 0].flat[0]
            raise EstimateError(
                f"{argument} hold {even}, which is outside {self}: "
                f"symmetric levels are odd, 2q - {2**self.bits - 1}"
            )

    def __str__(self) -> str:
        odd = "odd values " if self.step == 2 else ""
        if self.encoding == TERNARY:
            return "the -1, 0 and 1 of ternary"
        name = self.encoding.replace("_", "'s " if self.encoding == "twos_complement" else " ")
        return f"the {odd}{self.lowest} .. {self.highest} of {self.bits}-bit {name}".replace(
            "twos's", "two's"
        )


_levels = lru_cache(maxsize=128)(Levels)


def levels(encoding: str, bits: int, argument: str) -> Levels:
    """The levels of `encoding` at `bits` for `argument` ("activation" or "weight").

    Raises
    ------
    EstimateError
        For an unknown encoding, a width outside 1 .. 16, or ternary of another than 2.
    """
    if encoding not in (*ENCODINGS, TERNARY):
        raise EstimateError(
            f"{argument}_encoding is {encoding!r}: choose one of {', '.join((*ENCODINGS, TERNARY))}"
        )
    if isinstance(bits, bool) or not isinstance(bits, int | np.integer) or not 1 <= bits <= WIDEST:
        raise EstimateError(f"{argument}_bits is {bits!r}: give a whole number from 1 to {WIDEST}")
    if encoding == TERNARY and bits != TERNARY_BITS:
        raise EstimateError(
            f"{argument}_bits is {bits!r}: a ternary {argument} has {TERNARY_BITS}, one for 1 and "
            "one for -1"
        )
    return _levels(encoding, int(bits))


def integer_array(values: object, argument: str, shape: str) -> NDArray[Any]:
    """`values` as an integer array of four dimensions.

    Raises
    ------
    EstimateError
        If it is not an array of integers (or booleans) of four dimensions.
    """
    array = np.asarray(values)
    if array.dtype == np.bool_:
        array = array.view(np.uint8)
    if array.dtype.kind not in "iu":
        raise EstimateError(
            f"{argument} are of type {array.dtype}: give integers, not scaled reals"
        )
    if array.ndim != 4:
        raise EstimateError(
            f"{argument} have shape {array.shape}: four dimensions are needed, {shape}"
        )
    return array
