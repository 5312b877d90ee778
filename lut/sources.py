"""The provenance of a merged table: whether its sources were made alike, and what is whose."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from lut.errors import TableError
from lut.matching import coordinates, shared
from lut.model import Group
from lut.outcomes import Outcome
from lut.provenance import provenance_changes
from lut.table import Table

# Parts with an entry for each corner or bench: tables of different ones complete each other.
_BY_ENTRY = ("models", "netlists")
_OWN = ("sources", "settled")


def require_made_alike(tables: Sequence[Table]) -> None:
    """Refuse tables that differ in design, device, the models of a corner, or ngspice.

    Raises:
        TableError: two tables differ; the message says in what.
    """
    for number, table in enumerate(tables):
        for other in tables[number + 1 :]:
            found = provenance_changes(*_making(table, other))
            if found:
                raise TableError(
                    f"{table.path} and {other.path} were made differently ({found[0]}); merge "
                    "tables of one design, device, ngspice and the same models"
                )


def _making(one: Table, other: Table) -> tuple[dict[str, Any], dict[str, Any]]:
    """What has to be equal of two tables; of the models those of the corners that both have."""
    models = [_mapping(table, "models") for table in (one, other)]
    corners = models[0].keys() & models[1].keys()
    first, second = (
        {
            "design": table.provenance.get("design"),
            "device": table.provenance.get("device"),
            "models": {corner: own[corner] for corner in corners},
            "ngspice_version": table.ngspice_version,
        }
        for table, own in zip((one, other), models, strict=True)
    )
    return first, second


def _mapping(table: Table, part: str) -> Mapping[str, Any]:
    value = table.provenance.get(part)
    return value if isinstance(value, Mapping) else {}


def merged_provenance(
    tables: Sequence[Table], groups: Mapping[str, Group], settled: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return what all tables have in common, and by source what is not.

    Args:
        tables: the sources, whose files are read for their hashes.
        groups: the merged groups.
        settled: how many points were settled by a preference, None where none was.
    """
    records = [dict(table.provenance) for table in tables]
    failures = [record.pop("failures", None) for record in records]
    merged: dict[str, Any] = {}
    for part in dict.fromkeys(key for record in records for key in record):
        values = [record.get(part) for record in records]
        if part in _OWN:
            continue
        if part in _BY_ENTRY and all(isinstance(value, Mapping | None) for value in values):
            merged[part] = _common_entries([value or {} for value in values])
            for record, value in zip(records, values, strict=True):
                own = {k: v for k, v in (value or {}).items() if k not in merged[part]}
                record.pop(part, None)
                if own:
                    record[part] = own
        elif all(value == values[0] for value in values):
            merged[part] = values[0]
            for record in records:
                record.pop(part, None)
    if any(found is not None for found in failures):
        merged["failures"] = _standing_failures(failures, groups)
    if settled is not None:
        merged["settled"] = dict(settled)
    merged["sources"] = [
        {
            "name": table.name,
            "sha256": hashlib.sha256(table.path.read_bytes()).hexdigest(),
            "mramcim_version": table.mramcim_version,
            "title": table.title,
            **record,
        }
        for table, record in zip(tables, records, strict=True)
    ]
    return merged


def _common_entries(values: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Entries on which all agree who have them."""
    common: dict[str, Any] = {}
    disputed: set[str] = set()
    for entries in values:
        for key, entry in entries.items():
            if common.setdefault(key, entry) != entry:
                disputed.add(key)
    return {key: entry for key, entry in common.items() if key not in disputed}


def _standing_failures(lists: Sequence[Any], groups: Mapping[str, Group]) -> list[Any]:
    """The failures of all sources, each once, but for points that another source had right."""
    found: dict[str, Any] = {}
    for failures in lists:
        for failure in failures if isinstance(failures, list) else ():
            if _stands(failure, groups):
                found.setdefault(json.dumps(failure, sort_keys=True), failure)
    return list(found.values())


def _stands(failure: Any, groups: Mapping[str, Group]) -> bool:
    """Whether the point of a failure has its outcome in the merged groups, as far as is known."""
    if not isinstance(failure, Mapping):
        return True
    group = groups.get(str(failure.get("bench")))
    if group is None or "outcome" not in group.variables:
        return True
    index = []
    for name, axis in group.axes.items():
        # The variant of a bench is what its axis of texts beside the corner tells apart.
        value = failure.get(name, failure.get("variant"))
        texts = isinstance(axis.values, tuple)
        if value is None or isinstance(value, str) != texts:
            return True
        places = shared([value], coordinates(axis))[1]
        if not places.size:
            return True
        index.append(int(places[0]))
    outcome = Outcome(int(group.spread("outcome")[tuple(index)]))
    return failure.get("outcome") in (None, outcome.meaning)
