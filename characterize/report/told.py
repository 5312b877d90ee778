"""Points and changed outcomes as lines of text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from characterize.plan import Point
from characterize.simulate import PointResult
from files import short
from lut import Difference, Mismatch, shown_coordinate, shown_place

SHOWN = 200
"""Lines of points at most."""
SHOWN_VALUES = 8


def told_points(points: Sequence[tuple[Point, PointResult]]) -> list[str]:
    """A line for each of the first points: bench, place, outcome, what was said or what to do."""
    lines = [
        f"{point.group} {point.variant}".strip()
        + f" at {shown_place(point.place)}: {result.outcome.meaning} "
        f"({result.message or result.outcome.remedy})"
        for point, result in points[:SHOWN]
    ]
    more = len(points) - len(lines)
    return [*lines, f"and {more} more"] if more > 0 else lines


def told_outcomes(difference: Difference, group: str) -> list[str]:
    """A line for each change of outcome of a group, with the first place."""
    return [
        f"{change.count} points {change.a} -> {change.b}, first at {shown_place(place.coordinates)}"
        for change in difference.outcomes
        if change.group == group
        for place in change.moved(1)
    ]


def told_mismatches(difference: Difference) -> list[str]:
    """A line for each difference of the tables' build."""
    return [
        f"{entry.kind} {entry.place}: {side(entry, entry.a)} -> {side(entry, entry.b)}"
        for entry in difference.mismatches
    ]


def side(entry: Mismatch, value: Any) -> str:
    """What one table has where the other has something else."""
    if value is None:
        return "-"
    if entry.kind == "group":
        return f"{len(value)} variables"
    if isinstance(value, tuple):
        axis = entry.place.rpartition("/")[2]
        shown = [shown_coordinate(axis, one) for one in value[:SHOWN_VALUES]]
        more = len(value) - len(shown)
        return " ".join(shown) + (f" and {more} more" if more > 0 else "")
    return f"{value:.10g}" if isinstance(value, float) else short(str(value))
