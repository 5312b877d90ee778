"""The axes of one bench's group, from those of a plan, and a choice of their values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from characterize.errors import PlanError
from characterize.quantities import quantity
from circuits import BENCHES
from files import short

_UNITS = {"vdd": "V", "temperature": "K", "driver_width": "m", "age": "s"}


def bench_axes(
    bench: str,
    axes: Mapping[str, tuple[Any, ...]],
    further: Mapping[str, tuple[Any, ...]] | None = None,
) -> dict[str, tuple[Any, ...]]:
    """The axes that a bench has, in order: its own, `further` ones, its operands or lines."""
    kind = BENCHES[bench]
    own = {name: axes[name] for name in kind.axes} | dict(further or {})
    if kind.variants:
        own[kind.variant_axis] = kind.variants
    return own


def chosen_values(
    place: str, name: str, values: object, axes: Mapping[str, tuple[Any, ...]]
) -> tuple[Any, ...]:
    """Some values of an axis, as a plan's `place` lists them; each must be one that it has."""
    if name not in axes:
        raise PlanError(f"{place} has '{short(name)}'; the axes are {', '.join(axes)}")
    if not isinstance(values, list) or not values:
        raise PlanError(f"{place}: '{name}' must be a list of values of that axis")
    unit = _UNITS.get(name)
    chosen = []
    for value in values:
        found = quantity(place, name, value, unit) if unit else value
        same = [one for one in axes[name] if one == found or _near(one, found)]
        if not same:
            raise PlanError(f"{place}: the plan's axis '{name}' has no {short(repr(value))}")
        chosen.append(same[0])
    return tuple(chosen)


def _near(one: object, other: object) -> bool:
    return isinstance(one, float) and isinstance(other, float) and math.isclose(one, other)
