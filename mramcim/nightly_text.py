"""A night's comparison and its acceptance, as lines of text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mramcim.printable import printable

if TYPE_CHECKING:
    from characterize.night import Night

_SHOWN = 8


def change_lines(night: Night) -> list[str]:
    """What changed since the baseline, how the variables moved, and which laws are broken."""
    from characterize.report.changes import NOTHING_CHANGED, causes, moves
    from characterize.report.told import told_mismatches, told_outcomes

    lines = []
    found = night.difference
    if found is not None:
        changed = [str(cause) for cause in causes(found)] or [NOTHING_CHANGED]
        if not found.same or changed != [NOTHING_CHANGED]:
            lines += ["", "changed since the baseline:", *_first(changed)]
        if not found.same:
            groups = dict.fromkeys(change.group for change in found.outcomes)
            outcomes = [
                f"{group}: {line}" for group in groups for line in told_outcomes(found, group)
            ]
            built = told_mismatches(found)
            moved = [move.text for move in moves(found)]
            lines += ["", "moved:", *_first([*built, *outcomes, *moved])]
    if night.findings:
        lines += ["", "laws of the numbers that are broken:", *_first(list(night.findings))]
    if night.not_run:
        lines += ["", "points not run:"]
        lines += _first([f"{group} {count}" for group, count in night.not_run.items()])
    return lines


def _first(texts: list[str]) -> list[str]:
    lines = [f"  {printable(text)}" for text in texts[:_SHOWN]]
    more = len(texts) - _SHOWN
    return [*lines, f"  and {more} more, in the report"] if more > 0 else lines


def accepted_lines(path: Path, night: dict[str, Any]) -> list[str]:
    """What was accepted, then what was against the night all the same."""
    digest = str(night["table"]["sha256"])[:12]
    started = str(night.get("started", "-"))[:16].replace("T", " ")
    lines = [f"accepted: {path} is the table of the night of {started}, sha256 {digest}"]
    reasons = night.get("reasons") or []
    if reasons:
        lines.append("it was not all good: " + "; ".join(map(str, reasons)))
    return [printable(line) for line in lines]
