"""Values between simulated ages follow t^(1/6), and nothing is told outside the grid."""

from __future__ import annotations

import pytest
from ageing_table import AGES, SHIFT, shift, with_ageing
from hypothesis import given, settings
from hypothesis import strategies as st

from accelerator import EstimateError
from accelerator.ageing.delays import (
    YEAR,
    aged_delay,
    aged_energy,
    aged_leakage_power,
    ages,
    threshold_shift,
)
from lut import Table, TableError

HOT = {"temperature": 398.15, "vdd": 1.0}
FRESH = {**HOT, "corner": "tt"}


@pytest.fixture(scope="module")
def table():
    return with_ageing("full_adder", "and2", "wordline_driver")


def test_simulated_ages_are_given_as_they_are_stored(table):
    assert ages(table, "full_adder") == AGES
    for age in AGES:
        stored = table.value("full_adder_aged", "delay", **FRESH, age=age)
        assert aged_delay(table, "full_adder", age=age, **HOT) == stored
    assert aged_delay(table, "full_adder", age=0, **HOT) == table.value(
        "full_adder", "delay", **FRESH
    )
    assert aged_leakage_power(table, "full_adder", age=YEAR, **HOT) == table.value(
        "full_adder", "leakage_power", **FRESH
    )


@settings(deadline=None)
@given(years=st.floats(0, 10))
def test_what_is_linear_in_the_shift_is_exact_at_every_age(table, years):
    grown = threshold_shift(table, "full_adder", age=years * YEAR, **HOT)
    assert grown == pytest.approx(shift(years * YEAR, 1.0, 398.15), rel=1e-9, abs=1e-12)
    fresh = table.value("full_adder", "delay", **FRESH)
    delay = aged_delay(table, "full_adder", age=years * YEAR, **HOT)
    assert delay == pytest.approx(fresh * (1 + 2 * grown), rel=1e-9)


@settings(deadline=None)
@given(one=st.floats(0, 10), other=st.floats(0, 10))
def test_delay_never_falls_with_age(table, one, other):
    early, late = (
        aged_delay(table, "full_adder", age=age * YEAR, **HOT) for age in sorted((one, other))
    )
    assert early <= late * (1 + 1e-12)


def test_ten_years_shift_more_than_one_by_the_sixth_root_of_ten(table):
    at = {**HOT, "rows": 256}
    ratio = threshold_shift(table, "and2", age=10 * YEAR, **at) / threshold_shift(
        table, "and2", age=YEAR, **at
    )
    assert ratio == pytest.approx(1.468, abs=5e-4)
    assert threshold_shift(table, "and2", age=10 * YEAR, **at) == pytest.approx(SHIFT)


def test_a_sense_takes_its_slowest_operands_and_their_mean_energy(table):
    at = {**HOT, "rows": 256, "age": YEAR}
    operands = ("00", "01", "10", "11")
    delays = [aged_delay(table, "and2", **at, operands=one) for one in operands]
    energies = [aged_energy(table, "and2", **at, operands=one) for one in operands]
    assert aged_delay(table, "and2", **at) == max(delays) > min(delays)
    assert aged_energy(table, "and2", **at) == pytest.approx(sum(energies) / 4, rel=1e-12)
    line = {**HOT, "columns": 256, "age": YEAR}
    both = [aged_delay(table, "wordline_driver", **line, line=one) for one in ("read", "write")]
    assert aged_delay(table, "wordline_driver", **line) == max(both)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"age": 11 * YEAR}, "outside the table .it covers 0 s to 3.1"),
        ({"age": -1.0}, "outside the table"),
        ({"age": float("nan")}, "not a number of seconds"),
        ({"age": "1 year"}, "not a number of seconds"),
        ({"temperature": 233.15}, "temperature=233.15 is outside the table"),
        ({"vdd": 1.1}, "vdd=1.1 is outside the table"),
        ({"corner": "ss"}, "corner='ss' is not in the table"),
        ({"rows": 256}, "condition 'rows' is unknown"),
    ],
)
def test_outside_the_grid_there_is_no_value(table, changes, said):
    with pytest.raises(TableError, match=said):
        aged_delay(table, "full_adder", **{"age": YEAR, **HOT, **changes})


def test_what_has_not_aged_is_refused():
    with pytest.raises(EstimateError, match="'write' does not age in a table; choose one of read"):
        aged_delay(Table.open(), "write", age=0, **HOT)
    with pytest.raises(TableError, match="has no group 'or2_aged'"):
        aged_delay(Table.open(), "or2", age=0, **HOT, rows=256)
