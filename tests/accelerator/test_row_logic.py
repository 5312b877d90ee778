"""Comparison and addition of numbers by rows: exact, and counted as single senses are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accelerator.array import Array
from accelerator.comparator.addition import (
    FULL_ADDER_SENSES,
    HALF_ADDER_SENSES,
    Adders,
    CellMachine,
    TallyMachine,
    add,
    counting_adders,
    execute_addition,
    number_of,
    working_rows,
)
from accelerator.comparator.comparison import compare, execute, first_difference
from accelerator.comparator.subarray import LogicSubArray
from accelerator.comparator.tally import Tally
from accelerator.errors import EstimateError
from accelerator.logic_counts import LogicCounts
from accelerator.logic_widths import bit_count_adders
from accelerator.subarray import segment_columns

ARRAY = Array(256, 256, 8, 1, 1, 100, 19)
arrays = st.builds(
    lambda amplifiers, shared, group, sensed, written: Array(
        64, amplifiers * shared, shared, group, 1, sensed, written
    ),
    st.integers(1, 8),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(1, 9),
    st.integers(1, 9),
)


def all_pairs(bits):
    """Every pair of numbers of so many bits, a row for each A (rows, lanes)."""
    return np.meshgrid(np.arange(1 << bits), np.arange(1 << bits), indexing="ij")


@pytest.mark.parametrize("bits", range(1, 9))
def test_every_pair_is_compared_rightly(bits):
    a, b = all_pairs(bits)
    found = compare(a, b, bits, ARRAY)
    assert np.array_equal(found.greater, a > b)
    assert np.array_equal(found.equal, a == b)


@pytest.mark.parametrize("bits", range(1, 9))
def test_senses_of_every_pair_follow_from_the_first_bit_that_differs(bits):
    a, b = all_pairs(bits)
    needed = first_difference(a, b, bits)
    # A row goes on to its latest undecided column; each column fires until its own.
    found = compare(a, b, bits, ARRAY)
    assert np.array_equal(found.planes, needed.max(axis=1))
    assert found.counts.xors == needed.sum()
    assert found.counts.reads == np.count_nonzero(a != b)
    assert found.counts.xor_01 + found.counts.xor_10 == found.counts.reads
    assert found.counts.read_1 == np.count_nonzero(a > b)
    assert found.counts.read_0 == np.count_nonzero(a < b)
    assert found.counts.mask_flip_flops == found.counts.xors + found.counts.reads
    assert found.counts.ands == found.counts.ors == found.counts.result_cells == 0


def test_rows_of_cells_give_what_the_fast_form_gives_for_every_pair_of_four_bits():
    a, b = all_pairs(4)
    total = LogicCounts()
    for one, two in zip(a, b, strict=True):
        found = execute(one, two, 4, ARRAY)
        assert np.array_equal(found.greater, one > two)
        assert np.array_equal(found.planes, compare(one, two, 4, ARRAY).planes)
        total.add(found.counts)
    assert total == compare(a, b, 4, ARRAY).counts


@given(arrays, st.integers(1, 8), st.data())
@settings(max_examples=60, deadline=None)
def test_comparing_counts_alike_in_both_forms_whatever_the_array(array, bits, data):
    lanes = data.draw(st.integers(1, array.columns))
    numbers = st.lists(st.integers(0, (1 << bits) - 1), min_size=lanes, max_size=lanes)
    a, b = (np.array(data.draw(numbers)) for _ in range(2))
    slow, fast = execute(a, b, bits, array), compare(a, b, bits, array)
    assert np.array_equal(slow.greater, a > b)
    assert np.array_equal(fast.greater, a > b)
    assert slow.counts == fast.counts


def test_all_decided_at_the_highest_bit_leaves_the_others_out():
    a, b = np.full(256, 255), np.zeros(256, dtype=int)
    counts = compare(a, b, 8, ARRAY).counts
    assert (counts.xors, counts.xor_rows, counts.xor_cycles) == (256, 1, 8)
    assert (counts.reads, counts.read_rows) == (256, 1)
    b[17] = 254  # one column that is undecided up to the last plane
    counts = compare(a, b, 8, ARRAY).counts
    assert (counts.xors, counts.xor_rows, counts.xor_cycles) == (263, 8, 8 + 7)


@pytest.mark.parametrize("bits", range(1, 9))
def test_every_pair_is_added_rightly_and_counted(bits):
    a, b = all_pairs(bits)
    found = add(a, b, bits, ARRAY)
    assert np.array_equal(found.sums, a + b)
    counts, lanes = found.counts, a.size
    assert counts.xors == counts.ands == lanes * (2 * bits - 1)
    assert counts.ors == lanes * (bits - 1)
    assert counts.result_cells == counts.xors + counts.ands + counts.ors
    assert counts.result_rows == len(a) * (5 * bits - 3)
    # A carry out of two ones and a carry passed on never come together.
    assert counts.or_11 == 0


def test_operand_values_of_one_addition_are_those_of_its_truth_table():
    # 3 + 1: bits 11 and 01; the carry of the lowest goes through the next.
    counts = add(np.array([3]), np.array([1]), 2, ARRAY).counts
    assert (counts.xor_00, counts.xor_01, counts.xor_10, counts.xor_11) == (0, 0, 1, 2)
    assert (counts.and_00, counts.and_01, counts.and_10, counts.and_11) == (0, 0, 1, 2)
    assert (counts.or_00, counts.or_01, counts.or_10, counts.or_11) == (0, 1, 0, 0)


@pytest.mark.parametrize("bits", [1, 3, 8])
def test_adding_in_cells_counts_as_the_fast_form(bits):
    random = np.random.default_rng(bits)
    a, b = random.integers(0, 1 << bits, (2, 200))
    slow, fast = execute_addition(a, b, bits, ARRAY), add(a, b, bits, ARRAY)
    assert np.array_equal(slow.sums, a + b)
    assert slow.counts == fast.counts


@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_counting_ones_is_exact_and_takes_the_adders_that_are_told(inputs, seed):
    bits = np.random.default_rng(seed).integers(0, 2, (inputs, 9)).astype(np.uint8)
    tally = Tally(ARRAY)
    machine = TallyMachine(tally, np.ones((1, 9), dtype=bool))
    found = number_of(Adders(machine).count([row[None] for row in bits]))
    assert np.array_equal(found[0], bits.sum(axis=0))
    full, half = counting_adders(inputs)
    assert full + half == bit_count_adders(inputs)
    for name, number in (("xor", tally.counts.xors), ("and", tally.counts.ands)):
        assert number == 9 * (full * FULL_ADDER_SENSES[name] + half * HALF_ADDER_SENSES[name])
    assert tally.counts.ors == 9 * full * FULL_ADDER_SENSES["or"]

    cells = LogicSubArray(ARRAY, LogicCounts())
    columns = segment_columns(0, 9, ARRAY, 9)
    for row, own in enumerate(bits):
        cells.cells[row, columns] = own
    slow = CellMachine(cells, columns, range(inputs, inputs + working_rows(inputs)))
    rows = Adders(slow).count(range(inputs))
    assert np.array_equal(number_of([cells.cells[row, columns] for row in rows]), found[0])
    assert cells.logic == tally.counts
    assert len(slow.free) + len([row for row in rows if row >= inputs]) == working_rows(inputs)


@pytest.mark.parametrize(
    ("a", "bits", "array", "told"),
    [
        ([4], 2, ARRAY, "not from 0 to 3"),
        ([-1], 2, ARRAY, "not from 0 to 3"),
        ([0], 0, ARRAY, "of 0 bits"),
        ([0] * 257, 1, ARRAY, "do not lie in the 256 columns"),
        ([0], 8, Array(16, 8, 8, 1, 1, 1, 1), "does not hold two operands of 8 bits"),
    ],
)
def test_what_does_not_fit_is_refused(a, bits, array, told):
    with pytest.raises(EstimateError, match=told):
        compare(np.array(a), np.array(a), bits, array)
