"""What is written is what is read, bit for bit, and equal contents give equal files."""

from __future__ import annotations

import string
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lut import SCHEMA, SCHEMA_VERSION, Axis, Group, Table, Variable, write_table

TEXT = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=12
)
LONG_NAME = TEXT.filter(str.strip)
FINITE = st.floats(allow_nan=False, allow_infinity=False, width=64)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | FINITE | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


def _axis_values(spec):
    if spec.allowed:
        return st.lists(st.sampled_from(spec.allowed), min_size=1, max_size=4, unique=True)
    if spec.kind == "text":
        return st.lists(TEXT, min_size=1, max_size=3, unique=True)
    numbers = FINITE if spec.kind == "real" else st.integers(1, 2**53)
    return st.lists(numbers, min_size=1, max_size=3, unique=True).map(sorted)


@st.composite
def groups(draw):
    """Any group of the schema, with any values (NaN and infinities too) and any text."""
    name = draw(st.sampled_from(sorted(SCHEMA)))
    spec = SCHEMA[name]
    axes = {
        dim: Axis(draw(_axis_values(axis)), axis.units, draw(LONG_NAME))
        for dim, axis in spec.axes.items()
    }
    variables = {}
    for key, variable in spec.variables.items():
        if not variable.required and draw(st.booleans()):
            continue
        dims = tuple(dim for dim in spec.dims if draw(st.booleans()))
        shape = tuple(len(axes[dim]) for dim in dims)
        dtype, elements = (
            (np.int8, st.integers(0, 6)) if variable.kind == "outcome" else (np.float64, None)
        )
        values = draw(arrays(dtype, shape, elements=elements))
        attributes = draw(
            st.dictionaries(
                st.text(string.ascii_lowercase, min_size=1, max_size=5), TEXT | FINITE, max_size=2
            )
        )
        attributes = {key: value for key, value in attributes.items() if key != "units"}
        variables[key] = Variable(values, dims, variable.units, draw(LONG_NAME), attributes)
    return name, Group(axes, variables, {"note": draw(TEXT), "count": draw(st.integers(0, 9))})


def assert_same(read: Group, written: Group) -> None:
    assert set(read.axes) == set(written.axes)
    for name, axis in written.axes.items():
        assert (read.axes[name].units, read.axes[name].long_name) == (axis.units, axis.long_name)
        if isinstance(axis.values, tuple):
            assert read.axes[name].values == axis.values
        else:
            np.testing.assert_array_equal(read.axes[name].values, axis.values)
    assert set(read.variables) == set(written.variables)
    for name, variable in written.variables.items():
        found = read.variables[name]
        assert found.dims == variable.dims
        assert (found.units, found.long_name) == (variable.units, variable.long_name)
        assert found.values.dtype == variable.values.dtype
        assert found.values.tobytes() == variable.values.tobytes()
        own = {k: v for k, v in found.attributes.items() if not k.startswith("flag_")}
        assert own == variable.attributes
    assert read.attributes == written.attributes


@settings(deadline=None, derandomize=True, max_examples=60)
@given(groups(), st.dictionaries(st.text(max_size=6), JSON, max_size=3), TEXT)
def test_any_content_of_the_schema_is_read_as_it_was_written(named, provenance, title):
    name, group = named
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.h5"
        write_table(
            path,
            {name: group},
            mramcim_version="0.1.0",
            ngspice_version="ngspice-39",
            provenance=provenance,
            title=title,
        )
        table = Table.open(path)
    assert_same(table[name], group)
    assert table.provenance == provenance
    assert (table.title, table.schema_version) == (title, SCHEMA_VERSION)
    assert (table.mramcim_version, table.ngspice_version) == ("0.1.0", "ngspice-39")


def test_a_table_that_was_read_can_be_written_again_byte_for_byte(make_groups, save):
    first = save(make_groups())
    table = Table.open(first)
    again = save(table.groups, "again.h5")
    assert again.read_bytes() == first.read_bytes()


def test_groups_axes_and_variables_come_in_the_order_of_the_schema(make_groups, save):
    groups = make_groups("write", "and2", "read")
    axes = groups["and2"].axes
    groups["and2"] = Group(
        dict(reversed(axes.items())),
        dict(reversed(groups["and2"].variables.items())),
        groups["and2"].attributes,
    )
    table = Table.open(save(groups))
    assert list(table.groups) == ["read", "and2", "write"]
    assert tuple(table["and2"].axes) == SCHEMA["and2"].dims
    assert list(table["and2"].variables) == list(SCHEMA["and2"].variables)


def test_equal_contents_give_equal_files_whenever_written(make_groups, save):
    first = save(make_groups(), provenance={"b": 1, "a": [2, 3]}).read_bytes()
    time.sleep(1.1)  # Times in HDF5 count whole seconds.
    assert save(make_groups(), provenance={"a": [2, 3], "b": 1}).read_bytes() == first


def test_provenance_may_be_larger_than_an_hdf5_attribute_header(make_groups, save):
    netlist = "R1 a b 1k µΩ\n" * 30_000
    table = Table.open(save(make_groups("cell"), provenance={"netlists": {"and2": netlist}}))
    assert table.provenance["netlists"]["and2"] == netlist


def test_arrays_of_a_table_cannot_be_changed(make_groups, save):
    table = Table.open(save(make_groups("and2")))
    values = table["and2"].variables["energy"].values
    assert not values.flags.writeable
    assert not table.axis("and2", "vdd").flags.writeable


def test_importing_lut_brings_in_no_heavy_package():
    heavy = "{'scipy', 'matplotlib', 'numba', 'onnx', 'PySpice', 'xarray', 'pandas', 'h5netcdf'}"
    code = f"import sys, lut; sys.exit(', '.join({heavy} & set(sys.modules)) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
