"""The page's sections on the baseline: what changed, how the variables moved, which points."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from characterize.night import Night
from characterize.report.cells import Number, table_html
from characterize.report.changes import NOTHING_CHANGED, causes, change, moves, percent
from characterize.report.told import side
from lut import Difference, shown_place

SHOWN = 50
"""Rows of a table at most; the rest is in the files beside the page."""
IN_SHORT = 3
"""Causes in the headline at most."""


def what_changed(night: Night) -> str:
    """What the two tables were made from, where it differs."""
    if night.difference is None:
        return f"<p>{escape(_sentence(night.compared))}</p>"
    found = causes(night.difference)
    if not found:
        return f"<p>{escape(_sentence(NOTHING_CHANGED))}</p>"
    rows = [(cause.what, cause.where, cause.before, cause.now) for cause in found[:SHOWN]]
    head = ("what", "where", "baseline", "now")
    rest = _rest(len(found) - len(rows))
    return table_html(head, rows, name="causes") + rest + "<p>Numbers are in SI units.</p>"


def changed_in_short(difference: Difference) -> str:
    """The first things that changed, in a line."""
    found = causes(difference)
    if not found:
        return NOTHING_CHANGED
    more = len(found) - IN_SHORT
    return "; ".join(map(str, found[:IN_SHORT])) + (f" and {more} more" if more > 0 else "")


def how_variables_moved(difference: Difference, baseline: str) -> str:
    """A row for each variable that moved, and what of the build or the outcomes differs."""
    if difference.same:
        count = f"{difference.compared} values"
        within = f"within {difference.relative:g}"
        return f"<p>Nothing, in {count}, against {escape(baseline)} {within}.</p>"
    parts = []
    built = [
        (entry.kind, entry.place, side(entry, entry.a), side(entry, entry.b))
        for entry in difference.mismatches
    ]
    if built:
        head = ("what", "where", "baseline", "now")
        parts.append(table_html(head, built[:SHOWN], name="mismatches"))
        parts.append(_rest(len(built) - SHOWN))
    changed = [
        (one.group, str(one.count), f"{one.a} to {one.b}", shown_place(place.coordinates))
        for one in difference.outcomes
        for place in one.moved(1)
    ]
    if changed:
        head = ("bench", "points", "outcome", "first at")
        parts.append(table_html(head, changed, name="outcomes"))
    found = moves(difference)
    rows: list[Sequence[Any]] = [
        (move.group, move.variable, f"{move.beyond} of {move.compared}", move.direction,
         percent(move.median), percent(move.largest),
         Number(move.before, move.units), Number(move.now, move.units), move.place)
        for move in found[:SHOWN]
    ]  # fmt: skip
    if rows:
        columns = (
            "bench", "measure", "points", "which way", "median change", "largest change",
            "baseline", "now", "largest at",
        )  # fmt: skip
        parts.append(table_html(columns, rows, name="variables") + _rest(len(found) - len(rows)))
    return "".join(parts)


def single_points(difference: Difference) -> str:
    """The values that moved most, one by one; "" where none did."""
    rows: list[Sequence[Any]] = [
        (point.group, point.variable, Number(point.a, point.units), Number(point.b, point.units),
         percent(change(point.a, point.b)), shown_place(point.coordinates))
        for point in difference.moved(SHOWN)
    ]  # fmt: skip
    if not rows:
        return ""
    head = ("bench", "measure", "baseline", "now", "change", "at")
    return table_html(head, rows, name="moved") + _rest(difference.beyond - len(rows))


def _rest(more: int) -> str:
    return f"<p>and {more} more.</p>" if more > 0 else ""


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
