"""The second wall before ngspice: a deck may hold the cards that this project writes, no other.

A deck is a program. What ngspice 39 does with the lines of one, tried through its library and
with `ngspice -b` (tests/characterize/test_ngspice_tricks.py repeats it):

- `.control` runs commands, `shell` among them, up to `.endc`; so do `.CONTROL`, one behind blanks,
  one inside `.if`, and every longer word that begins so (`.controlled`). Names are thus compared
  whole and in lower case, and a blank may not stand before a card.
- `*#shell ...` runs as a command, also behind blanks and as `*# shell`; `* #` is a comment. The
  first line `*ng_script` makes commands of all that follows.
- Whatever follows `.end` is read on; `.title` puts its own text in the first line's place.
- `.include`, `.lib` and devices with `file=` read any file; XSPICE devices (A) also write them.
- Lines end at a line feed and nowhere else; `\\\\` at the end of a line and `+` at the
  beginning of one join lines, also over comments. `$`, `;` and `//` cut one off.
- A line that begins with `@` ends the deck without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from circuits.errors import DesignError
from circuits.modelcards import DEVICES, MODEL_TYPES, OPTIONS
from files import short

OWN_OPTIONS = (
    *("method", "reltol", "itl1", "itl2", "itl4", "noopiter", "gminsteps", "srcsteps"),
    *("scale", "scalm", "gmin", "rshunt", "seed", "wnflag"),
)
"""Simulator options of our benches and of technology files."""

_DEFINITIONS = (
    *(".subckt", ".ends", ".macro", ".eom", ".param", ".params", ".func"),
    *(".if", ".elseif", ".else", ".endif"),
)
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_ODD = re.compile(r"[^\t\n -~]")
_CUT = re.compile(r"[\\$;`\"]|//")
_NAME = re.compile(r"\.[a-z]+(?=[ \t({=]|$)")
_FILE = re.compile(r"(?<!\w)(?:file(?!\w)|\w*file\s*=)")
_OPTION = re.compile(r"(\w+)(?:\s*=\s*[\w.+-]+)?(?:\s+|$)")
_MODEL = re.compile(r"\.model\s+[^\s(),=]+\s+(\w+)(?=[\s(]|$)")
_TITLE = re.compile(r"[A-Za-z0-9][ -~]*|\*(?: [ -~]*)?")
_NODE = r"[\w.+-]+(?:#branch)?"
_OWN = {
    ".temp": re.compile(rf"\.temp {_NUMBER}"),
    ".tran": re.compile(rf"\.tran(?: {_NUMBER}){{4}}(?: uic)?"),
    ".save": re.compile(rf"\.save(?: (?:[vi]\({_NODE}\)|{_NODE}))+"),
    ".nodeset": re.compile(rf"\.nodeset v\({_NODE}\)={_NUMBER}"),
    ".ic": re.compile(rf"\.ic v\({_NODE}\)=(?:{_NUMBER}|\{{[\w().+*-]+\}})"),
}
# The one file that a deck may read, which the driven decks' own folder holds: it is numbers.
_NOISE_DEVICE = re.compile(r"ath %v\(\[[a-z]+(?: [a-z]+)*\]\) thermal")
_NOISE_MODEL = re.compile(
    r"\.model thermal filesource \(file=\"/[a-z0-9/_.+ -]*mramcim-[a-z0-9_-]+/thermal\.txt\" "
    r"amploffset=\[[0 ]+\] amplscale=\[[1 ]+\] timeoffset=0 timescale=1 timerelative=false "
    r"amplstep=false\)"
)


@dataclass
class _Card:
    """A card with its continuation lines, in lower case; `line` is counted from one."""

    line: int
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(self.pieces)


def check_deck(deck: str) -> None:
    """Raise DesignError, naming the line, on a deck with anything but the cards that we write."""
    odd = _ODD.search(deck)
    if odd is not None:
        line = deck.count("\n", 0, odd.start()) + 1
        raise _refused(line, ascii(odd.group()), "is neither printable ASCII nor a line's end")
    title, *lines = deck.rstrip("\n").split("\n")
    if _TITLE.fullmatch(title) is None or title.endswith("\\"):
        raise _refused(1, title, "cannot be the title")
    ended = analysed = False
    for card in _cards(lines):
        if ended:
            raise _refused(card.line, card.text, "follows .end")
        _check_card(card)
        if card.text.startswith(".tran "):
            if analysed:
                raise _refused(card.line, card.text, "is a second analysis")
            analysed = True
        ended = card.text == ".end"
    if not ended or not analysed:
        raise DesignError("the deck must have one .tran and end with .end; it was not written here")


def _cards(lines: list[str]) -> Iterator[_Card]:
    """The cards of all lines but the title; comments are judged here."""
    card: _Card | None = None
    for number, line in enumerate(lines, start=2):
        if line.startswith("*"):
            # Comments are ours too: the cards of models come without any.
            if line[1:2] not in ("", " ") or line.endswith("\\"):
                raise _refused(number, line, "is no comment of ours, '* ' and a text")
        elif line.startswith("+"):
            if card is None:
                raise _refused(number, line, "continues nothing")
            card.pieces.append(line[1:].strip(" \t").lower())
        elif line:
            if card is not None:
                yield card
            card = _Card(number, [line.rstrip(" \t").lower()])
    if card is not None:
        yield card


def _check_card(card: _Card) -> None:
    text = card.text
    if _NOISE_DEVICE.fullmatch(text) or _NOISE_MODEL.fullmatch(text):
        return
    cut = _CUT.search(text)
    if cut is not None:
        raise _refused(card.line, text, f"holds {cut.group()}")
    if _FILE.search(text):
        raise _refused(card.line, text, "names a file")
    if text and text[0] in DEVICES:
        return
    match = _NAME.match(card.pieces[0])
    name = match.group() if match else ""
    own = _OWN.get(name)
    if own is not None:
        right = own.fullmatch(text) is not None
    elif name in (".option", ".options", ".opt"):
        right = _are_options(text[len(name) :].strip(" \t"))
    elif name == ".model":
        kind = _MODEL.match(text)
        right = kind is not None and kind[1] in MODEL_TYPES
    else:
        right = name in _DEFINITIONS or text == ".end"
    if not right:
        raise _refused(card.line, text, "is not a card of ours")


def _are_options(text: str) -> bool:
    position = 0
    while position < len(text):
        match = _OPTION.match(text, position)
        if match is None or match[1] not in {*OWN_OPTIONS, *OPTIONS}:
            return False
        position = match.end()
    return position > 0


def _refused(line: int, text: str, why: str) -> DesignError:
    return DesignError(
        f"the deck was not given to ngspice: line {line}, '{short(text)}', {why}; mend the file "
        "that it comes from"
    )
