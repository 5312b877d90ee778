"""A table read back from CSV is the table; what is amiss in a CSV is said where it is."""

from __future__ import annotations

import csv
import io
import json
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lut import (
    SCHEMA,
    Axis,
    Group,
    Table,
    TableError,
    Variable,
    content_of,
    diff,
    exported,
    group_of_csv,
    long_form,
    record_of,
    write_table,
)


def images(table: Table) -> dict[str, tuple[str, bytes]]:
    return {
        name: (f"t-{name}.csv", exported(group, ".csv")) for name, group in table.groups.items()
    }


def written(path, content):
    write_table(
        path,
        content.groups,
        mramcim_version=content.mramcim_version,
        ngspice_version=content.ngspice_version,
        provenance=content.provenance,
        title=content.title,
    )
    return path


def same(a: Group, b: Group) -> None:
    """Equal axes and values, bit for bit."""
    assert list(a.axes) == list(b.axes)
    assert set(a.variables) == set(b.variables)
    for name, axis in a.axes.items():
        other = b.axes[name]
        assert (axis.units, axis.long_name) == (other.units, other.long_name)
        if isinstance(axis.values, tuple):
            assert axis.values == other.values
        else:
            assert axis.values.dtype == other.values.dtype
            assert axis.values.tobytes() == other.values.tobytes()
    for name, variable in a.variables.items():
        other = b.variables[name]
        assert (variable.dims, variable.units) == (other.dims, other.units)
        assert variable.values.dtype == other.values.dtype
        assert variable.values.tobytes() == other.values.tobytes(), name


def test_the_shipped_table_comes_back_byte_for_byte(tmp_path):
    table = Table.open()
    record = json.loads(json.dumps(record_of(table)))
    content = content_of(images(table), mramcim_version="9", record=record)
    assert written(tmp_path / "t.h5", content).read_bytes() == table.path.read_bytes()


@pytest.mark.parametrize("name", sorted(SCHEMA))
def test_every_group_comes_back(make_groups, name):
    group = make_groups(name)[name]
    dims = {key: variable.dims for key, variable in group.variables.items()}
    text = exported(group, ".csv").decode()
    same(group, group_of_csv(name, text, dims=dims))
    full = group_of_csv(name, text)
    for key, variable in full.variables.items():
        assert variable.dims == tuple(group.axes)
        np.testing.assert_array_equal(variable.values, group.spread(key))


FINITE = st.floats(allow_nan=False, allow_infinity=False)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.lists(FINITE, min_size=1, max_size=3, unique=True), st.data())
def test_any_numbers_come_back_in_any_order(supplies, data):
    corners = data.draw(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1),
            min_size=1,
            max_size=3,
            unique=True,
        )
    )
    supplies = sorted({value + 0.0 for value in supplies})  # -0.0 is 0.0
    shape = (len(corners), len(supplies), 1)
    count = len(corners) * len(supplies)
    delays = data.draw(st.lists(st.floats(), min_size=count, max_size=count))
    axes = {
        "corner": Axis(corners, "1", SCHEMA["wire"].axes["corner"].meaning),
        "vdd": Axis(np.array(supplies), "V", SCHEMA["wire"].axes["vdd"].meaning),
        "temperature": Axis(np.array([300.15]), "K", SCHEMA["wire"].axes["temperature"].meaning),
    }
    # All NaN are one to CSV.
    values = np.where(np.isnan(delays), np.nan, delays).reshape(shape)
    outcomes = (np.arange(count).reshape(shape) % 8).astype(np.int8)
    group = Group(
        axes,
        {
            "delay": Variable(values, tuple(axes), "s", "delay of 1 mm"),
            "outcome": Variable(outcomes, tuple(axes), "1", "outcome"),
        },
    )
    text = exported(group, ".csv").decode()
    same(group, group_of_csv("wire", text))
    heading, *rows = csv.reader(io.StringIO(text, newline=""))
    order = list(range(len(heading)))
    random.Random(1).shuffle(order)
    random.Random(2).shuffle(rows)
    mixed = io.StringIO()
    csv.writer(mixed).writerows([[row[i] for i in order] for row in [heading, *rows]])
    found = group_of_csv("wire", "\ufeff" + mixed.getvalue())
    assert points(found) == points(group)


def points(group: Group) -> set[tuple[str, ...]]:
    return set(
        zip(*(map(repr, column.tolist()) for column in long_form(group).values()), strict=True)
    )


def test_without_a_record_the_provenance_says_where_from(make_groups, save, tmp_path):
    table = Table.open(save(make_groups("and2", "cell")))
    content = content_of(images(table), mramcim_version="9", title="by hand")
    path = written(tmp_path / "again.h5", content)
    again = Table.open(path)
    assert (again.mramcim_version, again.ngspice_version, again.title) == ("9", "none", "by hand")
    imported = again.provenance["imported"]
    assert {name: entry["file"] for name, entry in imported.items()} == {
        "and2": "t-and2.csv",
        "cell": "t-cell.csv",
    }
    kinds = {mismatch.kind for mismatch in diff(table, again).mismatches}
    assert kinds == {"attribute", "dimensions"}


def test_a_changed_file_is_said_to_be_changed(make_groups, save, tmp_path):
    table = Table.open(save(make_groups("and2", "cell")))
    record = record_of(table)
    files = images(table)
    name, image = files["and2"]
    files["and2"] = (name, image.replace(b",ok,", b",time_out,", 1))
    content = content_of(files, mramcim_version="9", record=record)
    assert list(content.provenance["imported"]) == ["and2"]
    assert content.provenance["seed"] == 7
    assert content.groups["and2"].variables["outcome"].values.flat[0] == 3


def test_what_the_record_says_of_dimensions_must_hold(make_groups, save):
    table = Table.open(save(make_groups("and2")))
    record = record_of(table)
    name, image = images(table)["and2"]
    assert record["groups"]["and2"]["dims"] == {"area": []}
    lines = image.decode().splitlines(keepends=True)
    lines[5] = lines[5].replace("2e-12", "3e-12")
    changed = {"and2": (name, "".join(lines).encode())}
    with pytest.raises(TableError, match="area should repeat along corner, vdd, temperature, rows"):
        content_of(changed, mramcim_version="9", record=record)
    area = content_of(changed, mramcim_version="9").groups["and2"].variables["area"]
    assert sorted(set(area.values.flat)) == [2e-12, 3e-12]
    record["groups"]["and2"]["dims"]["area"] = ["vdd", "corner"]
    with pytest.raises(TableError, match="correct the record"):
        content_of(changed, mramcim_version="9", record=record)


HEADING = "corner,vdd [V],temperature [K],delay [s],outcome"
ROW = "tt,1.0,300.15,1e-12,ok"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no heading with rows under it"),
        (HEADING, "no heading with rows under it"),
        (f"{HEADING}\n{ROW},7\n", "line 2 has 6 cells, the heading 5"),
        (f"{HEADING.replace('[s]', '[ns]')}\n{ROW}", r"'delay \[ns\]' should be 'delay \[s\]'"),
        (f"{HEADING.replace(' [s]', '')}\n{ROW}", r"'delay' should be 'delay \[s\]'"),
        (f"{HEADING.replace('delay', 'tardiness')}\n{ROW}", r"unknown column 'tardiness \[s\]'"),
        (f"{HEADING.replace(',', ';')}\n{ROW}", "unknown column 'corner;vdd"),
        (f"{HEADING},outcome\n{ROW},ok", "the column 'outcome' twice"),
        ("corner,vdd [V],outcome\ntt,1.0,ok", r"no column 'temperature \[K\]'; add it"),
        ("corner,vdd [V],temperature [K]\ntt,1.0,300", "no column 'outcome'; add it"),
        (f"{HEADING}\n{ROW}\n\n{ROW}", "line 4 gives the point corner=tt, vdd=1, temperature=300"),
        (
            f"{HEADING}\n{ROW}\nss,0.9,300.15,1,ok",
            "has 2 of the 4 points of a full grid; add corner=tt, vdd=0.9, temperature=300.15",
        ),
        (f"{HEADING}\n{ROW.replace('1.0', 'high')}", "line 2, column vdd: 'high' is not a number"),
        (f"{HEADING}\n{ROW.replace('1.0', '')}", "column vdd: '' is not a number"),
        (f"{HEADING}\n{ROW.replace('1.0', 'inf')}", "column vdd: 'inf' is not finite"),
        (f"{HEADING}\n{ROW.replace('1e-12', '1_0')}", "column delay: '1_0' is not a number"),
        (f"{HEADING}\n{ROW.replace('1e-12', '1,5')}", "has 6 cells"),
        (f"{HEADING}\n{ROW.replace('ok', 'fine')}", "'fine' is not an outcome; it is one of ok,"),
        (f'{HEADING}\n"tt,1.0', "mend the CSV"),
    ],
)
def test_what_is_amiss_is_said(text, said):
    with pytest.raises(TableError, match=said):
        group_of_csv("wire", text)


def test_counts_are_whole_and_groups_known(make_groups):
    text = exported(make_groups("and2")["and2"], ".csv").decode()
    with pytest.raises(TableError, match=r"column rows: '64.5' is not a whole number of 1 or more"):
        group_of_csv("and2", text.replace(",64,", ",64.5,"))
    with pytest.raises(TableError, match="unknown group 'nand2'; name one of read, and2"):
        group_of_csv("nand2", text)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": "other"}, "is not one of a table"),
        ({"schema_version": "1"}, "is of schema '1'"),
        ({"groups": []}, "is damaged"),
        ({"groups": {"cell": 1}}, "is damaged"),
        ({"groups": {"cell": {"dims": {"area": 3}}}}, "is damaged"),
        ({"provenance": "x"}, "is damaged"),
        ({"title": 3}, "is damaged"),
    ],
)
def test_a_record_that_is_none_is_refused(make_groups, save, change, said):
    table = Table.open(save(make_groups("cell")))
    with pytest.raises(TableError, match=said):
        content_of(images(table), mramcim_version="9", record={**record_of(table), **change})


def test_other_encodings_are_refused(make_groups):
    with pytest.raises(TableError, match=r"a.csv is not UTF-8"):
        content_of({"cell": ("a.csv", b"\xff\xfe")}, mramcim_version="9")
