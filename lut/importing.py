"""A group of a table from its long form in CSV: what `lut.export` writes, read back.

Every column is known by its title, unit included, so that a number in another unit is refused
and not read wrong. The rows may stand in any order but must be a full grid.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from files import read_csv, short
from lut.errors import TableError
from lut.export import titled
from lut.matching import described
from lut.model import Array, Axis, Group, Variable
from lut.outcomes import Outcome
from lut.schema import SCHEMA
from lut.specs import AxisSpec, GroupSpec, VariableSpec

_OUTCOMES = {outcome.meaning: int(outcome) for outcome in Outcome}


def group_of_csv(
    name: str,
    text: str,
    *,
    source: str = "the CSV",
    attributes: Mapping[str, Any] | None = None,
    dims: Mapping[str, Sequence[str]] | None = None,
    long_names: Mapping[str, str] | None = None,
) -> Group:
    """Return the group that a CSV in long form holds; values are bit-equal to the exported ones.

    Args:
        name: which group of the schema it is, such as "and2".
        text: heading and rows. Columns may stand in any order, and so may rows; an empty cell
            is NaN; outcomes are words.
        source: what error messages call it.
        attributes: of the group, which CSV does not hold.
        dims: variable -> the axes that it runs along, where these are not all; its values must
            then repeat along the others.
        long_names: axis or variable -> its wording, where it is not the schema's.

    Raises:
        TableError: an unknown group or column, another unit, a cell that is no number or
            outcome, a point that is missing or there twice, or a value that does not repeat.
    """
    if name not in SCHEMA:
        raise TableError(f"{source}: unknown group '{name}'; name one of {', '.join(SCHEMA)}")
    spec = SCHEMA[name]
    columns, lines = _columns(spec, text, source)
    wording = long_names or {}
    axes, places = _grid(spec, columns, lines, wording, source)
    shape = tuple(len(axis) for axis in axes.values())
    variables = {}
    for key, variable in spec.variables.items():
        if key not in columns:
            continue
        if variable.kind == "outcome":
            values = np.array(_parsed(columns[key], lines, _outcome, key, source), dtype=np.int8)
        else:
            values = np.array(_parsed(columns[key], lines, _value, key, source), dtype=float)
        full = np.empty(len(lines), dtype=values.dtype)
        full[places] = values
        kept = tuple((dims or {}).get(key, spec.dims))
        folded = _folded(full.reshape(shape), tuple(axes), kept, f"{source}: {key}")
        variables[key] = Variable(folded, kept, variable.units, wording.get(key, variable.meaning))
    return Group(axes, variables, attributes or {})


def _columns(spec: GroupSpec, text: str, source: str) -> tuple[dict[str, list[str]], list[int]]:
    """The cells by the name of their column, and the line of the file that each row ends on."""
    found = read_csv(text, source, TableError)
    lines, rows = [line for line, _ in found], [row for _, row in found]
    if len(rows) < 2:
        raise TableError(f"{source} has no heading with rows under it; export a table to see one")
    names = [_named(spec, title, source) for title in rows[0]]
    for name in names:
        if names.count(name) > 1:
            raise TableError(f"{source} has the column '{name}' twice; leave one")
    for name in (*spec.axes, *(key for key, entry in spec.variables.items() if entry.required)):
        if name not in names:
            units = (spec.axes.get(name) or spec.variables[name]).units
            raise TableError(f"{source} has no column '{titled(name, units)}'; add it")
    for row, line in zip(rows[1:], lines[1:], strict=True):
        if len(row) != len(names):
            raise TableError(
                f"{source} line {line} has {len(row)} cells, the heading {len(names)}; mend it"
            )
    cells = [list(column) for column in zip(*rows[1:], strict=True)]
    return dict(zip(names, cells, strict=True)), lines[1:]


def _named(spec: GroupSpec, title: str, source: str) -> str:
    """The axis or variable that a column's title stands for."""
    known: dict[str, AxisSpec | VariableSpec] = {**spec.axes, **spec.variables}
    name = title.partition(" [")[0]
    if name not in known:
        raise TableError(
            f"{source}: unknown column '{short(title)}'; the columns are "
            f"{', '.join(titled(key, entry.units) for key, entry in known.items())}"
        )
    expected = titled(name, known[name].units)
    if title != expected:
        raise TableError(
            f"{source}: the column '{short(title)}' should be '{expected}'; convert the values to "
            "that"
        )
    return name


def _grid(
    spec: GroupSpec,
    columns: Mapping[str, list[str]],
    lines: Sequence[int],
    wording: Mapping[str, str],
    source: str,
) -> tuple[dict[str, Axis], Array]:
    """The axes, and each row's place in the flattened grid.

    Numbers are sorted; texts keep the order in which they first appear.
    """
    axes, indices, seen = {}, [], []
    for name, entry in spec.axes.items():
        parse = _COORDINATES[entry.kind]
        cells = _parsed(columns[name], lines, parse, name, source)
        found = list(dict.fromkeys(cells))
        ordered = found if entry.kind == "text" else sorted(found)
        position = {value: index for index, value in enumerate(ordered)}
        axes[name] = _axis(entry, ordered, wording.get(name, entry.meaning))
        indices.append([position[cell] for cell in cells])
        seen.append(ordered)
    taken: dict[tuple[int, ...], int] = {}
    # A group without axes has one point, whose place is ().
    found_at = list(zip(*indices, strict=True)) if indices else [()] * len(lines)
    for place, line in zip(found_at, lines, strict=True):
        if place in taken:
            where = _place(spec, seen, place)
            raise TableError(f"{source} line {line} gives the point {where} again; leave one")
        taken[place] = line
    points = math.prod(len(values) for values in seen)
    if points != len(taken):
        every = product(*(range(len(values)) for values in seen))
        missing = next(place for place in every if place not in taken)
        raise TableError(
            f"{source} has {len(taken)} of the {points} points of a full grid; add "
            f"{_place(spec, seen, missing)}"
        )
    shape = tuple(len(values) for values in seen)
    flat = (
        np.ravel_multi_index(tuple(np.array(list(taken)).T), shape) if shape else np.zeros(1, int)
    )
    return axes, np.asarray(flat)


def _place(spec: GroupSpec, seen: Sequence[Sequence[Any]], place: Sequence[int]) -> str:
    values = (values[index] for values, index in zip(seen, place, strict=True))
    return described(dict(zip(spec.axes, values, strict=True)))


def _axis(spec: AxisSpec, values: list[Any], long_name: str) -> Axis:
    if spec.kind == "text":
        return Axis(tuple(values), spec.units, long_name)
    kind = float if spec.kind == "real" else np.int64
    return Axis(np.array(values, dtype=kind), spec.units, long_name)


def _parsed(
    cells: Sequence[str],
    lines: Sequence[int],
    parse: Callable[[str], Any],
    name: str,
    source: str,
) -> list[Any]:
    found = []
    for cell, line in zip(cells, lines, strict=True):
        try:
            found.append(parse(cell))
        except ValueError as error:
            raise TableError(f"{source} line {line}, column {name}: {error}") from None
    return found


def _text(cell: str) -> str:
    return cell


def _number(cell: str) -> float:
    try:
        # Python reads 1_000 as a number; no file of another program means that.
        number = math.nan if "_" in cell else float(cell)
    except ValueError:
        number = math.nan
    if math.isnan(number):
        raise ValueError(f"'{short(cell)}' is not a number; write one such as 1.5e-13")
    return number


def _coordinate(cell: str) -> float:
    number = _number(cell)
    if math.isinf(number):
        raise ValueError(f"'{short(cell)}' is not finite; a coordinate is a number")
    return number


def _count(cell: str) -> int:
    number = _coordinate(cell)
    if number != math.floor(number) or not 1 <= number <= 2**53:
        raise ValueError(f"'{short(cell)}' is not a whole number of 1 or more")
    return int(number)


def _value(cell: str) -> float:
    return _number(cell) if cell else math.nan


def _outcome(cell: str) -> int:
    if cell not in _OUTCOMES:
        raise ValueError(f"'{short(cell)}' is not an outcome; it is one of {', '.join(_OUTCOMES)}")
    return _OUTCOMES[cell]


_COORDINATES: Mapping[str, Callable[[str], Any]] = {
    "text": _text,
    "real": _coordinate,
    "count": _count,
}


def _folded(values: Array, axes: tuple[str, ...], dims: tuple[str, ...], what: str) -> Array:
    """Values over the axes in `dims` alone; along the others they must repeat."""
    if tuple(name for name in axes if name in dims) != dims:
        raise TableError(
            f"{what} is said to run along ({', '.join(dims)}), which are not some of "
            f"({', '.join(axes)}) in this order; correct the record"
        )
    first = values[tuple(slice(None) if name in dims else slice(0, 1) for name in axes)]
    same = np.broadcast_to(first, values.shape)
    if not np.array_equal(same, values, equal_nan=values.dtype.kind == "f"):
        others = ", ".join(name for name in axes if name not in dims)
        raise TableError(
            f"{what} should repeat along {others} but does not; leave the record out to keep "
            "what differs"
        )
    sizes = dict(zip(axes, values.shape, strict=True))
    return first.reshape(tuple(sizes[name] for name in dims))
