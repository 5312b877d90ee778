"""Accuracy under one condition after another, as text and as rows of CSV."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from accelerator.accuracy.curve import AccuracyPoint
from accelerator.names import printable


def render_text(
    network: str | os.PathLike[str], data: str, faultless: float, points: Sequence[AccuracyPoint]
) -> str:
    """A table with a row for each point, and what its intervals hold."""
    first = points[0].score
    lines = [
        f"{printable(network)} on {first.images} images of {data}: {faultless:.2%} without errors",
        "",
        f"{'table':<16} {'corner':<6} {'VDD':>6} {'degC':>6} {'wrong ANDs':>11} "
        f"{'accuracy':>8} {'95 %':>18} {'uJ':>9} {'95 %':>17} {'ms':>8}",
    ]
    for point in points:
        row = point.to_dict()
        accuracy = f"{point.score.low:.2%} to {point.score.high:.2%}"
        energy = f"{row['energy_low'] * 1e6:.4g} to {row['energy_high'] * 1e6:.4g}"
        lines.append(
            f"{row['table']:<16} {row['corner']:<6} {row['vdd']:>6.3g} {point.celsius:>6.4g} "
            f"{point.error_rate:>11.2e} {point.score.accuracy:>8.2%} {accuracy:>18} "
            f"{row['energy'] * 1e6:>9.4g} {energy:>17} {row['latency'] * 1e3:>8.4g}"
        )
    lines += [
        "",
        "Accuracy: mean and interval over other images of the kind, over "
        f"{first.repeats} draws of the wrong ANDs and of their rates within their intervals.",
        "Every AND is wrong on its own; on one chip the same amplifiers fail again and again.",
        "Energy and latency: of a mean image.",
    ]
    return "\n".join(lines) + "\n"


def csv_rows(points: Sequence[AccuracyPoint]) -> list[list[Any]]:
    """A heading and a row for each point, SI units."""
    rows = [point.to_dict() for point in points]
    return [list(rows[0]), *(list(row.values()) for row in rows)]
