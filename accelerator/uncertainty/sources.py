"""What is uncertain in an estimate, and what each of it does to prices and constants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from accelerator.assumptions import Assumptions
from accelerator.elementwise import as_number
from accelerator.errors import UnsuitableTableError
from accelerator.names import printable
from accelerator.price_list import listed, with_figures
from accelerator.prices import SENSE_PARTS, Conditions, Prices, read_prices
from accelerator.uncertainty.interpolation import between_grid_points, curvature
from accelerator.uncertainty.process import CORNERS, ProcessSpread
from accelerator.uncertainty.sampling import standard_normal

if TYPE_CHECKING:
    from lut import Table

Samples = NDArray[np.float64]
PROCESS = ("speed of n transistors", "speed of p transistors")
ONES = ("ones among activation bits", "ones among weight bits")
_DEVICES = "mean over random devices"
_OPERANDS = {"and2": ("00", "01", "10", "11"), "read": ("0", "1")}
_HALF_OF_95 = 1.96


@dataclass(frozen=True, slots=True)
class Source:
    """One uncertain quantity: its name and its law in words."""

    name: str
    law: str


@dataclass(frozen=True, slots=True)
class Sources:
    """All that is carried, and in `unknown` what could not be, each in a sentence."""

    carried: tuple[Source, ...]
    unknown: tuple[str, ...]
    prices: Prices
    assumptions: Assumptions
    spread: ProcessSpread | None
    bends: Mapping[str, Mapping[str, float]]
    devices: Mapping[str, tuple[float, float]]

    def figures(self, uniform: Mapping[str, Samples]) -> Prices:
        """The prices of samples that are uniform in (0, 1), by the sources' names."""
        figures: dict[str, Samples | float] = dict(listed(self.prices))
        if self.spread is not None:
            sigmas = self.assumptions.corner_sigmas.value
            speeds = [standard_normal(uniform[name]) / sigmas for name in PROCESS]
            figures |= self.spread.at(*speeds)
        for axis, errors in self.bends.items():
            share = 2 * uniform[_between(axis)] - 1
            figures |= {name: figures[name] * (1 + errors[name] * share) for name in errors}
        if self.devices:
            score = standard_normal(uniform[_DEVICES])
            for place, (ratio, error) in self.devices.items():
                factor = ratio + error * score
                for part in SENSE_PARTS:
                    figures[f"{place}.{part}"] = figures[f"{place}.{part}"] * factor
        return with_figures(self.prices, figures)

    def constants(self, uniform: Mapping[str, Samples]) -> Assumptions:
        """The constants of such samples."""
        changed = {}
        for name, entry in self.assumptions.items():
            if entry.low is not None and entry.high is not None:
                value = entry.low * (entry.high / entry.low) ** uniform[name]
                changed[name] = replace(entry, value=as_number(value))
        return replace(self.assumptions, **changed)


def find_sources(
    table: Table, conditions: Conditions, prices: Prices, assumptions: Assumptions
) -> Sources:
    """What of the table and the constants is uncertain under these conditions."""
    carried: list[Source] = []
    unknown: list[str] = []
    spread = _process(table, conditions, assumptions, carried, unknown)
    bends = {}
    for axis in between_grid_points(table, conditions):
        errors = curvature(table, conditions, axis)
        if errors is None:
            unknown.append(f"the error of interpolating {axis}: no third point on its axis")
            continue
        bends[axis] = errors
        largest = max(abs(errors["and2.energy.01.bias"]), abs(errors["and2.cycle_time"]))
        carried.append(
            Source(
                _between(axis),
                f"uniform up to the parabola's distance, {100 * largest:.2g} % of a sense",
            )
        )
    devices = _device_means(table, conditions, carried, unknown)
    for name, entry in assumptions.items():
        if entry.low is not None and entry.high is not None:
            carried.append(
                Source(name, f"its logarithm uniform from {entry.low:g} to {entry.high:g}")
            )
    return Sources(tuple(carried), tuple(unknown), prices, assumptions, spread, bends, devices)


def _between(axis: str) -> str:
    return f"interpolation in {axis}"


def _process(
    table: Table,
    conditions: Conditions,
    assumptions: Assumptions,
    carried: list[Source],
    unknown: list[str],
) -> ProcessSpread | None:
    from lut import TableError

    if conditions.corner != "tt":
        unknown.append(f"the spread of the process: the corner {conditions.corner} was chosen")
        return None
    try:
        found = {
            corner: listed(read_prices(table, replace(conditions, corner=corner)))
            for corner in CORNERS
        }
    except (TableError, UnsuitableTableError) as error:
        unknown.append(printable(f"the spread of the process: {error}"))
        return None
    law = f"standard normal, the corners at {assumptions.corner_sigmas.value:g}"
    carried.extend(Source(name, law) for name in PROCESS)
    return ProcessSpread(found)


def _device_means(
    table: Table, conditions: Conditions, carried: list[Source], unknown: list[str]
) -> dict[str, tuple[float, float]]:
    """Energy over random devices, over that of nominal ones: mean and its standard error.

    A network has so many amplifiers that only the mean of their energies counts.
    """
    from lut import TableError

    at = {
        "corner": conditions.corner,
        "vdd": conditions.vdd,
        "temperature": conditions.temperature,
        "rows": conditions.rows,
    }
    found: dict[str, tuple[float, float]] = {}
    for group, patterns in _OPERANDS.items():
        for operands in patterns:
            try:
                nominal = table.value(group, "energy", **at, operands=operands)
                mean, low, high = (
                    table.value(f"{group}_statistics", f"energy_mean{end}", **at, operands=operands)
                    for end in ("", "_low", "_high")
                )
            except TableError:
                continue
            error = (high - low) / (2 * _HALF_OF_95) / nominal
            found[f"{group}.energy.{operands}"] = (mean / nominal, error)
    if not found:
        unknown.append("mismatch in the energies: the table has no statistics here")
        return {}
    carried.append(Source(_DEVICES, "Student's interval of the table's mean energies of a sense"))
    return found
