"""The digital logic beside a sub-array, built from full adders that are counted one by one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def count_ones(bits: NDArray[np.uint8]) -> tuple[int, int]:
    """(ones among `bits`, adders used), by reducing with full and half adders."""
    weights: list[list[int]] = [[int(bit) for bit in bits]]
    adders = 0
    level = 0
    while level < len(weights):
        column = weights[level]
        while len(column) > 1:
            taken = [column.pop() for _ in range(min(3, len(column)))]
            column.append(sum(taken) & 1)
            if level + 1 == len(weights):
                weights.append([])
            weights[level + 1].append(sum(taken) >> 1)
            adders += 1
        level += 1
    return sum(column[0] << place for place, column in enumerate(weights) if column), adders


class Accumulator:
    """A register of `width` bits that is shifted by one and added to.

    Negative values (the top plane of two's complement) keep the magnitude within `width`.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self.value = 0
        self.adders = 0

    def shift(self) -> None:
        """Double the value: a wire, not an operation."""
        self.value *= 2

    def add(self, number: int) -> None:
        """Add `number` with one adder a bit."""
        self.value += number
        if abs(self.value).bit_length() > self.width:
            raise OverflowError(f"{self.value} does not fit {self.width} bits")
        self.adders += self.width
