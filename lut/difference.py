"""What differs between two tables, as values: the result of `lut.diff`."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from lut.delimited import csv_text
from lut.matching import Grid, described
from lut.provenance import ProvenanceChange

FORMAT = "mramcim-table-difference/1"


@dataclass(frozen=True)
class Mismatch:
    """Something of the tables' build that differs.

    `kind` and what `a` and `b` (the first and the second table) then hold, None where the side
    has nothing there:

    - "group": names of its variables;
    - "axis": its coordinates;
    - "coordinates": the coordinates along the axis that only this side has;
    - "variable": its unit;
    - "dimensions": names of the axes that the variable runs along;
    - "units": the unit of the axis or variable;
    - "attribute": its value.

    `place` is "group", "group/axis", "group/variable", or one of these with "@attribute".
    """

    kind: str
    place: str
    a: Any
    b: Any

    def to_dict(self) -> dict[str, Any]:
        """Return the mismatch in types that JSON has."""
        sides = {
            side: list(value) if isinstance(value, tuple) else value
            for side, value in (("a", self.a), ("b", self.b))
        }
        return {"kind": self.kind, "place": self.place, **sides}


@dataclass(frozen=True)
class MovedPoint:
    """One value that differs; `a` and `b` are in `units`, words where it is an outcome.

    `absolute` is |a - b| in `units` and `relative` |a - b| / max(|a|, |b|). Both are infinite
    where only one side is finite (a NaN, for example). For an outcome both are NaN.
    """

    group: str
    variable: str
    units: str
    coordinates: Mapping[str, Any]
    a: Any
    b: Any
    absolute: float
    relative: float

    def __str__(self) -> str:
        """Where the point is, such as "corner=tt, vdd=0.9"."""
        return described(self.coordinates)

    def to_dict(self) -> dict[str, Any]:
        """Return the point as a dict of its fields; numbers may be NaN or infinite."""
        return {**vars(self), "coordinates": dict(self.coordinates)}


@dataclass(frozen=True, eq=False)
class VariableDifference:
    """One variable of one group, over the points that both tables have.

    Attributes:
        group: name of the group.
        variable: name of the variable.
        units: of the values (the first table's).
        compared: points compared, over the variable's own dimensions.
        beyond: points beyond the tolerance.
        one_sided: of these, those where not both sides are finite (a NaN on one side).
        absolute: the absolute tolerance used, in `units`.
        median_change: median over all compared points, finite on both sides, of
            (b - a) / max(|a|, |b|); NaN where there is no such point.
        largest_absolute: finite pair that differs most in `units`; None where all are equal.
        largest_relative: finite pair that differs most relatively; None where all are equal.
    """

    group: str
    variable: str
    units: str
    compared: int
    beyond: int
    one_sided: int
    absolute: float
    median_change: float
    largest_absolute: MovedPoint | None
    largest_relative: MovedPoint | None
    _moves: Moves = field(repr=False)

    def moved(self, most: int | None = None) -> list[MovedPoint]:
        """Return the points beyond tolerance, at most `most`, the relatively largest first."""
        return list(islice(self._moves, most))

    def to_dict(self, most: int | None = None) -> dict[str, Any]:
        """Return the fields as a dict, with at most `most` of the moved points."""
        plain = {name: value for name, value in vars(self).items() if name != "_moves"}
        for name in ("largest_absolute", "largest_relative"):
            plain[name] = plain[name] and plain[name].to_dict()
        return {**plain, "moved": [point.to_dict() for point in self.moved(most)]}


@dataclass(frozen=True, eq=False)
class OutcomeChange:
    """Points of one group whose outcome went from `a` to `b` (words such as "ok")."""

    group: str
    a: str
    b: str
    count: int
    _moves: Moves = field(repr=False)

    def moved(self, most: int | None = None) -> list[MovedPoint]:
        """Return the points, at most `most`, in the order of the grid."""
        return list(islice(self._moves, most))

    def to_dict(self, most: int | None = None) -> dict[str, Any]:
        """Return the change as a dict, with at most `most` of its places."""
        places = [dict(point.coordinates) for point in self.moved(most)]
        return {"group": self.group, "a": self.a, "b": self.b, "count": self.count, "at": places}


@dataclass(frozen=True, eq=False)
class Difference:
    """All that differs between a first table `a` and a second table `b`.

    Attributes:
        a: of the first table: path, title, schema_version, mramcim_version, ngspice_version.
        b: the same of the second.
        relative: the relative tolerance used.
        absolute: the absolute ones given, by "variable" or "group/variable".
        mismatches: groups, axes, coordinates, variables, units and attributes that differ.
        variables: every variable that both have, of every group that both have.
        outcomes: changes of outcome, by group and pair.
        provenance: parts of the provenance, versions and titles that differ; these do not count
            as a difference of the tables.
    """

    a: Mapping[str, str]
    b: Mapping[str, str]
    relative: float
    absolute: Mapping[str, float]
    mismatches: tuple[Mismatch, ...]
    variables: tuple[VariableDifference, ...]
    outcomes: tuple[OutcomeChange, ...]
    provenance: tuple[ProvenanceChange, ...]

    @property
    def same(self) -> bool:
        """Whether both hold the same points with the same values within the tolerances."""
        return not (self.mismatches or self.outcomes or self.beyond)

    @property
    def compared(self) -> int:
        """Number of values compared, over all variables but the outcomes."""
        return sum(variable.compared for variable in self.variables)

    @property
    def beyond(self) -> int:
        """Number of values beyond their tolerance."""
        return sum(variable.beyond for variable in self.variables)

    def moved(self, most: int | None = None) -> list[MovedPoint]:
        """Return the values beyond tolerance of all variables, at most `most`, largest first.

        Sorted by relative difference; values that only one side has come first of all. Changes
        of outcome are not among them.
        """
        streams = [variable._moves for variable in self.variables]
        return list(islice(heapq.merge(*streams, key=lambda point: -point.relative), most))

    def to_dict(self, most: int | None = None) -> dict[str, Any]:
        """Return everything in types that JSON has, but that numbers may be NaN or infinite.

        Args:
            most: at most so many points of each variable and each change of outcome.
        """
        return {
            "format": FORMAT,
            "a": dict(self.a),
            "b": dict(self.b),
            "relative": self.relative,
            "absolute": dict(self.absolute),
            "same": self.same,
            "compared": self.compared,
            "beyond": self.beyond,
            "mismatches": [mismatch.to_dict() for mismatch in self.mismatches],
            "variables": [variable.to_dict(most) for variable in self.variables],
            "outcomes": [change.to_dict(most) for change in self.outcomes],
            "provenance": [change.to_dict() for change in self.provenance],
        }

    def to_csv(self) -> str:
        """Return a row for each change of outcome, then one for each moved value, largest first.

        Columns: group, variable, unit, the axes that occur, a, b, absolute, relative. A cell is
        empty where there is no number.
        """
        points = [point for change in self.outcomes for point in change.moved()] + self.moved()
        axes = list(dict.fromkeys(name for point in points for name in point.coordinates))
        heading = ("group", "variable", "unit", *axes, "a", "b", "absolute", "relative")
        rows = (
            (
                *(point.group, point.variable, point.units),
                *(point.coordinates.get(name) for name in axes),
                *(point.a, point.b, point.absolute, point.relative),
            )
            for point in points
        )
        return csv_text((heading, *rows))


@dataclass(frozen=True, eq=False)
class Moves:
    """Points that moved, kept as columns: a table may have more of them than anybody reads.

    `rows` are places in the flattened grid over `dims`.
    """

    group: str
    variable: str
    units: str
    grid: Grid
    dims: tuple[str, ...]
    rows: Sequence[int]
    a: Sequence[Any]
    b: Sequence[Any]
    absolute: Sequence[float]
    relative: Sequence[float]

    def __iter__(self) -> Iterator[MovedPoint]:
        """Give the points one by one, in the order of the columns."""
        shape = self.grid.shape(self.dims)
        columns = (self.rows, self.a, self.b, self.absolute, self.relative)
        for row, a, b, absolute, relative in zip(*columns, strict=True):
            index = [int(i) for i in np.unravel_index(row, shape)]
            place = self.grid.place(index, self.dims)
            yield MovedPoint(self.group, self.variable, self.units, place, a, b, absolute, relative)
