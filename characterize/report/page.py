"""The nightly page: one HTML file that needs no network, with every number also in full."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from characterize.limits import Verdict
from characterize.night import Night, moved_text
from characterize.report.cells import Mark, Number, cell_html, table_html
from characterize.report.compared import (
    SHOWN,
    changed_in_short,
    how_variables_moved,
    single_points,
    what_changed,
)
from characterize.report.folder import TABLE
from characterize.run import Run
from lut import Group, Outcome, Table, shown_place

_WORSE_IF_LESS = {
    "margin": True, "offset_tolerance": True, "energy": False, "delay": False,
    "leakage_power": False, "error_rate": False, "read_disturb": False,
}  # fmt: skip
_CSS = """
body {
  font: 14px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem;
}
h1 { font-size: 1.4rem; }
h2 { font-size: 1.1rem; margin-top: 2rem; border-bottom: 1px solid #ccc; }
table { border-collapse: collapse; } td, th { padding: .15rem .6rem; text-align: left; }
td.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
tr:nth-child(even) { background: #f5f5f5; }
.pass { color: #176b2c; font-weight: 600; } .fail { color: #b00020; font-weight: 600; }
section { overflow-x: auto; }
#variables td, #moved td, #causes td, #limits td { white-space: nowrap; }
.pass, .fail, .open { white-space: nowrap; } .open { color: #7a5b00; font-weight: 600; }
svg { max-width: 100%; height: auto; }
pre { overflow-x: auto; background: #f5f5f5; padding: .6rem; }
"""


def report_page(night: Night, table: Table | None, pictures: Mapping[str, str]) -> str:
    """The whole page, headed by the verdict and what is against the night.

    `table` is None where the night has none; `pictures` are waveforms (SVG) of points that are
    not ok, by title.
    """
    parts = [_heading(night), _summary(night)]
    if night.ending is not None:
        parts.append(_section("Why the night did not end", _ending(night)))
    if night.baseline is not None:
        parts.append(_section("What changed since the baseline", what_changed(night)))
    if night.difference is not None and night.baseline is not None:
        moved = how_variables_moved(night.difference, str(night.baseline.path))
        parts.append(_section("How the variables moved", moved))
    if night.findings:
        laws = "".join(f"<li>{escape(finding)}</li>" for finding in night.findings[:SHOWN])
        parts.append(_section("Laws of the numbers that are broken", f"<ul>{laws}</ul>"))
    if night.run is not None:
        parts.append(_section("Limits", _limits(night.run.verdicts)))
        parts.append(_section("Points that are not ok", _points(night.run)))
    if night.difference is not None and (rows := single_points(night.difference)):
        parts.append(_section("Values that moved most", rows))
    if table is not None:
        parts += _of_table(table, night)
    waves = "".join(f"<h3>{escape(title)}</h3>{svg}" for title, svg in pictures.items())
    if waves:
        parts.append(_section("Waveforms of points that are not ok", waves))
    if table is not None:
        parts.append(_section("Made from", _provenance(table)))
    title = escape(night.title)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{_CSS}</style></head><body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def _heading(night: Night) -> str:
    mark = cell_html(Mark(night.good), "span")
    told = [night.compared] if night.good else night.reasons
    if night.difference is not None and not night.difference.same:
        told = [*told, f"changed since the baseline: {changed_in_short(night.difference)}"]
    lines = "".join(f"<li>{escape(line)}</li>" for line in told)
    return f'<h1>{escape(night.title)}: {mark}</h1><ul id="headline">{lines}</ul>'


def _ending(night: Night) -> str:
    ending = night.ending
    if ending is None:
        return ""
    parts = [f"<p>{escape(ending.kind)}: {escape(ending.sentence)}</p>"]
    if night.not_run:
        rows = [(group, str(count)) for group, count in night.not_run.items()]
        parts.append(table_html(("bench", "points not run"), rows, name="not-run"))
    if ending.detail:
        detail = escape(ending.detail)
        parts.append(f"<details><summary>traceback</summary><pre>{detail}</pre></details>")
    return "".join(parts)


def _of_table(table: Table, night: Night) -> list[str]:
    from characterize.report.figures import margins, sensing_groups, shmoo

    parts = [_section("Worst places", _worst(table))]
    if sensing_groups(table):
        least = {
            verdict.limit.bench: verdict.limit.low
            for verdict in (night.run.verdicts if night.run else ())
            if verdict.limit.measure == "margin" and verdict.limit.low is not None
        }
        parts.append(_section("Margins of all points", margins(table, least)))
        for rows in next(iter(sensing_groups(table).values())).axes["rows"].values:
            title = f"Worst margin in mV over supply and temperature, {rows} rows"
            parts.append(_section(title, shmoo(table, int(rows))))
    return parts


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def _summary(night: Night) -> str:
    rows: list[Sequence[Any]] = [
        ("night of", f"{night.started:%Y-%m-%d %H:%M:%S %z}, {night.seconds:.1f} s"),
    ]
    run = night.run
    if run is not None:
        outcomes = ", ".join(f"{count} {meaning}" for meaning, count in run.outcomes.items())
        count = f"{len(run.results)} of {run.plan.count()}" if night.not_run else len(run.results)
        cached = "" if night.ending else f", {run.cached} of them cached"
        rows.append(("points", f"{count} ({outcomes or 'none'}){cached}"))
        kept = sum(verdict.passed for verdict in run.verdicts)
        still = sum(verdict.decided is None for verdict in run.verdicts)
        rows.append(
            ("limits", f"{kept} of {len(run.verdicts)} kept" + (f", {still} open" if still else ""))
        )
        if run.retried:
            rows.append(("needed a gentler solver", str(len(run.retried))))
    if night.allowed:
        rows.append(("allowed", ", ".join(outcome.meaning for outcome in night.allowed)))
    if night.baseline is None:
        rows.append(("baseline", "none was given"))
    else:
        rows.append(("baseline", night.baseline.text))
    if night.difference is not None:
        rows.append(("against it", moved_text(night.difference)))
    if night.accepted:
        rows.append(("accepted", "this table is the baseline now"))
    if night.table_sha256:
        rows.append(("table", f"{TABLE}, sha256 {night.table_sha256[:12]}"))
    ngspice = f", ngspice {run.ngspice_version}" if run and run.ngspice_version else ""
    rows.append(("made with", f"mramcim {night.mramcim_version}{ngspice}"))
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
        failed += f", {verdict.not_run} not run" if verdict.not_run else ""
        rows.append(
            (Mark(verdict.decided), limit.text, *shown,
             f"{verdict.violated} of {verdict.points}{failed}", shown_place(verdict.place))
        )  # fmt: skip
    return table_html(head, rows, name="limits")


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
