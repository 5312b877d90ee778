"""Where in a table: coordinates as people say them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ZERO_CELSIUS = 273.15
YEAR = 365.25 * 86400.0
"""One year [s]."""


def shown_place(place: Mapping[str, Any]) -> str:
    """All coordinates with their units, those that are None left out; "-" where none is left."""
    shown = (shown_coordinate(name, value) for name, value in place.items() if value is not None)
    return ", ".join(shown) or "-"


def shown_coordinate(axis: str, value: Any) -> str:
    """One coordinate: SI in, the units of plans and of the command's options out."""
    if axis == "temperature":
        return f"{value - ZERO_CELSIUS:g} degC"
    if axis == "vdd":
        return f"{value:g} V"
    if axis in ("rows", "columns"):
        return f"{value} {axis}"
    if axis == "driver_width":
        return f"driver {1e6 * value:g} um"
    if axis == "age":
        return f"{value / YEAR:.4g} years"
    return str(value)
