"""Verdicts on a plan's limits, as a table for people."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mramcim.columns import aligned
from mramcim.places import shown_place

if TYPE_CHECKING:
    from characterize.limits import Verdict

_PREFIXES = {-18: "a", -15: "f", -12: "p", -9: "n", -6: "u", -3: "m", 0: "", 3: "k", 6: "M"}
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
    limit = verdict.limit
    numbers = [limit.low, limit.typical, verdict.middle, verdict.worst, limit.high]
    scale, prefix = _scale(verdict.units, [n for n in numbers if n and math.isfinite(n)])
    shown = [
        "-" if number is None or math.isnan(number) else f"{number / scale:.4g}"
        for number in numbers
    ]
    unit = "" if verdict.units == "1" else prefix + verdict.units
    failed = f" ({verdict.failed} not measured)" if verdict.failed else ""
    count = f"{verdict.violated} of {verdict.points}{failed}"
    mark = "pass" if verdict.passed else "FAIL"
    return (
        f"{mark}  {limit.bench} {limit.measure}",
        *shown,
        unit,
        count,
        shown_place(verdict.place),
    )


def _scale(units: str, numbers: Sequence[float]) -> tuple[float, str]:
    """A power of a thousand that suits the numbers, with its prefix; none for plain numbers."""
    if units not in ("A", "J", "V", "W", "s") or not numbers:
        return 1.0, ""
    power = 3 * math.floor(math.log10(max(abs(number) for number in numbers)) / 3)
    power = min(max(power, min(_PREFIXES)), max(_PREFIXES))
    return 10.0**power, _PREFIXES[power]
