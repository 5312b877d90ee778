"""A table of an earlier schema is read as one of the present."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from lut import SCHEMA, SCHEMA_VERSION, Table, TableError, check

# Nominal corner, made by `mramcim characterize --quick` when the schema was "1".
OLD = Path(__file__).parents[1] / "data" / "tables" / "schema-1.h5"
# READ and a full adder, with statistics of READ without variation, when the schema was "3".
THIRD = OLD.with_name("schema-3.h5")


def test_the_first_schema_is_read_with_the_driver_of_its_design():
    with h5py.File(OLD) as file:
        assert file.attrs["schema_version"] == "1"
        energies = file["write/energy"][...].ravel().tolist()
    table = Table.open(OLD)
    assert table.schema_version == SCHEMA_VERSION
    assert tuple(table["write"].axes) == SCHEMA["write"].dims
    assert table.axis("write", "driver_width").tolist() == [8e-6]
    at = {"corner": "tt", "vdd": 1.0, "temperature": 300.15, "rows": 256, "driver_width": 8e-6}
    assert [table.value("write", "energy", operands=bit, **at) for bit in "01"] == energies
    # Its pulse was not chosen for an error rate.
    assert [text for text in check(OLD) if "error_rate_target" not in text] == []


def test_without_its_driver_it_is_refused(tmp_path):
    path = tmp_path / "old.h5"
    path.write_bytes(OLD.read_bytes())
    with h5py.File(path, "a") as file:
        file.attrs["provenance"] = "{}"
    with pytest.raises(TableError, match="how wide the write driver is"):
        Table.open(path)


def test_the_third_schema_is_read_as_it_is_and_has_nothing_aged():
    with h5py.File(THIRD) as file:
        assert file.attrs["schema_version"] == "3"
        stored = {
            f"{group}/{name}": item[...] for group in file for name, item in file[group].items()
        }
    assert check(THIRD) == []
    table = Table.open(THIRD)
    assert table.schema_version == SCHEMA_VERSION == "5"
    assert set(table.groups) == {"read", "read_statistics", "full_adder", "cell"}
    for group, found in table.groups.items():
        for name, variable in found.variables.items():
            assert np.array_equal(variable.values, stored[f"{group}/{name}"])
    with pytest.raises(TableError, match="has no group 'full_adder_aged'"):
        table["full_adder_aged"]
