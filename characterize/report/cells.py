"""Pieces of a report's HTML: tables whose numbers are also there in full."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from circuits.units import prefixed


@dataclass(frozen=True)
class Number:
    """A cell with a number in `units`, shown with a prefix and kept in full beside it."""

    value: float
    units: str


@dataclass(frozen=True)
class Mark:
    """A cell that says pass or fail; None where that is open, as not all was run."""

    passed: bool | None


_WORDS = {True: "pass", False: "fail", None: "open"}


def table_html(head: Sequence[str], rows: Iterable[Sequence[Any]], name: str) -> str:
    """A table whose element has the id `name`."""
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(cell_html(cell) for cell in row)}</tr>" for row in rows)
    above = f"<thead><tr>{top}</tr></thead>" if head else ""
    return f'<table id="{name}">{above}<tbody>{body}</tbody></table>'


def cell_html(cell: Any, tag: str = "td") -> str:
    """One cell: a `Mark`, a `Number` or anything that has a text."""
    if isinstance(cell, Mark):
        word = _WORDS[cell.passed]
        return f'<{tag} class="{word}">{word}</{tag}>'
    if isinstance(cell, Number):
        return f'<{tag} class="n" data-value="{cell.value!r}">{_shown(cell)}</{tag}>'
    return f"<{tag}>{escape(str(cell))}</{tag}>"


def _shown(number: Number) -> str:
    if not math.isfinite(number.value):
        return "-"
    factor, unit = prefixed(number.units, [number.value])
    return f"{number.value / factor:.4g} {'' if unit == '1' else unit}".rstrip()
