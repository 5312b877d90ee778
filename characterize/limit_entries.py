"""Limits as they are written in a plan, read and checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from characterize.bench_axes import chosen_values
from characterize.errors import PlanError
from characterize.limits import Limit
from characterize.quantities import quantity
from files import is_number, is_one_of, short
from lut import SCHEMA, STATISTICS

_KEYS = ("bench", "measure", "min", "typ", "max", "where", "any_of")

Axes = Mapping[str, tuple[Any, ...]]


def read_limits(
    path: Path,
    entries: object,
    groups: Mapping[str, Axes],
    measures: Callable[[str], Sequence[str]],
) -> tuple[Limit, ...]:
    """The limits of a plan; `entries` is its list of [[limits]].

    `groups` has the axes of each group that the plan simulates, and `measures` tells what it
    writes for one. Raises PlanError.
    """
    if not isinstance(entries, list):
        raise PlanError(f"{path}: 'limits' must be tables, each headed [[limits]]")
    return tuple(
        _limit(f"{path}: limit {number}", entry, groups, measures)
        for number, entry in enumerate(entries, 1)
    )


def _limit(
    place: str,
    entry: object,
    groups: Mapping[str, Axes],
    measures: Callable[[str], Sequence[str]],
) -> Limit:
    if not isinstance(entry, dict):
        raise PlanError(f"{place} must be a table, headed [[limits]]")
    for key in entry:
        if key not in _KEYS:
            raise PlanError(f"{place}: unknown key '{short(key)}'; a limit has {', '.join(_KEYS)}")
    bench = entry.get("bench")
    if not isinstance(bench, str) or bench not in groups:
        raise PlanError(
            f"{place}: 'bench' is {_quoted(bench)}; choose one that the plan simulates: "
            f"{', '.join(groups)}"
        )
    measure = _measure(place, bench, entry.get("measure"), measures(bench))
    units = SCHEMA[bench].variables[measure].units
    low, typical, high = (_bound(place, entry, key, units) for key in ("min", "typ", "max"))
    if low is None and high is None:
        raise PlanError(f"{place} has neither 'min' nor 'max'; give it one, as text with its unit")
    known = [bound for bound in (low, typical, high) if bound is not None]
    if known != sorted(known):
        raise PlanError(f"{place}: 'min', 'typ' and 'max' must ascend")
    own = groups[bench]
    any_of = entry.get("any_of")
    if any_of is not None and not is_one_of(any_of, own):
        raise PlanError(
            f"{place}: 'any_of' is {short(repr(any_of))}; {bench} has the axes {', '.join(own)}"
        )
    where = entry.get("where", {})
    if not isinstance(where, dict):
        raise PlanError(f"{place}: 'where' must be a table such as {{ corner = [\"tt\"] }}")
    chosen = {
        name: chosen_values(f"{place}: 'where'", name, values, own)
        for name, values in where.items()
    }
    return Limit(bench, measure, low, typical, high, chosen, any_of)


def _measure(place: str, bench: str, name: object, measures: Sequence[str]) -> str:
    """The measure of a limit, which the plan must write: what is never measured is never kept."""
    if isinstance(name, str) and name in measures:
        return name
    has = f"it has {', '.join(measures)}"
    if name == "offset_tolerance" and name in SCHEMA[bench].variables:
        raise PlanError(
            f"{place}: {bench} has no offset_tolerance under this plan, which says "
            f"`tolerance = false`; let it search the tolerated offset, or judge another ({has})"
        )
    if name == "error_rate" and bench in STATISTICS:
        raise PlanError(
            f"{place}: {bench} has no error_rate under this plan; ask for [statistics] of {bench} "
            f"and judge the bench '{STATISTICS[bench]}', or judge another measure ({has})"
        )
    if isinstance(name, str) and name in SCHEMA[bench].variables and name != "outcome":
        raise PlanError(
            f"{place}: {bench} has no {name} under this plan's design; judge another ({has})"
        )
    raise PlanError(f"{place}: {bench} has no measure {_quoted(name)}; {has}")


def _quoted(value: object) -> str:
    return f"'{short(value)}'" if isinstance(value, str) else short(value)


def _bound(place: str, entry: Mapping[str, Any], key: str, units: str) -> float | None:
    value = entry.get(key)
    if value is None:
        return None
    if units == "1" and is_number(value):
        return float(value)
    return quantity(place, key, value, units.replace("m2", "m^2"))
