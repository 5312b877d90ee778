"""A nightly run: characterize, judge, compare with the accepted table, and always report."""

from __future__ import annotations

import hashlib
import os
import time
import traceback
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from characterize.baseline import (
    Baseline,
    last_night,
    open_baseline,
    require_acceptable,
    require_tolerances,
)
from characterize.errors import PlanError, StoppedError
from characterize.night import Ending, Night
from characterize.partial import partial_run
from characterize.plan import Plan, Point
from characterize.report.folder import JUNIT, PAGE, SUMMARY, TABLE, ReportFolder
from characterize.report.waveform_pictures import waveform_pictures
from characterize.run import run_plan
from characterize.simulate import PointResult
from characterize.store import Store
from characterize.unwanted import unwanted_points
from circuits import DesignError
from files import FileError, json_text, replace_file, replace_text, short, shown_path
from jobs import JobsError
from lut import Outcome, Table, TableError, broken_laws, diff

_OF_THE_USER = (PlanError, TableError, DesignError, JobsError, FileError, OSError)


def nightly(
    plan: Plan, folder: str | os.PathLike[str], *, allowed: Collection[Outcome] = (), **options: Any
) -> Night:
    """Run a plan and put `table.h5`, `report.html`, `junit.xml` and `summary.json` into `folder`.

    The folder is replaced as a whole or not at all, and also where the run raises: then by a
    report of that. `options` are those of `NightlyRun.run`. Raises what it raises.
    """
    baseline = options.get("baseline")
    inputs = [] if baseline is None else [Path(baseline)]
    with NightlyRun(Path(folder), title=plan.title, inputs=inputs, allowed=allowed) as running:
        return running.run(plan, **options)


class NightlyRun:
    """A night whose report is written however it ends; use it as a context manager.

    What is raised inside goes on once its report is written: also what comes before `run`, such
    as a plan that cannot be read, whose name is `title`. `inputs` are files that are read, which
    must not be in the folder. `told` gives the sentence of an error
    that is the user's to mend, None for a bug; `held` a context in which no signal interrupts.
    Raises PlanError where the folder cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        *,
        title: str,
        inputs: Iterable[Path] = (),
        allowed: Collection[Outcome] = (),
        told: Callable[[BaseException], str | None] | None = None,
        held: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self.night: Night | None = None
        """What was reported."""
        self._path, self._title, self._allowed = folder, title, tuple(allowed)
        self._told, self._held = told or _told, held
        self._folder = ReportFolder(folder)
        self._inputs = tuple(inputs)
        self._started, self._clock = datetime.now().astimezone(), time.perf_counter()
        self._plan: Plan | None = None
        self._baseline: Baseline | None = None
        self._last_compared: str | None = None
        self._results: dict[Point, PointResult] = {}

    def __enter__(self) -> Self:
        for path in self._inputs:
            if self.holds(path):
                raise PlanError(
                    f"{shown_path(path)} is in the report's folder and would go with it; name a "
                    "file elsewhere (`mramcim nightly accept DIR --baseline FILE.h5` copies a "
                    "night's table)"
                )
        last = last_night(self._path).get("last_compared")
        self._last_compared = last if isinstance(last, str) else None
        with self._held():
            self._folder.__enter__()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        with self._held():
            try:
                if error is not None and self.night is None:
                    self._report_ending(error)
            finally:
                self._folder.__exit__(None, None, None)

    def holds(self, path: Path) -> bool:
        """Whether a file is in the report's folder, and would go with it."""
        return self._folder.holds(path)

    def run(
        self,
        plan: Plan,
        *,
        baseline: str | os.PathLike[str] | None = None,
        accept_if_good: bool = False,
        relative: float = 1e-6,
        absolute: Mapping[str, float] | None = None,
        jobs: int | None = None,
        scheduler: str | None = None,
        store: Store | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Night:
        """Characterize a plan, judge it, compare it with the `baseline`, and report.

        Values that moved from the baseline by more than `absolute[variable]` plus `relative`
        times the larger magnitude are differences. A baseline that is not there is told, and
        nothing is compared. With `accept_if_good` the table becomes the baseline after a good
        night, where there is none or no value differs at all. Raises PlanError and TableError
        as `run_plan` and `lut.diff` do, bad baselines and tolerances before anything is simulated.
        """
        self._plan, self._title = plan, plan.title
        if baseline is not None:
            self._baseline = open_baseline(Path(baseline), self._last_compared)
            if accept_if_good:
                require_acceptable(self._path, Path(baseline))
        elif accept_if_good:
            raise PlanError("a good night is accepted as a baseline, but none is named; name it")
        require_tolerances(dict(absolute or {}), plan, self._baseline)
        made = self._folder.making / TABLE
        run = run_plan(
            plan, made, jobs=jobs, scheduler=scheduler, store=store, progress=progress,
            watch=self._results.__setitem__,
        )  # fmt: skip
        run = replace(run, output=self._path / TABLE)
        table = replace(Table.open(made), path=run.output)
        before = None if self._baseline is None else self._baseline.table
        difference = None
        if before is not None:
            difference = diff(before, table, relative=relative, absolute=absolute)
        image = made.read_bytes()
        night = replace(
            self._so_far(),
            run=run,
            difference=difference,
            # What a plan does not ask for, or failed points do not have, is told otherwise.
            findings=tuple(broken_laws(table.groups, complete=False)),
            unwanted=unwanted_points(run, self._allowed),
            table_sha256=hashlib.sha256(image).hexdigest(),
        )
        accepted = accept_if_good and night.good and _no_value_differs(night)
        night = replace(night, accepted=accepted)
        pictures = waveform_pictures(run, jobs)
        texts = _texts(night, table, pictures)
        with self._held():
            for name, text in texts.items():
                replace_text(self._folder.making / name, text)
            if accepted and self._baseline is not None:
                replace_file(self._baseline.path, image)
            self._folder.publish()
            self.night = night
        return night

    def _so_far(self) -> Night:
        return Night(
            folder=self._path,
            title=self._title,
            started=self._started,
            seconds=time.perf_counter() - self._clock,
            mramcim_version=version("mramcim"),
            baseline=self._baseline,
            last_compared=self._last_compared,
            allowed=self._allowed,
        )

    def _report_ending(self, error: BaseException) -> None:
        """Report that the night did not reach its end, and why."""
        night = replace(self._so_far(), ending=self._ending(error))
        try:
            if self._plan is not None:
                run = partial_run(self._plan, self._results, self._path / TABLE, night.seconds)
                unwanted = unwanted_points(run, self._allowed)
                night = replace(night, run=run, unwanted=unwanted)
            texts = _texts(night)
        except Exception:
            # What broke the night may break its report; that it broke is told all the same.
            night = replace(night, run=None, unwanted={})
            texts = _texts(night)
        self.night = night
        try:
            try:
                self._replace_by(texts)
            except OSError:
                self._folder.make_room()
                self._replace_by(texts)
        except OSError as problem:
            reason = problem.strerror or str(problem)
            error.add_note(f"its report could not be written to {self._path} ({reason})")

    def _replace_by(self, texts: Mapping[str, str]) -> None:
        self._folder.clear()
        for name, text in texts.items():
            replace_text(self._folder.making / name, text)
        self._folder.publish()

    def _ending(self, error: BaseException) -> Ending:
        if isinstance(error, StoppedError):
            return Ending("stopped", str(error))
        if isinstance(error, KeyboardInterrupt):
            return Ending("stopped", "interrupted from the keyboard")
        sentence = self._told(error)
        if sentence is not None:
            return Ending("bad input", sentence)
        detail = "".join(traceback.format_exception(error))
        return Ending("internal error", f"{type(error).__name__}: {short(str(error))}", detail)


def _texts(
    night: Night, table: Table | None = None, pictures: Mapping[str, str] | None = None
) -> dict[str, str]:
    from characterize.report.junit import junit_xml
    from characterize.report.page import report_page

    return {
        PAGE: report_page(night, table, pictures or {}),
        JUNIT: junit_xml(night),
        SUMMARY: json_text(night.to_dict()),
    }


def _no_value_differs(night: Night) -> bool:
    """Whether accepting the table changes no value, so that small moves do not add up."""
    found = night.difference
    return found is None or all(one.largest_absolute is None for one in found.variables)


def _told(error: BaseException) -> str | None:
    return str(error) if isinstance(error, _OF_THE_USER) else None
