"""A sub-array that also answers XOR and OR of two rows."""

from __future__ import annotations

import numpy as np

from accelerator.array import Array
from accelerator.logic_counts import LogicCounts
from accelerator.subarray import Bits, Columns, SubArray


class LogicSubArray(SubArray):
    """Every method counts its events into `counts`, which are those of row logic."""

    def __init__(self, array: Array, counts: LogicCounts) -> None:
        super().__init__(array, counts)
        self.logic = counts

    def xor_rows(self, first: int, second: int, columns: Columns) -> Bits:
        """XOR of two rows at `columns`, in their order: OR and not AND, sensed in one cycle."""
        a, b = self._sense("xor", first, second, columns)
        return np.asarray(a ^ b, dtype=np.uint8)

    def or_rows(self, first: int, second: int, columns: Columns) -> Bits:
        """OR of two rows at `columns`, in their order."""
        a, b = self._sense("or", first, second, columns)
        return np.asarray(a | b, dtype=np.uint8)

    def _sense(self, name: str, first: int, second: int, columns: Columns) -> tuple[Bits, Bits]:
        a, b = self.cells[first, columns], self.cells[second, columns]
        cycles, idle, _ = self._fire(columns)
        histogram = np.bincount(2 * a + b, minlength=4)
        events = {
            f"{name}s": len(columns),
            **{f"{name}_{value:02b}": int(number) for value, number in enumerate(histogram)},
            f"{name}_reference_idle": idle,
            f"{name}_rows": 1,
            f"{name}_cycles": cycles,
        }
        for event, number in events.items():
            setattr(self.logic, event, getattr(self.logic, event) + number)
        return a, b
