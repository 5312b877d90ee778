"""A nightly run: characterize, judge the limits, compare with a baseline, write the report."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from characterize.errors import PlanError
from characterize.plan import Plan, Point
from characterize.pool import Decks
from characterize.run import Run, run_plan
from characterize.store import Store
from lut import Difference, Table, diff, shown_place

PICTURES = 12
"""Points whose waveforms are in the report, at most."""


@dataclass(frozen=True)
class Night:
    """What a nightly run found; `difference` is None without a baseline."""

    run: Run
    difference: Difference | None
    folder: Path

    @property
    def good(self) -> bool:
        """Whether every point was measured, every limit kept, and nothing moved."""
        return self.run.good and (self.difference is None or self.difference.same)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able summary."""
        return {
            "format": "mramcim-nightly/1",
            "good": self.good,
            "run": self.run.to_dict(),
            "difference": None if self.difference is None else self.difference.to_dict(100),
        }


def nightly(
    plan: Plan,
    folder: str | os.PathLike[str],
    *,
    baseline: str | os.PathLike[str] | None = None,
    relative: float = 1e-6,
    absolute: Mapping[str, float] | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    store: Store | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Night:
    """Run a plan and write `table.h5`, `report.html`, `junit.xml` and `summary.json` to `folder`.

    Values that moved from the `baseline` (a table) by more than `absolute[variable]` plus
    `relative` times the larger magnitude are differences. Every file is written whole or not
    at all. Raises PlanError and TableError as `run_plan` and `lut.diff` do, bad baselines
    before anything is simulated.
    """
    from characterize.report.junit import junit_xml
    from characterize.report.page import report_page

    before = None if baseline is None else Table.open(baseline)
    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PlanError(
            f"the folder {place} cannot be made ({error.strerror}); name another"
        ) from None
    run = run_plan(
        plan, place / "table.h5", jobs=jobs, scheduler=scheduler, store=store, progress=progress
    )
    table = Table.open(place / "table.h5")
    difference = None
    if before is not None:
        difference = diff(before, table, relative=relative, absolute=absolute)
    night = Night(run, difference, place)
    name = None if baseline is None else Path(baseline).name
    page = report_page(night.good, run, table, difference, name, _pictures(run, jobs))
    _write(place / "report.html", page)
    _write(place / "junit.xml", junit_xml(run, difference))
    _write(place / "summary.json", json.dumps(night.to_dict(), indent=2) + "\n")
    return night


def _pictures(run: Run, jobs: int | None) -> dict[str, str]:
    """Waveforms of the first points that are not ok, simulated again, as SVG by title."""
    from characterize.report.figures import waveforms

    points = [point for point, _ in run.not_ok[:PICTURES]]
    if not points:
        return {}
    decks = [point.deck(run.plan.design) for point in points]
    pictures = dict.fromkeys((_title(run, point) for point in points), "")
    try:
        with Decks(min(jobs or os.cpu_count() or 1, len(decks))) as running:
            for index, waves in running.simulate(decks):
                pictures[_title(run, points[index])] = (
                    _without(waves) if isinstance(waves, str) else waveforms(decks[index], waves)
                )
    except PlanError as error:
        # The points may have been simulated on a cluster, by an ngspice that is not here.
        return dict.fromkeys(pictures, _without(str(error)))
    return pictures


def _without(why: str) -> str:
    return f"<p>no waveforms: {escape(why)}</p>"


def _title(run: Run, point: Point) -> str:
    outcome = run.results[point].outcome.meaning
    return f"{point.group} {point.variant}".strip() + f" at {shown_place(point.place)}: {outcome}"


def _write(path: Path, text: str) -> None:
    """Replace a file by a whole one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
