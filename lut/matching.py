"""Points of groups by their coordinates: those of one, and those that two share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lut.model import Array, Axis, Variable

SAME = 1e-9
"""Relative distance within which two coordinates name one point, as in a look-up."""

Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Grid:
    """Coordinates (plain texts, ints and floats) along each dimension, in order."""

    axes: Mapping[str, Sequence[Any]]

    def shape(self, dims: Sequence[str] | None = None) -> tuple[int, ...]:
        """Return the number of coordinates along `dims`, or along all dimensions."""
        return tuple(len(self.axes[name]) for name in (self.axes if dims is None else dims))

    def place(self, index: Sequence[int], dims: Sequence[str] | None = None) -> dict[str, Any]:
        """Return the coordinates at an index along `dims`, or along all dimensions."""
        names = tuple(self.axes) if dims is None else dims
        return {name: self.axes[name][i] for name, i in zip(names, index, strict=True)}


def grid_of(axes: Mapping[str, Axis]) -> Grid:
    """Return the grid that the axes of a group span."""
    return Grid({name: coordinates(axis) for name, axis in axes.items()})


def coordinates(axis: Axis) -> list[Any]:
    """Return the coordinates of an axis as plain texts, ints or floats."""
    return list(axis.values) if isinstance(axis.values, tuple) else axis.values.tolist()


def same_number(a: float, b: float, relative: float = SAME) -> bool:
    """Whether two finite numbers are equal within a relative tolerance."""
    return a == b or abs(a - b) <= relative * max(abs(a), abs(b))


def same_value(a: Any, b: Any, relative: float = SAME) -> bool:
    """Whether two attributes are equal: numbers within a relative tolerance, all else exactly."""
    if isinstance(a, int | float) and isinstance(b, int | float):
        return same_number(a, b, relative)
    return bool(a == b)


def shared(a: Sequence[Any], b: Sequence[Any]) -> tuple[Indices, Indices]:
    """Return the places in `a` and in `b` of the coordinates that both have, in a's order.

    Texts match exactly; numbers, which must increase in both, match within `SAME`; a text never
    matches a number.
    """
    texts = any(isinstance(value, str) for value in (*a[:1], *b[:1]))
    pairs = _equal(a, b) if texts else _close(a, b)
    found = np.array(pairs, dtype=np.intp).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _equal(a: Sequence[Any], b: Sequence[Any]) -> list[tuple[int, int]]:
    places = {value: place for place, value in enumerate(b)}
    return [(place, places[value]) for place, value in enumerate(a) if value in places]


def _close(a: Sequence[float], b: Sequence[float]) -> list[tuple[int, int]]:
    pairs = []
    i = j = 0
    while i < len(a) and j < len(b):
        if same_number(a[i], b[j]):
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif a[i] < b[j]:
            i += 1
        else:
            j += 1
    return pairs


def seen_along(variable: Variable, dims: Sequence[str]) -> Array:
    """Return a variable's values with a dimension for each of `dims`, of length 1 if not its own.

    `dims` must hold the variable's own dimensions in their order.
    """
    lengths = dict(zip(variable.dims, variable.values.shape, strict=True))
    return variable.values.reshape([lengths.get(name, 1) for name in dims])


def described(place: Mapping[str, Any]) -> str:
    """Return a place as text, such as "corner=tt, vdd=0.9"; "all points" for one without axes."""
    texts = (
        f"{name}={value if isinstance(value, str) else f'{value:.10g}'}"
        for name, value in place.items()
    )
    return ", ".join(texts) or "all points"
