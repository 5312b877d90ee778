"""Pieces of a report's HTML: tables whose numbers are also there in full, and places."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

_ZERO_CELSIUS = 273.15
_PREFIXES = {-18: "a", -15: "f", -12: "p", -9: "n", -6: "u", -3: "m", 0: "", 3: "k"}


@dataclass(frozen=True)
class Number:
    """A cell with a number in `units`, shown with a prefix and kept in full beside it."""

    value: float
    units: str


@dataclass(frozen=True)
class Mark:
    """A cell that says pass or fail."""

    passed: bool


def table_html(head: Sequence[str], rows: Iterable[Sequence[Any]], name: str) -> str:
    """A table whose element has the id `name`."""
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(cell_html(cell) for cell in row)}</tr>" for row in rows)
    above = f"<thead><tr>{top}</tr></thead>" if head else ""
    return f'<table id="{name}">{above}<tbody>{body}</tbody></table>'


def cell_html(cell: Any, tag: str = "td") -> str:
    """One cell: a `Mark`, a `Number` or anything that has a text."""
    if isinstance(cell, Mark):
        word = "pass" if cell.passed else "fail"
        return f'<{tag} class="{word}">{word}</{tag}>'
    if isinstance(cell, Number):
        return f'<{tag} class="n" data-value="{cell.value!r}">{_shown(cell)}</{tag}>'
    return f"<{tag}>{escape(str(cell))}</{tag}>"


def _shown(number: Number) -> str:
    value, units = number.value, number.units
    if not math.isfinite(value):
        return "-"
    if units not in ("A", "J", "V", "W", "s") or value == 0:
        return f"{value:.4g}" + ("" if units == "1" else f" {units}")
    power = min(max(3 * math.floor(math.log10(abs(value)) / 3), -18), 3)
    return f"{value / 10.0**power:.4g} {_PREFIXES[power]}{units}"


def shown_place(place: Mapping[str, Any]) -> str:
    """Coordinates (SI) as people say them; None is left out."""
    shown = []
    for name, value in place.items():
        if value is None:
            continue
        if name == "temperature":
            shown.append(f"{value - _ZERO_CELSIUS:g} degC")
        elif name == "vdd":
            shown.append(f"{value:g} V")
        elif name == "driver_width":
            shown.append(f"driver {1e6 * value:g} um")
        elif name in ("rows", "columns"):
            shown.append(f"{value} {name}")
        else:
            shown.append(str(value))
    return ", ".join(shown) or "-"
