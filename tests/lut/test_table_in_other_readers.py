"""The file read by programs that know nothing of this package: xarray and h5py alone."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from lut import SCHEMA, SCHEMA_VERSION, Outcome, Table


@pytest.fixture
def path(whole_table):
    return whole_table


@pytest.mark.parametrize("name", sorted(SCHEMA))
def test_xarray_sees_coordinates_units_and_values(path, name):
    xarray = pytest.importorskip("xarray")
    group = Table.open(path)[name]
    with xarray.open_dataset(path, group=name, engine="h5netcdf") as dataset:
        assert set(dataset.coords) == set(SCHEMA[name].dims)
        assert set(dataset.data_vars) == set(SCHEMA[name].variables)
        for dim, axis in group.axes.items():
            assert dataset[dim].dims == (dim,)
            assert dataset[dim].attrs["units"] == axis.units
            assert dataset[dim].values.tolist() == list(axis.values)
        for key, variable in group.variables.items():
            found = dataset[key]
            assert found.dims == variable.dims
            assert found.dtype == variable.values.dtype
            assert found.attrs["units"] == variable.units
            assert found.attrs["long_name"] == variable.long_name
            np.testing.assert_array_equal(found.values, variable.values)
        assert dict(dataset.attrs) == dict(group.attributes)


def test_xarray_selects_what_a_look_up_gives(path):
    xarray = pytest.importorskip("xarray")
    table = Table.open(path)
    point = {"corner": "ss", "vdd": 0.9, "temperature": 398.15, "rows": 256, "operands": "10"}
    between = {**point, "vdd": 0.93, "temperature": 260.0, "rows": 100}
    with xarray.open_dataset(path, group="and2", engine="h5netcdf") as dataset:
        assert float(dataset["energy"].sel(point)) == table.value("and2", "energy", **point)
        pytest.importorskip("scipy")
        text = {key: between.pop(key) for key in ("corner", "operands")}
        interpolated = float(dataset["energy"].sel(text).interp(between))
    assert table.value("and2", "energy", **text, **between) == pytest.approx(interpolated, 1e-12)


def test_h5py_alone_sees_versions_labels_scales_and_flags(path):
    with h5py.File(path) as file:
        assert file.attrs["schema_version"] == SCHEMA_VERSION
        energy = file["and2/energy"]
        assert [dim.label for dim in energy.dims] == list(SCHEMA["and2"].dims)
        assert energy.dims[1][0].name == "/and2/vdd"
        assert energy.dims[1]["vdd"][()].tolist() == [0.9, 1.0, 1.1]
        assert energy.dims[0][0].asstr()[()].tolist() == ["tt", "ss"]
        outcome = file["and2/outcome"]
        assert outcome.dtype == np.int8
        words = outcome.attrs["flag_meanings"].split()
        flags = dict(zip(outcome.attrs["flag_values"].tolist(), words, strict=True))
        assert flags == {int(outcome): outcome.meaning for outcome in Outcome}
        assert outcome.attrs["flag_values"].dtype == np.int8
        assert file["cell/area"].shape == ()
