"""The rows as text."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from accelerator.reproduction.row import Row

_WIDTH = 100


def render_rows(rows: Sequence[Row]) -> str:
    """A line for each figure with its ratio, and below it the conditions of both sides."""
    width = max(len(row.id) for row in rows)
    lines = [f"{'id':{width}} {'published':>12} {'ours':>12} {'ratio':>9}  unit"]
    for row in rows:
        numbers = ["-" if value is None else f"{value:.4g}" for value in (row.published, row.ours)]
        ratio = "-" if row.ratio is None else f"{row.ratio:.3g}"
        lines.append(f"{row.id:{width}} {numbers[0]:>12} {numbers[1]:>12} {ratio:>9}  {row.unit}")
        for text in (f"{row.figure}; {row.source}", row.conditions, row.assumptions):
            lines += textwrap.wrap(
                text, _WIDTH, initial_indent="    ", subsequent_indent="      ",
                break_on_hyphens=False,
            )  # fmt: skip
    return "\n".join(lines) + "\n"
