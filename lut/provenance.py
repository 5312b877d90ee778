"""What two records of how numbers were made do not have in common."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

_ABSENT = "-"
_SHOWN_PLACES = 3
_SHOWN_TEXT = 40
_HASH = re.compile(r"[0-9a-f]{32,}", re.IGNORECASE)
_SHOWN_HASH = 8


@dataclass(frozen=True)
class ProvenanceChange:
    """One part of the provenance that differs, such as "design" or "ngspice_version".

    `places` lists what differs in it: a dotted path ("" for the part itself) with the JSON
    values of both sides, None where a side has none.
    """

    part: str
    places: tuple[tuple[str, Any, Any], ...]

    def __str__(self) -> str:
        """One line: the first differing places with both values, and how many more there are."""
        shown = [
            f"{place} {_short_pair(a, b)}".strip() for place, a, b in self.places[:_SHOWN_PLACES]
        ]
        more = len(self.places) - len(shown)
        return f"{self.part}: {', '.join(shown)}" + (f" and {more} more" if more else "")

    def to_dict(self) -> dict[str, Any]:
        """Return the change in types that JSON has."""
        places = [{"place": place, "a": a, "b": b} for place, a, b in self.places]
        return {"part": self.part, "places": places}


def provenance_changes(a: Mapping[str, Any], b: Mapping[str, Any]) -> tuple[ProvenanceChange, ...]:
    """Return the parts (keys) of two provenances that differ, in the order of their names."""
    found = []
    for part in sorted({*a, *b}):
        places = tuple(_different(a.get(part), b.get(part), ""))
        if places:
            found.append(ProvenanceChange(part, places))
    return tuple(found)


def _different(a: Any, b: Any, place: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        for key in sorted({*a, *b}):
            yield from _different(a.get(key), b.get(key), f"{place}.{key}" if place else key)
    elif a != b:
        yield place, a, b


def _short_pair(a: Any, b: Any) -> str:
    """Both values; of texts of many lines the first line that differs."""
    if isinstance(a, str) and isinstance(b, str) and "\n" in a + b:
        lines = zip_longest(a.splitlines(), b.splitlines())
        for number, (one, other) in enumerate(lines, start=1):
            if one != other:
                return f"line {number} {_short(one)} -> {_short(other)}"
    return f"{_short(a)} -> {_short(b)}"


def _short(value: Any) -> str:
    """A value of any kind in a few words."""
    if value is None:
        return _ABSENT
    if isinstance(value, Mapping):
        return f"({len(value)} entries)"
    if isinstance(value, list | tuple):
        return f"({len(value)} items)"
    text = f"{value:g}" if isinstance(value, float) else str(value) or "(empty)"
    if _HASH.fullmatch(text):
        return text[:_SHOWN_HASH]
    if "\n" in text:
        return f"({len(text.splitlines())} lines)"
    return text if len(text) <= _SHOWN_TEXT else f"{text[: _SHOWN_TEXT - 3]}..."
