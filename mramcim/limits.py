"""Verdicts on a plan's limits, as a table for people."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mramcim.columns import aligned

if TYPE_CHECKING:
    from characterize.limits import Verdict

_HEAD = ("limit", "min", "typ", "median", "worst", "max", "unit", "violated", "worst at")


def verdict_lines(verdicts: Sequence[Verdict]) -> list[str]:
    """A table with a row a limit; none where there are no limits."""
    if not verdicts:
        return []
    passed = sum(verdict.passed for verdict in verdicts)
    return [
        "",
        aligned(_HEAD, [_row(verdict) for verdict in verdicts]),
        f"{passed} of {len(verdicts)} limits kept",
    ]


def _row(verdict: Verdict) -> tuple[str, ...]:
    # Where there are verdicts, both packages are loaded; the parser does without them.
    from circuits.units import prefixed
    from lut import shown_place

    limit = verdict.limit
    numbers = [limit.low, limit.typical, verdict.middle, verdict.worst, limit.high]
    factor, unit = prefixed(verdict.units, [number for number in numbers if number is not None])
    shown = [
        "-" if number is None or math.isnan(number) else f"{number / factor:.4g}"
        for number in numbers
    ]
    failed = f" ({verdict.failed} not measured)" if verdict.failed else ""
    not_run = f" ({verdict.not_run} not run)" if verdict.not_run else ""
    count = f"{verdict.violated} of {verdict.points}{failed}{not_run}"
    mark = {True: "pass", False: "FAIL", None: "open"}[verdict.decided]
    return (
        f"{mark}  {limit.bench} {limit.measure}",
        *shown,
        "" if unit == "1" else unit,
        count,
        shown_place(verdict.place),
    )
