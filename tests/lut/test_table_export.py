"""A table in long form: read back by others, it is the table."""

from __future__ import annotations

import csv
import io
import json
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lut import SCHEMA, Axis, Group, Outcome, Table, TableError, Variable, exported, long_form


def wire(values, corners=("tt",)) -> Group:
    """A group with these delays, one row of the grid for each corner."""
    shape = (len(corners), len(values) // len(corners), 1)
    axes = {
        "corner": Axis(corners, "1", "corner"),
        "vdd": Axis(np.arange(shape[1]) / 3 + 0.1, "V", "supply"),
        "temperature": Axis([300.15], "K", "temperature"),
    }
    outcomes = np.arange(len(values)).reshape(shape) % 2
    variables = {
        "delay": Variable(np.reshape(values, shape), tuple(axes), "s", "delay of one"),
        "outcome": Variable(outcomes.astype(np.int8), tuple(axes), "1", "how it ended"),
        "area": Variable(np.array(2.5e-12), (), "m2", "area of one"),
    }
    return Group(axes, variables, {"note": "thin", "layers": 3})


def read(image: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(image.decode("utf-8"), newline="")))


@pytest.mark.parametrize("name", sorted(SCHEMA))
def test_csv_is_what_xarray_makes_of_the_file(save, make_groups, name):
    pandas = pytest.importorskip("pandas")
    xarray = pytest.importorskip("xarray")
    path = save(make_groups(name))
    group = Table.open(path)[name]
    image = exported(group, ".csv")
    # As texts, because how exactly pandas reads decimal numbers depends on its version.
    table = pandas.read_csv(io.BytesIO(image), dtype=str, keep_default_na=False)
    with xarray.open_dataset(path, group=name, engine="h5netcdf") as dataset:
        expected = (
            dataset.to_dataframe(dim_order=list(group.axes)).reset_index()
            if group.axes
            else pandas.DataFrame({key: [float(dataset[key])] for key in dataset.data_vars})
        )
    assert len(table) == len(expected)
    sources = {**group.axes, **group.variables}
    assert [title.partition(" [")[0] for title in table.columns] == list(sources)
    for title, (key, source) in zip(table.columns, sources.items(), strict=True):
        assert title == (key if source.units == "1" else f"{key} [{source.units}]")
        wanted = expected[key].tolist()
        if key == "outcome":
            wanted = [Outcome(value).meaning for value in wanted]
        kind = type(wanted[0])
        assert [kind(cell) for cell in table[title]] == wanted


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.lists(st.floats(), min_size=1, max_size=12))
def test_csv_keeps_every_bit_and_leaves_nan_empty(values):
    rows = read(exported(wire(values), ".csv"))
    cells = [row["delay [s]"] for row in rows]
    for cell, value in zip(cells, values, strict=True):
        assert (cell == "") == np.isnan(value)
        if cell:
            assert np.float64(cell).tobytes() == np.float64(value).tobytes()
    group = wire(values)
    assert [float(row["vdd [V]"]) for row in rows] == group.axes["vdd"].values.tolist()
    assert [row["outcome"] for row in rows] == [
        Outcome(value % 2).meaning for value in range(len(values))
    ]
    assert {float(row["area [m2]"]) for row in rows} == {2.5e-12}


def test_texts_of_any_kind_survive():
    corners = ("a,b", 'say "tt"', "two\nlines", "\u03bc\u2126", "=1+1", " x ")
    rows = read(exported(wire(np.ones(12), corners), ".csv"))
    assert [row["corner"] for row in rows[::2]] == list(corners)


def test_long_form_repeats_what_does_not_run_along_an_axis(make_groups):
    columns = long_form(make_groups("write")["write"])
    assert {len(values) for values in columns.values()} == {2 * 3 * 3 * 2 * 2 * 2}
    assert list(columns)[:6] == [
        "corner",
        "vdd [V]",
        "temperature [K]",
        "rows",
        "driver_width [m]",
        "operands",
    ]
    assert columns["operands"].tolist()[:4] == ["0", "1", "0", "1"]
    assert columns["rows"].dtype.kind == "i"
    assert set(columns["area [m2]"].tolist()) == {2e-12}
    (row,) = zip(
        *(v.tolist() for v in long_form(make_groups("cell")["cell"]).values()), strict=True
    )
    assert len(row) == 3


def test_the_shipped_table_is_exported_whole():
    for name, group in Table.open().groups.items():
        rows = read(exported(group, ".csv"))
        for key, variable in group.variables.items():
            if key != "outcome":
                title = key if variable.units == "1" else f"{key} [{variable.units}]"
                values = np.array([float(row[title] or "nan") for row in rows])
                np.testing.assert_array_equal(values, group.spread(key).ravel(), err_msg=name)


@pytest.mark.parametrize("name", sorted(SCHEMA))
def test_parquet_is_read_back_as_the_table(make_groups, name):
    pytest.importorskip("pyarrow")
    from pyarrow import parquet

    group = make_groups(name)[name]
    if "energy" in group.variables:
        energy = group.variables["energy"].values.copy()
        energy.flat[0] = np.nan
        variables = {
            **group.variables,
            "energy": Variable(energy, group.axes, "J", "energy with a gap"),
        }
        group = Group(group.axes, variables, group.attributes)
    table = parquet.read_table(io.BytesIO(exported(group, ".parquet")))
    expected = long_form(group)
    assert table.column_names == list(expected)
    sources = [*group.axes.values(), *group.variables.values()]
    for field, source, (title, values) in zip(table.schema, sources, expected.items(), strict=True):
        found = table.column(title).to_numpy()
        assert found.dtype == values.dtype
        if values.dtype == object:
            assert found.tolist() == values.tolist()
        else:
            assert found.tobytes() == values.tobytes()
        assert field.metadata[b"units"].decode() == source.units
        assert field.metadata[b"long_name"].decode() == source.long_name
    attributes = json.loads(table.schema.metadata[b"attributes"])
    assert attributes == group.attributes


def test_without_pyarrow_the_extra_is_named(make_groups, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(TableError, match=r"pip install 'mramcim\[parquet\]'"):
        exported(make_groups("cell")["cell"], ".parquet")


def test_other_formats_are_refused(make_groups):
    with pytest.raises(TableError, match=r"'.xlsx'; end the file's name in .csv or .parquet"):
        exported(make_groups("cell")["cell"], ".xlsx")
