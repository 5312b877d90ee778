"""Which measures a plan will write for a group: those of its decks, and what is searched."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from characterize.measure import measured_names
from circuits import BENCHES
from lut import SCHEMA

if TYPE_CHECKING:
    from characterize.plan import Plan, Point


def plan_measures(plan: Plan, group: str) -> tuple[str, ...]:
    """The variables of `group` that the plan's points give numbers for, in the schema's order.

    The schema has more: an error rate needs [statistics], a tolerated offset `tolerance`.
    """
    bench = BENCHES[plan.groups[group]]
    points = (point for point in plan.points() if point.group == group)
    # What is measured is a matter of the bench and its operands, not of the conditions.
    first = islice(points, max(1, len(bench.variants)))
    names = {"area"}.union(*(_of_point(plan, point) for point in first))
    return tuple(
        name
        for name, variable in SCHEMA[group].variables.items()
        if variable.kind == "real" and name in names
    )


def _of_point(plan: Plan, point: Point) -> set[str]:
    if point.draws is not None:
        return set(SCHEMA[point.group].variables)
    names = measured_names(point.deck(plan.design))
    if point.tolerance:
        names.add("offset_tolerance")
    if point.write_error_rate is not None:
        names.add("error_rate")
    if point.stress is not None:
        names.add("threshold_shift")
    return names
