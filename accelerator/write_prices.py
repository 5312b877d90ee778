"""The price of writing a cell, with the drivers that suit the conditions best."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from accelerator.errors import UnsuitableTableError

if TYPE_CHECKING:
    from accelerator.lookup import Lookup

VALUES = ("0", "1")


@dataclass(frozen=True, slots=True)
class WritePrice:
    """One cell written (J by value), one half-selected cell (J), a column's drivers at rest."""

    energy: dict[str, float]
    half_selected: float
    cycle_time: float
    peak_current: float
    leakage_power: float
    area: float


def write_price(look: Lookup, at: dict[str, Any]) -> WritePrice:
    """The price of a write, each grid point around the conditions with its own best drivers.

    Each value has the driver width of least energy among those that write it there: a one and
    a zero flow through different transistors of a column's two drivers, so their widths are
    independent. Between grid points the prices are interpolated linearly.
    """
    energy = dict.fromkeys(VALUES, 0.0)
    half_selected = cycle_time = peak_current = leakage_power = area = 0.0
    for where, weight in surroundings(look, at):
        best = [best_driver(look, {**where, "operands": value}) for value in VALUES]
        for value, price in zip(VALUES, best, strict=True):
            energy[value] += weight * price.energy
        half_selected += weight * sum(price.half_selected for price in best) / 2
        # Both values are written in one row at a time.
        cycle_time += weight * max(price.cycle_time for price in best)
        peak_current += weight * max(price.peak_current for price in best)
        # At rest, and in area, each value has half of the transistors.
        leakage_power += weight * sum(price.leakage_power for price in best) / 2
        area += weight * sum(price.area for price in best) / 2
    return WritePrice(energy, half_selected, cycle_time, peak_current, leakage_power, area)


def surroundings(look: Lookup, at: dict[str, Any]) -> list[tuple[dict[str, Any], float]]:
    """The grid points of `write` around conditions, with their shares (1)."""
    numeric = ("vdd", "temperature", "rows")
    around = [_bracket(look, name, float(at[name])) for name in numeric]
    return [
        (
            {**at, **{name: value for name, (value, _) in zip(numeric, corner, strict=True)}},
            math.prod(share for _, share in corner),
        )
        for corner in product(*around)
    ]


@dataclass(frozen=True, slots=True)
class OneValue:
    """Writing one value with one width (m) of the drivers; as in WritePrice."""

    driver_width: float
    energy: float
    half_selected: float
    cycle_time: float
    peak_current: float
    leakage_power: float
    area: float


def _bracket(look: Lookup, name: str, value: float) -> list[tuple[float, float]]:
    """Grid values of an axis of `write` next to a value, with their shares (one or two)."""
    grid = [float(entry) for entry in look.table.axis("write", name)]
    for entry in grid:
        if math.isclose(value, entry, rel_tol=1e-9):
            return [(entry, 1.0)]
    above = next((index for index, entry in enumerate(grid) if entry > value), 0)
    if above == 0:
        raise UnsuitableTableError(
            f"in the table {look.table.name} write has {name} from {grid[0]:g} to {grid[-1]:g}, "
            f"not {value:g}: choose conditions inside"
        )
    low, high = grid[above - 1], grid[above]
    share = (value - low) / (high - low)
    return [(low, 1 - share), (high, share)]


def best_driver(look: Lookup, at: dict[str, Any]) -> OneValue:
    """The drivers of least energy among those that write a value at a point of the grid."""
    # lut is not imported at module level, for the start-up time of the command.
    from lut import TableError

    found: list[OneValue] = []
    refused: TableError | None = None
    for width in look.table.axis("write", "driver_width"):
        try:
            found.append(_with_driver(look, {**at, "driver_width": float(width)}))
        except TableError as error:
            refused = error
    if not found and refused is not None:
        raise refused
    return min(found, key=lambda price: price.energy)


def _with_driver(look: Lookup, at: dict[str, Any]) -> OneValue:
    energy = look.price("write", "energy", at)
    return OneValue(
        driver_width=at["driver_width"],
        energy=energy,
        half_selected=look.share("write", "energy_half_selected", energy, at),
        cycle_time=look.price("write", "cycle_time", at),
        peak_current=look.price("write", "peak_current", at),
        leakage_power=look.price("write", "leakage_power", at),
        area=look.price("write", "area", at),
    )
