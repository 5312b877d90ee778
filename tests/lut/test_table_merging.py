"""`lut.merge`: tables of some points each become one of all, or are refused with the reason."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lut import Axis, Group, Outcome, Table, TableError, check, diff, merge, write_table

PROVENANCE = {
    "plan": "title = 'all'\n",
    "seed": 7,
    "design": {"name": "strongarm", "bias": {"current": 2e-5}},
    "device": {"name": "Author2020", "sha256": "d" * 64},
    "models": {"tt": "a" * 64, "ss": "b" * 64},
    "netlists": {"and2": {"sha256": "c" * 64}},
    "failures": [],
}


@pytest.fixture
def opened(save):
    """`opened(name, groups, **metadata)` writes a table of this name and opens it."""

    def make(name, groups, **metadata) -> Table:
        known = {"provenance": PROVENANCE, **metadata}
        return Table.open(save(groups, f"{name}.h5", **known))

    return make


def kept(group: Group, **places) -> Group:
    """The group with the coordinates at these places of these axes."""
    axes, variables = dict(group.axes), dict(group.variables)
    for axis, chosen in places.items():
        old = axes[axis]
        values = [old.values[place] for place in chosen]
        axes[axis] = Axis(values, old.units, old.long_name)
        variables = {
            name: replace(v, values=np.take(v.values, chosen, axis=v.dims.index(axis)))
            if axis in v.dims
            else v
            for name, v in variables.items()
        }
    return Group(axes, variables, group.attributes)


def changed(group: Group, variable: str, index: tuple, value: float) -> Group:
    """The group with one value of one variable replaced."""
    old = group.variables[variable]
    values = old.values.copy()
    values[index] = value
    return Group(
        group.axes, {**group.variables, variable: replace(old, values=values)}, group.attributes
    )


def require_bitwise_equal(one: Group, other: Group) -> None:
    assert list(one.axes) == list(other.axes)
    for name, axis in one.axes.items():
        assert np.array_equal(axis.values, other.axes[name].values)
        assert (axis.units, axis.long_name) == (other.axes[name].units, other.axes[name].long_name)
    assert list(one.variables) == list(other.variables)
    for name, variable in one.variables.items():
        same = other.variables[name]
        assert variable.values.dtype == same.values.dtype
        assert variable.values.tobytes() == same.values.tobytes()
        assert (variable.dims, variable.units) == (same.dims, same.units)
    assert one.attributes == other.attributes


def test_ages_of_two_tables_complete_each_other(opened, make_groups):
    group = make_groups("and2_aged")["and2_aged"]
    young, old = (opened(f"age{i}", {"and2_aged": kept(group, age=[i])}) for i in (0, 1))
    require_bitwise_equal(merge([old, young]).groups["and2_aged"], group)
    harder = Group(group.axes, group.variables, {**group.attributes, "duty": 0.9})
    with pytest.raises(TableError, match="differ in the attribute 'duty' of and2_aged"):
        merge([young, opened("harder", {"and2_aged": kept(harder, age=[1])})])
    assert diff(young, opened("again", {"and2_aged": kept(group, age=[0])})).same


def test_the_failure_of_an_aged_point_stands_at_its_age_alone(opened, make_groups):
    group = make_groups("full_adder_aged")["full_adder_aged"]
    where = {"bench": "full_adder_aged", "variant": "", "corner": "tt", "vdd": 0.9}
    where |= {"temperature": 233.15, "outcome": "time_out", "message": "slow"}
    ages = group.axes["age"].values.tolist()
    failures = [{**where, "age": age} for age in ages]
    failed = changed(group, "outcome", (0, 0, 0, 1), Outcome.TIME_OUT)
    one = opened(
        "one", {"full_adder_aged": failed}, provenance={**PROVENANCE, "failures": failures}
    )
    two = opened("two", {"cell": make_groups("cell")["cell"]})
    assert merge([one, two]).provenance["failures"] == [failures[1]]


@st.composite
def split(draw):
    """An axis of the write group and two sets of places on it that overlap or not."""
    axis, size = draw(
        st.sampled_from(
            [("corner", 2), ("vdd", 3), ("temperature", 3), ("rows", 2), ("driver_width", 2)]
        )
    )
    owners = draw(st.lists(st.sampled_from([1, 2, 3]), min_size=size, max_size=size))
    first = [place for place in range(size) if owners[place] & 1]
    second = [place for place in range(size) if owners[place] & 2]
    if axis == "corner" and first[:1] != [0]:
        first, second = second, first  # Texts keep the order in which they are given.
    return axis, first, second


@settings(
    deadline=None,
    derandomize=True,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(split())
def test_the_parts_of_a_table_make_it_again_bit_by_bit(opened, make_groups, parts):
    axis, first, second = parts
    groups = make_groups("write", "cell")
    # A failed point, whose values are NaN, is a point like another.
    groups["write"] = changed(groups["write"], "outcome", (1, 1, 1, 1, 1, 1), Outcome.TIME_OUT)
    groups["write"] = changed(groups["write"], "energy", (1, 1, 1, 1, 1, 1), np.nan)
    tables = [
        opened(name, {"write": kept(groups["write"], **{axis: places}), "cell": groups["cell"]})
        for name, places in (("one", first), ("two", second))
        if places
    ]
    if len(tables) < 2:
        with pytest.raises(TableError, match="two tables or more"):
            merge(tables)
        return
    merged = merge(tables)
    for name, group in groups.items():
        require_bitwise_equal(merged.groups[name], group)
    assert merged.groups["write"].attributes == groups["write"].attributes
    assert merged.title == "made up"


def test_the_shipped_table_split_in_four_is_merged_and_written_again(opened, tmp_path):
    whole = Table.open()
    # Its statistics and aged points, at a few conditions, cannot be cut in four.
    few = ("_statistics", "_aged")
    groups = {name: one for name, one in whole.groups.items() if not name.endswith(few)}
    whole = replace(whole, groups=groups)
    quarters = [
        opened(
            f"part{i}{j}",
            {
                name: kept(group, corner=corners, vdd=vdds) if group.axes else group
                for name, group in whole.groups.items()
            },
            provenance=whole.provenance,
            title=whole.title,
        )
        for i, corners in enumerate(([0, 1, 2], [3, 4]))
        for j, vdds in enumerate(([0, 2], [1]))
    ]
    merged = merge(quarters)
    path = tmp_path / "merged.h5"
    write_table(
        path,
        merged.groups,
        mramcim_version=merged.mramcim_version,
        ngspice_version=merged.ngspice_version,
        provenance=merged.provenance,
        title=merged.title,
    )
    assert check(path) == []
    again = Table.open(path)
    assert diff(whole, again, relative=0.0).same
    for name, group in whole.groups.items():
        require_bitwise_equal(again[name], group)
    for key in ("design", "device", "models", "netlists", "seed"):
        assert again.provenance[key] == whole.provenance[key]
    # The plans are in what the shipped table was itself merged from.
    for source in again.provenance["sources"]:
        assert source["sources"] == whole.provenance["sources"]
    assert again.provenance["failures"] == whole.provenance["failures"]
    assert len(again.provenance["failures"]) > 0
    assert [source["name"] for source in again.provenance["sources"]] == [
        table.name for table in quarters
    ]


def test_groups_that_only_one_has_are_taken_over(opened, make_groups):
    groups = make_groups("and2", "wire", "cell")
    one = opened("one", {"and2": groups["and2"], "cell": groups["cell"]})
    two = opened("two", {"wire": groups["wire"], "cell": groups["cell"]})
    merged = merge([one, two])
    assert set(merged.groups) == {"and2", "wire", "cell"}
    for name, group in groups.items():
        require_bitwise_equal(merged.groups[name], group)


def test_points_that_no_table_has_are_named_by_block(opened, make_groups):
    and2 = make_groups("and2")["and2"]
    one = opened("one", {"and2": kept(and2, corner=[0], vdd=[0, 1])})
    two = opened("two", {"and2": kept(and2, corner=[1], vdd=[2], rows=[0])})
    with pytest.raises(TableError) as error:
        merge([one, two])
    text = str(error.value)
    total = and2.variables["outcome"].values.size
    present = sum(t["and2"].variables["outcome"].values.size for t in (one, two))
    assert f"{total - present} of {total} points are missing" in text
    assert "corner=tt, vdd=1.1, rows=64 (12 points)" in text
    assert "corner=tt, vdd=1.1, rows=256 (12 points)" in text
    assert "corner=ss, vdd=0.9/1, rows=64 (24 points)" in text
    assert "and 2 more such blocks" in text


def test_an_only_missing_point_is_named(opened, make_groups):
    wire = make_groups("wire")["wire"]
    wire = kept(wire, temperature=[0])
    parts = [
        opened("a", {"wire": kept(wire, corner=[0])}),
        opened("b", {"wire": kept(wire, corner=[1], vdd=[0, 2])}),
    ]
    with pytest.raises(TableError, match=r"1 of 6 points are missing, at corner=ss, vdd=1 \(1 po"):
        merge(parts)


def test_values_agree_within_their_rounding_and_the_first_is_kept(opened, make_groups):
    wire = make_groups("wire")["wire"]
    old = wire.variables["delay"].values[0, 1, 2]
    near = changed(wire, "delay", (0, 1, 2), old * (1 + 5e-10))
    one, two = opened("one", {"wire": wire}), opened("two", {"wire": near})
    require_bitwise_equal(merge([one, two]).groups["wire"], wire)
    assert "settled" not in merge([one, two]).provenance
    require_bitwise_equal(merge([two, one]).groups["wire"], near)


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("delay", 7e-9, "wire/delay at corner=tt, vdd=1, temperature=398.15: "),
        ("delay", np.nan, " and nan s"),
        ("outcome", Outcome.SIMULATOR_ERROR, "ok and simulator_error"),
        ("area", 3e-12, "wire/area at all points: 2e-12 m2 and 3e-12 m2"),
    ],
)
def test_points_that_disagree_are_refused_or_settled(opened, make_groups, variable, value, told):
    wire = make_groups("wire")["wire"]
    index = () if variable == "area" else (0, 1, 2)
    other = changed(wire, variable, index, value)
    tables = [opened("one", {"wire": wire}), opened("two", {"wire": other})]
    with pytest.raises(TableError) as error:
        merge(tables)
    assert told in str(error.value)
    assert "one.h5 and " in str(error.value)
    assert "--prefer first" in str(error.value)
    for prefer, kept_group in (("first", wire), ("last", other)):
        merged = merge(tables, prefer=prefer)
        require_bitwise_equal(merged.groups["wire"], kept_group)
        count = wire.variables["outcome"].values.size if variable == "area" else 1
        assert merged.provenance["settled"] == {"prefer": prefer, "points": {"wire": count}}


def test_the_first_of_several_disagreements_is_named_and_each_point_counted(opened, make_groups):
    wire = make_groups("wire")["wire"]
    other = changed(changed(wire, "delay", (0, 2, 1), 7e-9), "delay", (1, 0, 0), 7e-9)
    other = changed(other, "energy", (1, 0, 0), 1e-15)
    tables = [opened("one", {"wire": wire}), opened("two", {"wire": other})]
    with pytest.raises(TableError, match=r"wire/energy at corner=ss, vdd=0\.9, temp"):
        merge(tables)
    tables[1] = opened("three", {"wire": changed(other, "energy", (0, 0, 2), 1e-15)})
    with pytest.raises(TableError, match=r"wire/energy at corner=tt, vdd=0\.9, temperature=398"):
        merge(tables)
    settled = merge(tables, prefer="last").provenance["settled"]
    assert settled == {"prefer": "last", "points": {"wire": 3}}


def test_a_preferred_point_is_taken_whole(opened, make_groups):
    and2 = make_groups("and2")["and2"]
    where = (0, 0, 0, 0, 0)
    failed = changed(and2, "outcome", where, Outcome.TIME_OUT)
    for name in set(and2.variables) - {"outcome", "area"}:
        failed = changed(failed, name, where, np.nan)
    record = {
        "bench": "and2",
        "variant": "00",
        "corner": "tt",
        "vdd": 0.9,
        "temperature": 233.15,
        "rows": 64,
        "columns": 256,
        "outcome": "time_out",
        "message": "too slow",
    }
    broken = {**PROVENANCE, "failures": [record]}
    tables = [opened("one", {"and2": and2}), opened("two", {"and2": failed}, provenance=broken)]
    first, last = (merge(tables, prefer=prefer) for prefer in ("first", "last"))
    require_bitwise_equal(first.groups["and2"], and2)
    require_bitwise_equal(last.groups["and2"], failed)
    # The record of a failure stays with its point and goes with it.
    assert first.provenance["failures"] == []
    assert last.provenance["failures"] == [record]


def test_the_provenance_names_sources_and_keeps_what_is_whose(opened, make_groups):
    and2 = make_groups("and2")["and2"]
    corner = {**PROVENANCE, "plan": "corner = ['ss']\n", "models": {"ss": "b" * 64}}
    failure = {"bench": "and2", "variant": "01", "corner": "ss", "outcome": "ok", "message": ""}
    corner["failures"] = [failure]
    corner["netlists"] = {"and2": {"sha256": "e" * 64}, "wire": {"sha256": "f" * 64}}
    other = {**PROVENANCE, "models": {"tt": "a" * 64}}
    one = opened("one", {"and2": kept(and2, corner=[0])}, provenance=other, title="typical")
    two = opened("two", {"and2": kept(and2, corner=[1])}, provenance=corner, title="slow")
    merged = merge([one, two])
    found = merged.provenance
    assert merged.title == "typical + slow"
    assert found["models"] == {"tt": "a" * 64, "ss": "b" * 64}
    assert found["failures"] == [failure]
    assert found["seed"] == 7
    assert "plan" not in found
    assert found["netlists"] == {"wire": {"sha256": "f" * 64}}
    hashes = [hashlib.sha256(table.path.read_bytes()).hexdigest() for table in (one, two)]
    assert found["sources"] == [
        {
            "name": "one.h5",
            "sha256": hashes[0],
            "mramcim_version": "0.1.0",
            "title": "typical",
            "plan": PROVENANCE["plan"],
            "netlists": PROVENANCE["netlists"],
        },
        {
            "name": "two.h5",
            "sha256": hashes[1],
            "mramcim_version": "0.1.0",
            "title": "slow",
            "plan": "corner = ['ss']\n",
            "netlists": {"and2": {"sha256": "e" * 64}},
        },
    ]
    assert str(one.path.parent) not in str(found)


def test_a_merged_table_is_merged_again(opened, make_groups):
    wire = make_groups("wire")["wire"]
    one, two, three = (opened(f"t{i}", {"wire": kept(wire, vdd=[i])}) for i in range(3))
    first = merge([one, three])
    again = merge([opened("both", first.groups, provenance=first.provenance), two])
    require_bitwise_equal(again.groups["wire"], wire)
    sources = again.provenance["sources"]
    assert [source["name"] for source in sources] == ["both.h5", "t1.h5"]
    assert [source["name"] for source in sources[0]["sources"]] == ["t0.h5", "t2.h5"]
    assert again.provenance["design"] == PROVENANCE["design"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"design": {"name": "strongarm", "bias": {"current": 3e-5}}}, "design: bias.current"),
        ({"design": None}, "design:"),
        ({"device": {"name": "Author2020", "sha256": "e" * 64}}, "device: sha256 dddddddd -> eee"),
        ({"models": {"tt": "f" * 64}}, "models: tt aaaaaaaa -> ffffffff"),
        ({"ngspice_version": "42"}, "ngspice_version: 39 -> 42"),
    ],
)
def test_tables_made_differently_are_refused(opened, make_groups, changes, said):
    version = {k: changes[k] for k in changes if k == "ngspice_version"}
    record = {**PROVENANCE, **{k: v for k, v in changes.items() if k != "ngspice_version"}}
    groups = make_groups("wire", "cell")
    one = opened("one", {"wire": groups["wire"]})
    two = opened("two", {"cell": groups["cell"]}, provenance=record, **version)
    for tables in ([one, two], [two, one]):
        with pytest.raises(TableError, match="were made differently") as error:
            merge(tables)
    with pytest.raises(TableError) as error:
        merge([one, two], prefer="first")
    assert said in str(error.value)


def test_attributes_and_dimensions_must_be_alike(opened, make_groups):
    write = make_groups("write")["write"]
    other = Group(write.axes, write.variables, {**write.attributes, "error_rate_target": 1e-4})
    tables = [opened("one", {"write": write}), opened("two", {"write": other})]
    with pytest.raises(TableError, match=r"'error_rate_target' of write \(0.001 and 0.0001\)"):
        merge(tables, prefer="last")
    area = replace(write.variables["area"], values=np.array([2e-12, 2e-12]), dims=("driver_width",))
    other = Group(write.axes, {**write.variables, "area": area}, write.attributes)
    tables = [tables[0], opened("three", {"write": other})]
    with pytest.raises(TableError, match="write/area runs along"):
        merge(tables)


def test_a_variable_that_one_table_lacks(opened, make_groups):
    wire = make_groups("wire")["wire"]
    few = {name: v for name, v in wire.variables.items() if name != "delay"}
    lacking = Group(wire.axes, few, wire.attributes)
    whole = opened("whole", {"wire": wire})
    require_bitwise_equal(merge([whole, opened("lacking", {"wire": lacking})]).groups["wire"], wire)
    part = opened("part", {"wire": kept(wire, vdd=[0, 1])})
    rest = opened("rest", {"wire": kept(lacking, vdd=[2])})
    with pytest.raises(TableError, match=r"rest.h5 has no wire/delay, .* at 6 points, first corn"):
        merge([part, rest])


def test_one_table_or_one_twice_is_no_merge(opened, make_groups, tmp_path):
    one = opened("one", make_groups("cell"))
    link = tmp_path / "link.h5"
    link.symlink_to(one.path)
    for tables, said in (
        ([], "two tables"),
        ([one], "two tables"),
        ([one, one], "given twice"),
        ([one, Table.open(link)], "link.h5 is given twice"),
    ):
        with pytest.raises(TableError, match=said):
            merge(tables)
    with pytest.raises(TableError, match="not 'first' or 'last'"):
        merge([one, one], prefer="newest")
