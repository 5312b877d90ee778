"""Interpolation: exact on the grid, exact for multilinear functions, refused elsewhere."""

from __future__ import annotations

import itertools
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lut import Axis, Group, Outcome, Table, TableError, Variable

VDD, TEMPERATURE, ROWS = (0.9, 1.0, 1.1), (233.15, 300.15, 398.15), (64, 128, 256, 512)
CORNERS, OPERANDS = ("tt", "ss"), ("00", "01", "10", "11")
POINT = {
    "corner": "tt",
    "vdd": 1.05,
    "temperature": 300.15,
    "rows": 128,
    "operands": "01",
}


def make_table(values, outcome=None, vdd=VDD, extra=None) -> Table:
    axes = {
        "corner": Axis(CORNERS, "1", "corner"),
        "vdd": Axis(vdd, "V", "supply"),
        "temperature": Axis(TEMPERATURE, "K", "temperature"),
        "rows": Axis(ROWS, "1", "rows"),
        "operands": Axis(OPERANDS, "1", "operands"),
    }
    dims = tuple(axes)
    shape = tuple(len(axis) for axis in axes.values())
    outcome = np.zeros(shape, np.int8) if outcome is None else outcome
    variables = {
        "energy": Variable(np.broadcast_to(values, shape), dims, "J", "energy"),
        "outcome": Variable(outcome, dims, "1", "outcome"),
        **(extra or {}),
    }
    return Table(Path("made-up.h5"), "1", "0", "39", {}, {"and2": Group(axes, variables)})


def grid(function, vdd=VDD):
    """Values of function(corner index, vdd, temperature, rows, operands index) on the grid."""
    return np.array(
        [
            function(*point)
            for point in itertools.product(range(2), vdd, TEMPERATURE, ROWS, range(4))
        ]
    ).reshape(2, len(vdd), 3, 4, 4)


def test_points_of_the_grid_give_the_stored_value_exactly():
    values = np.random.default_rng(1).standard_normal((2, 3, 3, 4, 4))
    table = make_table(values)
    for index in np.ndindex(values.shape):
        found = table.value(
            "and2",
            "energy",
            corner=CORNERS[index[0]],
            vdd=VDD[index[1]],
            temperature=TEMPERATURE[index[2]],
            rows=ROWS[index[3]],
            operands=OPERANDS[index[4]],
        )
        assert found == values[index]


COEFFICIENT = st.floats(-10, 10)


@settings(deadline=None, derandomize=True, max_examples=150)
@given(
    st.lists(COEFFICIENT, min_size=8, max_size=8),
    st.floats(VDD[0], VDD[-1]),
    st.floats(TEMPERATURE[0], TEMPERATURE[-1]),
    st.floats(ROWS[0], ROWS[-1]),
    st.sampled_from(CORNERS),
    st.sampled_from(OPERANDS),
)
def test_multilinear_functions_are_reproduced(c, vdd, temperature, rows, corner, operands):
    def multilinear(corner_index, v, t, r, operands_index):
        x, y, z = v, t / 300, r / 256
        whole = c[0] + c[1] * x + c[2] * y + c[3] * z + c[4] * x * y + c[5] * y * z
        return (whole + c[6] * x * z + c[7] * x * y * z) * (1 + corner_index) + operands_index

    found = make_table(grid(multilinear)).value(
        "and2",
        "energy",
        corner=corner,
        vdd=vdd,
        temperature=temperature,
        rows=rows,
        operands=operands,
    )
    exact = multilinear(CORNERS.index(corner), vdd, temperature, rows, OPERANDS.index(operands))
    # A point within 1e-9 of a coordinate is that coordinate, hence not exact to rounding.
    assert found == pytest.approx(exact, rel=1e-9, abs=1e-6)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.floats(0.9, 1.1), st.floats(233.15, 398.15), st.floats(64, 512), st.integers(0, 2**32))
def test_a_value_lies_within_its_cell(vdd, temperature, rows, seed):
    values = np.random.default_rng(seed).standard_normal((2, 3, 3, 4, 4))
    found = make_table(values).value(
        "and2",
        "energy",
        **{**POINT, "vdd": vdd, "temperature": temperature, "rows": rows},
    )
    cell = values[0, ..., 1]
    for axis, (grid_points, x) in enumerate(((VDD, vdd), (TEMPERATURE, temperature), (ROWS, rows))):
        near = np.searchsorted(grid_points, x)
        cell = np.take(cell, range(max(near - 1, 0), near + 1), axis=axis)
    assert cell.min() - 1e-8 <= found <= cell.max() + 1e-8


def test_a_conversion_from_celsius_lands_on_the_grid():
    table = make_table(grid(lambda _c, _v, t, _r, _o: t))
    cold = -40 + 273.15
    assert cold < 233.15
    assert table.value("and2", "energy", **{**POINT, "temperature": cold}) == 233.15


@pytest.mark.parametrize(
    ("condition", "value", "told"),
    [
        ("vdd", 1.2, "vdd=1.2 is outside the table (it covers 0.9 to 1.1 V)"),
        ("vdd", 0.899, "it covers 0.9 to 1.1 V"),
        ("temperature", 27.0, "it covers 233.15 to 398.15 K"),
        ("rows", 1024, "it covers 64 to 512)"),
        ("rows", 10**400, "rows is outside the table, beyond all floating-point numbers (it c"),
        pytest.param("rows", -(10**5000), "it covers 64 to 512)", id="more digits than shown"),
        ("vdd", Fraction(10**400, 3), "it covers 0.9 to 1.1 V"),
        ("vdd", float("nan"), "vdd=nan is outside"),
        ("vdd", float("inf"), "vdd=inf is outside"),
        ("vdd", "1.0", "vdd='1.0' is not a number"),
        ("vdd", True, "is not a number"),
        ("rows", None, "is not a number"),
        ("corner", "TT", "corner='TT' is not in the table (it has tt, ss)"),
        ("operands", "0", "it has 00, 01, 10, 11"),
        ("operands", 1, "it has 00, 01, 10, 11"),
    ],
)
def test_outside_the_grid_is_refused_with_the_range(condition, value, told):
    table = make_table(1.0)
    with pytest.raises(TableError) as caught:
        table.value("and2", "energy", **{**POINT, condition: value})
    assert told in str(caught.value)
    assert "and2/energy of table made-up.h5" in str(caught.value)


def test_an_axis_of_one_point_takes_only_that_point():
    table = make_table(1.5, vdd=(1.0,))
    assert table.value("and2", "energy", **{**POINT, "vdd": 1.0 + 1e-12}) == 1.5
    with pytest.raises(TableError, match=r"vdd=1.01 is outside the table \(it has only 1 V\)"):
        table.value("and2", "energy", **{**POINT, "vdd": 1.01})


def test_conditions_must_be_all_that_the_variable_needs_and_none_that_the_group_lacks():
    leakage = Variable(np.array([1.0, 2.0]), ("corner",), "W", "leakage")
    area = Variable(np.array(3.0), (), "m2", "area")
    table = make_table(1.0, extra={"leakage_power": leakage, "area": area})
    with pytest.raises(TableError, match=r"'rows' must be given \(it covers 64 to 512\)"):
        table.value("and2", "energy", **{k: v for k, v in POINT.items() if k != "rows"})
    with pytest.raises(TableError, match="'corner' must be given"):
        table.value("and2", "leakage_power")
    with pytest.raises(TableError, match="'columns' is unknown"):
        table.value("and2", "area", columns=128)
    assert table.value("and2", "area") == 3.0
    assert table.value("and2", "area", **POINT) == 3.0
    assert table.value("and2", "leakage_power", **{**POINT, "corner": "ss"}) == 2.0
    with pytest.raises(TableError, match="corner='xx'"):
        table.value("and2", "area", corner="xx")


def test_nan_is_refused_only_where_the_cell_uses_it():
    values = np.ones((2, 3, 3, 4, 4))
    values[0, 2, 1, 1, 1] = np.nan  # tt, 1.1 V, 300.15 K, 128 rows, "01"
    table = make_table(values)
    assert table.value("and2", "energy", **{**POINT, "vdd": 1.0}) == 1.0
    assert table.value("and2", "energy", **{**POINT, "operands": "11"}) == 1.0
    with pytest.raises(TableError, match=r"vdd=1\.1, temperature=300\.15, rows=128, operands=01"):
        table.value("and2", "energy", **POINT)


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome])
def test_a_failed_point_is_refused_with_its_outcome(outcome):
    outcomes = np.zeros((2, 3, 3, 4, 4), np.int8)
    outcomes[0, 1, 1, 1, 1] = outcome
    table = make_table(2.0, outcome=outcomes)
    with pytest.raises(TableError) as caught:
        table.value("and2", "energy", **POINT)
    point = "corner=tt, vdd=1, temperature=300.15, rows=128, operands=01"
    assert point in str(caught.value)
    assert outcome.meaning in str(caught.value)
    assert table.value("and2", "energy", **{**POINT, "corner": "ss"}) == 2.0
    # The outcome itself can be asked for, but there is none between two points.
    assert table.value("and2", "outcome", **{**POINT, "vdd": 1.0}) == outcome
    with pytest.raises(TableError, match="between two points"):
        table.value("and2", "outcome", **POINT)


def test_a_value_for_several_points_fails_only_if_all_of_them_failed():
    leakage = Variable(np.array([1.0, 2.0]), ("corner",), "W", "leakage")
    outcomes = np.zeros((2, 3, 3, 4, 4), np.int8)
    outcomes[0, 0] = Outcome.TIME_OUT
    table = make_table(1.0, outcome=outcomes, extra={"leakage_power": leakage})
    assert table.value("and2", "leakage_power", corner="tt") == 1.0
    outcomes[0] = Outcome.TIME_OUT
    table = make_table(1.0, outcome=outcomes, extra={"leakage_power": leakage})
    assert table.value("and2", "leakage_power", corner="ss") == 2.0
    with pytest.raises(TableError, match="corner=tt: outcome time_out"):
        table.value("and2", "leakage_power", corner="tt")


def test_names_that_do_not_exist_are_told_with_those_that_do():
    table = make_table(1.0)
    with pytest.raises(TableError, match=r"no group 'or2' \(it has and2\)"):
        table.value("or2", "energy", **POINT)
    with pytest.raises(TableError, match=r"no variable 'power' \(variables: energy, outcome\)"):
        table.value("and2", "power", **POINT)
    with pytest.raises(TableError, match="no axis 'columns'"):
        table.axis("and2", "columns")
    with pytest.raises(TableError, match="no attribute 'bias_current'"):
        table.attribute("and2", "bias_current")


def test_ten_thousand_look_ups_take_a_second_at_most():
    table = make_table(np.random.default_rng(1).standard_normal((2, 3, 3, 4, 4)))
    point = {**POINT, "temperature": 310.0, "rows": 300}  # Eight corners: the most there are.
    table.value("and2", "energy", **point)
    start = time.process_time()
    for _ in range(10_000):
        table.value("and2", "energy", **point)
    assert time.process_time() - start < 1.0
