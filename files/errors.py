"""The error of this package, and how a value is shown in one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SHOWN = 80
"""Characters of a foreign value that a message shows at most."""
_LONGEST_PATH = 1000


class FileError(ValueError):
    """A file that cannot be read as what it should be; the message says what, where, what to do."""


@contextmanager
def naming(path: Path, *errors: type[ValueError], unless: Path | None = None) -> Iterator[None]:
    """Let every one of `errors` that arises within name the file whose content it is about.

    One that names the file `unless` is about that.
    """
    try:
        yield
    except errors as problem:
        if any(file.name in str(problem) for file in (path, unless) if file is not None):
            raise
        raise type(problem)(f"{shown_path(path)}: {problem}") from problem


def short(value: object, most: int = SHOWN) -> str:
    """A foreign value as a message shows it: printable ASCII, cut in the middle beyond `most`.

    A text of a parser is shown as it is, anything else by its representation.
    """
    try:
        text = value if isinstance(value, str) else ascii(value)
    except (ValueError, RecursionError):
        # A whole number of more digits than Python prints, or lists within lists without end.
        text = f"a {type(value).__name__} too large to show"
    text = " ".join(text.encode("ascii", "backslashreplace").decode("ascii").split())
    text = "".join(character if character.isprintable() else "?" for character in text)
    if len(text) <= most:
        return text
    return f"{text[: most - 20]} ... {text[-14:]}"


def shown_path(path: object) -> str:
    """A file's path, or a place that begins with one, as a message shows it: its end is kept."""
    return short(str(path), _LONGEST_PATH)
