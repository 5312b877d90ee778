"""Run a plan: points from the store or through workers, results into a table."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from characterize.errors import PlanError
from characterize.identity import Identity
from characterize.limits import Verdict, judge
from characterize.plan import Plan, Point
from characterize.pool import Simulations
from characterize.simulate import PointResult
from characterize.store import Store
from characterize.tabulate import groups_of, provenance_of
from lut import Outcome, require_writable, write_table

JUDGED = frozenset({Outcome.OK, Outcome.WRONG_LOGIC, Outcome.NOT_SWITCHED})
"""Outcomes that were measured; what they are worth is for specifications to say."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.5
"""Times [s] between looks at what other runs have finished."""


@dataclass(frozen=True)
class Run:
    """What a run did: its results by point, and what they cost.

    `cached` points came from the store; the costs are those of the others.
    """

    plan: Plan
    output: Path
    results: dict[Point, PointResult]
    ngspice_version: str
    wall_seconds: float
    cached: int
    simulations: int
    analysis_seconds: float
    verdicts: tuple[Verdict, ...] = ()

    @property
    def outcomes(self) -> dict[str, int]:
        """Number of points by outcome."""
        found = Counter(result.outcome.name.lower() for result in self.results.values())
        return dict(sorted(found.items()))

    @property
    def failed(self) -> list[tuple[Point, PointResult]]:
        """Points without measures, in the plan's order."""
        return [item for item in self.results.items() if item[1].outcome not in JUDGED]

    @property
    def not_ok(self) -> list[tuple[Point, PointResult]]:
        """Points whose outcome is not ok: those without measures first."""
        found = [item for item in self.results.items() if item[1].outcome is not Outcome.OK]
        return sorted(found, key=lambda item: item[1].outcome in JUDGED)

    @property
    def good(self) -> bool:
        """Whether every point was measured and every limit is kept."""
        return not self.failed and all(verdict.passed for verdict in self.verdicts)

    @property
    def retried(self) -> list[tuple[Point, PointResult]]:
        """Points of which a transient needed a gentler solver, in the plan's order."""
        return [item for item in self.results.items() if item[1].rung]

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able summary with unit-bearing keys."""
        return {
            "format": "mramcim-characterize/1",
            "output": str(self.output),
            "title": self.plan.title,
            "ngspice_version": self.ngspice_version,
            "points": len(self.results),
            "cached": self.cached,
            "outcomes": self.outcomes,
            "retried": len(self.retried),
            "simulations": self.simulations,
            "analysis_time_s": self.analysis_seconds,
            "wall_time_s": self.wall_seconds,
            "limits": [verdict.to_dict() for verdict in self.verdicts],
        }


class _Progress:
    """Results as they come, from the store or from workers."""

    def __init__(
        self,
        plan: Plan,
        store: Store | None,
        report: Callable[[int, int], None] | None,
        watch: Callable[[Point, PointResult], None] | None,
    ) -> None:
        self.results: dict[Point, PointResult] = {}
        self.versions: set[str] = set()
        self.cached = 0
        self._plan, self._store, self._report = plan, store, report
        self._watch = watch
        self._total = plan.count()
        self._identity: Identity | None = None
        self._contents: dict[Point, str] = {}
        self.waiting: list[Point] = []
        """Points that other runs on the same store simulate now."""

    def identity(self, ngspice_version: str) -> Identity:
        self.versions.add(ngspice_version)
        if len(self.versions) > 1:
            raise PlanError(
                f"the workers ran different versions of ngspice: {sorted(self.versions)}; "
                "let one be installed"
            )
        self._identity = self._identity or Identity(self._plan.design, ngspice_version)
        return self._identity

    def missing(
        self, points: Iterable[Point], ngspice_version: Callable[[], str]
    ) -> Iterator[Point]:
        """The points that neither the store has nor another run simulates.

        What the store has is taken, and what another run works on is set `waiting`.
        """
        for point in points:
            if self._store is None:
                yield point
                continue
            identity = self.identity(ngspice_version())
            found = look_up(self._store, identity, point, self._contents)
            if found is None and self._store.claims.take(identity.recipe(point)):
                yield point
            elif found is None and (found := look_up(self._store, identity, point)) is None:
                self.waiting.append(point)
            else:
                self._reuse(point, found)

    def await_others(self) -> list[Point]:
        """Take what other runs finish until a point they worked on is free, or none is left.

        Returns the points that still wait then, to be asked for again.
        """
        pause = _FIRST_PAUSE
        while self.waiting and self._store is not None and self._identity is not None:
            recipes = {point: self._identity.recipe(point) for point in self.waiting}
            free = any(self._store.claims.is_free(recipe) for recipe in recipes.values())
            left = []
            for point, recipe in recipes.items():
                found = self._store.by_recipe(recipe)
                if found is None:
                    left.append(point)
                else:
                    self._reuse(point, found)
            self.waiting = left
            if free:
                break
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        left, self.waiting = self.waiting, []
        return left

    def _reuse(self, point: Point, result: PointResult) -> None:
        self.cached += 1
        self.take(point, result)

    def keep(self, point: Point, result: PointResult, ngspice_version: str) -> None:
        """Take a fresh result and put it into the store."""
        identity = self.identity(ngspice_version)
        if self._store is not None:
            content = self._contents.pop(point, None) or identity.content(point)
            self._store.keep(identity.recipe(point), content, point.group, result)
        self.take(point, result)

    def take(self, point: Point, result: PointResult) -> None:
        self.results[point] = result
        if self._watch is not None:
            self._watch(point, result)
        if self._report is not None:
            self._report(len(self.results), self._total)


def look_up(
    store: Store, identity: Identity, point: Point, contents: dict[Point, str] | None = None
) -> PointResult | None:
    """A point's result where the store has it; content keys that missed go to `contents`."""
    recipe = identity.recipe(point)
    found = store.by_recipe(recipe)
    if found is None and store.has_bench(point.group):
        content = identity.content(point)
        found = store.by_content(content)
        if found is not None:
            store.link(recipe, content)
        elif contents is not None:
            contents[point] = content
    return found


def run_plan(
    plan: Plan,
    output: str | os.PathLike[str],
    *,
    jobs: int | None = None,
    scheduler: str | None = None,
    store: Store | None = None,
    progress: Callable[[int, int], None] | None = None,
    watch: Callable[[Point, PointResult], None] | None = None,
) -> Run:
    """Simulate every point of a plan and write the table to `output`, whole or not at all.

    `jobs` is the number of worker processes (all cores by default); the address of a Dask
    `scheduler` gives the points to a cluster instead. Results that `store` has
    are taken from it, others are put there as they finish. After each point `progress` is called
    with the number done and the total, and `watch` with the point and its result. Raises
    PlanError where nothing can run or the store fails, and TableError where the output cannot be
    written; a point that fails is an outcome in the table.
    """
    target = Path(output)
    require_writable(target)
    started = time.perf_counter()
    done = _Progress(plan, store, progress, watch)
    simulations, seconds = 0, 0.0
    processes = jobs or os.cpu_count() or 1
    with Simulations(plan.design, processes, plan.time_limit, scheduler) as running:
        points: Iterable[Point] = plan.points()
        try:
            while True:
                new = done.missing(points, lambda: running.ngspice_version)
                for finished in running.simulate(new):
                    simulations += finished.result.simulations
                    seconds += finished.result.analysis_seconds
                    done.keep(finished.point, finished.result, finished.ngspice_version)
                # No point of this run is under way here, so that two runs never wait in a circle.
                if not (points := done.await_others()):
                    break
        finally:
            if store is not None:
                store.claims.release_all()
    (found,) = done.versions
    ordered = {point: done.results[point] for point in plan.points()}
    groups = groups_of(plan, ordered)
    write_table(
        target,
        groups,
        mramcim_version=version("mramcim"),
        ngspice_version=found,
        provenance=provenance_of(plan, ordered),
        title=plan.title,
    )
    wall = time.perf_counter() - started
    verdicts = tuple(judge(limit, groups[limit.bench]) for limit in plan.limits)
    return Run(plan, target, ordered, found, wall, done.cached, simulations, seconds, verdicts)
