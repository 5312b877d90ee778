"""Does a set of groups conform to the schema? Every departure is one sentence."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from lut.model import Array, Axis, Group, Variable
from lut.outcomes import FLAG_MEANINGS, FLAG_VALUES
from lut.schema import SCHEMA
from lut.specs import AttributeSpec, AxisSpec, GroupSpec, VariableSpec

# Attributes that the file format itself needs; a variable must not bring its own.
RESERVED_ATTRIBUTES = frozenset(
    {"units", "long_name", "CLASS", "NAME", "DIMENSION_LIST", "DIMENSION_LABELS", "REFERENCE_LIST"}
)


def problems(groups: Mapping[str, Group]) -> list[str]:
    """Return every departure of `groups` from the schema, none if they conform."""
    found = [] if groups else ["a table holds at least one group"]
    for name, group in groups.items():
        if name not in SCHEMA:
            found.append(f"unknown group '{name}' (the schema has {', '.join(SCHEMA)})")
            continue
        found.extend(f"{name}{problem}" for problem in _group_problems(group, SCHEMA[name]))
    return found


def _group_problems(group: Group, spec: GroupSpec) -> Iterator[str]:
    """Yield problems, each to be read after the group's name."""
    for name in spec.dims:
        if name not in group.axes:
            yield f" has no axis '{name}' (its dimensions are {', '.join(spec.dims)})"
    for name, axis in group.axes.items():
        if name not in spec.axes:
            known = f"has {', '.join(spec.dims)}" if spec.dims else "has no axes"
            yield f": unknown axis '{name}' (the group {known})"
        else:
            yield from (f"/{name}: {text}" for text in _axis_problems(axis, spec.axes[name]))
    for name, variable_spec in spec.variables.items():
        if variable_spec.required and name not in group.variables:
            yield f" has no variable '{name}', without which the group means nothing"
    for name, variable in group.variables.items():
        if name not in spec.variables:
            yield f": unknown variable '{name}' (the group has {', '.join(spec.variables)})"
        else:
            texts = _variable_problems(variable, spec.variables[name], group, spec)
            yield from (f"/{name}: {text}" for text in texts)
    for name, value in group.attributes.items():
        text = _attribute_problem(value, spec.attributes.get(name))
        if text:
            yield f": attribute '{name}' {text}"


def _label_problems(units: object, expected: str, long_name: object) -> Iterator[str]:
    if units != expected:
        yield f"units are {units!r}, the schema has {expected!r}"
    if not isinstance(long_name, str) or not long_name.strip() or "\0" in long_name:
        yield "long_name is not a text that says something"


def _axis_problems(axis: Axis, spec: AxisSpec) -> Iterator[str]:
    yield from _label_problems(axis.units, spec.units, axis.long_name)
    if spec.kind == "text":
        yield from _text_axis_problems(axis, spec)
    elif isinstance(axis.values, tuple) or axis.values.dtype.kind not in "iuf":
        yield "coordinates are not numbers"
    elif axis.values.ndim != 1 or axis.values.size == 0:
        yield f"coordinates have shape {axis.values.shape}, not that of a list"
    elif not np.all(np.isfinite(axis.values)):
        yield "coordinates are not finite"
    elif np.any(axis.values[1:] <= axis.values[:-1]):
        yield "coordinates do not strictly increase"
    elif spec.kind == "count" and not _are_counts(axis.values):
        yield "coordinates are not whole numbers of at least 1"


def _are_counts(values: Array) -> bool:
    # Above 2**53 a float no longer names one whole number.
    return bool(np.all((values >= 1) & (values <= 2**53) & (values == np.floor(values))))


def _text_axis_problems(axis: Axis, spec: AxisSpec) -> Iterator[str]:
    if not isinstance(axis.values, tuple):
        yield "coordinates are not texts"
    elif not axis.values:
        yield "there are no coordinates"
    elif len(set(axis.values)) != len(axis.values):
        yield "coordinates repeat"
    else:
        for value in axis.values:
            if not value or "\0" in value or not _encodable(value):
                yield f"coordinate {value!r} is not a usable text"
            elif spec.allowed and value not in spec.allowed:
                yield f"unknown coordinate '{value}' (the schema has {', '.join(spec.allowed)})"


def _encodable(text: str) -> bool:
    return not any(0xD800 <= ord(character) <= 0xDFFF for character in text)


def _variable_problems(
    variable: Variable, spec: VariableSpec, group: Group, group_spec: GroupSpec
) -> Iterator[str]:
    yield from _label_problems(variable.units, spec.units, variable.long_name)
    in_order = tuple(name for name in group_spec.dims if name in variable.dims)
    if variable.dims != in_order:
        known = ", ".join(group_spec.dims) or "no dimensions"
        yield f"dimensions ({', '.join(variable.dims)}) are not some of ({known}) in this order"
    elif all(name in group.axes for name in variable.dims):
        shape = tuple(len(group.axes[name]) for name in variable.dims)
        if variable.values.shape != shape:
            yield f"shape is {variable.values.shape}, its axes have {shape}"
    if spec.kind == "outcome":
        yield from _outcome_problems(variable)
    elif variable.values.dtype.kind not in "biuf":
        yield f"values are {variable.values.dtype}, not real numbers"
    for name, value in variable.attributes.items():
        if name in RESERVED_ATTRIBUTES:
            yield f"attribute '{name}' belongs to the file format"
        elif not (spec.kind == "outcome" and name.startswith("flag_")):
            text = _attribute_problem(value, None)
            if text:
                yield f"attribute '{name}' {text}"


def _outcome_problems(variable: Variable) -> Iterator[str]:
    if variable.values.dtype.kind not in "iu":
        yield f"values are {variable.values.dtype}, not whole numbers"
    else:
        unknown = np.setdiff1d(variable.values, FLAG_VALUES)
        if unknown.size:
            yield f"unknown outcome {int(unknown[0])} (the schema has {FLAG_MEANINGS} from 0)"
    values = variable.attributes.get("flag_values", FLAG_VALUES)
    meanings = variable.attributes.get("flag_meanings", FLAG_MEANINGS)
    if not np.array_equal(values, FLAG_VALUES) or meanings != FLAG_MEANINGS:
        yield f"flag_values and flag_meanings are not those of the schema ({FLAG_MEANINGS})"


def _attribute_problem(value: Any, spec: AttributeSpec | None) -> str | None:
    """Return what is wrong with an attribute; one without a `spec` may be text or number."""
    text = isinstance(value, str | np.str_)
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    real = whole or isinstance(value, float | np.floating)
    if text and ("\0" in value or not _encodable(value)):
        return "is not a usable text"
    if real and not math.isfinite(value):
        return "is not finite"
    if spec is None:
        return None if text or real else f"is a {type(value).__name__}, not a text or a number"
    if spec.kind == "text":
        return None if text else f"is {value!r}, not a text"
    if spec.kind == "count":
        return None if whole and value >= 1 else f"is {value!r}, not a whole number of at least 1"
    return None if real else f"is {value!r}, not a number"
