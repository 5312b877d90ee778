"""A synthetic table: plausible figures, simple laws, so that results can be followed by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lut import Axis, Group, Table, Variable, write_table

CORNERS = ("tt", "ss")
VDD = (0.9, 1.0, 1.1)
TEMPERATURES = (233.15, 300.15, 398.15)
ROWS = (16, 64, 256, 512)
COLUMNS = (16, 64, 256, 1024)
SENSE_PARTS = {
    "energy_bias": 150e-15,
    "energy_reference": 60e-15,
    "energy_latch": 10e-15,
    "energy_clock": 4e-15,
    "energy_equalize": 6e-15,
}


def conditions() -> dict[str, Axis]:
    return {
        "corner": Axis(CORNERS, "1", "process corner"),
        "vdd": Axis(np.array(VDD), "V", "supply"),
        "temperature": Axis(np.array(TEMPERATURES), "K", "temperature"),
    }


def _scaled(axes: dict[str, Axis], value: float, units: str, per: dict[str, tuple[float, ...]]):
    """`value` over the axes, times the given factors along some of them, times VDD squared."""
    dims = tuple(axes)
    values = np.full(tuple(len(axis.values) for axis in axes.values()), value)
    factors = dict(per)
    if units == "J":
        factors["vdd"] = tuple(v**2 for v in VDD)
    for name, factor in factors.items():
        shape = [1] * len(dims)
        shape[dims.index(name)] = len(factor)
        values = values * np.array(factor).reshape(shape)
    return Variable(values, dims, units, "synthetic")


def _group(axes, values, per=None, attributes=None):
    per = per or {}
    variables = {
        name: _scaled(axes, value, units, per.get(name, {}))
        for name, (value, units) in values.items()
    }
    shape = tuple(len(axis.values) for axis in axes.values())
    variables["outcome"] = Variable(
        np.zeros(shape, dtype=np.int8),
        tuple(axes),
        "1",
        "outcome",
        {
            "flag_values": np.arange(8, dtype=np.int8),
            "flag_meanings": "ok wrong_logic no_convergence time_out missing_measurement "
            "simulator_error below_critical_current not_switched",
        },
    )
    return Group(axes, variables, attributes or {})


def _sensing(operands: tuple[str, ...], factors: tuple[float, ...], logic: tuple[float, ...]):
    axes = conditions() | {
        "rows": Axis(np.array(ROWS), "1", "rows"),
        "operands": Axis(operands, "1", "stored bits"),
    }
    values = {name: (value, "J") for name, value in SENSE_PARTS.items()}
    values |= {
        "energy": (sum(SENSE_PARTS.values()), "J"),
        "delay": (3e-9, "s"),
        "cycle_time": (4e-9, "s"),
        "margin": (10e-3, "V"),
        "offset_tolerance": (9e-3, "V"),
        "logic_value": (1.0, "1"),
        "leakage_power": (200e-9, "W"),
        "peak_current": (100e-6, "A"),
        "area": (8e-12, "m2"),
    }
    per = {name: {"operands": factors} for name in (*SENSE_PARTS, "energy")}
    per["logic_value"] = {"operands": logic}
    return _group(
        axes,
        values,
        per,
        {
            "columns_per_amplifier": 8,
            "columns_per_reference": 4,
            "bias_current": 20e-6,
            "amplifier": "synthetic",
            "device": "synthetic",
            "technology": "synthetic",
        },
    )


def _write():
    axes = conditions() | {
        "rows": Axis(np.array(ROWS), "1", "rows"),
        "driver_width": Axis(np.array([4e-6, 8e-6]), "m", "driver"),
        "operands": Axis(("0", "1"), "1", "value written"),
    }
    values = {
        "energy": (3e-12, "J"),
        "energy_half_selected": (0.5e-15, "J"),
        "current": (1e-3, "A"),
        "critical_current": (0.5e-3, "A"),
        "delay": (2e-9, "s"),
        "cycle_time": (3e-9, "s"),
        "leakage_power": (100e-9, "W"),
        "peak_current": (1e-3, "A"),
        "area": (2e-12, "m2"),
    }
    return _group(axes, values, {"energy": {"operands": (1.0, 1.2), "driver_width": (1.0, 1.5)}})


def _block(energy, delay, leakage, area, extra=None, axes=None, per=None):
    values = {
        "energy": (energy, "J"),
        "delay": (delay, "s"),
        "leakage_power": (leakage, "W"),
        "area": (area, "m2"),
    } | (extra or {})
    return _group(conditions() | (axes or {}), values, per)


def synthetic_groups() -> dict[str, Group]:
    line = {
        "columns": Axis(np.array(COLUMNS), "1", "columns"),
        "line": Axis(("read", "write"), "1", "line"),
    }
    cell = {
        "area": Variable(np.array(0.4e-12), (), "m2", "area"),
        "width": Variable(np.array(0.45e-6), (), "m", "column pitch"),
        "height": Variable(np.array(0.4e-12 / 0.45e-6), (), "m", "row pitch"),
    }
    return {
        "read": _sensing(("0", "1"), (0.95, 1.05), (0, 1)),
        "and2": _sensing(("00", "01", "10", "11"), (0.9, 1.0, 1.0, 1.1), (0, 0, 0, 1)),
        "or2": _sensing(("00", "01", "10", "11"), (0.9, 1.0, 1.0, 1.1), (0, 1, 1, 1)),
        "xor2": _sensing(("00", "01", "10", "11"), (1.8, 2.0, 2.0, 2.2), (0, 1, 1, 0)),
        "write": _write(),
        "wordline_driver": _block(
            60e-15,
            0.3e-9,
            20e-9,
            1e-12,
            axes=line,
            per={"energy": {"columns": tuple(c / 256 for c in COLUMNS), "line": (1.0, 2.0)}},
        ),
        "decoder_gate": _block(3e-15, 30e-12, 10e-9, 1e-12),
        "full_adder": _block(3e-15, 60e-12, 30e-9, 4e-12),
        "flip_flop": _block(
            3e-15, 50e-12, 30e-9, 5e-12, extra={"energy_clock_only": (1.5e-15, "J")}
        ),
        "wire": _block(180e-15, 100e-12, 100e-9, 5e-12),
        "cell": Group({}, cell, {}),
    }


@pytest.fixture(scope="session")
def reference() -> Table:
    """The table that is shipped."""
    return Table.open()


@pytest.fixture(scope="session")
def synthetic_table(tmp_path_factory: pytest.TempPathFactory) -> Table:
    path = tmp_path_factory.mktemp("table") / "synthetic.h5"
    write_table(
        path,
        synthetic_groups(),
        mramcim_version="0",
        ngspice_version="39",
        provenance={"synthetic": True},
        title="synthetic",
    )
    return Table.open(path)


@pytest.fixture(scope="session")
def scaled_table(tmp_path_factory: pytest.TempPathFactory):
    """Make a table in which some variables, by (group, variable), are multiplied."""

    def make(factors: dict[tuple[str, str], float]) -> Table:
        groups = synthetic_groups()
        for (group, name), factor in factors.items():
            variables = dict(groups[group].variables)
            old = variables[name]
            variables[name] = Variable(
                old.values * factor, old.dims, old.units, old.long_name, old.attributes
            )
            groups[group] = Group(groups[group].axes, variables, groups[group].attributes)
        path = tmp_path_factory.mktemp("scaled") / "scaled.h5"
        write_table(path, groups, mramcim_version="0", ngspice_version="39", provenance={})
        return Table.open(path)

    return make


@pytest.fixture
def altered_table(tmp_path: Path):
    """Make a table file of some name, device and factors, its writes with some outcome."""

    def make(
        name: str,
        factors: dict[tuple[str, str], float] | None = None,
        attributes: dict[str, object] | None = None,
        write_outcome: tuple[int, int] | tuple[tuple[int, int], ...] = (0, 0),
    ) -> Path:
        """`attributes` are those of the sensing groups; the outcomes are by driver width.

        An outcome may be a pair, of writing a zero and a one.
        """
        groups = synthetic_groups()
        for group, variable in factors or {}:
            old = groups[group].variables[variable]
            values = old.values * (factors or {})[group, variable]
            new = Variable(values, old.dims, old.units, old.long_name, old.attributes)
            groups[group] = replace(
                groups[group], variables={**groups[group].variables, variable: new}
            )
        for group in ("read", "and2", "or2", "xor2"):
            own = {**groups[group].attributes, **(attributes or {})}
            groups[group] = replace(groups[group], attributes=own)
        write = groups["write"]
        old = write.variables["outcome"]
        outcomes = np.empty_like(old.values)
        outcomes[...] = np.array(write_outcome, dtype=np.int8).reshape(2, -1)
        new = Variable(outcomes, old.dims, old.units, old.long_name, old.attributes)
        groups["write"] = replace(write, variables={**write.variables, "outcome": new})
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        write_table(path, groups, mramcim_version="0", ngspice_version="39", provenance={})
        return path

    return make
