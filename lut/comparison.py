"""Comparing two tables point by point."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from lut.difference import (
    Difference,
    Mismatch,
    MovedPoint,
    Moves,
    OutcomeChange,
    VariableDifference,
)
from lut.errors import TableError
from lut.matching import Grid, Indices, coordinates, same_value, seen_along, shared
from lut.model import Array, Group, Variable
from lut.outcomes import Outcome
from lut.provenance import provenance_changes
from lut.table import Table

RELATIVE = 1e-6
"""Relative tolerance where none is given."""

_OUTCOME = "outcome"
_HEADER = ("title", "schema_version", "mramcim_version", "ngspice_version")


def diff(
    a: Table | str | os.PathLike[str],
    b: Table | str | os.PathLike[str],
    *,
    relative: float = RELATIVE,
    absolute: Mapping[str, float] | None = None,
) -> Difference:
    """Compare two tables; points are matched by their coordinates.

    A value has moved where |a - b| > absolute + relative * max(|a|, |b|), or where only one
    side is NaN. NaN on both sides is equal. Numeric attributes of groups and variables are held
    to the relative tolerance, outcomes and texts must be equal; wording (`long_name`) is not
    compared. Points that only one table has, because the grids differ, are reported as such and
    the others compared.

    Args:
        a: the first table or its file, for example a baseline.
        b: the second table or its file.
        relative: relative tolerance.
        absolute: absolute tolerance in SI units by "variable" or "group/variable" (which comes
            first); 0 for all others.

    Raises:
        TableError: a file is not a whole table, or a tolerance is negative, not finite or for a
            variable that neither table has.
    """
    first, second = (x if isinstance(x, Table) else Table.open(x) for x in (a, b))
    tolerances = dict(absolute or {})
    _check_tolerances(relative, tolerances, first, second)
    mismatches: list[Mismatch] = []
    variables: list[VariableDifference] = []
    outcomes: list[OutcomeChange] = []
    for name in _names(first.groups, second.groups):
        if name not in first.groups or name not in second.groups:
            sides = (_variable_names(table.groups.get(name)) for table in (first, second))
            mismatches.append(Mismatch("group", name, *sides))
            continue
        ours, theirs = first.groups[name], second.groups[name]
        mismatches.extend(_group_mismatches(name, ours, theirs, relative))
        pair = _Pair(name, ours, theirs)
        for key in pair.comparable:
            if key == _OUTCOME:
                outcomes.extend(pair.outcome_changes())
            else:
                given = tolerances.get(f"{name}/{key}", tolerances.get(key, 0.0))
                variables.append(pair.compared(key, given, relative))
    return Difference(
        a=_header(first),
        b=_header(second),
        relative=relative,
        absolute=tolerances,
        mismatches=tuple(mismatches),
        variables=tuple(variables),
        outcomes=tuple(outcomes),
        provenance=provenance_changes(_record(first), _record(second)),
    )


def _check_tolerances(
    relative: float, absolute: Mapping[str, float], first: Table, second: Table
) -> None:
    for what, value in {"relative": relative, **absolute}.items():
        if not (math.isfinite(value) and value >= 0):
            raise TableError(f"the tolerance {what}={value:g} is not a number of 0 or more")
    known = {
        name
        for table in (first, second)
        for group, content in table.groups.items()
        for key in content.variables
        if key != _OUTCOME
        for name in (key, f"{group}/{key}")
    }
    for name in absolute:
        if name not in known:
            hint = (
                "an outcome has no tolerance"
                if name.rpartition("/")[2] == _OUTCOME
                else "name a variable such as 'energy', or one of a group such as 'and2/energy'"
            )
            raise TableError(f"there is an absolute tolerance for '{name}' but {hint}")


def _names(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    return [*a, *(name for name in b if name not in a)]


def _variable_names(group: Group | None) -> tuple[str, ...] | None:
    return None if group is None else tuple(group.variables)


def _header(table: Table) -> dict[str, str]:
    return {"path": str(table.path), **{name: getattr(table, name) for name in _HEADER}}


def _record(table: Table) -> dict[str, Any]:
    return {**table.provenance, **{name: getattr(table, name) for name in _HEADER}}


def _group_mismatches(name: str, ours: Group, theirs: Group, relative: float) -> Iterator[Mismatch]:
    yield from _attribute_mismatches(name, ours.attributes, theirs.attributes, relative)
    for key in _names(ours.axes, theirs.axes):
        place = f"{name}/{key}"
        a, b = ours.axes.get(key), theirs.axes.get(key)
        if a is None or b is None:
            sides = (None if axis is None else tuple(coordinates(axis)) for axis in (a, b))
            yield Mismatch("axis", place, *sides)
            continue
        if a.units != b.units:
            yield Mismatch("units", place, a.units, b.units)
        left, right = coordinates(a), coordinates(b)
        in_left, in_right = shared(left, right)
        if len(in_left) < len(left) or len(in_right) < len(right):
            only = (_without(left, in_left), _without(right, in_right))
            yield Mismatch("coordinates", place, *only)
    for key in _names(ours.variables, theirs.variables):
        place = f"{name}/{key}"
        one, other = ours.variables.get(key), theirs.variables.get(key)
        if one is None or other is None:
            units = (None if variable is None else variable.units for variable in (one, other))
            yield Mismatch("variable", place, *units)
            continue
        if one.units != other.units:
            yield Mismatch("units", place, one.units, other.units)
        if one.dims != other.dims:
            yield Mismatch("dimensions", place, one.dims, other.dims)
        yield from _attribute_mismatches(place, one.attributes, other.attributes, relative)


def _without(values: list[Any], places: Indices) -> tuple[Any, ...] | None:
    """The values at no place of `places`; None if there are none."""
    known = set(places.tolist())
    return tuple(value for place, value in enumerate(values) if place not in known) or None


def _attribute_mismatches(
    place: str, ours: Mapping[str, Any], theirs: Mapping[str, Any], relative: float
) -> Iterator[Mismatch]:
    for key in _names(ours, theirs):
        a, b = ours.get(key), theirs.get(key)
        if not same_value(a, b, relative):
            yield Mismatch("attribute", f"{place}@{key}", a, b)


class _Pair:
    """Two groups of one name over the points that both have."""

    def __init__(self, name: str, ours: Group, theirs: Group) -> None:
        self.name, self.ours, self.theirs = name, ours, theirs
        self.places: dict[str, tuple[Indices, Indices]] = {}
        axes: dict[str, list[Any]] = {}
        for key, axis in ours.axes.items():
            if key in theirs.axes:
                left = coordinates(axis)
                self.places[key] = shared(left, coordinates(theirs.axes[key]))
                axes[key] = [left[place] for place in self.places[key][0]]
        self.grid = Grid(axes)

    @property
    def comparable(self) -> list[str]:
        """Variables that both have along axes that both have."""
        return [
            name
            for name in self.ours.variables
            if name in self.theirs.variables and set(self._dims(name)) <= set(self.grid.axes)
        ]

    def _dims(self, variable: str) -> tuple[str, ...]:
        known = {*self.ours.variables[variable].dims, *self.theirs.variables[variable].dims}
        order = _names(self.ours.axes, self.theirs.axes)
        return tuple(name for name in order if name in known)

    def _values(self, variable: str) -> tuple[tuple[str, ...], Array, Array]:
        """The dimensions of a variable, and both sides' values at the shared points, flat."""
        dims = self._dims(variable)
        sides = (
            self._taken(group.variables[variable], dims, side)
            for side, group in enumerate((self.ours, self.theirs))
        )
        shape = self.grid.shape(dims)
        a, b = (np.broadcast_to(values, shape).ravel() for values in sides)
        return dims, a, b

    def _taken(self, variable: Variable, dims: tuple[str, ...], side: int) -> Array:
        values = seen_along(variable, dims)
        for position, name in enumerate(dims):
            if name in variable.dims:
                values = np.take(values, self.places[name][side], axis=position)
        return values

    def outcome_changes(self) -> Iterator[OutcomeChange]:
        """Yield the changes of outcome, by pair."""
        dims, a, b = self._values(_OUTCOME)
        pairs = np.unique(np.stack([a, b], axis=1)[a != b], axis=0)
        for before, after in pairs.tolist():
            rows = np.flatnonzero((a == before) & (b == after)).tolist()
            words = Outcome(before).meaning, Outcome(after).meaning
            a_words, b_words = ([word] * len(rows) for word in words)
            unsized = [math.nan] * len(rows)
            columns = (rows, a_words, b_words, unsized, unsized)
            moves = Moves(self.name, _OUTCOME, "1", self.grid, dims, *columns)
            yield OutcomeChange(self.name, *words, len(rows), moves)

    def compared(self, variable: str, absolute: float, relative: float) -> VariableDifference:
        """Compare the values of one variable."""
        dims, a, b = self._values(variable)
        a, b = a.astype(float), b.astype(float)
        gap, ratio = _sizes(a, b)
        finite = np.isfinite(a) & np.isfinite(b)
        with np.errstate(over="ignore", invalid="ignore"):
            allowed = absolute + relative * np.maximum(np.abs(a), np.abs(b))
        # Infinite numbers are compared apart: their scale would allow any difference.
        beyond = np.where(finite, gap > allowed, gap > 0)
        units = self.ours.variables[variable].units

        def moves(rows: Indices) -> Moves:
            columns = (values[rows].tolist() for values in (rows_of, a, b, gap, ratio))
            return Moves(self.name, variable, units, self.grid, dims, *columns)

        def largest(size: Array) -> MovedPoint | None:
            known = np.where(finite, size, 0.0)
            return next(iter(moves(np.array([known.argmax()])))) if known.any() else None

        rows_of = np.arange(a.size)
        rows = np.flatnonzero(beyond)
        change = np.where(b < a, -ratio, ratio)[finite]
        return VariableDifference(
            group=self.name,
            variable=variable,
            units=units,
            compared=a.size,
            beyond=rows.size,
            one_sided=int(np.count_nonzero(beyond & ~finite)),
            absolute=absolute,
            median_change=float(np.median(change)) if change.size else math.nan,
            largest_absolute=largest(gap),
            largest_relative=largest(ratio),
            _moves=moves(rows[np.argsort(-ratio[rows], kind="stable")]),
        )


def _sizes(a: Array, b: Array) -> tuple[Array, Array]:
    """|a - b| and |a - b| / max(|a|, |b|): 0 where both are equal or NaN, inf where one is."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        absolute = np.abs(a - b)
        scale = np.maximum(np.abs(a), np.abs(b))
        # The difference of two numbers near the end of the range of floats is infinite.
        relative = np.where(np.isinf(absolute), np.abs(a / scale - b / scale), absolute / scale)
    equal = (a == b) | (np.isnan(a) & np.isnan(b))
    lost = ~equal & ~(np.isfinite(a) & np.isfinite(b))

    def settled(size: Array) -> Array:
        return np.where(equal, 0.0, np.where(lost, np.inf, size))

    return settled(absolute), settled(relative)
