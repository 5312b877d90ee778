"""A made-up table that holds every group and obeys every law, small enough to read."""

from __future__ import annotations

from pathlib import Path
from shutil import copy

import numpy as np
import pytest

from lut import SCHEMA, Axis, Group, Variable, write_table

COORDINATES = {
    "corner": ("tt", "ss"),
    "vdd": np.array([0.9, 1.0, 1.1]),
    "temperature": np.array([233.15, 300.15, 398.15]),
    "rows": np.array([64, 256]),
    "columns": np.array([128, 512]),
    "driver_width": np.array([4e-6, 8e-6]),
    "age": np.array([0.0, 3.15576e7]),
}
MAGNITUDES = {"J": 1e-15, "s": 1e-9, "V": 0.05, "W": 1e-9, "A": 1e-5, "m2": 1e-12, "m": 1e-7}
ATTRIBUTES = {
    "columns_per_amplifier": 4,
    "columns_per_reference": 8,
    "bias_current": 5e-6,
    "error_rate_target": 1e-3,
    "amplifier": "voltage-latch",
    "device": "Author2020",
    "technology": "planar45",
    "variation": "Foundry2020",
    "samples": 64,
    "seed": 1,
    "ageing": "Author2006",
    "duty": 0.5,
}


def build_group(name: str) -> Group:
    """One sound group of the schema, with values that differ from point to point."""
    spec = SCHEMA[name]
    axes = {
        dim: Axis(axis.allowed or COORDINATES[dim], axis.units, axis.meaning)
        for dim, axis in spec.axes.items()
    }
    shape = tuple(len(axis) for axis in axes.values())
    ramp = 1.0 + np.arange(np.prod(shape, dtype=int)).reshape(shape) / 100.0
    values = {
        key: ramp * MAGNITUDES.get(variable.units, 1.0) * (1 + position / 10)
        for position, (key, variable) in enumerate(spec.variables.items())
    }
    dims = dict.fromkeys(values, spec.dims)
    if "outcome" in values:
        values["outcome"] = np.zeros(shape, dtype=np.int8)
    if {"area", "outcome"} <= set(values):
        values["area"], dims["area"] = np.array(2e-12), ()
    if spec.parts:
        values["energy"] = np.sum([values[part] for part in spec.parts], axis=0)
    if spec.truth:
        truth = [spec.truth[operands] for operands in axes["operands"].values]
        values["logic_value"] = np.broadcast_to(np.array(truth, dtype=float), shape)
    if "cycle_time" in values:
        values["cycle_time"] = values["delay"] * 2.0
    if "critical_current" in values:
        values["critical_current"] = values["current"] / 2.0
    for key in ("error_rate", "read_disturb"):
        if key in values:
            values[key] = ramp * 1e-6
    for key in spec.variables:
        ends = (f"{key}_low", f"{key}_high")
        if set(ends) <= set(values):
            values[ends[0]], values[ends[1]] = 0.9 * values[key], 1.1 * values[key]
    if "threshold_shift" in values:
        fresh = np.asarray(axes["age"].values) == 0
        along = [-1 if dim == "age" else 1 for dim in axes]
        values["threshold_shift"] = np.where(fresh.reshape(along), 0.0, values["threshold_shift"])
    if name == "cell":
        values["area"] = values["width"] * values["height"]
    variables = {
        key: Variable(values[key], dims[key], variable.units, variable.meaning)
        for key, variable in spec.variables.items()
    }
    return Group(axes, variables, {key: ATTRIBUTES[key] for key in spec.attributes})


def build_groups(*names: str) -> dict[str, Group]:
    return {name: build_group(name) for name in names or SCHEMA}


@pytest.fixture
def make_groups():
    """`make_groups("and2", ...)` gives sound groups of these names, all without names."""
    return build_groups


METADATA = {
    "mramcim_version": "0.1.0",
    "ngspice_version": "39",
    "provenance": {"seed": 7},
    "title": "made up",
}


@pytest.fixture
def save(tmp_path):
    """`save(groups)` writes them to a new file and returns its path."""

    def write(groups, name="table.h5", **metadata) -> Path:
        path = tmp_path / name
        write_table(path, groups, **{**METADATA, **metadata})
        return path

    return write


@pytest.fixture(scope="session")
def _written_once(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "table.h5"
    write_table(path, build_groups(), **METADATA)
    return path


@pytest.fixture
def whole_table(_written_once, tmp_path) -> Path:
    """A file of all sound groups, this test's own."""
    return Path(copy(_written_once, tmp_path))


def replace_variable(group: Group, name: str, **changes) -> Group:
    """The group with some fields of one variable changed."""
    old = group.variables[name]
    fields = {
        "values": old.values,
        "dims": old.dims,
        "units": old.units,
        "long_name": old.long_name,
        "attributes": old.attributes,
        **changes,
    }
    return Group(group.axes, {**group.variables, name: Variable(**fields)}, group.attributes)


def replace_axis(group: Group, name: str, **changes) -> Group:
    """The group with some fields of one axis changed."""
    old = group.axes[name]
    fields = {"values": old.values, "units": old.units, "long_name": old.long_name, **changes}
    return Group({**group.axes, name: Axis(**fields)}, group.variables, group.attributes)


@pytest.fixture
def with_variable():
    return replace_variable


@pytest.fixture
def with_axis():
    return replace_axis
