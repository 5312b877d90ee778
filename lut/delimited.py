"""Rows of values as comma-separated text."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from typing import Any


def csv_text(rows: Iterable[Sequence[Any]]) -> str:
    """Return the rows as CSV, texts quoted where needed, lines ended by a line feed.

    Floats have as many digits as reading them back exactly takes; NaN and None are empty cells.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    # The other writer leaves a carriage return bare (until Python 3.13), which ends a line.
    quoting = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for row in rows:
        cells = [_cell(value) for value in row]
        bare = any(isinstance(cell, str) and "\r" in cell for cell in cells)
        (quoting if bare else writer).writerow(cells)
    return text.getvalue()


def _cell(value: Any) -> Any:
    missing = value is None or (isinstance(value, float) and math.isnan(value))
    return "" if missing else value
