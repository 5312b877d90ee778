"""Limits of a plan: what its measures must keep to, judged on the table, a verdict a line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lut import SCHEMA, Group, Outcome


@dataclass(frozen=True)
class Limit:
    """One line of a data sheet: bounds on a measure of a bench, in SI units.

    `where` restricts axes to some of their values. With `any_of` it is enough that the limit
    holds at one value of that axis, as for the widths of a write driver. `typical` is told
    beside what was found and judges nothing.
    """

    bench: str
    measure: str
    low: float | None = None
    typical: float | None = None
    high: float | None = None
    where: Mapping[str, tuple[Any, ...]] | None = None
    any_of: str | None = None

    def takes(self, axis: str, value: Any) -> bool:
        """Whether the limit speaks of points at this value of an axis."""
        wanted = (self.where or {}).get(axis)
        return wanted is None or any(_same(value, one) for one in wanted)

    @property
    def text(self) -> str:
        """The line as a person reads it, without units."""
        low = "" if self.low is None else f"{self.low:.4g} <= "
        high = "" if self.high is None else f" <= {self.high:.4g}"
        chosen = [
            f"{name} {' '.join(_shown(value) for value in values)}"
            for name, values in (self.where or {}).items()
        ]
        some = [f"some {self.any_of}"] if self.any_of else []
        place = f" ({', '.join([*chosen, *some])})" if chosen or some else ""
        return f"{self.bench} {low}{self.measure}{high}{place}"


@dataclass(frozen=True)
class Verdict:
    """How a limit was kept: by how many of how many points, the worst value and its place.

    `worst` is the value nearest to a bound or farthest beyond it; NaN where nothing was measured.
    `failed` points had no measure because their simulation failed; they violate the limit.
    `not_run` points were never simulated, as the run was stopped, and are not judged.
    """

    limit: Limit
    units: str
    points: int
    violated: int
    failed: int
    worst: float
    place: Mapping[str, Any]
    middle: float
    not_run: int = 0

    @property
    def passed(self) -> bool:
        """Whether every point keeps the limit."""
        return self.violated == 0 and self.points > 0 and self.not_run == 0

    @property
    def decided(self) -> bool | None:
        """`passed`, or None where what was not run could still decide it."""
        return None if self.not_run and not self.violated else self.passed

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able summary, in `units`."""
        return {
            "limit": self.limit.text,
            "bench": self.limit.bench,
            "measure": self.limit.measure,
            "units": self.units,
            "min": self.limit.low,
            "typ": self.limit.typical,
            "max": self.limit.high,
            "passed": self.passed,
            "points": self.points,
            "violated": self.violated,
            "failed": self.failed,
            "not_run": self.not_run,
            "worst": _number(self.worst),
            "worst_at": {name: _plain(value) for name, value in self.place.items()},
            "median": _number(self.middle),
        }


def judge(limit: Limit, group: Group, reached: NDArray[np.bool_] | None = None) -> Verdict:
    """Judge a limit on the group of its bench (its axes in the schema's order).

    `reached`, in the shape of the group, says which points were simulated; all where None.
    """
    if limit.measure in group.variables:
        values = np.array(group.spread(limit.measure), dtype=float)
    else:
        # A variable is written where some point has it: here every point failed.
        values = np.full(tuple(len(axis) for axis in group.axes.values()), np.nan)
    # What is written beside a bit that did not switch was measured, and is no write.
    measured = np.isfinite(values)
    if limit.measure != "error_rate":
        outcomes = np.array(group.spread("outcome"))
        measured &= np.isin(outcomes, (int(Outcome.OK), int(Outcome.WRONG_LOGIC)))
    distance = np.where(measured, _distance(limit, values), -np.inf)
    asked = _asked(limit, group)
    chosen = asked if reached is None else asked & reached
    distance = np.where(chosen, distance, np.nan)
    judged, position = distance, -1
    if limit.any_of is not None:
        position = list(group.axes).index(limit.any_of)
        judged = np.where(chosen.any(position), _best(distance, position), np.nan)
    worst, place = math.nan, {}
    found = np.where(chosen & measured, distance, np.nan)
    if np.isfinite(found).any():
        if limit.any_of is not None:
            best = np.nanargmin(np.where(np.isfinite(judged), judged, np.nan))
            at = _with_best(distance, np.unravel_index(best, judged.shape), position)
        else:
            at = np.unravel_index(np.nanargmin(found), values.shape)
        worst = float(values[at])
        place = {
            name: axis.values[index]
            for (name, axis), index in zip(group.axes.items(), at, strict=True)
        }
    if limit.any_of is not None:
        # What is still to come may keep it.
        open_lines = (asked & ~chosen).any(position) & ~(judged >= 0)
        judged = np.where(open_lines, np.nan, judged)
    inside = ~np.isnan(judged)
    return Verdict(
        limit,
        SCHEMA[limit.bench].variables[limit.measure].units,
        int(inside.sum()),
        int((judged[inside] < 0).sum()),
        int((~measured & chosen).sum()),
        worst,
        place,
        float(np.median(values[chosen & measured])) if (chosen & measured).any() else math.nan,
        int((asked & ~chosen).sum()),
    )


def _asked(limit: Limit, group: Group) -> NDArray[np.bool_]:
    """The points of the group that the limit speaks of."""
    asked = np.ones(tuple(len(axis) for axis in group.axes.values()), bool)
    for position, (name, axis) in enumerate(group.axes.items()):
        wanted = (limit.where or {}).get(name)
        if wanted is not None:
            keep = np.array([limit.takes(name, value) for value in axis.values])
            shape = [-1 if index == position else 1 for index in range(asked.ndim)]
            asked &= keep.reshape(shape)
    return asked


def _distance(limit: Limit, values: Any) -> Any:
    """How far inside the bounds values are; negative outside."""
    above = values - limit.low if limit.low is not None else np.full(values.shape, np.inf)
    below = limit.high - values if limit.high is not None else np.full(values.shape, np.inf)
    return np.minimum(above, below)


def _best(distance: Any, position: int) -> Any:
    return np.where(np.isnan(distance), -np.inf, distance).max(position)


def _with_best(distance: Any, at: tuple[Any, ...], position: int) -> tuple[Any, ...]:
    line = distance[(*at[:position], slice(None), *at[position:])]
    return (*at[:position], int(np.nanargmax(line)), *at[position:])


def _same(value: Any, wanted: Any) -> bool:
    if isinstance(value, str) or isinstance(wanted, str):
        return bool(value == wanted)
    return math.isclose(float(value), float(wanted), rel_tol=1e-9)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
