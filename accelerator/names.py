"""Names of files as text that any output takes."""

from __future__ import annotations

import os


def printable(name: str | os.PathLike[str]) -> str:
    """`name` with bytes that are no text, and control characters, written as escapes.

    File names may hold any bytes; a report, a CSV file or JSON in UTF-8 may not.
    """
    text = os.fsdecode(name).encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )
