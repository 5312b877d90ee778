"""A report as HTML: a fragment for notebooks, and a page of its own."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from accelerator.render import (
    boundary_lists,
    component_table,
    heading,
    layer_table,
    uncounted_sentences,
)
from accelerator.render_head import head_lines
from accelerator.report import Report

_STYLE = "text-align:right;padding:0 0.6em"


def report_html(report: Report) -> str:
    """The head, the layers and the components that matter; the rest is folded up."""
    said = "".join(f"<br>{escape(line)}" for line in heading(report)[1:])
    head = "".join(
        f'<tr><th style="text-align:left">{escape(name)}</th>'
        f'<td style="text-align:left">{escape(text)}</td></tr>'
        for name, text in head_lines(report)
    )
    left_out = [*uncounted_sentences(report)] or ["nothing of the network itself"]
    lists = "".join(
        f"<p><b>{escape(title)}</b></p>{_bullets(entries)}"
        for title, entries in boundary_lists(report)
    )
    return (
        f"<div><p><b>{escape(heading(report)[0])}</b>{said}</p><table>{head}</table>"
        f"{_table(*layer_table(report, full=False))}{_table(*component_table(report, full=False))}"
        f"<p>not counted:</p>{_bullets(left_out)}"
        "<details><summary>all layers, all components, what is counted, layout, assumptions "
        "and options</summary>"
        f"{_table(*layer_table(report, full=True))}{_table(*component_table(report, full=True))}"
        f"{lists}</details></div>"
    )


def report_page(report: Report) -> str:
    """A whole page, which needs no network."""
    title = escape(f"{report.network} {report.widths}")
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        "<style>body{font-family:sans-serif;max-width:80em;margin:2em auto}"
        "table{border-collapse:collapse;margin:1em 0}tr:nth-child(even){background:#f4f4f4}"
        f"</style></head><body>{report_html(report)}</body></html>\n"
    )


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(
        f'<th style="{_style(place)}">{escape(cell)}</th>' for place, cell in enumerate(header)
    )
    body = "".join(
        "<tr>"
        + "".join(f'<td style="{_style(place)}">{escape(c)}</td>' for place, c in enumerate(row))
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _style(place: int) -> str:
    return _STYLE if place else "text-align:left"


def _bullets(sentences: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(one)}</li>" for one in sentences) + "</ul>"
