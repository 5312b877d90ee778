"""Limits as they are written in a plan, read and checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from characterize.bench_axes import bench_axes
from characterize.errors import PlanError
from characterize.limits import Limit
from characterize.quantities import quantity
from lut import SCHEMA

_KEYS = ("bench", "measure", "min", "typ", "max", "where", "any_of")
_AXIS_UNITS = {"vdd": "V", "temperature": "K", "driver_width": "m"}


def read_limits(
    path: Path, entries: object, benches: tuple[str, ...], axes: Mapping[str, tuple[Any, ...]]
) -> tuple[Limit, ...]:
    """The limits of a plan; `entries` is its list of [[limits]]. Raises PlanError."""
    if not isinstance(entries, list):
        raise PlanError(f"{path}: 'limits' must be tables, each headed [[limits]]")
    return tuple(
        _limit(f"{path}: limit {number}", entry, benches, axes)
        for number, entry in enumerate(entries, 1)
    )


def _limit(
    place: str, entry: object, benches: tuple[str, ...], axes: Mapping[str, tuple[Any, ...]]
) -> Limit:
    if not isinstance(entry, dict):
        raise PlanError(f"{place} must be a table, headed [[limits]]")
    for key in entry:
        if key not in _KEYS:
            raise PlanError(f"{place}: unknown key '{key}'; a limit has {', '.join(_KEYS)}")
    bench = entry.get("bench")
    if bench not in benches:
        raise PlanError(
            f"{place}: 'bench' is {bench!r}; choose one that the plan simulates: "
            f"{', '.join(benches)}"
        )
    variables = SCHEMA[bench].variables
    measure = entry.get("measure")
    names = [name for name, variable in variables.items() if variable.kind == "real"]
    if measure not in names:
        raise PlanError(f"{place}: {bench} has no measure {measure!r}; it has {', '.join(names)}")
    units = variables[measure].units
    low, typical, high = (_bound(place, entry, key, units) for key in ("min", "typ", "max"))
    if low is None and high is None:
        raise PlanError(f"{place} has neither 'min' nor 'max'; give it one, as text with its unit")
    known = [bound for bound in (low, typical, high) if bound is not None]
    if known != sorted(known):
        raise PlanError(f"{place}: 'min', 'typ' and 'max' must ascend")
    own = bench_axes(bench, axes)
    any_of = entry.get("any_of")
    if any_of is not None and any_of not in own:
        raise PlanError(f"{place}: 'any_of' is {any_of!r}; {bench} has the axes {', '.join(own)}")
    where = entry.get("where", {})
    if not isinstance(where, dict):
        raise PlanError(f"{place}: 'where' must be a table such as {{ corner = [\"tt\"] }}")
    chosen = {name: _values(place, name, values, own) for name, values in where.items()}
    return Limit(bench, measure, low, typical, high, chosen, any_of)


def _bound(place: str, entry: Mapping[str, Any], key: str, units: str) -> float | None:
    value = entry.get(key)
    if value is None:
        return None
    if units == "1" and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return quantity(place, key, value, units.replace("m2", "m^2"))


def _values(
    place: str, name: str, values: object, own: Mapping[str, tuple[Any, ...]]
) -> tuple[Any, ...]:
    if name not in own:
        raise PlanError(f"{place}: 'where' has {name!r}; the axes are {', '.join(own)}")
    if not isinstance(values, list) or not values:
        raise PlanError(f"{place}: '{name}' must be a list of values of that axis")
    unit = _AXIS_UNITS.get(name)
    chosen = []
    for value in values:
        found = quantity(place, name, value, unit) if unit else value
        same = [one for one in own[name] if one == found or _near(one, found)]
        if not same:
            raise PlanError(f"{place}: the plan's axis '{name}' has no {value!r}")
        chosen.append(same[0])
    return tuple(chosen)


def _near(one: object, other: object) -> bool:
    return isinstance(one, float) and isinstance(other, float) and math.isclose(one, other)
