"""JUnit XML of a run: a test case for every limit, for the points' fate and for the comparison."""

from __future__ import annotations

import re
import xml.etree.ElementTree as Tree
from collections.abc import Sequence

from characterize.run import Run
from lut import Difference, shown_place

_SHOWN = 20
# What XML 1.0 cannot hold.
_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(run: Run, difference: Difference | None) -> str:
    """The document, as CI servers read it."""
    cases = [
        (
            verdict.limit.text,
            ""
            if verdict.passed
            else f"violated at {verdict.violated} of {verdict.points} points, "
            f"{verdict.failed} not measured; worst {verdict.worst:.6g} {verdict.units}",
        )
        for verdict in run.verdicts
    ]
    failures = [
        f"{point.group} {point.variant} at {shown_place(point.place)}: {result.outcome.meaning} "
        f"({result.message})"
        for point, result in run.failed
    ]
    cases.append(("every point is measured", "\n".join(failures)))
    if difference is not None:
        cases.append(("same as the baseline", "" if difference.same else _moved(difference)))
    return _document(run, cases)


def _moved(difference: Difference) -> str:
    moved = [
        f"{point.group}/{point.variable} at {point}: {point.a:.6g} -> {point.b:.6g} {point.units}"
        for point in difference.moved(_SHOWN)
    ]
    changed = [
        f"{change.group}: {change.count} points {change.a} -> {change.b}, first at {place}"
        for change in difference.outcomes
        for place in change.moved(1)
    ]
    built = [
        f"{entry.kind} {entry.place}: {entry.a} -> {entry.b}"
        for entry in difference.mismatches[:_SHOWN]
    ]
    return "\n".join([f"{difference.beyond} values moved", *built, *changed, *moved])


def _document(run: Run, cases: Sequence[tuple[str, str]]) -> str:
    failed = sum(bool(message) for _, message in cases)
    suite = Tree.Element(
        "testsuite",
        name=_clean(run.plan.title),
        tests=str(len(cases)),
        failures=str(failed),
        errors="0",
        time=f"{run.wall_seconds:.3f}",
    )
    for name, message in cases:
        case = Tree.SubElement(suite, "testcase", classname="mramcim.nightly", name=_clean(name))
        if message:
            first = message.split("\n", 1)[0]
            failure = Tree.SubElement(case, "failure", message=_clean(first))
            failure.text = _clean(message)
    suites = Tree.Element("testsuites")
    suites.append(suite)
    Tree.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + Tree.tostring(suites, "unicode") + "\n"


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("?", text)
