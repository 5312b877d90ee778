"""Which cards of a model file are harmless, and the one form that they are written in.

What is written again has one normal form (no comments, no leading blanks, plain ASCII, one
card starting with a letter or a dot, its other lines with `+`), so that ngspice sees
exactly what was checked here.
"""

from __future__ import annotations

import re
from pathlib import Path

from circuits.errors import DesignError
from circuits.modelcards import (
    CARDS,
    CLOSED_BY,
    CLOSES,
    DEVICES,
    DROPPED,
    DROPPED_OPTIONS,
    FUNCTION,
    LIBRARY_END,
    MODEL,
    MODEL_TYPES,
    OPTION_CARDS,
    OPTIONS,
    PARAMETERS,
    REFUSED,
    SUBCIRCUITS,
    WITHIN_IF,
    Card,
    shorten,
)
from circuits.modellevels import level_fault, type_fault

_ODD_CHARACTER = re.compile(r"[^\t -~]|[\"`\\$;]|//")
_FILE_ACCESS = re.compile(r"(?<!\w)(?:file(?!\w)|\w*file\s*=)", re.I)
# The name's end as ngspice finds it: a comma or a parenthesis would end it as well.
_MODEL = re.compile(r"\.model\s+[^\s(),=]+\s+(\w+)(?=[\s(]|$)", re.I)
_MODEL_NAME = re.compile(r"\.model\s+([^\s(),=]+)\s+(\w+)", re.I)
_OPTION = re.compile(r"(\w+)(?:\s*=\s*[\w.+-]+)?(?:\s+|$)")


class CardCheck:
    """Checks the cards of one file in their order, with its open sub-circuits and conditions.

    `in_subcircuit` says that the file is included in the middle of a sub-circuit; `shows` that
    it is a model file, whose lines a message may show.
    """

    def __init__(self, path: Path, in_subcircuit: bool, shows: bool = True) -> None:
        self._path = path
        self._within = in_subcircuit
        self._shows = shows
        self._open: list[Card] = []

    @property
    def in_subcircuit(self) -> bool:
        """Whether the next card belongs to a sub-circuit."""
        return self._within or any(card.name in SUBCIRCUITS for card in self._open)

    def accept(self, original: Card) -> Card | None:
        """The card in the form that may be written into a deck; None where it is left out.

        Raises DesignError, naming file and line, on a card that no model library needs.
        """
        if original.fault:
            shown = self.shown(original)
            raise DesignError(
                f"{self._path}, line {original.line}: {original.fault.format(shown=shown)}"
            )
        card = original if original.name in PARAMETERS else original.without_quotes()
        if not card.pieces:
            return None
        if card.name in DROPPED:
            return None
        return self._accept(card)

    def shown(self, card: Card) -> str:
        """The card in a message; of a file that is no model file only cards of a netlist."""
        if self._shows or card.name in CARDS or card.name in REFUSED:
            return f"'{shorten(card.text)}'"
        return "a line that is no card of a model"

    def _accept(self, card: Card) -> Card | None:
        name, text = card.name, card.text
        where = f"{self._path}, line {card.line}"
        shown = self.shown(card)
        odd = _ODD_CHARACTER.search(text)
        if odd is not None:
            character = f"{odd.group()!a}" if self._shows else "what no card has"
            raise DesignError(f"{where}: {shown} holds {character}; models are plain ASCII")
        if _FILE_ACCESS.search(text):
            raise DesignError(f"{where}: {shown} names a file, which a model may not; remove it")
        if not name.startswith("."):
            if name[0] not in DEVICES or not self.in_subcircuit:
                raise DesignError(
                    f"{where}: {shown} is refused; a model file may hold devices only inside "
                    f"sub-circuits and of the letters {DEVICES}"
                )
        elif name in CLOSED_BY:
            self._open.append(card)
        elif name in CLOSES:
            if not self._open or self._open[-1].name != CLOSES[name]:
                raise DesignError(f"{where}: {shown} closes nothing; remove it")
            self._open.pop()
        elif name in WITHIN_IF:
            if not self._open or self._open[-1].name != ".if":
                raise DesignError(f"{where}: {shown} stands outside .if; remove it")
        elif name == MODEL:
            self._accept_model(text, where, shown)
        elif name in OPTION_CARDS:
            return self._options(card, where)
        elif name == LIBRARY_END:
            raise DesignError(f"{where}: {shown} ends no section; remove it")
        elif name not in (*PARAMETERS, FUNCTION):
            raise DesignError(
                f"{where}: {shown} is refused; a model file may hold .model, .param, .func, "
                ".subckt, .if, .lib and .include cards only"
            )
        return card

    def _accept_model(self, text: str, where: str, shown: str) -> None:
        kind, named = _MODEL.match(text), _MODEL_NAME.match(text)
        if kind is None or kind.group(1).lower() not in MODEL_TYPES:
            fault = type_fault(*named.groups()) if named else ""
            refusal = f"{shown} is refused; the types of .model may be {', '.join(MODEL_TYPES)}"
            raise DesignError(f"{where}: {fault or refusal}")
        fault = level_fault(text)
        if fault:
            raise DesignError(f"{where}: {fault}")

    def finish(self) -> None:
        """Raise DesignError on a sub-circuit or condition that is still open."""
        if self._open:
            card = self._open[-1]
            raise DesignError(
                f"{self._path}, line {card.line}: {self.shown(card)} is never closed; "
                f"add {CLOSED_BY[card.name]}"
            )

    def _options(self, card: Card, where: str) -> Card | None:
        """The card with the options that models depend on; None where it has no such."""
        text = card.text[len(card.name) :].strip()
        kept, position = [], 0
        while position < len(text):
            match = _OPTION.match(text, position)
            word = match.group(1).lower() if match else ""
            if match is None or word not in (*OPTIONS, *DROPPED_OPTIONS):
                raise DesignError(
                    f"{where}: the option '{shorten(text[position:])}' is refused; a model file "
                    f"may set {', '.join(OPTIONS)}"
                )
            if word in OPTIONS:
                kept.append(match.group().strip())
            position = match.end()
        if not kept:
            return None
        dropped = len(text.split()) != len(" ".join(kept).split())
        return Card(card.line, (f"{card.name} {' '.join(kept)}",)) if dropped else card
