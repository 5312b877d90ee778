"""JUnit XML of a night: a test case for every limit, every variable, and what else can go wrong."""

from __future__ import annotations

import re
import socket
import xml.etree.ElementTree as Tree
from collections.abc import Iterator
from dataclasses import dataclass

from characterize.limits import Verdict
from characterize.night import Night
from characterize.report.changes import NOTHING_CHANGED, causes, moves
from characterize.report.told import told_mismatches, told_outcomes, told_points
from characterize.unwanted import UNWANTED
from lut import Difference, shown_place

_SHOWN = 20
_SUITE = "mramcim.nightly"
# What XML 1.0 cannot hold.
_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class _Case:
    """One test: `message` is "" where it passed; `kind` is then "failure", "error" or "skipped"."""

    group: str
    name: str
    message: str = ""
    kind: str = "failure"


def junit_xml(night: Night) -> str:
    """The document, as CI servers read it."""
    cases = [_ending(night), *_limits(night), *_points(night), *_laws(night), *_compared(night)]
    counts = {
        kind: sum(bool(case.message) and case.kind == kind for case in cases)
        for kind in ("failure", "error", "skipped")
    }
    stamp = f"{night.started:%Y-%m-%dT%H:%M:%S%z}"
    stamp = f"{stamp[:-2]}:{stamp[-2:]}"
    suite = Tree.Element(
        "testsuite",
        name=_clean(night.title),
        tests=str(len(cases)),
        failures=str(counts["failure"]),
        errors=str(counts["error"]),
        skipped=str(counts["skipped"]),
        timestamp=stamp,
        hostname=_clean(socket.gethostname() or "localhost"),
        time=f"{night.seconds:.3f}",
    )
    properties = Tree.SubElement(suite, "properties")
    for name, value in _properties(night):
        Tree.SubElement(properties, "property", name=name, value=_clean(value))
    for case in cases:
        element = Tree.SubElement(
            suite,
            "testcase",
            classname=f"{_SUITE}.{case.group}",
            name=_clean(case.name),
            time="0",
            timestamp=stamp,
        )
        if case.message:
            first = case.message.split("\n", 1)[0]
            told = Tree.SubElement(element, case.kind, message=_clean(first))
            told.text = _clean(case.message)
    suites = Tree.Element("testsuites")
    suites.append(suite)
    Tree.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + Tree.tostring(suites, "unicode") + "\n"


def _properties(night: Night) -> Iterator[tuple[str, str]]:
    yield "verdict", night.verdict
    yield "mramcim_version", night.mramcim_version
    if night.run is not None:
        yield "ngspice_version", night.run.ngspice_version or "unknown"
        yield "points", str(night.run.plan.count())
        yield "table_sha256", night.table_sha256 or "none"
    if night.baseline is not None:
        yield "baseline", night.baseline.text
        for key, value in night.baseline.to_dict().items():
            yield f"baseline.{key}", "-" if value is None else str(value)
    if night.difference is not None:
        for number, cause in enumerate(causes(night.difference)[:_SHOWN], 1):
            yield f"changed.{number}", str(cause)


def _ending(night: Night) -> _Case:
    if night.ending is None:
        return _Case("night", "the night ends")
    message = f"{night.ending.kind}: {night.ending.sentence}"
    missing = [f"{group}: {count} points not run" for group, count in night.not_run.items()]
    text = "\n".join([message, *missing, night.ending.detail]).rstrip()
    return _Case("night", "the night ends", text, "error")


def _limits(night: Night) -> Iterator[_Case]:
    for verdict in night.run.verdicts if night.run else ():
        kind = "skipped" if verdict.decided is None else "failure"
        message = "" if verdict.passed else _verdict(verdict)
        yield _Case("limits", verdict.limit.text, message, kind)


def _verdict(verdict: Verdict) -> str:
    told = []
    if verdict.points or not verdict.not_run:
        told.append(f"violated at {verdict.violated} of {verdict.points} points")
    if verdict.failed:
        told.append(f"{verdict.failed} not measured")
    if verdict.not_run:
        told.append(f"{verdict.not_run} not run")
    if verdict.place:
        worst = f"worst {verdict.worst:.6g} {verdict.units}"
        told.append(f"{worst} at {shown_place(verdict.place)}")
    return ", ".join(told)


def _points(night: Night) -> Iterator[_Case]:
    if night.run is None:
        return
    name, failed = "every point is measured", night.run.failed
    if failed or not night.not_run:
        yield _Case("points", name, "\n".join(told_points(failed)))
    else:
        missing = sum(night.not_run.values())
        yield _Case("points", name, f"{missing} points were not run", "skipped")
    for outcome in UNWANTED:
        found = night.unwanted.get(outcome, ())
        name = f"no point is {outcome.meaning}"
        if found:
            yield _Case("points", name, "\n".join([f"{len(found)} points", *told_points(found)]))
        else:
            yield _Case(
                "points", name, "not all points were run" if night.not_run else "", "skipped"
            )


def _laws(night: Night) -> Iterator[_Case]:
    if night.table_sha256:
        yield _Case("laws", "the numbers obey their laws", "\n".join(night.findings))


def _compared(night: Night) -> Iterator[_Case]:
    if night.difference is None:
        if night.baseline is not None and night.run is not None and night.ending is None:
            yield _Case("baseline", "same as the baseline", night.compared, "skipped")
        return
    found = night.difference
    changed = [str(cause) for cause in causes(found)] or [NOTHING_CHANGED]
    because = ["what changed:", *changed[:_SHOWN]]
    yield _Case("baseline", "same build as the baseline", _built(found, because))
    moved = {(move.group, move.variable): move.text for move in moves(found)}
    for variable in found.variables:
        lines: list[str] = []
        if text := moved.get((variable.group, variable.variable)):
            lines = [text, *because]
            lines += [
                f"{point}: {point.a:.6g} -> {point.b:.6g} {point.units}"
                for point in variable.moved(_SHOWN)
            ]
        yield _Case("variables", f"{variable.group}/{variable.variable}", "\n".join(lines))
    for group in dict.fromkeys(variable.group for variable in found.variables):
        lines = told_outcomes(found, group)
        message = "\n".join([*lines, *because]) if lines else ""
        yield _Case("variables", f"{group}/outcome", message)


def _built(difference: Difference, because: list[str]) -> str:
    lines = told_mismatches(difference)[:_SHOWN]
    return "\n".join([*lines, *because]) if lines else ""


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("?", text)
