"""Digests of what a table says, so that a value which is no longer what was written shows.

They are taken of what is decoded and not of bytes: a copy that another HDF5 program has laid out
anew has the same ones. Damage of the file itself is for `lut.seal` to find.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from lut.model import Array, Axis, Content, Group, Variable

ATTRIBUTE = "digests"
"""Attribute of the root: a JSON object, "/" and each group's name to a SHA-256."""
ROOT = "/"
FIRST_VERSION = 5
"""Schema version from which on tables have digests."""
_STORED = {"f": "<f8", "i": "<i8", "u": "<u8", "b": "<u1"}


def digests_of(content: Content) -> dict[str, str]:
    """The digest of each group, and under "/" that of all the rest with the groups' names."""
    root = {
        "schema_version": content.schema_version,
        "mramcim_version": content.mramcim_version,
        "ngspice_version": content.ngspice_version,
        "provenance": content.provenance,
        "title": content.title,
        "groups": sorted(content.groups),
    }
    groups = {name: _hash(_group(content.groups[name])) for name in sorted(content.groups)}
    return {ROOT: _hash(root), **groups}


def departures(stored: str, content: Content) -> list[str]:
    """What in `content` is not what the digests `stored` in its file are of, a sentence each."""
    try:
        known = json.loads(stored)
    except (ValueError, RecursionError):
        known = None
    if not isinstance(known, Mapping):
        return [f"the attribute '{ATTRIBUTE}' is not a JSON object"]
    found = []
    own = digests_of(content)
    for name in sorted({*known, *own}):
        what = "what the root says" if name == ROOT else f"group '{name}'"
        if name not in own:
            found.append(f"{what} is no longer there")
        elif name not in known:
            found.append(f"{what} has no digest")
        elif known[name] != own[name]:
            found.append(f"{what} is not what was written: its digest differs")
    return found


def _group(group: Group) -> Any:
    return {
        "axes": {name: _axis(axis) for name, axis in group.axes.items()},
        "variables": {name: _variable(found) for name, found in group.variables.items()},
        "attributes": dict(group.attributes),
    }


def _axis(axis: Axis) -> Any:
    values = list(axis.values) if isinstance(axis.values, tuple) else _values(axis.values)
    return [values, axis.units, axis.long_name]


def _variable(variable: Variable) -> Any:
    labels = [list(variable.dims), variable.units, variable.long_name]
    return [_values(variable.values), *labels, dict(variable.attributes)]


def _values(array: Array) -> Any:
    """An array by shape, kind and bits: NaN and -0.0 are told apart as stored."""
    stored = _STORED.get(array.dtype.kind)
    if stored is None:
        return array.tolist()
    image = np.ascontiguousarray(array, dtype=stored).tobytes()
    return [array.dtype.kind, list(array.shape), hashlib.sha256(image).hexdigest()]


def _hash(value: Any) -> str:
    # What no sound table holds (bytes, records) is told by the schema; here it must only not fail.
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=repr)
    return hashlib.sha256(text.encode()).hexdigest()
