"""Which of two numbers is larger, from the highest bit on, by XOR and READ of rows.

Bit-planes of A and B stand in rows, one pair a column. A plane of both is XORed by the two
sub-amplifiers in one cycle. Where the bits differ for the first time the bit of A decides: one
and A is larger. It is READ at those columns only, and their masks are set: decided columns fire
no more. When all are decided the rest of the planes is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from accelerator.array import Array
from accelerator.comparator.subarray import LogicSubArray
from accelerator.comparator.tally import Mask, Planes, Tally
from accelerator.errors import EstimateError
from accelerator.logic_counts import LogicCounts
from accelerator.subarray import Bits, Columns, segment_columns

Integers = NDArray[np.int64]
WIDEST = 16


@dataclass(frozen=True)
class Comparison:
    """The outcome of comparing A with B, lane by lane, and what it took.

    greater: where A > B; equal: where the masks were never set; both in the operands' shape.
    planes: XORs until all lanes of a row were decided, one number a row.
    """

    greater: Mask
    equal: Mask
    planes: Integers
    counts: LogicCounts


def compare(a: Integers, b: Integers, bits: int, array: Array) -> Comparison:
    """Compare unsigned numbers of `bits` bits, (rows, lanes) or (lanes,), operands in place.

    Raises:
        EstimateError: a width, numbers or lanes that do not fit.
    """
    _check(a, b, bits, array)
    tally = Tally(array)
    one, two = np.atleast_2d(a), np.atleast_2d(b)
    greater, equal, planes = compare_planes(tally, one, two, bits, np.ones(one.shape, dtype=bool))
    return Comparison(greater.reshape(a.shape), equal.reshape(a.shape), planes, tally.counts)


def compare_planes(
    tally: Tally, a: Integers, b: Integers, bits: int, used: Mask
) -> tuple[Mask, Mask, Integers]:
    """(greater, equal, XORs of each row) of rows (rows, lanes), at the lanes in use."""
    open_lanes = used.copy()
    greater = np.zeros(a.shape, dtype=bool)
    planes = np.zeros(len(a), dtype=np.int64)
    for plane in reversed(range(bits)):
        planes += open_lanes.any(axis=1)
        first, second = plane_of(a, plane), plane_of(b, plane)
        tally.sense("xor", first, second, open_lanes)
        differ = open_lanes & (first != second)
        tally.read(first, differ)
        tally.latch(int(open_lanes.sum()), int(differ.sum()))
        greater |= differ & (first == 1)
        open_lanes &= ~differ
    return greater, open_lanes, planes


def compare_rows(
    subarray: LogicSubArray, a_rows: list[int], b_rows: list[int], columns: Columns
) -> tuple[Bits, Bits, int]:
    """(greater, equal, XORs) of the numbers in rows of a sub-array, highest plane first."""
    greater = np.zeros(len(columns), dtype=np.uint8)
    undecided = np.ones(len(columns), dtype=np.uint8)
    planes = 0
    for a_row, b_row in zip(a_rows, b_rows, strict=True):
        lanes = np.flatnonzero(undecided)
        if not len(lanes):
            break
        planes += 1
        differ = subarray.xor_rows(a_row, b_row, columns[lanes])
        subarray.logic.mask_flip_flops += len(lanes)
        first = lanes[differ == 1]
        if len(first):
            greater[first] = subarray.read_row(a_row, columns[first])
            undecided[first] = 0
            subarray.logic.mask_flip_flops += len(first)
            subarray.logic.mask_gates += len(first)
    return greater, undecided, planes


def execute(a: Integers, b: Integers, bits: int, array: Array) -> Comparison:
    """`compare` of one row of lanes on a sub-array object, cell by cell."""
    _check(a, b, bits, array)
    counts = LogicCounts()
    subarray = LogicSubArray(array, counts)
    columns = segment_columns(0, len(a), array, len(a))
    first = array.reserved_rows
    rows = [list(range(start, start + bits)) for start in (first, first + bits)]
    for operand, own in ((a, rows[0]), (b, rows[1])):
        for row, plane in zip(own, reversed(range(bits)), strict=True):
            subarray.cells[row, columns] = plane_of(operand, plane)
    greater, equal, planes = compare_rows(subarray, rows[0], rows[1], columns)
    return Comparison(greater == 1, equal == 1, np.array([planes]), counts)


def first_difference(a: Integers, b: Integers, bits: int) -> Integers:
    """Planes from the highest to the first in which two numbers differ, that one included (1).

    Equal numbers are known to be after all `bits`. It is what a row's XORs are checked against.
    """
    return np.asarray(np.minimum(bits - np.floor(np.log2(np.maximum(a ^ b, 0.5))), bits), np.int64)


def plane_of(numbers: Integers, plane: int) -> Planes:
    """One bit of each number (0 or 1)."""
    return ((numbers >> plane) & 1).astype(np.uint8)


def _check(a: Integers, b: Integers, bits: int, array: Array) -> None:
    if not 1 <= bits <= WIDEST:
        raise EstimateError(f"numbers of {bits} bits are not compared: give 1 to {WIDEST}")
    if a.shape != b.shape or a.shape[-1] > array.columns:
        raise EstimateError(
            f"operands of {a.shape} and {b.shape} do not lie in the {array.columns} columns of a "
            "sub-array: give both one shape, with a number a column"
        )
    if min(a.min(), b.min()) < 0 or max(a.max(), b.max()) >= 1 << bits:
        raise EstimateError(f"an operand is not from 0 to {(1 << bits) - 1}: give more bits")
    if array.operand_rows < 2 * bits:
        raise EstimateError(
            f"a sub-array of {array.rows} rows does not hold two operands of {bits} bits: "
            f"give {2 * bits + array.reserved_rows} rows"
        )
