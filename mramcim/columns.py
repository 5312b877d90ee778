"""Rows of text as aligned columns."""

from __future__ import annotations

from collections.abc import Sequence


def aligned(heading: Sequence[str], rows: Sequence[Sequence[str]], numbers: int = 0) -> str:
    """The rows under their heading, columns two blanks apart, no blanks at line ends.

    The columns from the second to the `numbers`-th after the first are right-aligned.
    """
    lines = [tuple(heading), *(tuple(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heading))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if 0 < column <= numbers else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
