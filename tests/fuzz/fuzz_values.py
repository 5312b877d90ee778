"""Mutations of nested values, of text and of bytes, each drawn by a seeded generator."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any


class Raw:
    """Text that a file holds as it is, such as a number that Python would not print."""

    def __init__(self, text: str) -> None:
        self.text = text


ESCAPES = "\x1b[31mred\u202e"
ODD: tuple[Any, ...] = (
    0, -1, 1, 7, True, False, 0.5, 1e308, -1e308, 1e-320, 2**63, 10**18, -(10**18), Raw("1e400"),
    Raw("9" * 400), Raw("9" * 5000), Raw("nan"), Raw("inf"), Raw("-inf"), Raw("1979-05-27"),
    Raw("[" * 70 + "]" * 70), Raw("[" * 3000 + "]" * 3000), "", " ", "tt", "x" * 20000, ESCAPES,
    "two\nlines", "nul\0", "../..", "/dev/zero", "none.toml", "\u00e9\U0001f600", [], [[]], {},
    [1, "a"], [{}], {"a": {"b": [1]}}, "1e308 V", "nan V", "inf s", "-1 nm", "0 V", "1e-300 m",
    "1 parsec", "1 V", "27 degC", "-300 degC", "1e400 K", "1_0 V", None,
)  # fmt: skip


def mutated(value: Any, draw: random.Random) -> Any:
    """A copy with one to three things changed."""
    made = copy.deepcopy(value)
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        made = _once(made, draw)
    return made


def _once(value: Any, draw: random.Random) -> Any:
    places = list(_places(value))
    if not places:
        return draw.choice(ODD)
    owner, key = draw.choice(places)
    what = draw.randrange(9)
    if draw.random() < 0.35:
        # Another number where a number was: what is sound in kind reaches the physics.
        numbers = [(one, at) for one, at in places if _is_number(one[at])]
        owner, key = draw.choice(numbers or places)
        what = 8
    if what <= 3:
        owner[key] = copy.deepcopy(draw.choice(ODD))
    elif what == 4:
        del owner[key]
    elif what == 5:
        owner[key] = [owner[key]] if draw.random() < 0.5 else {"value": owner[key]}
    elif what == 6 and isinstance(owner, dict):
        name = draw.choice((ESCAPES, "x" * 5000, key + "_", key.upper(), "name", "value", "\n"))
        owner[name] = owner.pop(key)
    elif what == 7:
        other, place = draw.choice(places)
        owner[key] = copy.deepcopy(other[place]) if place in _keys(other) else 1
    elif _is_number(owner[key]):
        factor = draw.choice((-1, 0, 0.3, 0.9, 1.1, 2, 5, 10, 1000, 1e12, 1e-12, 1e-30, 1e30))
        owner[key] = _times(owner[key], factor)
    elif isinstance(owner[key], str):
        owner[key] = changed_text(owner[key], draw)
    elif isinstance(owner[key], list):
        owner[key] = owner[key] * draw.choice((2, 50))
    else:
        owner[key] = copy.deepcopy(draw.choice(ODD))
    return value


def _is_number(value: Any) -> bool:
    """A number, also one with its unit as text."""
    if isinstance(value, str):
        number, blank, _ = value.partition(" ")
        return bool(blank) and number.replace(".", "", 1).isdigit()
    return isinstance(value, int | float) and not isinstance(value, bool)


def _times(value: Any, factor: float) -> Any:
    if isinstance(value, str):
        number, _, unit = value.partition(" ")
        return f"{float(number) * factor:g} {unit}"
    return type(value)(value * factor)


def _keys(owner: Any) -> Any:
    return owner if isinstance(owner, dict) else range(len(owner))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    for key in list(_keys(value)) if isinstance(value, dict | list) else ():
        yield value, key
        yield from _places(value[key])


def changed_text(text: str, draw: random.Random) -> str:
    """Text with a piece cut, doubled, swapped or replaced by what stands in no such file."""
    if not text:
        return draw.choice(("x", "\0", ESCAPES))
    place, length = draw.randrange(len(text)), draw.choice((1, 1, 3, 20, 300))
    piece = text[place : place + length]
    new = draw.choice(
        ("", piece * 2, piece[::-1], "\0", "\x1a", "\r", "\x85", ESCAPES, "(" * 50, '"', "9" * 400,
         "nan", "-", "1e999", "é", " ", "\n\n", ",", ".", "$", "{", "'")
    )  # fmt: skip
    return text[:place] + new + text[place + length :]


def changed_bytes(image: bytes, draw: random.Random) -> bytes:
    """Bytes with some flipped, cut off, doubled or replaced."""
    what, place = draw.randrange(6), draw.randrange(len(image) or 1)
    made = bytearray(image)
    if what <= 2:
        for _ in range(draw.choice((1, 1, 3, 30))):
            made[draw.randrange(len(made))] ^= 1 << draw.randrange(8)
    elif what == 3:
        del made[place:]
    elif what == 4:
        made[place : place + 8] = draw.randbytes(8)
    else:
        made[place:place] = made[place : place + draw.choice((1, 16, 256))]
    return bytes(made)


def toml_text(content: dict[str, Any]) -> str:
    """A nested value as TOML, a key a line."""
    return "".join(f"{_quoted(key)} = {_toml(value)}\n" for key, value in content.items())


def _toml(value: Any) -> str:
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        inner = ", ".join(f"{_quoted(key)} = {_toml(item)}" for key, item in value.items())
        return "{" + inner + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, int | float):
        return repr(value)
    return _quoted(str(value))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=not text.isprintable() and "\U0001f600" not in text)


def json_text(content: Any) -> str:
    """A nested value as JSON, raw pieces as they are."""
    raws: list[str] = []

    def stand_in(value: Any) -> Any:
        if isinstance(value, Raw):
            raws.append(value.text)
            return f"@raw{len(raws) - 1}@"
        if isinstance(value, dict):
            return {str(key): stand_in(item) for key, item in value.items()}
        return [stand_in(item) for item in value] if isinstance(value, list) else value

    text = json.dumps(stand_in(content))
    for index, raw in enumerate(raws):
        text = text.replace(f'"@raw{index}@"', raw)
    return text
