"""Multilinear interpolation of one variable, point by point, never outside its grid.

Plain Python on lists: a look-up touches at most two values per numeric dimension, where the
overhead of array operations would cost ten times the arithmetic.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from numbers import Real
from typing import Any

import numpy as np

from lut.errors import TableError
from lut.model import Array, Axis, Group
from lut.outcomes import Outcome

# Relative distance at which a condition is taken to be the grid point itself: conversions such
# as -40 + 273.15 miss their coordinate by a rounding.
_SAME = 1e-9


@dataclass(frozen=True)
class _Place:
    """Where a condition falls on an axis: an index and the fraction of the way to the next."""

    index: int
    fraction: float


class AxisFinder:
    """Finds places on one axis."""

    def __init__(self, name: str, axis: Axis) -> None:
        self.name = name
        self.units = axis.units
        self.values: list[Any] = list(axis.values) if _is_text(axis) else _numbers(axis)
        self._indices = {v: i for i, v in enumerate(self.values)} if _is_text(axis) else None

    def place(self, condition: Any) -> _Place:
        """Return the place of `condition`; a TableError holds the end of a sentence."""
        if self._indices is not None:
            if isinstance(condition, str) and condition in self._indices:
                return _Place(self._indices[condition], 0.0)
            raise TableError(f"{self.name}={condition!r} is not in the table ({self.known})")
        if not isinstance(condition, Real) or isinstance(condition, bool):
            raise TableError(f"{self.name}={condition!r} is not a number ({self.known})")
        values = self.values
        try:
            number = float(condition)
        except OverflowError:
            # Not quoted: it has hundreds of digits.
            raise TableError(
                f"{self.name} is outside the table, beyond all floating-point numbers "
                f"({self.known})"
            ) from None
        lower = bisect_right(values, number) - 1
        for index in (lower, lower + 1):
            if 0 <= index < len(values):
                value = values[index]
                if abs(number - value) <= _SAME * abs(value):
                    return _Place(index, 0.0)
        if not (0 <= lower < len(values) - 1):
            raise TableError(f"{self.name}={number:g} is outside the table ({self.known})")
        low, high = values[lower], values[lower + 1]
        return _Place(lower, (number - low) / (high - low))

    @property
    def known(self) -> str:
        """What the axis covers, for a message."""
        if self._indices is not None:
            return f"it has {', '.join(self.values)}"
        unit = "" if self.units == "1" else f" {self.units}"
        if len(self.values) == 1:
            return f"it has only {self.values[0]:g}{unit}"
        return f"it covers {self.values[0]:g} to {self.values[-1]:g}{unit}"


def _is_text(axis: Axis) -> bool:
    return isinstance(axis.values, tuple)


def _numbers(axis: Axis) -> list[float]:
    return [float(value) for value in axis.values]


class Interpolator:
    """One variable of a group, ready for look-ups."""

    def __init__(self, group: Group, variable: str) -> None:
        source = group.variables[variable]
        self._finders = {name: AxisFinder(name, axis) for name, axis in group.axes.items()}
        self._strides = {
            dim: int(np.prod(source.values.shape[position + 1 :]))
            for position, dim in enumerate(source.dims)
        }
        self._values: list[float] = source.values.ravel().tolist()
        self._failures: list[int] = _failures(group, variable).ravel().tolist()
        # An outcome is a kind, not a quantity: there is nothing between two of them.
        self._between = variable != "outcome"

    def value(self, conditions: Mapping[str, Any]) -> float:
        """Return the value under `conditions`.

        Raises:
            TableError: its message is the end of a sentence, to follow the variable's name.
        """
        total = 0.0
        for offset, weight in self._corners(conditions):
            value = self._values[offset]
            if self._failures[offset] or not isfinite(value):
                raise self._unusable(offset)
            total += weight * value
        return total

    def grid_points(self, conditions: Mapping[str, Any]) -> list[tuple[dict[str, Any], float]]:
        """The points of the grid behind a value, by axis, each with its share in it.

        A dimension that the variable does not have is left out. Raises TableError as `value`.
        """
        return [(self._place(offset), weight) for offset, weight in self._corners(conditions)]

    def _place(self, offset: int) -> dict[str, Any]:
        place, rest = {}, offset
        for name, stride in self._strides.items():
            index, rest = divmod(rest, stride)
            place[name] = self._finders[name].values[index]
        return place

    def _corners(self, conditions: Mapping[str, Any]) -> list[tuple[int, float]]:
        """Offsets in the values and their weights, for conditions inside the grid."""
        for name in conditions:
            if name not in self._finders:
                known = ", ".join(self._finders) or "none"
                raise TableError(f"condition '{name}' is unknown (conditions are: {known})")
        corners = [(0, 1.0)]
        for name, finder in self._finders.items():
            stride = self._strides.get(name)
            if name not in conditions:
                if stride is None:
                    continue
                raise TableError(f"condition '{name}' must be given ({finder.known})")
            place = finder.place(conditions[name])
            if stride is None:
                continue
            base, fraction = place.index * stride, place.fraction
            if fraction == 0.0:
                corners = [(offset + base, weight) for offset, weight in corners]
            elif self._between:
                corners = [
                    corner
                    for offset, weight in corners
                    for corner in (
                        (offset + base, weight * (1.0 - fraction)),
                        (offset + base + stride, weight * fraction),
                    )
                ]
            else:
                raise TableError(f"{name}={conditions[name]} lies between two points of the grid")
        return corners

    def _unusable(self, offset: int) -> TableError:
        point = [
            f"{name}={value if isinstance(value, str) else format(value, 'g')}"
            for name, value in self._place(offset).items()
        ]
        where = f" at {', '.join(point)}" if point else ""
        outcome = Outcome(self._failures[offset])
        if outcome is Outcome.OK:
            return TableError(
                f"not a finite number{where}, although its outcome is ok; measure it again"
            )
        return TableError(f"no usable value{where}: outcome {outcome.meaning} ({outcome.remedy})")


def _failures(group: Group, variable: str) -> Array:
    """Return the outcome that spoils each value of `variable`, 0 where none does.

    Along a dimension that the variable does not have, it stands for all points there, so it
    is spoilt only if all of them failed.
    """
    source = group.variables[variable]
    if variable == "outcome" or "outcome" not in group.variables:
        return np.zeros(source.values.shape, dtype=np.int8)
    outcomes = group.spread("outcome")
    others = tuple(position for position, name in enumerate(group.axes) if name not in source.dims)
    # The smallest is ok (0) if any is.
    reduced = outcomes.min(axis=others) if others else outcomes
    return np.asarray(reduced)
