"""What a table is made of, in memory: axes, variables, groups, and the whole content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from files import short
from lut.errors import TableError

Array = NDArray[Any]


def _frozen_copy(values: ArrayLike) -> Array:
    copy = np.array(values)
    copy.setflags(write=False)
    return copy


@dataclass(frozen=True, eq=False)
class Axis:
    """Coordinates along one dimension of a group.

    `values` is given as a one-dimensional array of numbers or a sequence of texts and is kept
    as a read-only array or a tuple of str; `units` is SI text, "1" where there is none.
    """

    values: Array | tuple[str, ...]
    units: str
    long_name: str

    def __init__(self, values: ArrayLike | Sequence[str], units: str, long_name: str) -> None:
        if isinstance(values, str | bytes):
            raise TableError(f"axis values are a sequence, not the one text {values!r}")
        array = _frozen_copy(values)
        texts = array.dtype.kind in "UO" and all(isinstance(value, str) for value in array.flat)
        kept = tuple(str(value) for value in array.flat) if texts else array
        object.__setattr__(self, "values", kept)
        object.__setattr__(self, "units", units)
        object.__setattr__(self, "long_name", long_name)

    def __repr__(self) -> str:
        ends = short(f"{self.values[0]} to {self.values[-1]}") if len(self) else "nothing"
        return f"<axis of {short(self.units)}: {short(self.long_name)}, {len(self)} from {ends}>"

    def __len__(self) -> int:
        return len(self.values) if isinstance(self.values, tuple) else int(self.values.size)


@dataclass(frozen=True, eq=False)
class Variable:
    """Values over some dimensions of a group, in the group's order (none for a scalar)."""

    values: Array
    dims: tuple[str, ...]
    units: str
    long_name: str
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", _frozen_copy(self.values))
        object.__setattr__(self, "dims", tuple(self.dims))
        object.__setattr__(self, "attributes", dict(self.attributes))

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.values.shape)) or "a number"
        return f"<variable of {short(self.units)}: {short(self.long_name)}, {shape}>"


@dataclass(frozen=True, eq=False)
class Group:
    """One simulated operation: its axes, its variables and its attributes."""

    axes: Mapping[str, Axis]
    variables: Mapping[str, Variable]
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("axes", "variables", "attributes"):
            object.__setattr__(self, name, dict(getattr(self, name)))

    def __repr__(self) -> str:
        sizes = " x ".join(f"{name} {len(axis)}" for name, axis in self.axes.items())
        return f"<group: {short(', '.join(self.variables))} over {short(sizes or 'no axes')}>"

    def spread(self, variable: str) -> Array:
        """Return a variable's values seen over all dimensions of the group (a view).

        The axes must be in the schema's order, as they are in every table that was read.
        """
        source = self.variables[variable]
        shape = [len(axis) if name in source.dims else 1 for name, axis in self.axes.items()]
        full = tuple(len(axis) for axis in self.axes.values())
        return np.broadcast_to(source.values.reshape(shape), full)


@dataclass(frozen=True, eq=False)
class Content:
    """Everything that a table file holds, as read from it or as it is to be written."""

    schema_version: str
    mramcim_version: str
    ngspice_version: str
    provenance: Mapping[str, Any]
    groups: Mapping[str, Group]
    title: str = ""

    def __repr__(self) -> str:
        return (
            f"<content of a table: {short(', '.join(self.groups))}, "
            f"schema {short(self.schema_version)}>"
        )
