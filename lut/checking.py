"""Whether a table can be believed: the schema first, then what its numbers must obey."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lut.digests import FIRST_VERSION
from lut.model import Array, Group
from lut.outcomes import Outcome
from lut.schema import SCHEMA
from lut.specs import GroupSpec
from lut.table import REMEDY, load

_MEASURED = (Outcome.OK, Outcome.WRONG_LOGIC, Outcome.BELOW_CRITICAL_CURRENT, Outcome.NOT_SWITCHED)
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Findings:
    """What a check found: `problems` make a table unsound, `remarks` are only to be known."""

    problems: list[str]
    remarks: list[str]


def check(path: str | os.PathLike[str]) -> list[str]:
    """Return all problems of the table at `path`, one sentence each; none for a sound table.

    Checked are its digests, conformity to the schema (groups, axes that strictly increase, units,
    shapes), completeness of each group, and the laws of `broken_laws`.

    Raises:
        TableError: the file cannot be read as a table at all, or its bytes are damaged.
    """
    return examine(path).problems


def examine(path: str | os.PathLike[str]) -> Findings:
    """As `check`, with what is no problem but to be known.

    Raises:
        TableError: as `check`.
    """
    loaded = load(Path(path))
    remarks = []
    if not loaded.verified and not loaded.changed:
        remarks.append(
            f"it is of a schema before {FIRST_VERSION} and has no digests: damage of a number "
            "shows only where it breaks a law"
        )
    found = loaded.found + [f"{text}; {REMEDY}" for text in loaded.changed]
    if not loaded.found:
        # Laws of numbers mean nothing where shapes or axes are wrong.
        found += broken_laws(loaded.content.groups)
    return Findings(found, remarks)


def broken_laws(groups: Mapping[str, Group], *, complete: bool = True) -> list[str]:
    """Return what the groups of a table that conforms to the schema lack or break, a sentence each.

    - where they should be `complete`, every variable and attribute of a complete group is there;
    - where the outcome is ok every value is finite, and energies of whole operations, times,
      leakage and areas are positive;
    - `energy` of a sensing operation is the sum of its parts within 1e-9 relative;
    - `logic_value` is that of the truth table where the outcome is ok, and is not where it is
      wrong_logic;
    - an output is valid within the cycle, a write current that is ok exceeds the critical one,
      error rates are probabilities, an interval holds its value, and a cell's area is its
      width times its height;
    - no age is negative; thresholds have not moved at age zero and never move back.
    """
    found: list[str] = []
    for name, group in groups.items():
        if complete:
            found.extend(_missing(name, group, SCHEMA[name]))
        found.extend(_broken(name, group))
    return found


def _broken(name: str, group: Group) -> Iterator[str]:
    for law in _LAWS:
        yield from (f"{name}{problem}" for problem in law(group, SCHEMA[name]))


def _missing(name: str, group: Group, spec: GroupSpec) -> Iterator[str]:
    for variable, variable_spec in spec.variables.items():
        if variable_spec.expected and variable not in group.variables:
            yield f"{name} has no variable '{variable}' ({variable_spec.meaning})"
    for attribute, attribute_spec in spec.attributes.items():
        if attribute not in group.attributes:
            yield f"{name} has no attribute '{attribute}' ({attribute_spec.meaning})"


def _outcomes(group: Group) -> Array:
    if "outcome" in group.variables:
        return group.spread("outcome")
    return np.zeros(tuple(len(axis) for axis in group.axes.values()), dtype=np.int8)


def _supported(group: Group, variable: str, accepted: tuple[Outcome, ...]) -> NDArray[np.bool_]:
    """Return where, over the variable's own dimensions, some point has an accepted outcome."""
    dims = group.variables[variable].dims
    others = tuple(i for i, name in enumerate(group.axes) if name not in dims)
    return np.asarray(np.isin(_outcomes(group), accepted).any(axis=others))


def _first(group: Group, bad: NDArray[np.bool_], dims: tuple[str, ...] | None = None) -> str:
    """Return how many points are bad and where the first is, to end a sentence."""
    names = tuple(group.axes) if dims is None else dims
    indices = np.argwhere(bad)[0]
    point = ", ".join(
        f"{name}={group.axes[name].values[index]}"
        for name, index in zip(names, indices, strict=True)
    )
    count = int(bad.sum())
    places = "1 point" if count == 1 else f"{count} points"
    return f"at {places}, first {point}" if point else "for the group"


def _finite_where_ok(group: Group, _spec: GroupSpec) -> Iterator[str]:
    for name, variable in group.variables.items():
        if name == "outcome":
            continue
        bad = _supported(group, name, (Outcome.OK,)) & ~np.isfinite(variable.values)
        if bad.any():
            where = _first(group, bad, variable.dims)
            yield f"/{name}: not finite although the outcome is ok, {where}"


def _positive_where_ok(group: Group, spec: GroupSpec) -> Iterator[str]:
    for name, variable in group.variables.items():
        if spec.variables[name].positive:
            bad = _supported(group, name, (Outcome.OK,)) & (variable.values <= 0)
            if bad.any():
                yield f"/{name}: not above zero {_first(group, bad, variable.dims)}"


def _energy_is_its_parts(group: Group, spec: GroupSpec) -> Iterator[str]:
    if not spec.parts or not {"energy", *spec.parts} <= set(group.variables):
        return
    energy = group.spread("energy")
    parts = np.array([group.spread(name) for name in spec.parts])
    # Infinite parts are reported as such; here they only must not warn.
    with np.errstate(invalid="ignore"):
        bad = np.isin(_outcomes(group), _MEASURED) & (
            np.abs(energy - parts.sum(axis=0)) > _ROUNDING * np.abs(energy)
        )
    if bad.any():
        yield f"/energy: not the sum of {', '.join(spec.parts)} {_first(group, bad)}"


def _logic_agrees(group: Group, spec: GroupSpec) -> Iterator[str]:
    if not spec.truth or "logic_value" not in group.variables:
        return
    operands = group.axes["operands"].values
    expected = np.array([spec.truth[str(value)] for value in operands])
    # `operands` is the last dimension of every sensing group.
    right = group.spread("logic_value") == expected
    outcomes = _outcomes(group)
    bad = (outcomes == Outcome.OK) & ~right
    if bad.any():
        yield f"/logic_value: against the truth table but its outcome is ok {_first(group, bad)}"
    bad = (outcomes == Outcome.WRONG_LOGIC) & right
    if bad.any():
        where = _first(group, bad)
        yield f"/logic_value: as in the truth table but its outcome is wrong_logic {where}"


def _output_within_cycle(group: Group, _spec: GroupSpec) -> Iterator[str]:
    if {"delay", "cycle_time"} <= set(group.variables):
        late = group.spread("delay") > group.spread("cycle_time")
        bad = (_outcomes(group) == Outcome.OK) & late
        if bad.any():
            yield f"/delay: longer than cycle_time {_first(group, bad)}"


def _write_meets_its_error_rate(group: Group, _spec: GroupSpec) -> Iterator[str]:
    target = group.attributes.get("error_rate_target")
    if target is None or "error_rate" not in group.variables:
        return
    rate, outcomes = group.spread("error_rate"), _outcomes(group)
    bad = (outcomes == Outcome.OK) & (rate > target)
    if bad.any():
        yield f"/error_rate: above error_rate_target but its outcome is ok {_first(group, bad)}"
    bad = (outcomes == Outcome.NOT_SWITCHED) & (rate <= target)
    if bad.any():
        yield (
            "/error_rate: within error_rate_target but its outcome is not_switched "
            f"{_first(group, bad)}"
        )


def _rates_are_probabilities(group: Group, _spec: GroupSpec) -> Iterator[str]:
    for name in ("error_rate", "error_rate_low", "error_rate_high", "read_disturb"):
        if name in group.variables:
            variable = group.variables[name]
            bad = (variable.values < 0) | (variable.values > 1)
            if bad.any():
                yield f"/{name}: not between 0 and 1 {_first(group, bad, variable.dims)}"


def _intervals_hold_their_value(group: Group, _spec: GroupSpec) -> Iterator[str]:
    for name in group.variables:
        ends = (f"{name}_low", f"{name}_high")
        if set(ends) <= set(group.variables):
            low, value, high = (group.spread(one) for one in (ends[0], name, ends[1]))
            bad = (_outcomes(group) == Outcome.OK) & ~((low <= value) & (value <= high))
            if bad.any():
                yield f"/{name}: outside its interval {_first(group, bad)}"


def _thresholds_move_with_age(group: Group, _spec: GroupSpec) -> Iterator[str]:
    if "age" not in group.axes:
        return
    ages = np.asarray(group.axes["age"].values)
    if ages[0] < 0:
        yield f"/age: {ages[0]:g} s is negative"
    if "threshold_shift" not in group.variables:
        return
    measured = np.isin(_outcomes(group), _MEASURED)
    shift = group.spread("threshold_shift")
    fresh = ages.reshape([-1 if name == "age" else 1 for name in group.axes]) == 0
    bad = measured & fresh & (shift != 0)
    if bad.any():
        yield f"/threshold_shift: not zero at age zero {_first(group, bad)}"
    along = list(group.axes).index("age")
    # Each is held against all before it, so that a failed point between two hides nothing.
    before = np.maximum.accumulate(np.where(measured, shift, -np.inf), axis=along)
    before = np.insert(np.delete(before, -1, along), 0, -np.inf, axis=along)
    bad = measured & (shift < before)
    if bad.any():
        yield f"/threshold_shift: below that of a lower age {_first(group, bad)}"


def _area_is_pitches(group: Group, _spec: GroupSpec) -> Iterator[str]:
    if {"area", "width", "height"} <= set(group.variables):
        area, width, height = (group.spread(name) for name in ("area", "width", "height"))
        if np.any(np.abs(area - width * height) > _ROUNDING * np.abs(area)):
            yield "/area: not width times height"


_LAWS: tuple[Callable[[Group, GroupSpec], Iterator[str]], ...] = (
    _finite_where_ok,
    _positive_where_ok,
    _energy_is_its_parts,
    _logic_agrees,
    _output_within_cycle,
    _write_meets_its_error_rate,
    _rates_are_probabilities,
    _intervals_hold_their_value,
    _thresholds_move_with_age,
    _area_is_pitches,
)
