"""A group of a table in long form: one row for each point, as CSV or Parquet."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np

from lut.delimited import csv_text
from lut.errors import TableError
from lut.model import Array, Group
from lut.outcomes import Outcome

FORMATS = (".csv", ".parquet")
"""Suffixes of the files that `exported` can make."""


def long_form(group: Group) -> dict[str, Array]:
    """Return a group as columns of equal length, a row for each point of its grid.

    The axes come first, in order and the last one changing fastest, then the variables. A name
    has its unit in brackets, such as "energy [J]", where there is one. Texts are objects
    of str, outcomes words such as "ok"; a variable that does not run along an axis repeats.
    A group without axes has one row.
    """
    shape = tuple(len(axis) for axis in group.axes.values())
    columns: dict[str, Array] = {}
    for position, (name, axis) in enumerate(group.axes.items()):
        texts = isinstance(axis.values, tuple)
        values = np.array(axis.values, dtype=object if texts else None)
        along = values.reshape([-1 if other == position else 1 for other in range(len(shape))])
        columns[titled(name, axis.units)] = np.broadcast_to(along, shape).ravel()
    for name, variable in group.variables.items():
        values = group.spread(name).ravel()
        if name == "outcome":
            words = {int(outcome): outcome.meaning for outcome in Outcome}
            values = np.array([words[value] for value in values.tolist()], dtype=object)
        columns[titled(name, variable.units)] = values
    return columns


def exported(group: Group, suffix: str) -> bytes:
    """Return a group in long form as the content of a file.

    CSV is UTF-8 with a heading; floats have all their digits and NaN is an empty cell. Parquet
    keeps types and NaN, and has `units` and `long_name` of each column and the attributes of
    the group (JSON, under "attributes") as metadata; it needs pyarrow.

    Args:
        group: what to export.
        suffix: ".csv" or ".parquet".

    Raises:
        TableError: the suffix is another one, or pyarrow is not installed.
    """
    if suffix not in FORMATS:
        raise TableError(f"cannot export to '{suffix}'; end the file's name in .csv or .parquet")
    return _parquet(group) if suffix == ".parquet" else _csv(group)


def titled(name: str, units: str) -> str:
    """The title of a column: the name, with its unit in brackets where it has one."""
    return name if units == "1" else f"{name} [{units}]"


def _csv(group: Group) -> bytes:
    columns = long_form(group)
    rows = zip(*(values.tolist() for values in columns.values()), strict=True)
    return csv_text([tuple(columns), *rows]).encode("utf-8")


def _parquet(group: Group) -> bytes:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise TableError(
            "Parquet needs pyarrow, which is not installed; install it with "
            "`pip install 'mramcim[parquet]'` or export to .csv"
        ) from error
    sources: list[Any] = [*group.axes.values(), *group.variables.values()]
    columns = long_form(group)
    fields = [
        pyarrow.field(
            title,
            pyarrow.string() if values.dtype == object else pyarrow.from_numpy_dtype(values.dtype),
            metadata={"units": source.units, "long_name": source.long_name},
        )
        for (title, values), source in zip(columns.items(), sources, strict=True)
    ]
    attributes = json.dumps(dict(group.attributes), sort_keys=True)
    schema = pyarrow.schema(fields, metadata={"attributes": attributes})
    arrays = [
        pyarrow.array(values, type=field.type)
        for values, field in zip(columns.values(), fields, strict=True)
    ]
    stream = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_arrays(arrays, schema=schema), stream)
    return stream.getvalue()
