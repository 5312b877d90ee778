"""Run a plan: points on the pool, results into a table."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from characterize.errors import PlanError
from characterize.plan import Plan, Point
from characterize.pool import Finished, Pool
from characterize.simulate import PointResult
from characterize.tabulate import groups_of, provenance_of
from lut import Outcome, require_writable, write_table


@dataclass(frozen=True)
class Run:
    """What a run did: its results by point, and what they cost."""

    plan: Plan
    output: Path
    results: dict[Point, PointResult]
    ngspice_version: str
    wall_seconds: float

    @property
    def outcomes(self) -> dict[str, int]:
        """Number of points by outcome."""
        found = Counter(result.outcome.name.lower() for result in self.results.values())
        return dict(sorted(found.items()))

    @property
    def simulations(self) -> int:
        """Number of transients, those of the offset search included."""
        return sum(result.simulations for result in self.results.values())

    @property
    def analysis_seconds(self) -> float:
        """Sum of ngspice's own analysis times [s]."""
        return sum(result.analysis_seconds for result in self.results.values())

    @property
    def failed(self) -> list[tuple[Point, PointResult]]:
        """Points whose outcome is not ok, in the plan's order."""
        return [item for item in self.results.items() if item[1].outcome is not Outcome.OK]

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able summary with unit-bearing keys."""
        return {
            "format": "mramcim-characterize/1",
            "output": str(self.output),
            "title": self.plan.title,
            "ngspice_version": self.ngspice_version,
            "points": len(self.results),
            "outcomes": self.outcomes,
            "simulations": self.simulations,
            "analysis_time_s": self.analysis_seconds,
            "wall_time_s": self.wall_seconds,
        }


def run_plan(
    plan: Plan,
    output: str | os.PathLike[str],
    *,
    jobs: int | None = None,
    progress: Callable[[int, int, Finished], None] | None = None,
) -> Run:
    """Simulate every point of a plan and write the table to `output`, whole or not at all.

    `jobs` is the number of worker processes (all cores by default); `progress` is called
    after each point with the number done, the total and the point. Raises PlanError where
    nothing can run, and TableError where the output cannot be written; a point that fails
    is an outcome in the table.
    """
    import time

    target = Path(output)
    require_writable(target)
    started = time.perf_counter()
    total = plan.count()
    results: dict[Point, PointResult] = {}
    versions: set[str] = set()
    with Pool(plan.design, jobs or os.cpu_count() or 1, plan.time_limit) as pool:
        for finished in pool.run(plan.points()):
            results[finished.point] = finished.result
            versions.add(finished.ngspice_version)
            if progress is not None:
                progress(len(results), total, finished)
    if len(versions) != 1:
        raise PlanError(f"the workers ran different versions of ngspice: {sorted(versions)}")
    ordered = {point: results[point] for point in plan.points()}
    (found,) = versions
    write_table(
        target,
        groups_of(plan, ordered),
        mramcim_version=version("mramcim"),
        ngspice_version=found,
        provenance=provenance_of(plan, ordered),
        title=plan.title,
    )
    return Run(plan, target, ordered, found, time.perf_counter() - started)
