"""The nightly page: one HTML file that needs no network, with every number also in full."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from characterize.limits import Verdict
from characterize.report.cells import Mark, Number, cell_html, table_html
from characterize.report.figures import margins, sensing_groups, shmoo
from characterize.run import Run
from lut import Difference, Group, Outcome, Table, shown_place

SHOWN = 50
"""Rows of a table of places at most; the rest is in the files beside the page."""
_WORSE_IF_LESS = {
    "margin": True, "offset_tolerance": True, "energy": False, "delay": False,
    "leakage_power": False, "error_rate": False, "read_disturb": False,
}  # fmt: skip
_CSS = """
body {
  font: 14px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem;
}
h1 { font-size: 1.4rem; }
h2 { font-size: 1.1rem; margin-top: 2rem; border-bottom: 1px solid #ccc; }
table { border-collapse: collapse; } td, th { padding: .15rem .6rem; text-align: left; }
td.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
tr:nth-child(even) { background: #f5f5f5; }
.pass { color: #176b2c; font-weight: 600; } .fail { color: #b00020; font-weight: 600; }
svg { max-width: 100%; height: auto; }
pre { overflow-x: auto; background: #f5f5f5; padding: .6rem; }
"""


def report_page(
    good: bool,
    run: Run,
    table: Table,
    difference: Difference | None,
    baseline: str | None,
    pictures: Mapping[str, str],
) -> str:
    """The whole page, headed by whether all is `good`.

    `pictures` are waveforms (SVG) of points that are not ok, by title.
    """
    parts = [
        _heading(run, good),
        _summary(run, difference, baseline),
        _section("Limits", _limits(run.verdicts)),
        _section("What moved", _moved(difference, baseline)),
        _section("Points that are not ok", _points(run)),
        _section("Worst places", _worst(table)),
    ]
    if sensing_groups(table):
        least = {
            verdict.limit.bench: verdict.limit.low
            for verdict in run.verdicts
            if verdict.limit.measure == "margin" and verdict.limit.low is not None
        }
        parts.append(_section("Margins of all points", margins(table, least)))
        for rows in next(iter(sensing_groups(table).values())).axes["rows"].values:
            title = f"Worst margin in mV over supply and temperature, {rows} rows"
            parts.append(_section(title, shmoo(table, int(rows))))
    waves = "".join(f"<h3>{escape(title)}</h3>{svg}" for title, svg in pictures.items())
    if waves:
        parts.append(_section("Waveforms of points that are not ok", waves))
    parts.append(_section("Made from", _provenance(table)))
    title = escape(run.plan.title)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{_CSS}</style></head><body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def _heading(run: Run, passed: bool) -> str:
    return f"<h1>{escape(run.plan.title)}: {cell_html(Mark(passed), 'span')}</h1>"


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def _summary(run: Run, difference: Difference | None, baseline: str | None) -> str:
    outcomes = ", ".join(f"{count} {meaning}" for meaning, count in run.outcomes.items())
    rows: list[Sequence[Any]] = [
        ("points", f"{len(run.results)} ({outcomes}), {run.cached} of them cached"),
        ("limits", f"{sum(v.passed for v in run.verdicts)} of {len(run.verdicts)} kept"),
        ("needed a gentler solver", str(len(run.retried))),
        ("ngspice", run.ngspice_version),
        ("time", f"{run.wall_seconds:.1f} s, ngspice's own {run.analysis_seconds:.1f} s"),
    ]
    if difference is not None:
        verdict = "the same" if difference.same else f"{difference.beyond} values moved"
        rows.append((f"against {baseline}", verdict))
    return table_html((), rows, name="summary")


def _limits(verdicts: Sequence[Verdict]) -> str:
    if not verdicts:
        return "<p>The plan states none.</p>"
    head = ("", "limit", "min", "typ", "median", "worst", "max", "violated", "worst at")
    rows = []
    for verdict in verdicts:
        limit, units = verdict.limit, verdict.units
        numbers = (limit.low, limit.typical, verdict.middle, verdict.worst, limit.high)
        shown = [
            "-" if number is None or math.isnan(number) else Number(number, units)
            for number in numbers
        ]
        failed = f", {verdict.failed} not measured" if verdict.failed else ""
        rows.append(
            (Mark(verdict.passed), limit.text, *shown,
             f"{verdict.violated} of {verdict.points}{failed}", shown_place(verdict.place))
        )  # fmt: skip
    return table_html(head, rows, name="limits")


def _moved(difference: Difference | None, baseline: str | None) -> str:
    if difference is None:
        return "<p>No baseline was given.</p>"
    name = escape(baseline or "the baseline")
    if difference.same:
        count = f"{difference.compared} values"
        return f"<p>Nothing, in {count}, against {name} within {difference.relative:g}.</p>"
    parts = []
    built = [
        (entry.kind, entry.place, str(entry.a), str(entry.b)) for entry in difference.mismatches
    ]
    if built:
        parts.append(
            table_html(("what", "where", "baseline", "now"), built[:SHOWN], name="mismatches")
        )
    changed = [
        (change.group, str(change.count), f"{change.a} to {change.b}", str(place))
        for change in difference.outcomes
        for place in change.moved(1)
    ]
    if changed:
        parts.append(
            table_html(("bench", "points", "outcome", "first at"), changed, name="outcomes")
        )
    moved = [
        (point.group, point.variable, Number(point.a, point.units), Number(point.b, point.units),
         f"{100 * point.relative:.3g} %", shown_place(point.coordinates))
        for point in difference.moved(SHOWN)
    ]  # fmt: skip
    if moved:
        head = ("bench", "measure", "baseline", "now", "change", "at")
        parts.append(table_html(head, moved, name="moved"))
        if difference.beyond > len(moved):
            parts.append(f"<p>and {difference.beyond - len(moved)} more.</p>")
    return "".join(parts)


def _points(run: Run) -> str:
    if not run.not_ok:
        return "<p>There are none.</p>"
    rows = [
        (point.group, point.variant, result.outcome.meaning,
         shown_place(point.place),
         result.message or result.outcome.remedy)
        for point, result in run.not_ok[:SHOWN]
    ]  # fmt: skip
    more = len(run.not_ok) - len(rows)
    rest = f"<p>and {more} more, in the table.</p>" if more > 0 else ""
    return (
        table_html(("bench", "operands", "outcome", "at", "what to do"), rows, name="points") + rest
    )


def _worst(table: Table) -> str:
    rows = []
    for name, group in table.groups.items():
        for measure, less in _WORSE_IF_LESS.items():
            if measure in group.variables and "outcome" in group.variables:
                rows += _extreme(name, group, measure, less)
    return table_html(("bench", "measure", "worst", "at"), rows, name="worst")


def _extreme(name: str, group: Group, measure: str, least: bool) -> list[Sequence[Any]]:
    values = np.array(group.spread(measure), dtype=float)
    values[group.spread("outcome") != int(Outcome.OK)] = np.nan
    if np.isnan(values).all():
        return []
    at = np.unravel_index(np.nanargmin(values) if least else np.nanargmax(values), values.shape)
    place = {
        axis: entry.values[index]
        for (axis, entry), index in zip(group.axes.items(), at, strict=True)
    }
    units = group.variables[measure].units
    return [(name, measure, Number(float(values[at]), units), shown_place(place))]


def _provenance(table: Table) -> str:
    record = {key: value for key, value in table.provenance.items() if key != "failures"}
    text = json.dumps(record, indent=2, ensure_ascii=False)
    return f"<details><summary>provenance</summary><pre>{escape(text)}</pre></details>"
