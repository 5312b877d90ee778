"""Tables of a file asked entry by entry, each for the kind of value that it should have."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NoReturn

from files.errors import FileError, short


class Section:
    """One table of a TOML or JSON file; whatever is of another kind raises `error`.

    `place` begins every message: the file's name, and where the table stands in it.
    """

    def __init__(self, content: object, place: str, error: type[ValueError] = FileError) -> None:
        self.place, self._error = place, error
        if not isinstance(content, Mapping):
            self.refuse(f"must be a table, not {short(content)}")
        self.content: Mapping[str, Any] = content

    def __contains__(self, key: str) -> bool:
        return key in self.content

    def refuse(self, what: str) -> NoReturn:
        """Raise the error with the place before `what`."""
        raise self._error(f"{self.place}: {what}")

    def only(self, known: Collection[str], what: str) -> None:
        """Refuse keys that are not among those that `what` ("a plan") has."""
        for key in self.content:
            if key not in known:
                self.refuse(f"unknown key '{short(key)}'; {what} has {', '.join(known)}")

    def text(self, key: str, default: str | None = None, what: str = "text") -> str:
        """A text; without a default it must be there. `what` is what it should be."""
        value = self._value(key, default)
        if not isinstance(value, str):
            self.refuse(f"'{key}' must be {what}, not {short(repr(value))}")
        return value

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self._value(key, default)
        if not isinstance(value, bool):
            self.refuse(f"'{key}' must be true or false, not {short(repr(value))}")
        return value

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """A number from `low` to `high`."""
        value = self._value(key, default)
        if not is_number(value) or not low <= value <= high:
            kind = "" if is_number(value) else "a number "
            self.refuse(f"'{key}' must be {kind}from {low:g} to {high:g}, not {short(repr(value))}")
        return float(value)

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """A whole number from `low` to `high`."""
        value = self._value(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.refuse(
                f"'{key}' must be a whole number from {low} to {high}, not {short(repr(value))}"
            )
        return value

    def names(self, key: str, choices: Collection[str], default: list[str]) -> list[str]:
        """A list of at least one of the `choices`."""
        value = self._value(key, default)
        if (
            not isinstance(value, list)
            or not value
            or not all(is_one_of(v, choices) for v in value)
        ):
            self.refuse(f"'{key}' must be a list of {', '.join(choices)}, not {short(repr(value))}")
        return value

    def table(self, key: str, head: str | None = None) -> Section:
        """A table within, empty where there is none; `head` is how the file would head it."""
        value = self.content.get(key, {})
        if not isinstance(value, Mapping):
            self.refuse(f"'{key}' must be a section, headed [{head or key}]")
        return Section(value, f"{self.place}: [{head or key}]", self._error)

    def _value(self, key: str, default: object) -> Any:
        value = self.content.get(key, default)
        if value is None:
            self.refuse(f"'{key}' is missing; add it")
        return value


def is_number(value: object) -> bool:
    """Whether a value of a file is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_one_of(value: object, choices: Collection[str]) -> bool:
    """Whether a value is a text and one of the choices; a list, which has no hash, is not."""
    return isinstance(value, str) and value in choices
