"""Writing one cell, by value, with the driver that suits it best: any variable of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accelerator.lookup import Lookup
from accelerator.write_prices import VALUES, best_driver, surroundings

if TYPE_CHECKING:
    from lut import Table


def best_writes(
    table: Table, variables: tuple[str, ...], at: dict[str, Any]
) -> dict[str, dict[str, float]]:
    """Variables of `write` (SI) by value written and by name, with the drivers of a price.

    At each point of the grid around the conditions `at` (corner, vdd, temperature, rows) each
    value has the driver width of least energy that writes it, and values are interpolated
    linearly between the points, as in `accelerator.write_prices.write_price`.
    """
    look = Lookup(table)
    found = {value: dict.fromkeys(variables, 0.0) for value in VALUES}
    for where, weight in surroundings(look, at):
        for value in VALUES:
            point = {**where, "operands": value}
            width = best_driver(look, point).driver_width
            for name in variables:
                one = table.value("write", name, **point, driver_width=width)
                found[value][name] += weight * one
    return found
