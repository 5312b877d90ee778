"""Points that did not end well, counted by axis and, the first of them, told one by one."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mramcim.columns import aligned
from mramcim.printable import printable

if TYPE_CHECKING:
    from characterize import Point, Run
    from characterize.simulate import PointResult
    from lut import Outcome

SHOWN_FAILURES = 5


def failure_lines(done: Run) -> list[str]:
    """A table of the points that are not ok by axis, then the first that failed."""
    lines = [aligned(("points", "outcome", "by axis"), _by_axis(done))] if done.not_ok else []
    lines += [_told(point, result) for point, result in done.failed[:SHOWN_FAILURES]]
    more = len(done.failed) - SHOWN_FAILURES
    if more > 0:
        lines.append(f"and {more} more; `mramcim lut info {done.output}` counts them")
    if done.retried:
        rungs = Counter(result.rung for _, result in done.retried)
        counts = ", ".join(f"{rung} {count}" for rung, count in rungs.items())
        lines.append(f"{len(done.retried)} points needed a gentler solver: {counts}")
    return lines


def _by_axis(done: Run) -> list[tuple[str, str, str]]:
    from lut import shown_coordinate

    groups: dict[tuple[str, Outcome], list[Point]] = {}
    for point, result in done.not_ok:
        groups.setdefault((point.group, result.outcome), []).append(point)
    rows = []
    for (bench, outcome), points in groups.items():
        axes = done.plan.group_axes(bench)
        first = True
        for name, values in axes.items():
            if len(values) == 1:
                continue
            counts = Counter(_coordinate(point, name) for point in points)
            shares = ", ".join(
                f"{shown_coordinate(name, value)}: {counts[value]}"
                for value in values
                if counts[value]
            )
            head = (bench, f"{outcome.meaning} {len(points)}") if first else ("", "")
            rows.append((*head, shares))
            first = False
        if first:
            rows.append((bench, f"{outcome.meaning} {len(points)}", "-"))
        rows.append(("", "", outcome.remedy))
    return rows


def _coordinate(point: Point, name: str) -> object:
    return point.place.get(name, point.variant)


def _told(point: Point, result: PointResult) -> str:
    from lut import shown_place

    place = shown_place(point.place)
    # Whole: what ngspice names (model, instance, values) may stand anywhere in it.
    message = f" ({printable(' '.join(result.message.split()))})" if result.message else ""
    name = f"{point.group} {point.variant}".strip()
    return f"{name} at {place}: {result.outcome.meaning}; {result.outcome.remedy}{message}"
