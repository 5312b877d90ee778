"""What can be said of a run that was stopped: its points so far, and limits judged on them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from characterize.limits import judge
from characterize.plan import Plan, Point
from characterize.run import Run
from characterize.simulate import PointResult
from characterize.tabulate import group_of
from lut import Outcome

_NOT_RUN = PointResult(Outcome.TIME_OUT)


def partial_run(
    plan: Plan, results: Mapping[Point, PointResult], output: Path, seconds: float
) -> Run:
    """A run of the points that have results; limits are judged on those alone.

    `seconds` is the wall time [s] that it took. What it cost in transients is not known.
    """
    points = list(plan.points())
    known = {point: results[point] for point in points if point in results}
    verdicts = []
    groups = {}
    for limit in plan.limits:
        own = [point for point in points if point.group == limit.bench]
        if limit.bench not in groups:
            filled = {point: known.get(point, _NOT_RUN) for point in own}
            groups[limit.bench] = group_of(plan, limit.bench, filled)
        reached = np.array([point in known for point in own])
        shape = tuple(len(values) for values in plan.group_axes(limit.bench).values())
        verdicts.append(judge(limit, groups[limit.bench], reached.reshape(shape)))
    return Run(plan, output, known, "", seconds, 0, 0, 0.0, tuple(verdicts))
