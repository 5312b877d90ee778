"""Aligned columns and short numbers, for reports that people read."""

from __future__ import annotations

from collections.abc import Sequence


def aligned(
    header: Sequence[str], rows: Sequence[Sequence[str]], texts: Sequence[int] = (0,)
) -> str:
    """Columns two blanks apart; those whose numbers are in `texts` to the left, others right."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in texts else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def short(value: float) -> str:
    """Four digits, or all before the point where there are more."""
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"
