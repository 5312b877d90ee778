"""Text of foreign origin, such as a table's title, made safe to print."""

from __future__ import annotations

import unicodedata
from typing import Any

# Control characters, invisible format characters (which can turn the direction of writing),
# halves of characters, and the separators of lines and paragraphs.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def printable(text: str) -> str:
    """`text` on one line, with what could drive a terminal written as backslash escapes."""
    if text.isprintable():
        return text
    return "".join(
        character.encode("unicode_escape").decode("ascii")
        if unicodedata.category(character) in _UNPRINTABLE
        else character
        for character in text
    )


def printable_content(value: Any) -> Any:
    """Nested dicts and lists with every text in them made `printable`."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {printable_content(key): printable_content(item) for key, item in value.items()}
    if isinstance(value, list):
        return [printable_content(item) for item in value]
    return value
