"""What is in a table, as plain data for a report or for JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lut.model import Axis, Group
from lut.outcomes import Outcome
from lut.table import Table

FORMAT = "mramcim-table-info/1"

# MD5, SHA-1, SHA-256 and SHA-512 in hexadecimal, with or without the algorithm's name before.
_HASH = re.compile(
    r"([a-z0-9]+[:-])?([0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})", re.IGNORECASE
)


def info(table: Table) -> dict[str, Any]:
    """Return what a table holds, in types that JSON has.

    Keys: `format`, `path`, `title`, `schema_version`, `mramcim_version`, `ngspice_version`;
    `verified` (whether its file has digests, which all of it agrees with);
    `groups`, each with `axes` (units, size and all coordinates as `values`; numeric ones with
    `minimum` and `maximum`), `variables` (units, long_name, dims, shape), `attributes` and
    `outcomes` (meaning to number of points, those that occur); `outcomes` over all groups;
    `hashes` (every digest in the provenance, by its place there, such as "models.nmos").
    """
    groups = {name: _group(group) for name, group in table.groups.items()}
    total: dict[str, int] = {}
    for group in groups.values():
        for meaning, count in group["outcomes"].items():
            total[meaning] = total.get(meaning, 0) + count
    return {
        "format": FORMAT,
        "path": str(table.path),
        "title": table.title,
        "schema_version": table.schema_version,
        "mramcim_version": table.mramcim_version,
        "ngspice_version": table.ngspice_version,
        "verified": table.verified,
        "groups": groups,
        "outcomes": total,
        "hashes": dict(_hashes(table.provenance, ())),
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "axes": {name: _axis(axis) for name, axis in group.axes.items()},
        "variables": {
            name: {
                "units": variable.units,
                "long_name": variable.long_name,
                "dims": list(variable.dims),
                "shape": list(variable.values.shape),
            }
            for name, variable in group.variables.items()
        },
        "attributes": dict(group.attributes),
        "outcomes": _outcomes(group),
    }


def _axis(axis: Axis) -> dict[str, Any]:
    described: dict[str, Any] = {"units": axis.units, "size": len(axis)}
    if isinstance(axis.values, tuple):
        return {**described, "values": list(axis.values)}
    values = axis.values.tolist()
    return {**described, "minimum": values[0], "maximum": values[-1], "values": values}


def _outcomes(group: Group) -> dict[str, int]:
    if "outcome" not in group.variables:
        return {}
    values = group.variables["outcome"].values
    counts = {outcome.meaning: int((values == outcome).sum()) for outcome in Outcome}
    return {meaning: count for meaning, count in counts.items() if count}


def _hashes(value: Any, place: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _hashes(item, (*place, str(key)))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _hashes(item, (*place, str(index)))
    elif isinstance(value, str) and _HASH.fullmatch(value):
        yield ".".join(place), value
