"""Cards of a model file: reading them as ngspice does, and which of them are harmless.

What is written again has one normal form (no comments, no leading blanks, plain ASCII, one
card starting with a letter or a dot, its other lines with `+`), so that ngspice sees
exactly what was checked here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from circuits.errors import DesignError

OPTIONS = ("scale", "scalm", "gmin", "tnom", "wnflag", "parser")
"""Simulator options that models depend on; `parser` is another simulator's, ngspice ignores it."""

DEVICES = "bcdefghijlmqrvx"
"""First letters of the devices that a sub-circuit may hold; A (XSPICE) may write files."""

MODEL_TYPES = (
    *("nmos", "pmos", "npn", "pnp", "njf", "pjf", "nmf", "pmf", "vdmos", "vdmosn", "vdmosp"),
    *("d", "r", "res", "c", "l", "sw", "csw"),
)
"""Types of `.model`; code models (XSPICE), which may read and write files, are not among them."""

INCLUDES = (".include", ".incl", ".inc")
LIBRARY = ".lib"
LIBRARY_END = ".endl"

_CLOSED_BY = {".subckt": ".ends", ".macro": ".eom", ".if": ".endif"}
_CLOSES = {closing: opening for opening, closing in _CLOSED_BY.items()}
_WITHIN_IF = (".elseif", ".else")
_SUBCIRCUITS = (".subckt", ".macro")
_PARAMETERS = (".param", ".params")
_DEFINITIONS = (*_PARAMETERS, ".func")
_OPTION_CARDS = (".option", ".options", ".opt")

_COMMAND_COMMENT = re.compile(r"\*#[#\s]*[a-z]", re.I)
# `$` starts a comment only after a blank or a comma; in an odd place it is refused below.
_TRAILING_COMMENT = re.compile(r";|//|(?:^|(?<=[ \t,]))\$")
_NAME = re.compile(r"[^\s(={,]+")
_ODD_CHARACTER = re.compile(r"[^\t -~]|[\"`\\$;]|//")
_FILE_ACCESS = re.compile(r"(?<!\w)(?:file(?!\w)|\w*file\s*=)", re.I)
# The name's end as ngspice finds it: a comma or a parenthesis would end it as well.
_MODEL = re.compile(r"\.model\s+[^\s(),=]+\s+(\w+)(?=[\s(]|$)", re.I)
_OPTION = re.compile(r"(\w+)(?:\s*=\s*[\w.+-]+)?(?:\s+|$)")
_WORD = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+))(?=\s|$)""")


@dataclass(frozen=True)
class Card:
    """A card: its first line and its continuation lines, comments and `+` removed.

    `line` is the number of the first line in its file, counted from 1.
    """

    line: int
    pieces: tuple[str, ...]

    @property
    def name(self) -> str:
        """First word, in lower case."""
        match = _NAME.match(self.pieces[0])
        return match.group().lower() if match else self.pieces[0]

    @property
    def text(self) -> str:
        """The card on one line, joined as ngspice joins it."""
        return " ".join(self.pieces)

    @property
    def words(self) -> list[str]:
        """What follows the first word, split at blanks, with quotes removed.

        Empty where quotes do not match.
        """
        text, found, position = self.text[len(self.name) :].strip(), [], 0
        while position < len(text):
            match = _WORD.match(text, position)
            if match is None:
                return []
            found.append(next(group for group in match.groups() if group is not None))
            position = match.end()
        return found

    def without_quotes(self) -> Card:
        """The card with blanks for double quotes, as ngspice reads all but strings of `.param`."""
        pieces = (piece.replace('"', " ").strip() for piece in self.pieces)
        return Card(self.line, tuple(filter(None, pieces)))

    def normal_lines(self) -> Iterator[str]:
        """The card's lines as they are written into a deck."""
        for number, piece in enumerate(self.pieces):
            yield "+ " + piece if number else piece


def parse_cards(path: Path, contents: bytes) -> tuple[Card, ...]:
    """The cards of a file, without its comments.

    Raises DesignError on bytes that no text has, on a continuation of nothing and on
    comments that ngspice would run (`*#`).
    """
    # Latin-1 keeps every byte: comments may have any encoding, cards are checked for ASCII.
    text = contents.removeprefix(b"\xef\xbb\xbf").decode("latin-1").replace("\r\n", "\n")
    cards: list[Card] = []
    pieces: list[str] = []
    first = 0
    for number, line in enumerate(text.split("\n"), start=1):
        where = f"{path}, line {number}"
        if "\0" in line or "\r" in line:
            raise DesignError(f"{where}: there is a NUL or a stray CR; save it as plain text")
        code = line.strip(" \t")
        if code.startswith("*"):
            if _COMMAND_COMMENT.match(code):
                raise DesignError(
                    f"{where}: ngspice runs '{shorten(code)}' as a command; begin it with '* '"
                )
            continue
        comment = _TRAILING_COMMENT.search(code)
        if comment is not None:
            code = code[: comment.start()].rstrip(" \t")
        if not code:
            continue
        if code.startswith("+"):
            if not pieces:
                raise DesignError(f"{where}: there is nothing that '+' continues; remove it")
            pieces.append(code[1:].strip(" \t"))
            continue
        if pieces:
            cards.append(Card(first, tuple(filter(None, pieces))))
        pieces, first = [code], number
    if pieces:
        cards.append(Card(first, tuple(filter(None, pieces))))
    return tuple(cards)


def shorten(text: str) -> str:
    """A card as it is shown in a message: one printable line."""
    plain = "".join(character if character.isprintable() else "?" for character in text)
    return plain if len(plain) <= 60 else plain[:57] + "..."


class CardCheck:
    """Checks the cards of one file in their order, with its open sub-circuits and conditions.

    `in_subcircuit` says that the file is included in the middle of a sub-circuit.
    """

    def __init__(self, path: Path, in_subcircuit: bool) -> None:
        self._path = path
        self._within = in_subcircuit
        self._open: list[Card] = []

    @property
    def in_subcircuit(self) -> bool:
        """Whether the next card belongs to a sub-circuit."""
        return self._within or any(card.name in _SUBCIRCUITS for card in self._open)

    def accept(self, original: Card) -> Card:
        """The card in the form that may be written into a deck.

        Raises DesignError, naming file and line, on a card that no model library needs.
        """
        card = original if original.name in _PARAMETERS else original.without_quotes()
        if card.pieces:
            self._accept(card)
        return card

    def _accept(self, card: Card) -> None:
        name, text = card.name, card.text
        where, shown = f"{self._path}, line {card.line}", shorten(card.text)
        odd = _ODD_CHARACTER.search(text)
        if odd is not None:
            raise DesignError(f"{where}: '{shown}' holds {odd.group()!a}; models are plain ASCII")
        if _FILE_ACCESS.search(text):
            raise DesignError(f"{where}: '{shown}' names a file, which a model may not; remove it")
        if not name.startswith("."):
            if name[0] not in DEVICES or not self.in_subcircuit:
                raise DesignError(
                    f"{where}: '{shown}' is refused; a model file may hold devices only inside "
                    f"sub-circuits and of the letters {DEVICES}"
                )
        elif name in _CLOSED_BY:
            self._open.append(card)
        elif name in _CLOSES:
            if not self._open or self._open[-1].name != _CLOSES[name]:
                raise DesignError(f"{where}: '{shown}' closes nothing; remove it")
            self._open.pop()
        elif name in _WITHIN_IF:
            if not self._open or self._open[-1].name != ".if":
                raise DesignError(f"{where}: '{shown}' stands outside .if; remove it")
        elif name == ".model":
            kind = _MODEL.match(text)
            if kind is None or kind.group(1).lower() not in MODEL_TYPES:
                raise DesignError(
                    f"{where}: '{shown}' is refused; the types of .model may be "
                    f"{', '.join(MODEL_TYPES)}"
                )
        elif name in _OPTION_CARDS:
            _accept_options(text[len(name) :].strip(), where)
        elif name not in _DEFINITIONS:
            raise DesignError(
                f"{where}: '{shown}' is refused; a model file may hold .model, .param, .func, "
                ".subckt, .if, .lib and .include cards only"
            )

    def finish(self) -> None:
        """Raise DesignError on a sub-circuit or condition that is still open."""
        if self._open:
            card = self._open[-1]
            raise DesignError(
                f"{self._path}, line {card.line}: '{shorten(card.text)}' is never closed; "
                f"add {_CLOSED_BY[card.name]}"
            )


def _accept_options(text: str, where: str) -> None:
    position = 0
    while position < len(text):
        match = _OPTION.match(text, position)
        if match is None or match.group(1).lower() not in OPTIONS:
            raise DesignError(
                f"{where}: the option '{shorten(text[position:])}' is refused; a model file may "
                f"set {', '.join(OPTIONS)}"
            )
        position = match.end()
