"""Points that were measured and are not right: wrong decisions, and bits that did not switch."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from typing import Any

from characterize.limits import Limit
from characterize.plan import Point
from characterize.run import Run
from characterize.simulate import PointResult
from circuits import BENCHES
from lut import Outcome

UNWANTED = (Outcome.WRONG_LOGIC, Outcome.NOT_SWITCHED)
"""Outcomes that are results, and against which a night counts where nothing allows them."""
_TELL_WRONG = ("margin", "offset_tolerance", "logic_value")


def unwanted_points(
    run: Run, allowed: Collection[Outcome] = ()
) -> dict[Outcome, list[tuple[Point, PointResult]]]:
    """The points of each outcome of `UNWANTED` that is not `allowed`, in the plan's order.

    A point is left out where a limit judges how often it goes wrong (on `error_rate`), or says
    that another value of an axis is enough (`any_of`) and there is one that is right.
    """
    found: dict[Outcome, list[tuple[Point, PointResult]]] = {}
    excuses = [_Excuse(limit, run) for limit in run.plan.limits]
    for point, result in run.results.items():
        outcome = result.outcome
        if outcome not in UNWANTED or outcome in allowed:
            continue
        if not any(excuse.covers(point, outcome) for excuse in excuses):
            found.setdefault(outcome, []).append((point, result))
    return found


class _Excuse:
    """What one limit says of points that are not right."""

    def __init__(self, limit: Limit, run: Run) -> None:
        self._limit = limit
        self._right = {
            self._line(point)
            for point, result in run.results.items()
            if limit.any_of and result.outcome is Outcome.OK and self._takes(point)
        }

    def covers(self, point: Point, outcome: Outcome) -> bool:
        limit = self._limit
        if not self._takes(point):
            return False
        if limit.measure == "error_rate":
            return True
        # A bit that stays violates a limit on any measure, a wrong decision only on some.
        tells = outcome is Outcome.NOT_SWITCHED or limit.measure in _TELL_WRONG
        return limit.any_of is not None and tells and self._line(point) in self._right

    def _takes(self, point: Point) -> bool:
        if point.group != self._limit.bench:
            return False
        return all(self._limit.takes(axis, value) for axis, value in _place(point).items())

    def _line(self, point: Point) -> Hashable:
        """Where a point is, but for the axis of which one value is enough."""
        return tuple(value for axis, value in _place(point).items() if axis != self._limit.any_of)


def _place(point: Point) -> dict[str, Any]:
    return {**point.place, BENCHES[point.bench].variant_axis: point.variant}
