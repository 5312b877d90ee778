"""The same multiplier cycle by cycle, as its registers change.

A lane has a register for X, a down counter that is loaded with |w| and an up-down counter that
adds products; a state machine, a counter of N bits, chooses through a multiplexer which bit of X
the stream shows. All lanes of one object are loaded together, so that they share it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from accelerator.stochastic.multiplier import Integers, checked, remaining


class Lanes:
    """Multiply-accumulate lanes in an array of any shape.

    `count` is the up-down counter of each in units of x w / 2^bits, `cycles` those that it has
    counted in so far.
    """

    def __init__(self, shape: tuple[int, ...], bits: int, dropped: int = 0) -> None:
        self.bits, self.dropped = bits, dropped
        self.width = remaining(bits, dropped)
        self.count: Integers = np.zeros(shape, np.int64)
        self.cycles: Integers = np.zeros(shape, np.int64)
        self._stream: Integers = np.zeros(shape, np.int64)
        self._down: Integers = np.zeros(shape, np.int64)
        self._negative: NDArray[np.bool_] = np.zeros(shape, bool)
        self._state = 0

    def load(self, x: ArrayLike, w: ArrayLike) -> None:
        """Take the next operands (of the lanes' shape); the up-down counter goes on."""
        first, second = checked("x", x, self.bits), checked("w", w, self.bits)
        self._stream[...] = np.abs(first) >> self.dropped
        self._down[...] = np.abs(second) >> self.dropped
        self._negative[...] = (first < 0) ^ (second < 0)
        self._state = 0

    @property
    def busy(self) -> bool:
        """Whether any lane still counts down."""
        return bool(self._down.any())

    def clock(self) -> None:
        """One rising edge."""
        self._state = (self._state + 1) % (1 << self.width)
        working = self._down > 0
        # The place of the state's lowest one chooses the bit; the state zero shows none.
        if self._state:
            place = (self._state & -self._state).bit_length() - 1
            shown = (self._stream >> (self.width - 1 - place)) & 1 == 1
            step = np.where(self._negative, -1, 1) << self.dropped
            self.count += np.where(working & shown, step, 0)
        self._down -= working
        self.cycles += working

    def multiply(self, x: ArrayLike, w: ArrayLike) -> None:
        """Load and clock until every lane has counted down."""
        self.load(x, w)
        while self.busy:
            self.clock()
