"""How far a price between grid points may be from its straight line."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from accelerator.errors import UnsuitableTableError
from accelerator.price_list import listed
from accelerator.prices import Conditions, read_prices

if TYPE_CHECKING:
    from lut import Table

# Condition -> the group and the axis that it is looked up on.
AXES = {
    "vdd": ("and2", "vdd"),
    "temperature": ("and2", "temperature"),
    "rows": ("and2", "rows"),
    "columns": ("wordline_driver", "columns"),
    "write_vdd": ("write", "vdd"),
}


def between_grid_points(table: Table, conditions: Conditions) -> list[str]:
    """The conditions that are not on the table's grid."""
    return [
        name
        for name, place in AXES.items()
        if getattr(conditions, name) is not None
        and not any(
            math.isclose(float(getattr(conditions, name)), float(value), rel_tol=1e-9)
            for value in table.axis(*place)
        )
    ]


def curvature(table: Table, conditions: Conditions, name: str) -> dict[str, float] | None:
    """Parabola less straight line, over the price, for each price: the next term that is left out.

    The parabola goes through the grid points on both sides and the nearest further one. None
    where there is no third point that has all prices.
    """
    from lut import TableError

    at = float(getattr(conditions, name))
    grid = [float(value) for value in table.axis(*AXES[name])]
    third = _third(grid, at)
    if third is None:
        return None
    above = bisect_right(grid, at)
    places = (grid[above - 1], grid[above], third)
    try:
        low, high, far = (_figures(table, conditions, name, place) for place in places)
        here = listed(read_prices(table, conditions))
    except (TableError, UnsuitableTableError):
        return None
    x0, x1, x2 = places
    return {
        price: ((far[price] - low[price]) / (x2 - x0) - (high[price] - low[price]) / (x1 - x0))
        / (x2 - x1)
        * (at - x0)
        * (at - x1)
        / here[price]
        if here[price]
        else 0.0
        for price in here
    }


def _figures(table: Table, conditions: Conditions, name: str, place: float) -> dict[str, float]:
    changed: dict[str, Any] = {name: int(place) if name in ("rows", "columns") else place}
    return listed(read_prices(table, replace(conditions, **changed)))


def _third(grid: Sequence[float], at: float) -> float | None:
    """The grid point next to the two around `at`, the nearer one where there are two."""
    above = bisect_right(grid, at)
    further = [grid[index] for index in (above - 2, above + 1) if 0 <= index < len(grid)]
    return min(further, key=lambda value: abs(value - at), default=None)
