"""Points and changed outcomes as lines of text."""

from __future__ import annotations

from collections.abc import Sequence

from characterize.plan import Point
from characterize.simulate import PointResult
from lut import Difference, shown_place

SHOWN = 200
"""Lines of points at most."""


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
