"""Writing a table: validated, then whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from files import clean, partial_path, replace_file
from lut.errors import TableError
from lut.hdf5 import encode
from lut.model import Content, Group
from lut.schema import SCHEMA_VERSION
from lut.table import load
from lut.validation import problems


def write_table(
    path: str | os.PathLike[str],
    groups: Mapping[str, Group],
    *,
    mramcim_version: str,
    ngspice_version: str,
    provenance: Mapping[str, Any],
    title: str = "",
) -> None:
    """Write a table file, replacing an existing one only by a complete one.

    Whatever interrupts it (an exception, Ctrl-C, SIGKILL, a full disk), `path` names either
    what it named before or the whole new table. Equal arguments give byte-equal files.

    Args:
        path: file to write; its folder must exist. A symbolic link is followed.
        groups: name of the simulated operation to its group; need not be all of the schema.
        mramcim_version: version of this distribution.
        ngspice_version: version of the simulator, or what else the numbers come from.
        provenance: how the numbers were made; anything that JSON can hold.
        title: one line for people.

    Raises:
        TableError: the groups depart from the schema, the provenance is not JSON, or the file
            cannot be written.
    """
    target = require_writable(path)
    found = problems(groups)
    if found:
        more = f" (and {len(found) - 1} more such problems)" if len(found) > 1 else ""
        raise TableError(f"cannot write table {path}: {found[0]}{more}")
    content = Content(
        SCHEMA_VERSION, mramcim_version, ngspice_version, dict(provenance), dict(groups), title
    )
    try:
        image = encode(content)
    except (TypeError, ValueError, RecursionError) as error:
        raise TableError(f"cannot write table {path}: {error}; correct the metadata") from error
    try:
        replace_file(target, image)
    except OSError as error:
        raise _unwritable(path, error) from error


def take_over(source: str | os.PathLike[str], path: str | os.PathLike[str]) -> list[str]:
    """Write to `path` what the table at `source` says now, with digests of that.

    Meant for a table that another program wrote, or changed on purpose.

    Returns:
        What of it is not what its digests were of, a sentence each.

    Raises:
        TableError: `source` is damaged, in use or departs from the schema, or `path` cannot be
            written.
    """
    loaded = load(Path(source))
    if loaded.found:
        raise TableError(f"{source} does not conform to the schema of tables: {loaded.found[0]}")
    content = loaded.content
    write_table(
        path,
        content.groups,
        mramcim_version=content.mramcim_version,
        ngspice_version=content.ngspice_version,
        provenance=content.provenance,
        title=content.title,
    )
    return loaded.changed


def require_writable(path: str | os.PathLike[str]) -> Path:
    """Return the file that a table written to `path` becomes, links resolved.

    Meant to be called before a long run, so that its result has somewhere to go.

    Raises:
        TableError: `path` is a folder or a device, its folder is missing, or the folder does
            not take files.
    """
    given = Path(path)
    try:
        target = given.resolve()
        folder = target.parent
        if target.is_dir():
            raise TableError(f"cannot write table {path}: it is a folder; give a file name in it")
        if target.exists() and not target.is_file():
            raise TableError(f"cannot write table {path}: it is not a regular file")
        if not folder.is_dir():
            raise TableError(
                f"cannot write table {path}: there is no folder {folder}; create it first"
            )
        clean(folder)
        # Asking the system by doing it: permission bits say nothing of a read-only mount.
        trial = partial_path(target)
        trial.touch(exist_ok=False)
        trial.unlink()
    except (OSError, RuntimeError) as error:
        raise _unwritable(path, error) from error
    return target


def _unwritable(path: str | os.PathLike[str], error: Exception) -> TableError:
    reason = getattr(error, "strerror", None) or str(error)
    return TableError(f"cannot write table {path}: {reason}; choose a place that can be written")
