"""What a nightly run found, and in how few words it can be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from characterize.baseline import Baseline
from characterize.plan import Plan, Point
from characterize.report.changes import causes, moves
from characterize.run import Run
from characterize.simulate import PointResult
from lut import Difference, Outcome

FORMAT = "mramcim-nightly/2"
_SHOWN_MOVES = 100


@dataclass(frozen=True)
class Ending:
    """Why a night did not reach its end.

    `kind` is "bad input", "stopped" or "internal error"; `detail` is a traceback, if any.
    """

    kind: str
    sentence: str
    detail: str = ""


@dataclass(frozen=True)
class Night:
    """A night: what was run, what was compared, and against what of it.

    `run` is None where the plan could not be read; where the night has an `ending` it has the
    points that were reached. `difference` is None without a baseline's table. `findings` are laws
    that the numbers break, `unwanted` the points whose outcome nothing allows. `accepted` tells
    whether the table became the baseline.
    """

    folder: Path
    title: str
    started: datetime
    seconds: float
    mramcim_version: str
    run: Run | None = None
    baseline: Baseline | None = None
    last_compared: str | None = None
    difference: Difference | None = None
    findings: tuple[str, ...] = ()
    unwanted: Mapping[Outcome, Sequence[tuple[Point, PointResult]]] = field(default_factory=dict)
    allowed: tuple[Outcome, ...] = ()
    table_sha256: str = ""
    accepted: bool = False
    ending: Ending | None = None

    @property
    def good(self) -> bool:
        """Whether the night ended with nothing against it."""
        return not self.reasons

    @property
    def not_run(self) -> dict[str, int]:
        """Points that were not reached, by group."""
        return {} if self.run is None else points_not_run(self.run.plan, self.run)

    @property
    def reasons(self) -> list[str]:
        """What is against the night, each in a few words; none for a good one."""
        found = []
        if self.ending is not None:
            found.append(f"{self.ending.kind}: {self.ending.sentence}")
        if self.run is not None:
            if missing := sum(self.not_run.values()):
                found.append(f"{missing} of {self.run.plan.count()} points not run")
            if self.run.failed:
                outcomes = Counter(result.outcome.meaning for _, result in self.run.failed)
                kinds = ", ".join(f"{count} {meaning}" for meaning, count in outcomes.items())
                found.append(f"{_count(len(self.run.failed), 'point')} failed ({kinds})")
            violated = [verdict for verdict in self.run.verdicts if verdict.violated]
            # A limit that speaks of no point is kept by none.
            empty = [one for one in self.run.verdicts if not (one.points or one.not_run)]
            if violated or empty:
                count = len(violated) + len(empty)
                found.append(f"{count} of {_count(len(self.run.verdicts), 'limit')} violated")
        for outcome, points in self.unwanted.items():
            found.append(f"{_count(len(points), 'point')} {outcome.meaning}")
        if self.findings:
            found.append(f"{_count(len(self.findings), 'law')} of the numbers broken")
        if self.difference is not None and not self.difference.same:
            found.append(moved_text(self.difference))
        return found

    @property
    def verdict(self) -> str:
        """The night in one line."""
        against = "; ".join(self.reasons)
        return f"not all good: {against}" if against else f"all good; {self.compared}"

    @property
    def compared(self) -> str:
        """With what the table was compared, and how that came out."""
        if self.baseline is None:
            return "no baseline was given"
        if self.baseline.table is None:
            if self.accepted:
                return f"no baseline yet: this table is it now, {self.baseline.path}"
            return f"no baseline yet: `mramcim nightly accept {self.folder}` makes this table it"
        if self.difference is None:
            return f"not compared with {self.baseline.path}"
        return f"{moved_text(self.difference)} against {self.baseline.path}"

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able summary; numbers may be NaN."""
        found = self.difference
        baseline = None if self.baseline is None else self.baseline.to_dict()
        if found is not None and self.baseline is not None:
            compared = str(self.baseline.path.absolute())
        else:
            compared = self.last_compared or ""
        return {
            "format": FORMAT,
            "good": self.good,
            "reasons": self.reasons,
            "ending": None if self.ending is None else vars(self.ending),
            "title": self.title,
            "started": self.started.isoformat(),
            "wall_time_s": self.seconds,
            "mramcim_version": self.mramcim_version,
            "run": None if self.run is None else self.run.to_dict(),
            "not_run": self.not_run,
            "unwanted": {outcome.meaning: len(self.unwanted[outcome]) for outcome in self.unwanted},
            "allowed": [outcome.meaning for outcome in self.allowed],
            "findings": list(self.findings),
            "baseline": baseline,
            "last_compared": compared or None,
            "accepted": self.accepted,
            "table": {"sha256": self.table_sha256} if self.table_sha256 else None,
            "causes": [] if found is None else [cause.to_dict() for cause in causes(found)],
            "moves": [] if found is None else [move.to_dict() for move in moves(found)],
            "difference": None if found is None else found.to_dict(_SHOWN_MOVES),
        }


def points_not_run(plan: Plan, run: Run) -> dict[str, int]:
    """The number of points of each group that a run has no result of."""
    if len(run.results) == plan.count():
        return {}
    missing = Counter(point.group for point in plan.points() if point not in run.results)
    return dict(missing)


def moved_text(difference: Difference) -> str:
    """How a comparison came out, in a few words."""
    if difference.same:
        return f"nothing moved of {difference.compared} values within {difference.relative:g}"
    variables = sum(bool(variable.beyond) for variable in difference.variables)
    outcomes = sum(change.count for change in difference.outcomes)
    told = [
        f"{_count(difference.beyond, 'value')} of {_count(variables, 'variable')} moved",
        f"{_count(outcomes, 'outcome')} changed",
        f"{_count(len(difference.mismatches), 'difference')} of build",
    ]
    counts = (difference.beyond, outcomes, len(difference.mismatches))
    return ", ".join(text for text, count in zip(told, counts, strict=True) if count)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
