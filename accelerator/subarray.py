"""A sub-array that stores bits, answers READ and AND, and counts what happens to it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from accelerator.array import Array
from accelerator.counts import Counts

Bits = NDArray[np.uint8]
Columns = NDArray[np.intp]


def segment_columns(segment: int, length: int, array: Array, room: int) -> Columns:
    """Columns of the first `length` elements of the `segment`-th patch of a row.

    There is `room` for as many elements of each patch. Adjacent columns share an amplifier, so
    elements go to different amplifiers first: a patch then takes as few phases as possible.
    """
    amplifiers, shared = array.amplifiers, array.columns_per_amplifier
    element = np.arange(length)
    if room <= amplifiers:
        side_by_side = amplifiers // room
        phase = np.full(length, segment // side_by_side)
        amplifier = segment % side_by_side * room + element
    else:
        phase = segment * -(-room // amplifiers) + element // amplifiers
        amplifier = element % amplifiers
    return np.asarray(amplifier * shared + phase, dtype=np.intp)


class SubArray:
    """Cells of one sub-array; every method counts its events into `counts`.

    Bits are arrays of 0 and 1. `columns` are the columns that hold operands; the others
    are fired as well when the array does not gate them.
    """

    def __init__(self, array: Array, counts: Counts) -> None:
        self.array = array
        self.counts = counts
        self.cells: Bits = np.zeros((array.rows, array.columns), dtype=np.uint8)

    def write(self, what: str, row: int, columns: Columns, bits: Bits) -> None:
        """Write one plane of a row of operands, or what is fresh of it.

        `what` they are is told by the first word of the counts: "input", "kernel" or "weight".
        """
        self.cells[row, columns] = bits
        pulses = half_selected = 0
        for start in range(0, len(columns), self.array.written_at_once):
            written = len(columns[start : start + self.array.written_at_once])
            pulses += 1
            half_selected += self.array.columns - written
        ones = int(bits.sum())
        for event, number in (
            ("cells", len(bits)),
            ("0", len(bits) - ones),
            ("1", ones),
            ("rows", 1),
            ("pulses", pulses),
            ("half_selected", half_selected),
        ):
            name = f"{what}_{event}"
            setattr(self.counts, name, getattr(self.counts, name) + number)

    def _fire(self, columns: Columns) -> tuple[int, int, int]:
        """(sense cycles, idle reference shares, unused columns) of one row operation."""
        array = self.array
        fired = columns if array.gate_unused_columns else np.arange(array.columns)
        cycles = shares = 0
        for phase in range(array.columns_per_amplifier):
            amplifiers = fired[fired % array.columns_per_amplifier == phase]
            amplifiers = amplifiers // array.columns_per_amplifier
            cycles += -(-len(amplifiers) // array.sensed_at_once)
            references = {int(index) // array.amplifiers_per_reference for index in amplifiers}
            shares += len(references) * array.amplifiers_per_reference
        return cycles, shares - len(fired), len(fired) - len(columns)

    def and_rows(self, weight_row: int, activation_row: int, columns: Columns) -> Bits:
        """AND of two rows at `columns`, in their order."""
        weight = self.cells[weight_row, columns]
        activation = self.cells[activation_row, columns]
        cycles, idle, unused = self._fire(columns)
        counts = self.counts
        histogram = np.bincount(2 * weight + activation, minlength=4)
        counts.ands += len(columns)
        counts.and_00 += int(histogram[0])
        counts.and_01 += int(histogram[1])
        counts.and_10 += int(histogram[2])
        counts.and_11 += int(histogram[3])
        counts.and_unused += unused
        counts.and_reference_idle += idle
        counts.and_rows += 1
        counts.and_cycles += cycles
        return np.asarray(weight & activation, dtype=np.uint8)

    def read_row(self, row: int, columns: Columns) -> Bits:
        """The bits of one row at `columns`, in their order."""
        bits: Bits = self.cells[row, columns]
        cycles, idle, unused = self._fire(columns)
        ones = int(bits.sum())
        self.counts.reads += len(bits)
        self.counts.read_0 += len(bits) - ones
        self.counts.read_1 += ones
        self.counts.read_unused += unused
        self.counts.read_reference_idle += idle
        self.counts.read_rows += 1
        self.counts.read_cycles += cycles
        return bits
