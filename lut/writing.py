"""Writing a table: validated, then whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lut.errors import TableError
from lut.hdf5 import encode
from lut.model import Content, Group
from lut.schema import SCHEMA_VERSION
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
        _replace(target, image)
    except OSError as error:
        raise _unwritable(path, error) from error


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
        # Asking the system by doing it: permission bits say nothing of a read-only mount.
        _partial(target, b"").unlink()
    except (OSError, RuntimeError) as error:
        raise _unwritable(path, error) from error
    return target


def _unwritable(path: str | os.PathLike[str], error: Exception) -> TableError:
    reason = getattr(error, "strerror", None) or str(error)
    return TableError(f"cannot write table {path}: {reason}; choose a place that can be written")


def _partial(target: Path, image: bytes) -> Path:
    """Write `image` safely to disk under another name in the folder of `target`."""
    # A short part of the name is enough to recognise a leftover of a killed run.
    path = target.with_name(f".{target.name[:40]}.{os.getpid()}-{secrets.token_hex(4)}.partial")
    try:
        # Created like any file of the user's (umask), where `tempfile` would make it private.
        with path.open("xb") as stream:
            stream.write(image)
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _replace(target: Path, image: bytes) -> None:
    partial = _partial(target, image)
    try:
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    # The rename itself reaches the disk with its folder; some file systems cannot say so.
    with contextlib.suppress(OSError):
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
