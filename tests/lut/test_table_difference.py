"""`lut.diff`: every point both tables have is compared, by coordinates, and nothing is missed."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import replace

import numpy as np
import pytest

from lut import Axis, Group, Outcome, Table, TableError, Variable, diff

GROUPS = ("and2", "or2", "write", "full_adder", "wire", "cell")


@pytest.fixture
def table(save, make_groups):
    """`table(groups=None, **metadata)` is a table of sound groups, or of those given."""
    count = 0

    def make(groups=None, **metadata) -> Table:
        nonlocal count
        count += 1
        return Table.open(save(groups or make_groups(*GROUPS), f"table{count}.h5", **metadata))

    return make


@pytest.fixture
def edited(table, make_groups, with_variable):
    """`edited("and2", "energy", function)` is the sound table with one variable changed."""

    def make(group: str, variable: str, change) -> Table:
        groups = make_groups(*GROUPS)
        values = groups[group].variables[variable].values.copy()
        groups[group] = with_variable(groups[group], variable, values=change(values))
        return table(groups)

    return make


def at(values, index, value):
    values[index] = value
    return values


def kept(group: Group, axis: str, places: list[int], nudge: float = 0.0) -> Group:
    """The group with some coordinates of one axis, numbers moved by `nudge` relative."""
    old = group.axes[axis]
    texts = isinstance(old.values, tuple)
    values = [old.values[i] if texts else old.values[i] * (1 + nudge) for i in places]
    variables = {
        name: replace(v, values=np.take(v.values, places, axis=v.dims.index(axis)))
        if axis in v.dims
        else v
        for name, v in group.variables.items()
    }
    axes = {**group.axes, axis: Axis(values, old.units, old.long_name)}
    return Group(axes, variables, group.attributes)


def found(difference, group, variable):
    (only,) = [v for v in difference.variables if (v.group, v.variable) == (group, variable)]
    return only


def test_a_table_is_the_same_as_itself_and_its_copy(save, make_groups):
    one, other = (save(make_groups(), name) for name in ("one.h5", "other.h5"))
    for pair in ((one, one), (one, other), (Table.open(one), str(other))):
        result = diff(*pair, relative=0.0)
        assert result.same
        assert result.moved() == []
        assert result.mismatches == result.outcomes == result.provenance == ()
        assert all(v.largest_absolute is v.largest_relative is None for v in result.variables)
        values = sum(
            v.values.size
            for group in make_groups().values()
            for name, v in group.variables.items()
            if name != "outcome"
        )
        assert result.compared == values


def test_the_shipped_table_is_the_same_as_itself():
    table = Table.open()
    assert diff(table, table, relative=0.0).same


def test_one_value_is_told_with_place_sizes_and_sides(table, edited):
    a = table()
    old = float(a["and2"].variables["energy"].values[1, 0, 2, 1, 3])
    b = edited("and2", "energy", lambda values: at(values, (1, 0, 2, 1, 3), old * 1.25))
    result = diff(a, b)
    assert not result.same
    (point,) = result.moved()
    assert point.coordinates == {
        "corner": "ss",
        "vdd": 0.9,
        "temperature": 398.15,
        "rows": 256,
        "operands": "11",
    }
    assert (point.group, point.variable, point.units) == ("and2", "energy", "J")
    assert (point.a, point.b) == (old, old * 1.25)
    assert point.absolute == pytest.approx(0.25 * old, rel=1e-12)
    assert point.relative == pytest.approx(0.2, rel=1e-12)
    assert str(point) == "corner=ss, vdd=0.9, temperature=398.15, rows=256, operands=11"
    variable = found(result, "and2", "energy")
    assert variable.largest_absolute == variable.largest_relative == point
    assert (variable.beyond, variable.one_sided, variable.median_change) == (1, 0, 0.0)


def test_the_median_change_has_the_sign_of_the_move(table, edited):
    result = diff(table(), edited("wire", "delay", lambda values: values * 0.9))
    variable = found(result, "wire", "delay")
    assert variable.beyond == variable.compared == 18
    assert variable.median_change == pytest.approx(-0.1)


def test_tolerances_allow_their_sum_and_no_more(table, edited):
    a = table()
    old = a["wire"].variables["delay"].values[0, 0, 0]
    b = edited("wire", "delay", lambda values: at(values, (0, 0, 0), old * 1.01))
    gap = old * 1.01 - old
    assert not diff(a, b).same
    assert diff(a, b, relative=0.01).same
    assert not diff(a, b, relative=0.0098).same
    assert diff(a, b, relative=0.0, absolute={"delay": gap * 1.0001}).same
    assert not diff(a, b, relative=0.0, absolute={"delay": gap * 0.9999}).same
    assert diff(a, b, relative=0.005, absolute={"delay": gap * 0.51}).same
    # That of a group goes before that of the name, in either direction.
    assert not diff(a, b, absolute={"delay": 1.0, "wire/delay": 0.0}).same
    assert diff(a, b, absolute={"delay": 0.0, "wire/delay": 1.0}).same
    assert not diff(a, b, absolute={"full_adder/delay": 1.0}).same
    assert found(diff(a, b, absolute={"delay": 1.0}), "wire", "delay").absolute == 1.0


def test_nan_is_equal_to_nan_and_to_nothing_else(table, edited, make_groups, with_variable):
    a, b = table(), edited("wire", "delay", lambda values: at(values, (0, 0, 0), np.nan))
    assert diff(b, b).same
    for one, other in ((a, b), (b, a)):
        result = diff(one, other, relative=1.0, absolute={"delay": 1.0})
        variable = found(result, "wire", "delay")
        assert (variable.beyond, variable.one_sided) == (1, 1)
        (point,) = result.moved()
        assert math.isinf(point.relative)
        assert math.isnan(point.a) != math.isnan(point.b)
        assert variable.largest_relative is None


def test_outcomes_are_counted_by_pair_with_their_places(table, edited):
    def failed(values):
        values[0, 0, 0, 0, 0] = Outcome.TIME_OUT
        values[1, 2, 2, 1, :2] = Outcome.WRONG_LOGIC
        return values

    result = diff(table(), edited("or2", "outcome", failed))
    assert not result.same
    assert result.beyond == 0
    assert [(c.group, c.a, c.b, c.count) for c in result.outcomes] == [
        ("or2", "ok", "wrong_logic", 2),
        ("or2", "ok", "time_out", 1),
    ]
    places = [point.coordinates for point in result.outcomes[0].moved()]
    assert [place["operands"] for place in places] == ["00", "01"]
    assert all(place["corner"] == "ss" and place["vdd"] == 1.1 for place in places)
    assert len(result.outcomes[0].moved(1)) == 1
    backwards = diff(edited("or2", "outcome", failed), table())
    assert {(c.a, c.b, c.count) for c in backwards.outcomes} == {
        ("wrong_logic", "ok", 2),
        ("time_out", "ok", 1),
    }


def test_where_grids_differ_the_shared_points_are_compared(table, make_groups):
    groups = make_groups(*GROUPS)
    lower = {**groups, "and2": kept(groups["and2"], "vdd", [0, 1])}
    upper = {**groups, "and2": kept(groups["and2"], "vdd", [1, 2])}
    result = diff(table(lower), table(upper))
    (mismatch,) = result.mismatches
    assert (mismatch.kind, mismatch.place) == ("coordinates", "and2/vdd")
    assert (mismatch.a, mismatch.b) == ((0.9,), (1.1,))
    assert not result.same
    assert result.beyond == 0
    assert found(result, "and2", "energy").compared == 2 * 1 * 3 * 2 * 4
    apart = {**groups, "and2": kept(groups["and2"], "vdd", [2])}
    assert found(diff(table(lower), table(apart)), "and2", "energy").compared == 0


def test_the_order_of_texts_does_not_matter(table, make_groups):
    groups = make_groups(*GROUPS)
    turned = {**groups, "and2": kept(groups["and2"], "corner", [1, 0])}
    assert diff(table(groups), table(turned), relative=0.0).same


@pytest.mark.parametrize(("nudge", "same"), [(5e-10, True), (-5e-10, True), (2e-9, False)])
def test_coordinates_match_within_their_rounding(table, make_groups, nudge, same):
    groups = make_groups(*GROUPS)
    moved = {**groups, "and2": kept(groups["and2"], "temperature", [0, 1, 2], nudge)}
    assert diff(table(groups), table(moved)).same == same


def test_groups_variables_and_attributes_that_one_lacks(table, make_groups):
    groups = make_groups(*GROUPS)
    write = groups["write"]
    fewer = {key: v for key, v in write.variables.items() if key != "current"}
    other = {
        **groups,
        "write": Group(write.axes, fewer, {**write.attributes, "note": "wide"}),
        "and2": Group(
            groups["and2"].axes,
            groups["and2"].variables,
            {**groups["and2"].attributes, "bias_current": 6e-6},
        ),
    }
    del other["wire"]
    result = diff(table(groups), table(other))
    assert {(m.kind, m.place): (m.a, m.b) for m in result.mismatches} == {
        ("attribute", "and2@bias_current"): (5e-6, 6e-6),
        ("attribute", "write@note"): (None, "wide"),
        ("variable", "write/current"): ("A", None),
        ("group", "wire"): (tuple(groups["wire"].variables), None),
    }
    backwards = diff(table(other), table(groups))
    assert {(m.place, str(m.a), str(m.b)) for m in backwards.mismatches} == {
        (m.place, str(m.b), str(m.a)) for m in result.mismatches
    }


def test_numeric_attributes_are_held_to_the_relative_tolerance(table, make_groups):
    groups = make_groups("and2")
    and2 = groups["and2"]
    near = {**and2.attributes, "bias_current": 5e-6 * (1 + 1e-8)}
    other = {"and2": Group(and2.axes, and2.variables, near)}
    assert diff(table(groups), table(other)).same
    assert not diff(table(groups), table(other), relative=1e-9).same


def test_a_variable_along_more_axes_is_compared_with_one_along_fewer(table, make_groups):
    groups = make_groups("write")
    area = groups["write"].variables["area"]
    wide = Variable(np.array([2e-12, 3e-12]), ("driver_width",), "m2", "area")
    other = Group(
        groups["write"].axes,
        {**groups["write"].variables, "area": wide},
        groups["write"].attributes,
    )
    assert area.values == 2e-12
    result = diff(table(groups), table({"write": other}))
    (mismatch,) = result.mismatches
    assert (mismatch.kind, mismatch.a, mismatch.b) == ("dimensions", (), ("driver_width",))
    (point,) = result.moved()
    assert (dict(point.coordinates), point.b) == ({"driver_width": 8e-6}, 3e-12)


def test_units_are_compared(table, make_groups, with_variable, with_axis):
    a = table()
    group = with_axis(with_variable(a["wire"], "delay", units="ns"), "vdd", units="mV")
    result = diff(a, replace(a, groups={**a.groups, "wire": group}))
    assert {(m.kind, m.place, m.a, m.b) for m in result.mismatches} == {
        ("units", "wire/vdd", "V", "mV"),
        ("units", "wire/delay", "s", "ns"),
    }


def test_provenance_is_told_in_a_line_each_and_is_no_difference(table):
    record = {
        "design": {"name": "one", "bias": {"current": 2e-5, "mirror": 1e-6}},
        "models": {"tt": "a" * 64},
        "plan": "first\nsecond\n",
        "seed": 7,
    }
    other = {
        "design": {"name": "two", "bias": {"current": 3e-5, "mirror": 1e-6}},
        "models": {"tt": "b" * 64, "ss": "c" * 64},
        "plan": "first\nthird\n",
        "seed": 7,
    }
    result = diff(table(provenance=record), table(provenance=other, ngspice_version="42"))
    assert result.same
    assert [str(change) for change in result.provenance] == [
        "design: bias.current 2e-05 -> 3e-05, name one -> two",
        "models: ss - -> cccccccc, tt aaaaaaaa -> bbbbbbbb",
        "ngspice_version: 39 -> 42",
        "plan: line 2 second -> third",
    ]
    assert result.provenance[0].places[0] == ("bias.current", 2e-5, 3e-5)


def test_moved_points_come_largest_first_and_those_of_one_side_before(table, make_groups):
    rng = np.random.default_rng(3)
    groups = make_groups(*GROUPS)
    for name, key in (("and2", "energy"), ("wire", "delay"), ("cell", "width")):
        v = groups[name].variables[key]
        values = v.values * (1 + rng.uniform(-0.1, 0.1, v.values.shape))
        if name == "wire":
            values[0, 1, 1] = np.nan
        variables = {**groups[name].variables, key: replace(v, values=values)}
        groups[name] = Group(groups[name].axes, variables, groups[name].attributes)
    result = diff(table(), table(groups))
    moved = result.moved()
    assert len(moved) == result.beyond == 2 * 3 * 3 * 2 * 4 + 18 + 1
    sizes = [point.relative for point in moved]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == math.inf
    assert moved[0].coordinates["vdd"] == 1.0
    assert [p.relative for p in result.moved(5)] == sizes[:5]
    (cell,) = [point for point in moved if point.group == "cell"]
    assert dict(cell.coordinates) == {}
    assert str(cell) == "all points"


def test_the_dict_is_json_and_the_csv_has_every_point(table, edited):
    a, b = table(), edited("and2", "margin", lambda values: values + 0.01)
    result = diff(a, b)
    content = json.loads(json.dumps(result.to_dict(most=3)))
    assert content["format"] == "mramcim-table-difference/1"
    assert content["same"] is False
    assert content["a"]["path"] == str(a.path)
    (margin,) = [v for v in content["variables"] if v["beyond"]]
    assert len(margin["moved"]) == 3
    assert margin["moved"][0] == margin["largest_relative"]
    assert len(result.to_dict()["variables"]) == len(content["variables"])
    rows = list(csv.DictReader(io.StringIO(result.to_csv())))
    assert [float(row["relative"]) for row in rows] == [p.relative for p in result.moved()]
    assert [float(row["b"]) for row in rows] == [p.b for p in result.moved()]
    assert rows[0]["corner"] == result.moved(1)[0].coordinates["corner"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"relative": -1e-9}, "relative=-1e-09 is not a number of 0 or more"),
        ({"relative": math.nan}, "relative=nan"),
        ({"absolute": {"energy": math.inf}}, "energy=inf"),
        ({"absolute": {"enrgy": 1e-18}}, "'enrgy' but name a variable"),
        ({"absolute": {"wire/margin": 1.0}}, "'wire/margin' but name"),
        ({"absolute": {"outcome": 1.0}}, "an outcome has no tolerance"),
    ],
)
def test_tolerances_that_mean_nothing_are_refused(table, arguments, said):
    a = table()
    with pytest.raises(TableError, match=said.replace("(", r"\(")):
        diff(a, a, **arguments)
