"""The error of this package, and how a value is shown in one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SHOWN = 80
"""Characters of a foreign value that a message shows at most."""
SHOWN_PATH = 400
"""Characters of a path: its end is the file's name."""


class FileError(ValueError):
    """A file that cannot be read as what it should be; the message says what, where, what to do."""


def shown(path: Path) -> str:
    """A file's path as a message shows it: printable, cut at its beginning where it is long."""
    text = str(path).encode("ascii", "backslashreplace").decode("ascii")
    text = "".join(character if character.isprintable() else "?" for character in text)
    return text if len(text) <= SHOWN_PATH else f"...{text[-SHOWN_PATH:]}"


@contextmanager
def naming(path: Path, *errors: type[ValueError]) -> Iterator[None]:
    """Let every one of `errors` that arises within name the file whose content it is about."""
    try:
        yield
    except errors as problem:
        if path.name in str(problem):
            raise
        raise type(problem)(f"{shown(path)}: {problem}") from problem


def short(value: object) -> str:
    """A foreign value as a message shows it: printable ASCII, cut in the middle where it is long.

    A text of a parser is shown as it is, anything else by its representation.
    """
    try:
        text = value if isinstance(value, str) else ascii(value)
    except (ValueError, RecursionError):
        # A whole number of more digits than Python prints, or lists within lists without end.
        text = f"a {type(value).__name__} too large to show"
    text = " ".join(text.encode("ascii", "backslashreplace").decode("ascii").split())
    text = "".join(character if character.isprintable() else "?" for character in text)
    if len(text) <= SHOWN:
        return text
    return f"{text[: SHOWN - 20]} ... {text[-14:]}"
