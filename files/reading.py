"""The bytes and the text of a file that somebody names."""

from __future__ import annotations

import contextlib
import hashlib
import stat
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path

from files.errors import FileError, short, shown_path

LARGEST_TEXT = 32 << 20
"""Size [B] of the largest text file that is read: parsing takes some 30 times as much memory."""


def read_bytes(
    path: Path, what: str, most: int = LARGEST_TEXT, error: type[ValueError] = FileError
) -> bytes:
    """The whole content of a regular file.

    `what` is the kind of file in the words of a message ("device file"). Raises `error` where
    there is no such file, it cannot be opened, is no regular file (a folder, a device, a pipe)
    or holds more than `most` bytes.
    """
    with regular_file(path, what, error) as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise error(
            f"{shown_path(path)} is larger than the {most / (1 << 20):g} MiB that {_one(what)} may "
            "have; name another file"
        )
    return content


def _one(what: str) -> str:
    return f"{'an' if what[0] in 'aeiouAEIOU' else 'a'} {what}"


def is_regular(path: Path) -> bool:
    """Whether there is such a regular file; no name that cannot be one is an error."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


@contextlib.contextmanager
def regular_file(
    path: Path, what: str, error: type[ValueError] = FileError
) -> Iterator[BufferedReader]:
    """A regular file opened for reading, as `read_bytes` says; a folder or a pipe is refused."""
    name = shown_path(path)
    try:
        # Looked at first: opening a pipe waits for its writer, and a device may have no end.
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise error(f"{name} is a folder, not {_one(what)}; name the file itself")
        if not stat.S_ISREG(mode):
            raise error(f"{name} is a device or a pipe, not {_one(what)}; save it as a file first")
        with path.open("rb") as stream:
            yield stream
    except FileNotFoundError:
        raise error(f"there is no {what} {name}; check the path") from None
    except (OSError, ValueError, RuntimeError) as problem:
        if isinstance(problem, error):
            raise
        # ValueError: a NUL in the name; RuntimeError: links that lead in a circle.
        reason = getattr(problem, "strerror", None) or str(problem)
        raise error(f"the {what} {name} cannot be read ({short(reason)}); mend its path") from None


def digest(path: Path, what: str, error: type[ValueError] = FileError) -> str:
    """SHA-256 of a regular file of any size; raises `error` as `read_bytes`."""
    with regular_file(path, what, error) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_text(
    path: Path, what: str, most: int = LARGEST_TEXT, error: type[ValueError] = FileError
) -> str:
    """The text of a regular file in UTF-8, as `read_bytes`; a byte order mark is dropped."""
    try:
        return read_bytes(path, what, most, error).decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise error(
            f"{shown_path(path)} is not a readable {what}: byte {problem.start} is no UTF-8; "
            "save it as UTF-8"
        ) from None
