"""Foreign model files made harmless: includes and sections resolved here, models only.

ngspice runs a `.control` block of an included file even in batch mode, so a model file is
a program. Here every card is read, must be of a kind that a model library needs, and is
written again in one normal form (no comments, no leading blanks, plain ASCII): what was
checked is what ngspice sees. Included files are looked up beside the including file and
must lie inside a root folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from circuits.errors import DesignError

MOST_DEPTH = 16
"""Deepest nesting of included files."""
MOST_FILES = 4000
"""Most files read for one section, each inclusion counted."""
MOST_BYTES = 256 * 1024**2
"""Most bytes read for one section, each inclusion counted."""

OPTIONS = ("scale", "scalm", "gmin", "tnom", "wnflag")
"""Simulator options that a model file may set: those that models depend on."""
DEVICES = "bcdefghijlmqrvx"
"""First letters of the devices that a sub-circuit may hold."""
MODEL_TYPES = [
    "nmos",
    "pmos",
    "npn",
    "pnp",
    "njf",
    "pjf",
    "nmf",
    "pmf",
    "d",
    "r",
    "res",
    "c",
    "l",
    "sw",
    "csw",
    "vdmos",
    "vdmosn",
    "vdmosp",
]
"""Types of `.model`; code models (XSPICE), which may read and write files, are not among them."""

_INCLUDES = (".include", ".inc", ".incl")
_OPENING = {".subckt": ".ends", ".macro": ".eom", ".if": ".endif"}
_CLOSING = {closing: opening for opening, closing in _OPENING.items()}
_MIDDLE = (".elseif", ".else")
_PLAIN = (".param", ".params", ".func", ".ic")
_OPTION_CARDS = (".option", ".options", ".opt")

_FILE_KEY = re.compile(r"file[a-z0-9_]*\s*=|(?<![a-z0-9_])[a-z0-9_]*file(?![a-z0-9_])", re.I)
_REFUSED_CHARACTERS = re.compile(r"[^\t -~]|[\"`\\$;]|//")
_TRAILING_COMMENT = re.compile(r";|//|(?:^|(?<=[\s,]))\$")
_FILE_NAME = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+))\s*""")


@dataclass(frozen=True)
class _Card:
    """A card with its continuation lines; `line` counts from 1."""

    line: int
    pieces: tuple[str, ...]

    @property
    def name(self) -> str:
        """First word in lower case."""
        words = self.pieces[0].split(maxsplit=1)
        return words[0].lower()

    @property
    def text(self) -> str:
        """The card on one line, as ngspice joins it."""
        return " ".join(self.pieces)

    @property
    def rest(self) -> str:
        """The card without its first word."""
        return self.text[len(self.name) :].strip()


@dataclass
class _Reading:
    """What reading one section has cost so far, and the text it gave."""

    root: Path
    lines: list[str]
    files: int = 0
    size: int = 0


def inline_models(path: Path, section: str | None, root: Path) -> str:
    """The models of one file as text that can stand anywhere in a deck.

    `section` selects a `.lib name ... .endl` block of a library; None takes a flat file as
    it is. Every included file must lie inside `root`, symbolic links resolved. Equal files
    give equal text.

    Raises DesignError, naming file and line, on anything that is not a model, a parameter
    or a sub-circuit, on files outside `root`, on cycles and on unreasonable sizes.
    """
    reading = _Reading(root.resolve(), [])
    _read(path, section, reading, (), f"the model file {path}")
    return "".join(line + "\n" for line in reading.lines)


def _read(
    path: Path,
    section: str | None,
    reading: _Reading,
    stack: tuple[tuple[Path, str | None], ...],
    where: str,
) -> None:
    """Append the text of one file (or section) to `reading`; `where` says who asked for it."""
    actual = _inside(path, reading.root, where)
    key = (actual, section.lower() if section is not None else None)
    if key in stack:
        raise DesignError(f"{where}: {actual} includes itself; break the cycle")
    if len(stack) >= MOST_DEPTH:
        raise DesignError(f"{where}: files are nested deeper than {MOST_DEPTH}; flatten them")
    status = actual.stat()
    reading.files += 1
    reading.size += status.st_size
    if reading.files > MOST_FILES:
        raise DesignError(
            f"{where}: more than {MOST_FILES} files are included; choose a smaller section"
        )
    if reading.size > MOST_BYTES:
        raise DesignError(
            f"{where}: more than {MOST_BYTES // 1024**2} MiB are included; choose a smaller section"
        )
    cards = _cards(actual, status.st_mtime_ns, status.st_size)
    chosen = cards if section is None else _section(actual, cards, section, where)
    _write(actual, chosen, reading, (*stack, key))


def _inside(path: Path, root: Path, where: str) -> Path:
    try:
        actual = path.resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        raise DesignError(f"{where}: there is no file {path}; check its name") from None
    if not actual.is_relative_to(root):
        raise DesignError(
            f"{where}: {actual} is outside the folder {root}; models may only be included from it"
        )
    if not actual.is_file():
        raise DesignError(f"{where}: {actual} is not a file; name a model file")
    return actual


@lru_cache(maxsize=512)
def _cards(path: Path, _modified: int, _size: int) -> tuple[_Card, ...]:
    """The cards of a file; the time of change and the size make the cache forget old text."""
    text = path.read_bytes().removeprefix(b"\xef\xbb\xbf").decode("latin-1")
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise DesignError(f"{path}, line {line}: a NUL byte; model files are plain text")
    cards: list[_Card] = []
    pieces: list[str] = []
    start = 0
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip(" \t\r")
        if not line or line.startswith("*"):
            continue
        comment = _TRAILING_COMMENT.search(line)
        if comment is not None:
            line = line[: comment.start()].rstrip(" \t")
            if not line:
                continue
        if line.startswith("+"):
            if not pieces:
                raise DesignError(f"{path}, line {number}: a continuation of nothing; remove it")
            if line[1:].strip():
                pieces.append(line[1:].strip())
            continue
        if pieces:
            cards.append(_Card(start, tuple(pieces)))
        pieces, start = [line], number
    if pieces:
        cards.append(_Card(start, tuple(pieces)))
    return tuple(cards)


def _section(path: Path, cards: Sequence[_Card], section: str, where: str) -> list[_Card]:
    """The cards between `.lib section` and its `.endl`."""
    found: dict[str, list[_Card]] = {}
    current: list[_Card] | None = None
    name = ""
    for card in cards:
        if card.name == ".lib" and len(_file_names(card)) == 1:
            if current is not None:
                raise DesignError(
                    f"{path}, line {card.line}: a section inside the section '{name}'; close it with .endl"
                )
            name = _file_names(card)[0].lower()
            if name in found:
                raise DesignError(
                    f"{path}, line {card.line}: a second section '{name}'; remove one"
                )
            current = found[name] = []
        elif card.name == ".endl":
            if current is None or card.rest.lower() not in ("", name):
                raise DesignError(
                    f"{path}, line {card.line}: .endl without its .lib; mend the section"
                )
            current = None
        elif current is not None:
            current.append(card)
    if current is not None:
        raise DesignError(f"{path}: the section '{name}' has no .endl; add it")
    if section.lower() not in found:
        raise DesignError(
            f"{where}: {path} has no section '{section}'; "
            + (f"it has {', '.join(sorted(found))}" if found else "it has none")
        )
    return found[section.lower()]


def _file_names(card: _Card) -> list[str]:
    """The words after `.include` or `.lib`, quotes removed."""
    text, position, names = card.rest, 0, []
    while position < len(text):
        match = _FILE_NAME.match(text, position)
        if match is None:
            return []
        names.append(next(group for group in match.groups() if group is not None))
        position = match.end()
    return names


def _write(
    path: Path,
    cards: Sequence[_Card],
    reading: _Reading,
    stack: tuple[tuple[Path, str | None], ...],
) -> None:
    open_blocks: list[_Card] = []
    for card in cards:
        where = f"{path}, line {card.line}"
        names = _file_names(card) if card.name in (*_INCLUDES, ".lib") else []
        if card.name in _INCLUDES:
            if len(names) != 1:
                raise DesignError(
                    f"{where}: {card.name} must name one file; quote it if it has blanks"
                )
            _read(path.parent / names[0], None, reading, stack, where)
        elif card.name == ".lib":
            if len(names) != 2:
                raise DesignError(
                    f"{where}: the file has sections; say which with 'section'"
                    if len(names) == 1
                    else f"{where}: .lib must name a file and a section"
                )
            _read(path.parent / names[0], names[1], reading, stack, where)
        else:
            _check(card, where, open_blocks)
            reading.lines.extend(_normal(card))
    if open_blocks:
        card = open_blocks[-1]
        raise DesignError(
            f"{path}, line {card.line}: {card.name} is never closed; add {_OPENING[card.name]}"
        )


def _normal(card: _Card) -> Iterator[str]:
    first, *rest = card.pieces
    yield first
    for piece in rest:
        yield "+ " + piece


def _check(card: _Card, where: str, open_blocks: list[_Card]) -> None:
    """Refuse a card that is not of a model library; keep track of open blocks."""
    name, text = card.name, card.text
    shown = text if len(text) <= 60 else text[:57] + "..."
    bad = _REFUSED_CHARACTERS.search(text)
    if bad is not None:
        raise DesignError(f"{where}: the character {bad.group()!r} cannot stand in a model file")
    if _FILE_KEY.search(text):
        raise DesignError(f"{where}: '{shown}' names a file; model files may not read or write any")
    inside = any(block.name in (".subckt", ".macro") for block in open_blocks)
    if name in _OPENING:
        open_blocks.append(card)
    elif name in _CLOSING:
        if not open_blocks or open_blocks[-1].name != _CLOSING[name]:
            raise DesignError(f"{where}: {name} closes nothing; remove it")
        open_blocks.pop()
    elif name in _MIDDLE:
        if not open_blocks or open_blocks[-1].name != ".if":
            raise DesignError(f"{where}: {name} outside .if; remove it")
    elif name == ".model":
        words = re.split(r"[\s(=]+", card.rest)
        if len(words) < 2 or words[1].lower() not in MODEL_TYPES:
            raise DesignError(
                f"{where}: '{shown}' is not one of the model types {' '.join(MODEL_TYPES)}"
            )
    elif name in _OPTION_CARDS:
        for word in re.split(r"[\s,]+(?![\s=])", re.sub(r"\s*=\s*", "=", card.rest)):
            if word.partition("=")[0].lower() not in OPTIONS:
                raise DesignError(f"{where}: option '{word}' is not one of {', '.join(OPTIONS)}")
    elif name.startswith("."):
        if name not in _PLAIN:
            raise DesignError(
                f"{where}: '{shown}' is refused: a model file may hold models, parameters and "
                "sub-circuits only"
            )
    elif name[0] not in DEVICES or not inside:
        raise DesignError(
            f"{where}: '{shown}' is refused: a model file may hold devices with the letters "
            f"{' '.join(DEVICES)} inside sub-circuits only"
        )
