"""What foreign text may become in a deck: a checked name, a finite number, or one comment.

ngspice runs programs: the lines of a `.control` block, comments that begin with `*#`, a whole
deck whose title begins with `*ng_script`. So nothing that a file, a plan, a table or the command
says reaches a deck but through a function of this module. Names are checked when a file is read
too, so that the message can name the file; `circuits.deck_guard` is a second wall behind both.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from circuits.errors import DesignError
from files import short

NAME = r"[A-Za-z0-9][A-Za-z0-9_.+-]*"
"""Pattern of a name."""
LONGEST_NAME = 64
LONGEST_COMMENT = 240
"""Characters of a comment at most; what follows is left out."""

_NAME = re.compile(NAME)
# A backslash pair at the end of a line would join the next line to a comment.
_ODD = re.compile(r"[^ -~]|\\")
_SETTING = re.compile(r"(\w+)(?:\s*=\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?))?", re.ASCII | re.I)
_NOT_FINITE = re.compile(r"(?<![\w.])[-+]?(?:nan|inf)(?![\w.])", re.IGNORECASE)


def is_name(text: str) -> bool:
    """Whether a text can be a name: letters, digits and `_ . + -`, not too long."""
    return len(text) <= LONGEST_NAME and _NAME.fullmatch(text) is not None


def identifier(text: object, what: str = "a name in a deck") -> str:
    """A name as it stands in a deck; `what` says in the message whose it is, and where.

    Raises DesignError on anything but letters, digits and `_ . + -`, the first a letter or a
    digit, 64 characters at most.
    """
    if isinstance(text, str) and is_name(text):
        return text
    raise DesignError(
        f"{what} must be a name: letters, digits and _ . + -, a letter or digit first, at most "
        f"{LONGEST_NAME} characters, not {short(ascii(text))}"
    )


def name_from(text: str) -> str:
    """A name made of any text, such as the stem of a file: other characters become `_`."""
    plain = re.sub(r"[^A-Za-z0-9_.+-]", "_", text)[:LONGEST_NAME]
    return plain if is_name(plain) else f"x{plain}"[:LONGEST_NAME]


def number(value: float, digits: int | None = None) -> str:
    """A number as it stands in a deck, to so many digits or to the last one.

    Raises DesignError on one that is not finite.
    """
    plain = float(value)
    if not math.isfinite(plain):
        raise DesignError(f"a value in the deck is {plain}; mend the parameters that give it")
    return repr(plain) if digits is None else f"{plain:.{digits}g}"


def setting(text: object, what: str = "an option in a deck") -> str:
    """A simulator option as it stands in a deck: a name, or a name and a plain number.

    Raises DesignError on anything else.
    """
    match = _SETTING.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None or not math.isfinite(float(match[2] or 0)):
        raise DesignError(
            f"{what} must be a name or a name and a finite number, such as scale=1e-6, not "
            f"{short(ascii(text))}"
        )
    name = identifier(match[1], what)
    return name if match[2] is None else f"{name}={match[2]}"


def comment(text: object) -> str:
    """One comment line of printable ASCII; every other character becomes a question mark."""
    plain = _ODD.sub("?", str(text)).rstrip()
    if len(plain) > LONGEST_COMMENT:
        plain = plain[: LONGEST_COMMENT - 4] + " ..."
    # The blank matters: `*#` is a command.
    return f"* {plain}"


def comments(texts: Iterable[object]) -> list[str]:
    """Comment lines."""
    return [comment(text) for text in texts]


def title(text: object) -> str:
    """The first line of a deck, which ngspice takes for its title: one line of printable ASCII."""
    line = comment(text)
    bare = line[2:]
    return bare if _NAME.match(bare) else line


def piecewise(points: Iterable[tuple[float, float]]) -> str:
    """A piecewise-linear source through points of time [s] and value."""
    pairs = (f"{number(time, 6)} {number(value, 9)}" for time, value in points)
    return f"pwl({' '.join(pairs)})"


def finite(cards: str) -> str:
    """Cards that a netlist library wrote, if all their numbers are finite; else DesignError."""
    found = _NOT_FINITE.search(cards)
    if found is not None:
        start = cards.rfind("\n", 0, found.start()) + 1
        card = cards[start:].split("\n", 1)[0]
        raise DesignError(f"a value of '{short(card)}' in the deck is not finite; mend the design")
    return cards
