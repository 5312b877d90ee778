"""Addition of whole numbers by XOR, AND and OR of rows, results written back to be used again.

    sum = (a xor b) xor c        carry = (a and b) or ((a xor b) and c)

Numbers stand as bit-planes in rows, one number a column; all columns work at once. A full adder
takes two XORs, two ANDs and an OR, and writes each of the five results; a half adder takes an
XOR and an AND. The same steps run on a sub-array object (`CellMachine`) and on arrays of bits
(`TallyMachine`). The majority of three rows would give the carry in one sense; no amplifier of
the table is characterized for three rows, so it is not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from accelerator.array import Array
from accelerator.comparator.comparison import plane_of
from accelerator.comparator.subarray import LogicSubArray
from accelerator.comparator.tally import Mask, Planes, Tally
from accelerator.errors import EstimateError
from accelerator.logic_counts import LogicCounts
from accelerator.subarray import Columns, segment_columns

Integers = NDArray[np.int64]
Row = TypeVar("Row")
FULL_ADDER_SENSES = {"xor": 2, "and": 2, "or": 1}
HALF_ADDER_SENSES = {"xor": 1, "and": 1}


class Machine(Protocol[Row]):
    """What row logic runs on; every operation writes its result into a row of its own."""

    def logic(self, name: str, first: Row, second: Row) -> Row:
        """The row that holds the "xor", "and" or "or" of two rows."""
        ...

    def release(self, *rows: Row) -> None:
        """The rows are no longer needed."""
        ...


@dataclass(frozen=True)
class Adders(Generic[Row]):
    """Full and half adders made of rows."""

    machine: Machine[Row]

    def half(self, a: Row, b: Row) -> tuple[Row, Row]:
        """(sum, carry) of two bits."""
        return self.machine.logic("xor", a, b), self.machine.logic("and", a, b)

    def full(self, a: Row, b: Row, c: Row) -> tuple[Row, Row]:
        """(sum, carry) of three bits."""
        logic = self.machine.logic
        half, both = self.half(a, b)
        total, passed = self.half(half, c)
        carry = logic("or", both, passed)
        self.machine.release(half, both, passed)
        return total, carry

    def add(self, a: Sequence[Row], b: Sequence[Row]) -> list[Row]:
        """The sum of two numbers of equal width, lowest bit first, one bit more; ripple carry."""
        total, carry = self.half(a[0], b[0])
        rows = [total]
        for one, two in zip(a[1:], b[1:], strict=True):
            before = carry
            total, carry = self.full(one, two, before)
            self.machine.release(before)
            rows.append(total)
        return [*rows, carry]

    def count(self, bits: Sequence[Row]) -> list[Row]:
        """How many of the bits are one, lowest bit first; the bits' own rows are kept.

        Three bits of one weight become one and a carry as soon as there are three, so that
        few rows are in use; n bits take n - 1 or fewer adders, as `bit_count_adders` has it.
        """
        waiting: list[list[tuple[Row, bool]]] = []
        for row in bits:
            self._take(waiting, 0, (row, False))
        for level in range(len(bits).bit_length()):
            if level < len(waiting) and len(waiting[level]) == 2:
                self._reduce(waiting, level)
        return [rows[0][0] for rows in waiting]

    def _take(
        self, waiting: list[list[tuple[Row, bool]]], level: int, entry: tuple[Row, bool]
    ) -> None:
        if level == len(waiting):
            waiting.append([])
        waiting[level].append(entry)
        if len(waiting[level]) == 3:
            self._reduce(waiting, level)

    def _reduce(self, waiting: list[list[tuple[Row, bool]]], level: int) -> None:
        taken = waiting[level]
        rows = [row for row, _ in taken]
        total, carry = self.full(*rows) if len(rows) == 3 else self.half(*rows)
        self.machine.release(*(row for row, made in taken if made))
        waiting[level] = [(total, True)]
        self._take(waiting, level + 1, (carry, True))


class CellMachine:
    """Rows of one sub-array by their numbers; those in `free` take results."""

    def __init__(self, subarray: LogicSubArray, columns: Columns, free: Sequence[int]) -> None:
        self.subarray, self.columns = subarray, columns
        self.free = list(free)
        self.fewest_free = len(self.free)

    def logic(self, name: str, first: int, second: int) -> int:
        """Sense two rows and write the result into a free one."""
        sensed = getattr(self.subarray, f"{name}_rows")(first, second, self.columns)
        if not self.free:
            raise EstimateError("no row is free for a result: give sub-arrays of more rows")
        row = self.free.pop()
        self.fewest_free = min(self.fewest_free, len(self.free))
        self.subarray.write("result", row, self.columns, sensed)
        return row

    def release(self, *rows: int) -> None:
        """Take the rows back."""
        self.free.extend(rows)


class TallyMachine:
    """Rows as arrays of bits (rows, lanes), many sub-arrays' at once."""

    _RESULTS = {"xor": np.bitwise_xor, "and": np.bitwise_and, "or": np.bitwise_or}  # noqa: RUF012

    def __init__(self, tally: Tally, used: Mask) -> None:
        self.tally, self.used = tally, used

    def logic(self, name: str, first: Planes, second: Planes) -> Planes:
        """Count the sense and the write of its result."""
        result: Planes = self._RESULTS[name](first, second)
        self.tally.sense(name, first, second, self.used)
        self.tally.write("result", result, self.used)
        return result

    def release(self, *_: Planes) -> None:
        """Arrays need no room in a sub-array."""


@dataclass(frozen=True)
class Addition:
    """Sums in the operands' shape, and the events."""

    sums: Integers
    counts: LogicCounts


def add(a: Integers, b: Integers, bits: int, array: Array) -> Addition:
    """Add unsigned numbers of `bits` bits, (rows, lanes) or (lanes,), operands in place."""
    tally = Tally(array)
    one, two = np.atleast_2d(a), np.atleast_2d(b)
    adders = Adders(TallyMachine(tally, np.ones(one.shape, dtype=bool)))
    rows = adders.add(*([plane_of(x, p) for p in range(bits)] for x in (one, two)))
    return Addition(number_of(rows).reshape(a.shape), tally.counts)


def execute_addition(a: Integers, b: Integers, bits: int, array: Array) -> Addition:
    """`add` of one row of lanes on a sub-array object, cell by cell."""
    counts = LogicCounts()
    subarray = LogicSubArray(array, counts)
    columns = segment_columns(0, len(a), array, len(a))
    first = array.reserved_rows
    rows = [list(range(start, start + bits)) for start in (first, first + bits)]
    for operand, own in ((a, rows[0]), (b, rows[1])):
        for plane, row in enumerate(own):
            subarray.cells[row, columns] = plane_of(operand, plane)
    machine = CellMachine(subarray, columns, range(first + 2 * bits, array.rows))
    result = Adders(machine).add(*rows)
    return Addition(number_of([subarray.cells[row, columns] for row in result]), counts)


def number_of(rows: Sequence[Planes]) -> Integers:
    """Numbers from their bits, lowest first."""
    return np.asarray(
        sum(row.astype(np.int64) << place for place, row in enumerate(rows)), dtype=np.int64
    )


def counting_adders(inputs: int) -> tuple[int, int]:
    """(full adders, half adders) that count the ones among `inputs` bits (1)."""
    full = half = 0
    while inputs > 1:
        full += (inputs - 1) // 2
        half += 1 - inputs % 2
        inputs //= 2
    return full, half


def working_rows(inputs: int) -> int:
    """Rows of results in use at once while the ones of `inputs` bits are counted (1).

    At most three a weight, and the three inner results of an adder.
    """
    return 3 * inputs.bit_length() + 3
