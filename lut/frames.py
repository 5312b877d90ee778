"""Rows of numbers as a pandas data frame, where pandas is installed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def data_frame(columns: Mapping[str, Iterable[Any]]) -> Any:
    """A pandas data frame of columns of equal length.

    Raises:
        ImportError: pandas is not installed.
    """
    try:
        import pandas
    except ImportError:
        raise ImportError(
            "a data frame needs pandas, which is not installed: pip install pandas, or use "
            "to_dict() or the CSV"
        ) from None
    return pandas.DataFrame({name: list(values) for name, values in columns.items()})


def frame_of_rows(rows: Sequence[Sequence[Any]]) -> Any:
    """The same of a header and its rows, as they go into a CSV file.

    Raises:
        ImportError: pandas is not installed.
    """
    header, *lines = rows
    return data_frame({name: [line[k] for line in lines] for k, name in enumerate(header)})
