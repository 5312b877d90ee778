"""Whether a table's file can be read at all: there, a file, and not being written."""

from __future__ import annotations

import errno
import fcntl
from pathlib import Path

from lut.errors import TableError


def require_regular(path: Path) -> None:
    """Refuse what is not a file that can be opened, in one sentence.

    Raises:
        TableError: there is nothing at `path`, or a folder, a device or what may not be read.
    """
    try:
        if path.is_dir():
            raise TableError(f"{path} is a folder, not a table; give the .h5 file itself")
        if not path.exists():
            raise TableError(
                f"there is no table {path}; check the path or make one with `mramcim characterize`"
            )
        if not path.is_file():
            raise TableError(f"{path} is not a regular file, so it cannot be read as a table")
        with path.open("rb"):
            pass
    except OSError as error:
        reason = error.strerror or str(error)
        raise TableError(f"cannot read {path}: {reason}; check its permissions") from error


def require_free(path: Path) -> None:
    """Refuse a file that another program has locked for itself, as HDF5 does while it writes.

    The lock is only asked for: nothing is locked when this returns. File systems that have none
    are taken at their word.

    Raises:
        TableError: somebody holds it.
    """
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES):
                raise in_use(path) from None


def in_use(path: Path) -> TableError:
    """The error of a table that is being written."""
    return TableError(
        f"{path} is in use: another program has it open for writing; close it there or wait until "
        "it is done"
    )
