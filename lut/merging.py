"""Merging tables made alike: of some of the points or groups each, into one of all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any, Literal

import numpy as np

from lut.errors import TableError
from lut.matching import Grid, coordinates, described, same_value, seen_along, shared
from lut.model import Array, Axis, Content, Group, Variable
from lut.outcomes import Outcome
from lut.schema import SCHEMA_VERSION
from lut.sources import merged_provenance, require_made_alike
from lut.table import Table

AGREEING = 1e-9
"""Relative difference up to which two values of one point agree."""

_SHOWN_BLOCKS = 3


def merge(tables: Sequence[Table], *, prefer: Literal["first", "last"] | None = None) -> Content:
    """Return the union of tables made with the same design, device, models and ngspice.

    Groups that only some have are taken over. A group that several have gets all their
    coordinates, numbers in increasing order and texts in that of their first appearance, and
    must then be a full grid. Where several have a point, they must agree within 1e-9 relative.

    The provenance holds what all have in common; `sources` has for each table its file's name
    and sha256, its versions and what is its own; `failures` are those of the points taken.

    Args:
        tables: two or more, of different files.
        prefer: whose point is taken, whole, where several disagree. The provenance counts
            these points by group as `settled`.

    Raises:
        TableError: the tables were made differently, disagree, or would leave points out; the
            message says which.
    """
    if prefer not in (None, "first", "last"):
        raise TableError(f"prefer={prefer!r} is not 'first' or 'last'")
    _require_several(tables)
    require_made_alike(tables)
    names = dict.fromkeys(name for table in tables for name in table.groups)
    groups: dict[str, Group] = {}
    settled: dict[str, int] = {}
    for name in names:
        having = [table for table in tables if name in table.groups]
        union = _Union(name, having)
        groups[name], settled[name] = union.group(prefer)
    counted = {name: count for name, count in settled.items() if count}
    record = {"prefer": prefer, "points": counted} if counted else None
    return Content(
        schema_version=SCHEMA_VERSION,
        mramcim_version=_joined(table.mramcim_version for table in tables),
        ngspice_version=tables[0].ngspice_version,
        provenance=merged_provenance(tables, groups, settled=record),
        groups=groups,
        title=_joined(table.title for table in tables),
    )


def _require_several(tables: Sequence[Table]) -> None:
    if len(tables) < 2:
        raise TableError("a merge takes two tables or more; name another one")
    known: set[Any] = set()
    for table in tables:
        place = table.path.resolve()
        if place in known:
            raise TableError(f"{table.path} is given twice; name each table once")
        known.add(place)


def _joined(texts: Iterator[str]) -> str:
    return " + ".join(dict.fromkeys(text for text in texts if text))


@dataclass(frozen=True, eq=False)
class _Part:
    """One table's group, and the places of its coordinates in the union."""

    table: Table
    group: Group
    places: Mapping[str, Array]

    def cut(self, dims: Sequence[str]) -> Any:
        """What indexes this part of an array over `dims` of the union."""
        return np.ix_(*(self.places[name] for name in dims))


class _Union:
    """One group of all tables that have it."""

    def __init__(self, name: str, tables: Sequence[Table]) -> None:
        self.name = name
        groups = [table.groups[name] for table in tables]
        self._require_equal_attributes(tables)
        self.axes = {key: _united([group.axes[key] for group in groups]) for key in groups[0].axes}
        self.grid = Grid({key: coordinates(axis) for key, axis in self.axes.items()})
        self.parts = [
            _Part(table, group, {k: self._places(k, axis) for k, axis in group.axes.items()})
            for table, group in zip(tables, groups, strict=True)
        ]
        self._require_full_grid()

    def _places(self, key: str, axis: Axis) -> Array:
        return shared(coordinates(axis), self.grid.axes[key])[1]

    def _require_equal_attributes(self, tables: Sequence[Table]) -> None:
        first, *others = tables
        ours = first.groups[self.name].attributes
        for other in others:
            theirs = other.groups[self.name].attributes
            for key in dict.fromkeys((*ours, *theirs)):
                a, b = ours.get(key), theirs.get(key)
                if not same_value(a, b, AGREEING):
                    raise TableError(
                        f"{first.path} and {other.path} differ in the attribute '{key}' of "
                        f"{self.name} ({_told(a)} and {_told(b)}); merge tables made alike"
                    )

    def _require_full_grid(self) -> None:
        missing = list(self._missing_blocks())
        if missing:
            texts = [
                f"{described(block)} ({count} point{'' if count == 1 else 's'})"
                for block, count in missing[:_SHOWN_BLOCKS]
            ]
            more = len(missing) - len(texts)
            total = sum(count for _, count in missing)
            raise TableError(
                f"the tables do not fill the grid of {self.name}: {total} of "
                f"{prod(self.grid.shape())} points are missing, at {'; '.join(texts)}"
                f"{f' and {more} more such blocks' if more else ''}; "
                "characterize these too and merge all"
            )

    def _missing_blocks(self) -> Iterator[tuple[dict[str, Any], int]]:
        """Yield each block of points that no table has, and its number of points.

        Coordinates of an axis that the same tables have are of one kind; a block takes one kind
        of each axis, so that no table has either all of its points or none.
        """
        kinds: list[list[tuple[frozenset[int], str | None, int]]] = []
        for key, values in self.grid.axes.items():
            owners: list[set[int]] = [set() for _ in values]
            for number, part in enumerate(self.parts):
                for place in part.places[key]:
                    owners[place].add(number)
            found: dict[frozenset[int], list[Any]] = {}
            for value, having in zip(values, owners, strict=True):
                found.setdefault(frozenset(having), []).append(value)
            kinds.append(
                [
                    # Named only where it says which part of the axis is meant.
                    (having, _listed(some) if len(found) > 1 else None, len(some))
                    for having, some in found.items()
                ]
            )
        for block in product(*kinds):
            if block and not frozenset.intersection(*(having for having, _, _ in block)):
                named = zip(self.grid.axes, block, strict=True)
                place = {key: values for key, (_, values, _) in named if values is not None}
                yield place, prod(count for _, _, count in block)

    def group(self, prefer: str | None) -> tuple[Group, int]:
        """Return the merged group, and how many of its points were settled by `prefer`."""
        settled = np.zeros(self.grid.shape(), dtype=bool)
        names = dict.fromkeys(key for part in self.parts for key in part.group.variables)
        # Outcomes first: that one of two tables failed says more than that its values are NaN.
        for key in sorted(names, key=lambda key: key != "outcome"):
            self._compare(key, prefer, settled)
        ordered = self.parts[::-1] if prefer == "last" else self.parts
        variables = {key: self._variable(key, ordered) for key in names}
        return Group(self.axes, variables, self.parts[0].group.attributes), int(settled.sum())

    def _variable(self, key: str, parts: Sequence[_Part]) -> Variable:
        """Fill the variable from `parts`, of which an earlier one comes before a later."""
        having = [part for part in parts if key in part.group.variables]
        first = having[0].group.variables[key]
        dtype = np.result_type(*(part.group.variables[key].values.dtype for part in having))
        values = np.zeros(self.grid.shape(first.dims), dtype=dtype)
        filled = np.zeros(values.shape, dtype=bool)
        for part in reversed(having):
            cut = part.cut(first.dims)
            values[cut] = part.group.variables[key].values
            filled[cut] = True
        if not filled.all():
            lacking = next(part for part in parts if part not in having)
            place = self.grid.place(np.argwhere(~filled)[0].tolist(), first.dims)
            raise TableError(
                f"{lacking.table.path} has no {self.name}/{key}, which would be missing at "
                f"{int((~filled).sum())} points, first {described(place)}; characterize it again"
            )
        return Variable(values, first.dims, first.units, first.long_name, first.attributes)

    def _compare(self, key: str, prefer: str | None, settled: Array) -> None:
        """Hold the tables that have a variable against each other, each pair once."""
        having = [part for part in self.parts if key in part.group.variables]
        for number, part in enumerate(having):
            for other in having[number + 1 :]:
                self._compare_pair(key, part, other, prefer, settled)

    def _compare_pair(
        self, key: str, one: _Part, other: _Part, prefer: str | None, settled: Array
    ) -> None:
        first, second = one.group.variables[key], other.group.variables[key]
        if first.dims != second.dims:
            raise TableError(
                f"{self.name}/{key} runs along ({', '.join(first.dims)}) in {one.table.path} and "
                f"along ({', '.join(second.dims)}) in {other.table.path}; merge tables made alike"
            )
        both = {
            name: np.intersect1d(one.places[name], other.places[name], return_indices=True)
            for name in self.axes
        }
        if any(found[0].size == 0 for found in both.values()):
            return
        a = first.values[np.ix_(*(both[name][1] for name in first.dims))]
        b = second.values[np.ix_(*(both[name][2] for name in first.dims))]
        apart = ~_agreeing(np.asarray(a), np.asarray(b))
        if not apart.any():
            return
        if prefer is None:
            index = np.argwhere(apart)[0].tolist()
            at = [both[name][0][i] for name, i in zip(first.dims, index, strict=True)]
            values = [_value(side[tuple(index)], key, first.units) for side in (a, b)]
            raise TableError(
                f"{one.table.path} and {other.table.path} disagree on {self.name}/{key} at "
                f"{described(self.grid.place(at, first.dims))}: {values[0]} and {values[1]}; "
                "settle it with --prefer first or --prefer last, or leave one table out"
            )
        spread = seen_along(Variable(apart, first.dims, "1", key), tuple(self.axes))
        settled[np.ix_(*(found[0] for found in both.values()))] |= spread


def _united(axes: Sequence[Axis]) -> Axis:
    """All coordinates of some axes, each once: numbers increasing, texts as they first appear."""
    first, *others = axes
    values = coordinates(first)
    for axis in others:
        new = coordinates(axis)
        known = set(shared(new, values)[0].tolist())
        values = values + [value for place, value in enumerate(new) if place not in known]
        if not isinstance(first.values, tuple):
            values.sort()
    return Axis(values, first.units, first.long_name)


def _agreeing(a: Array, b: Array) -> Array:
    if a.dtype.kind in "iu" and b.dtype.kind in "iu":
        return np.asarray(a == b)
    with np.errstate(over="ignore", invalid="ignore"):
        close = np.abs(a - b) <= AGREEING * np.maximum(np.abs(a), np.abs(b))
    finite = np.isfinite(a) & np.isfinite(b)
    return np.asarray((a == b) | (np.isnan(a) & np.isnan(b)) | (finite & close))


def _listed(values: Sequence[Any]) -> str:
    return "/".join(value if isinstance(value, str) else f"{value:.10g}" for value in values)


def _told(value: Any) -> str:
    return "none" if value is None else str(value)


def _value(value: Any, key: str, units: str) -> str:
    if key == "outcome":
        return Outcome(int(value)).meaning
    return f"{value:.12g}" + ("" if units == "1" else f" {units}")
