"""`lut.diff` on small tables in memory: against a slow loop, both ways round, at the extremes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lut import Axis, Group, Outcome, Table, Variable, diff

ENDS = [np.inf, -np.inf, 1.7e308, -1.7e308, 5e-324, 0.0]


def one_group(vdds, corners, values, outcomes) -> Table:
    """A table in memory of one group over two axes, the rest at one point."""
    axes = {
        "corner": Axis(corners, "1", "corner"),
        "vdd": Axis(vdds, "V", "supply"),
        "temperature": Axis([300.0], "K", "temperature"),
    }
    shape = (len(corners), len(vdds), 1)
    variables = {
        "delay": Variable(np.reshape(values, shape), tuple(axes), "s", "delay"),
        "outcome": Variable(np.reshape(outcomes, shape), tuple(axes), "1", "outcome"),
    }
    return Table("memory.h5", "2", "0", "39", {}, {"wire": Group(axes, variables)})


@pytest.mark.parametrize("one", ENDS)
@pytest.mark.parametrize("other", ENDS)
def test_numbers_at_the_end_of_their_range_are_compared(one, other):
    a, b = (one_group([1.0], ["tt"], [value], [0]) for value in (one, other))
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        for relative in (0.0, 1e-6):
            assert diff(a, b, relative=relative).same == (one == other)


def test_each_coordinate_matches_one_at_most():
    values = [1e-15, 2e-15]
    double = one_group([1.0, 1.0 + 5e-10], ["tt"], values, [0, 0])
    single = one_group([1.0], ["tt"], values[:1], [0])
    for pair in ((double, single), (single, double)):
        result = diff(*pair)
        assert [variable.compared for variable in result.variables] == [1]
        assert [mismatch.kind for mismatch in result.mismatches] == ["coordinates"]


VALUES = st.one_of(
    st.sampled_from([0.0, 1.0, -1.0, math.nan, math.inf, -math.inf]),
    st.floats(-2.0, 2.0, allow_nan=False),
)


@st.composite
def tables(draw):
    vdds = sorted(draw(st.sets(st.sampled_from([0.8, 0.9, 1.0, 1.1]), min_size=1)))
    corners = draw(st.permutations(["tt", "ss", "ff"]))[: draw(st.integers(1, 3))]
    size = len(vdds) * len(corners)
    values = draw(st.lists(VALUES, min_size=size, max_size=size))
    outcomes = draw(st.lists(st.sampled_from([0, 1, 3]), min_size=size, max_size=size))
    return one_group(vdds, corners, values, np.array(outcomes, dtype=np.int8))


def points_of(table: Table, variable: str) -> dict:
    """(corner, vdd) to value, the slow way."""
    group = table["wire"]
    return {
        (corner, float(vdd)): group.variables[variable].values[i, j, 0].item()
        for i, corner in enumerate(group.axes["corner"].values)
        for j, vdd in enumerate(group.axes["vdd"].values)
    }


def is_beyond(a: float, b: float, relative: float, absolute: float) -> bool:
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) != math.isnan(b)
    if math.isinf(a) or math.isinf(b):
        return a != b
    return abs(a - b) > absolute + relative * max(abs(a), abs(b))


@settings(deadline=None, derandomize=True, max_examples=200)
@given(tables(), tables(), st.sampled_from([0.0, 1e-6, 0.3]), st.sampled_from([0.0, 0.5]))
def test_it_finds_what_a_loop_over_points_finds(a, b, relative, absolute):
    result = diff(a, b, relative=relative, absolute={"delay": absolute})
    one, other = points_of(a, "delay"), points_of(b, "delay")
    both = one.keys() & other.keys()
    expected = {key for key in both if is_beyond(one[key], other[key], relative, absolute)}
    (variable,) = result.variables
    assert variable.compared == len(both)
    moved = {(p.coordinates["corner"], p.coordinates["vdd"]): p for p in variable.moved()}
    assert moved.keys() == expected
    for key, point in moved.items():
        np.testing.assert_equal((point.a, point.b), (one[key], other[key]))
    finite = [abs(one[k] - other[k]) for k in both if math.isfinite(one[k] + other[k])]
    largest = 0.0 if variable.largest_absolute is None else variable.largest_absolute.absolute
    assert largest == max(finite, default=0.0)
    before, after = points_of(a, "outcome"), points_of(b, "outcome")
    changes = [(before[k], after[k]) for k in both if before[k] != after[k]]
    assert {(c.a, c.b): c.count for c in result.outcomes} == {
        (Outcome(x).meaning, Outcome(y).meaning): changes.count((x, y)) for x, y in changes
    }
    assert result.same == (not expected and not changes and one.keys() == other.keys())


@settings(deadline=None, derandomize=True, max_examples=100)
@given(tables(), tables())
def test_it_is_symmetric_and_empty_on_itself(a, b):
    forth, back = diff(a, b), diff(b, a)
    (one,), (other,) = forth.variables, back.variables
    for name in ("compared", "beyond", "one_sided"):
        assert getattr(one, name) == getattr(other, name)
    assert forth.same == back.same
    assert sorted((c.a, c.b, c.count) for c in forth.outcomes) == sorted(
        (c.b, c.a, c.count) for c in back.outcomes
    )
    np.testing.assert_allclose(one.median_change, -other.median_change, rtol=1e-12)
    assert diff(a, a, relative=0.0).same
    assert not diff(a, a, relative=0.0).moved()
