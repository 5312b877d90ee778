"""Foreign model files made harmless: includes and sections resolved here, models only.

ngspice runs a `.control` block of an included file even in batch mode, so a model file is
a program. Files are looked up beside the including file, must lie inside a root folder and
are written into one text whose every card was checked (circuits.cardcheck). Of a file that
is no model file no message shows a line: it may be anything that the user can read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from circuits.cardcheck import CardCheck
from circuits.errors import DesignError
from circuits.modelcards import (
    INCLUDES,
    LIBRARY,
    LIBRARY_END,
    Card,
    is_model_file,
    parse_cards,
)

MOST_DEPTH = 16
"""Deepest nesting of included files."""
MOST_FILES = 2000
"""Most files in one text, each inclusion counted."""
MOST_BYTES = 64 * 1024**2
"""Most bytes in one text, each inclusion counted."""
_SHOWN_SECTIONS = 20


@dataclass(frozen=True)
class Placed:
    """A card of a text, in the form that a deck takes, and the file that it stands in."""

    path: Path
    card: Card

    def place(self, position: int = 0) -> str:
        """File and line of a position in the card's text, as a message begins with them."""
        return f"{self.path}, line {self.card.line_at(position)}"


@dataclass
class _Inlining:
    """One text in the making: where files may lie, what was read, the cards so far.

    `stack` holds the files, with their sections, that are being read.
    """

    root: Path
    cards: list[Placed] = field(default_factory=list)
    stack: list[tuple[Path, str | None]] = field(default_factory=list)
    files: int = 0
    size: int = 0


def inline_models(path: Path, section: str | None, root: Path) -> str:
    """The models of one file as text that can stand anywhere in a deck.

    `section` selects a `.lib name ... .endl` block of a library; None takes a flat file as
    it is. Included files must lie inside `root`, symbolic links resolved. Equal files give
    equal text. Comments are dropped.

    Raises DesignError, naming file and line, on anything that is not a model, a parameter
    or a sub-circuit, on files outside `root`, on cycles and on unreasonable sizes.
    """
    return text_of(inline_cards(path, section, root))


def inline_cards(path: Path, section: str | None, root: Path) -> list[Placed]:
    """The cards of that text, each with the place that it has in its file."""
    inlining = _Inlining(root.resolve())
    _add_file(inlining, path, section, f"the model file {path}", in_subcircuit=False)
    return inlining.cards


def text_of(cards: Sequence[Placed]) -> str:
    """Cards as lines of a deck."""
    return "".join(line + "\n" for placed in cards for line in placed.card.normal_lines())


def _add_file(
    inlining: _Inlining, path: Path, section: str | None, where: str, *, in_subcircuit: bool
) -> None:
    """Append one file, or one section of it; `where` says who asked for it."""
    actual = _resolve(path, inlining.root, where)
    key = (actual, None if section is None else section.lower())
    if key in inlining.stack:
        raise DesignError(f"{where}: {actual} includes itself; break the cycle")
    if len(inlining.stack) >= MOST_DEPTH:
        raise DesignError(f"{where}: files are nested deeper than {MOST_DEPTH}; flatten them")
    status = actual.stat()
    inlining.files += 1
    inlining.size += status.st_size
    if inlining.files > MOST_FILES or inlining.size > MOST_BYTES:
        raise DesignError(
            f"{where}: more than {MOST_FILES} files or {MOST_BYTES // 1024**2} MiB are "
            "included; choose a smaller section"
        )
    everything = _cards(actual, status.st_size, status.st_mtime_ns)
    cards: Sequence[Card] = everything
    if section is not None:
        cards = _section(actual, cards, section, where)
    check = CardCheck(actual, in_subcircuit, is_model_file(everything))
    inlining.stack.append(key)
    _add_cards(inlining, actual, cards, check)
    inlining.stack.pop()


def _resolve(path: Path, root: Path, where: str) -> Path:
    try:
        actual = path.resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        # RuntimeError: a loop of symbolic links; ValueError: a NUL in the name.
        raise DesignError(f"{where}: there is no file {path}; check its name") from None
    if not actual.is_relative_to(root):
        raise DesignError(
            f"{where}: {actual} is outside the folder {root}; keep all model files inside it"
        )
    if not actual.is_file():
        raise DesignError(f"{where}: {actual} is not a regular file; name a model file")
    return actual


@lru_cache(maxsize=64)
def _cards(path: Path, size: int, _changed: int) -> tuple[Card, ...]:
    """The cards of a file; its size and time of change make the cache forget old text."""
    with path.open("rb") as stream:
        return parse_cards(stream.read(size))


def _section(path: Path, cards: Sequence[Card], section: str, where: str) -> list[Card]:
    """The cards from `.lib section` to the next `.endl`, whatever name that has, as in ngspice.

    The text of other sections and outside them is not judged.
    """
    wanted = section.lower()
    found: list[Card] | None = None
    names: list[str] = []
    begin: Card | None = None
    for card in cards:
        if not card.fault and card.name == LIBRARY and len(card.words) == 1:
            name = card.words[0].lower()
            if begin is not None:
                raise DesignError(
                    f"{path}, line {card.line}: '.lib {name}' stands inside another section; close "
                    "that with .endl first"
                )
            names.append(name)
            if name == wanted:
                if found is not None:
                    raise DesignError(
                        f"{path}, line {card.line}: '{section}' is there twice; rename one section"
                    )
                begin, found = card, []
        elif not card.fault and card.name == LIBRARY_END:
            begin = None
        elif begin is not None and found is not None:
            found.append(card)
    if begin is not None:
        raise DesignError(f"{path}, line {begin.line}: the section is never closed; add .endl")
    if found is None:
        several = ", ".join(dict.fromkeys(names[:_SHOWN_SECTIONS]))
        more = f" and {len(names) - _SHOWN_SECTIONS} more" if len(names) > _SHOWN_SECTIONS else ""
        has = f"it has {several}{more}" if names else "it has none"
        raise DesignError(f"{where}: {path} has no section '{section}'; {has}")
    return found


def _add_cards(inlining: _Inlining, path: Path, cards: Sequence[Card], check: CardCheck) -> None:
    for card in cards:
        if not card.fault and (card.name in INCLUDES or card.name == LIBRARY):
            where = f"{path}, line {card.line}"
            file, section = _named_file(card, where, check)
            _add_file(
                inlining, path.parent / file, section, where, in_subcircuit=check.in_subcircuit
            )
            continue
        accepted = check.accept(card)
        if accepted is not None:
            inlining.cards.append(Placed(path, accepted))
    check.finish()


def _named_file(card: Card, where: str, check: CardCheck) -> tuple[str, str | None]:
    """File and section that an include card or a `.lib` card asks for."""
    match card.name, card.words:
        case (".lib", [file, section]):
            return file, section
        case (".lib", [section]):
            raise DesignError(
                f"{where}: the file is a library with sections, such as '{section}'; say which "
                "section is meant"
            )
        case (".lib", _):
            raise DesignError(
                f"{where}: {check.shown(card)} must name a file and a section; quote names with "
                "blanks"
            )
        case (_, [file]):
            return file, None
        case _:
            raise DesignError(
                f"{where}: {check.shown(card)} must name one file; quote a name with blanks"
            )
