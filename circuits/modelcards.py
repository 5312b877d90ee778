"""Cards of a model file: reading them as ngspice does, and the lists of what is harmless.

Which card is accepted is decided in circuits.cardcheck, by the lists that stand here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

OPTIONS = ("scale", "scalm", "gmin", "tnom", "wnflag", "parser")
"""Simulator options that models depend on; `parser` is another simulator's, ngspice ignores it."""

DROPPED_OPTIONS = (
    *("post", "probe", "brief", "ingold", "list", "node", "opts", "nomod", "nopage", "nolist"),
    *("acct", "noacct", "numdgt", "measdgt", "co", "artist", "psf", "lis"),
)
"""Options of output and paper, other simulators' and ngspice's, which a deck does without."""

DROPPED = (".prot", ".unprot", ".protect", ".unprotect", ".end", ".title")
"""Cards that ngspice passes over in a file that it includes; they stay out of the deck."""

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

CLOSED_BY = {".subckt": ".ends", ".macro": ".eom", ".if": ".endif"}
CLOSES = {closing: opening for opening, closing in CLOSED_BY.items()}
WITHIN_IF = (".elseif", ".else")
SUBCIRCUITS = (".subckt", ".macro")
PARAMETERS = (".param", ".params", ".parameter", ".parameters")
FUNCTION = ".func"
MODEL = ".model"
OPTION_CARDS = (".option", ".options", ".opt")
CARDS = (
    *(MODEL, FUNCTION, *PARAMETERS, *OPTION_CARDS),
    *(*CLOSED_BY, *CLOSES, *WITHIN_IF, *INCLUDES, LIBRARY, LIBRARY_END, *DROPPED),
)
"""Every card that a model file may hold beside devices in sub-circuits."""

REFUSED = (
    *(".control", ".endc", ".exec", ".csparam", ".save", ".print", ".plot", ".probe", ".four"),
    *(".meas", ".measure", ".tran", ".ac", ".dc", ".op", ".noise", ".sens", ".tf", ".pz", ".disto"),
    *(".sp", ".pss", ".global", ".ic", ".nodeset", ".temp", ".width", ".hdl", ".verilog"),
    *(".data", ".enddata", ".alter", ".del", ".connect", ".malias", ".vec"),
)
"""Cards of a simulation, not of models, which a message may name."""

_COMMAND_COMMENT = re.compile(r"\*#[#\s]*[a-z]", re.I)
# `$` starts a comment only after a blank, a comma or a closing parenthesis; in an odd place it
# is refused.
_TRAILING_COMMENT = re.compile(r";|//|(?:^|(?<=[ \t,)]))\$")
_NAME = re.compile(r"[^\s(={,]+")
_WORD = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+))(?=\s|$)""")
# What no other text but a model library has at the beginning of a line.
_EVIDENCE = re.compile(
    r"\.model\s+[^\s(),=]+\s+\w|\.param\w*\s+\w+(?:\(\w[\w, ]*\))?\s*=|\.subckt\s+\w+\s+\w"
    r"|\.func\s+\w+\s*\(|\.lib\s+\S",
    re.I,
)


@dataclass(frozen=True)
class Card:
    """A card: its first line and its continuation lines, comments and `+` removed.

    `line` is the number of the first line in its file, counted from 1, `lines` those of its
    pieces. `fault` says why it cannot be read, where it cannot.
    """

    line: int
    pieces: tuple[str, ...]
    lines: tuple[int, ...] = field(default=(), compare=False)
    fault: str = ""

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
        if not any('"' in piece for piece in self.pieces):
            return self
        pieces = [piece.replace('"', " ").strip() for piece in self.pieces]
        return _card(list(zip(self.lines or (self.line,) * len(pieces), pieces, strict=True)))

    def line_at(self, position: int) -> int:
        """The number of the line that holds a position of `text`."""
        for number, piece in zip(self.lines, self.pieces, strict=True):
            if position <= len(piece):
                return number
            position -= len(piece) + 1
        return self.lines[-1] if self.lines else self.line

    def normal_lines(self) -> Iterator[str]:
        """The card's lines as they are written into a deck."""
        for number, piece in enumerate(self.pieces):
            yield "+ " + piece if number else piece


def parse_cards(contents: bytes) -> tuple[Card, ...]:
    """The cards of a file, without its comments.

    A line that cannot be read (NUL, a stray CR, a continuation of nothing, a comment `*#` that
    ngspice would run) is a card with a fault: it matters only where it is asked for.
    """
    # Latin-1 keeps every byte: comments may have any encoding, cards are checked for ASCII.
    # Files from DOS end with Ctrl-Z.
    text = contents.removeprefix(b"\xef\xbb\xbf").rstrip(b"\x1a\r\n\t ").decode("latin-1")
    cards: list[Card] = []
    pieces: list[tuple[int, str]] = []
    continued = False
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        code = line.strip(" \t\f")
        fault = _fault(code, bool(pieces))
        if fault:
            if pieces:
                cards.append(_card(pieces))
            cards.append(Card(number, (code,), (number,), fault))
            pieces, continued = [], False
            continue
        if code.startswith("*") and not continued:
            continue
        comment = _TRAILING_COMMENT.search(code)
        if comment is not None:
            code = code[: comment.start()].rstrip(" \t")
        if not code and not continued:
            continue
        # Two back-slashes at its end continue a line as `+` at the beginning of the next does.
        more = code.endswith("\\\\")
        code = code.removesuffix("\\\\").strip(" \t") if more else code
        if continued:
            pieces.append((number, code))
        elif code.startswith("+"):
            pieces.append((number, code[1:].strip(" \t")))
        else:
            if pieces:
                cards.append(_card(pieces))
            pieces = [(number, code)]
        continued = more
    if pieces:
        cards.append(_card(pieces))
    return tuple(cards)


def _fault(code: str, begun: bool) -> str:
    if "\0" in code or "\r" in code:
        return "there is a NUL or a stray CR; save it as plain text"
    if _COMMAND_COMMENT.match(code):
        return "ngspice runs {shown} as a command; begin it with '* '"
    if code.startswith("+") and not begun:
        return "there is nothing that '+' continues; remove it"
    return ""


def _card(pieces: list[tuple[int, str]]) -> Card:
    kept = [entry for entry in pieces if entry[1]]
    return Card(pieces[0][0], tuple(text for _, text in kept), tuple(number for number, _ in kept))


def is_model_file(cards: tuple[Card, ...]) -> bool:
    """Whether a file has a card that only model libraries have, so that its lines may be shown.

    Any other file may be anything that the user can read, so that none of its text is shown.
    """
    return any(_EVIDENCE.match(card.text) for card in cards if not card.fault)


def shorten(text: str) -> str:
    """A card as it is shown in a message: one printable line."""
    plain = "".join(character if character.isprintable() else "?" for character in text[:61])
    return plain if len(plain) <= 60 else plain[:57] + "..."
