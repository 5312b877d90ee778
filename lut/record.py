"""What the CSV files of a table do not hold: attributes, provenance, versions, dimensions.

`record_of` gives it as a dict for JSON; with it `content_of` makes the table that was exported.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from lut.errors import TableError
from lut.export import exported
from lut.importing import group_of_csv
from lut.model import Content, Group
from lut.schema import SCHEMA_VERSION
from lut.table import Table

RECORD_FORMAT = "mramcim-table-record/1"
_PARTS = ("attributes", "dims", "long_names")
_TEXTS = ("mramcim_version", "ngspice_version", "title")
_SAME_GROUPS = ("4", SCHEMA_VERSION)
"""Schema versions whose groups are those of the present one."""
NOT_SIMULATED = "none"
"""What stands for ngspice's version in a table of CSV files without a record."""


def record_of(table: Table) -> dict[str, Any]:
    """Return what of a table its CSV files lack, and the hashes of these, for JSON."""
    return {
        "format": RECORD_FORMAT,
        "schema_version": table.schema_version,
        **{name: getattr(table, name) for name in _TEXTS},
        "groups": {name: _group_record(group) for name, group in table.groups.items()},
        "provenance": dict(table.provenance),
    }


def _group_record(group: Group) -> dict[str, Any]:
    every = tuple(group.axes)
    return {
        "sha256": hashlib.sha256(exported(group, ".csv")).hexdigest(),
        "attributes": dict(group.attributes),
        "dims": {
            name: list(variable.dims)
            for name, variable in group.variables.items()
            if variable.dims != every
        },
        "long_names": {name: axis.long_name for name, axis in group.axes.items()}
        | {name: variable.long_name for name, variable in group.variables.items()},
    }


def content_of(
    images: Mapping[str, tuple[str, bytes]],
    *,
    mramcim_version: str,
    record: Mapping[str, Any] | None = None,
    title: str | None = None,
) -> Content:
    """Return the table that CSV files hold.

    With their record and unchanged, that is the table they were exported from. Of files that
    are not those the record is of, the provenance says so: under "imported" stand, by group,
    the file's name and its SHA-256.

    Args:
        images: group -> name of the file, for messages and provenance, and its content.
        mramcim_version: of this program, for a table without a record.
        record: as of `record_of`.
        title: in place of the record's.

    Raises:
        TableError: the record is none, or a file is not readable as its group.
    """
    record = {} if record is None else _checked(record)
    known = record.get("groups", {})
    groups, imported = {}, {}
    for name, (source, image) in images.items():
        own = known.get(name, {})
        parts = {part: own.get(part) for part in _PARTS}
        groups[name] = group_of_csv(name, _decoded(source, image), source=source, **parts)
        digest = hashlib.sha256(image).hexdigest()
        if digest != own.get("sha256"):
            imported[name] = {"file": source, "sha256": digest}
    provenance = dict(record.get("provenance", {}))
    if imported:
        provenance["imported"] = imported
    return Content(
        schema_version=SCHEMA_VERSION,
        mramcim_version=record.get("mramcim_version", mramcim_version),
        ngspice_version=record.get("ngspice_version", NOT_SIMULATED),
        provenance=provenance,
        groups=groups,
        title=record.get("title", "") if title is None else title,
    )


def _decoded(source: str, image: bytes) -> str:
    try:
        return image.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TableError(f"{source} is not UTF-8 ({error.reason}); save it as that") from None


def _checked(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a record whose parts have the types that they are used with."""
    if not isinstance(record, Mapping) or record.get("format") != RECORD_FORMAT:
        raise TableError(
            f'the record is not one of a table; it is JSON with "format": "{RECORD_FORMAT}", as '
            "`mramcim lut export --record` writes it"
        )
    if record.get("schema_version", SCHEMA_VERSION) not in _SAME_GROUPS:
        raise TableError(
            f"the record is of schema {record['schema_version']!r}, this mramcim has "
            f"{SCHEMA_VERSION!r}; export the table anew"
        )
    if not _well_formed(record):
        raise TableError(
            "the record is damaged: a text, a list or an object in it is of another type; write it "
            "anew with `mramcim lut export --record`"
        )
    return record


def _well_formed(record: Mapping[str, Any]) -> bool:
    groups = record.get("groups", {})
    if not isinstance(groups, Mapping) or not all(
        isinstance(own, Mapping) for own in groups.values()
    ):
        return False
    parts = [own.get(part, {}) for own in groups.values() for part in _PARTS]
    if not all(isinstance(part, Mapping) for part in (*parts, record.get("provenance", {}))):
        return False
    dims = [names for own in groups.values() for names in own.get("dims", {}).values()]
    return all(isinstance(names, list) for names in dims) and all(
        isinstance(record.get(name, ""), str) for name in _TEXTS
    )
