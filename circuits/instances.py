"""Instances of a finished netlist: their paths, and a copy of every sub-circuit for each.

A sub-circuit that is used several times holds one set of values. To give every transistor its
own, each use gets its own copy, named by its path: the `bit_cell` in `xdata` -> `xcell0`
becomes `bit_cell__xdata__xcell0`. Node names do not change, since instance names do not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from circuits.deck_text import comment
from circuits.deck_text import comments as comment_lines

_ASSIGNMENT = re.compile(r"(\w+)=(\{[^}]*\}|\S+)")


@dataclass(frozen=True)
class Card:
    """One element line: its name, its nodes with the model last, and its parameters."""

    text: str

    @property
    def name(self) -> str:
        """The element's name in lower case, as ngspice has it."""
        return self.text.split(None, 1)[0].lower()

    @property
    def model(self) -> str:
        """Model or sub-circuit: the last word before the parameters."""
        return _ASSIGNMENT.split(self.text, maxsplit=1)[0].split()[-1]

    @property
    def parameters(self) -> dict[str, str]:
        """Parameters by name, as text."""
        return {key.lower(): value for key, value in _ASSIGNMENT.findall(self.text)}

    @property
    def multiplicity(self) -> float:
        """How many devices in parallel the line stands for."""
        return float(self.parameters.get("m", "1"))

    def with_model(self, model: str) -> Card:
        """The same element of another model or sub-circuit."""
        words = _ASSIGNMENT.split(self.text, maxsplit=1)[0]
        start = words.rstrip().rindex(self.model)
        return Card(self.text[:start] + model + self.text[start + len(self.model) :])

    def with_parameters(self, values: Mapping[str, str]) -> Card:
        """The same element with parameters replaced or appended."""
        text = self.text
        for key, value in values.items():
            pattern = re.compile(rf"\b{re.escape(key)}=(\{{[^}}]*\}}|\S+)", re.IGNORECASE)
            text, replaced = pattern.subn(f"{key}={value}", text)
            if not replaced:
                text = f"{text} {key}={value}"
        return Card(text)


@dataclass(frozen=True)
class Instance:
    """One element of the flattened circuit.

    `path` is ngspice's: "xdata.xcell0.mread". `copies` counts the devices in parallel that it
    stands for, its own multiplicity times those of the sub-circuits around it.
    """

    path: str
    card: Card
    copies: float


@dataclass
class _Definition:
    name: str
    header: str
    ending: str = ""
    lines: list[str] = field(default_factory=list)
    clones: list[str] = field(default_factory=list)
    additions: list[str] = field(default_factory=list)


class Netlist:
    """A netlist with its sub-circuits, of which `chosen` elements are to have own values.

    `chosen` sees every transistor and sub-circuit use, but for what is inside the sub-circuits
    named in `closed`, those of the models.
    """

    def __init__(
        self, text: str, chosen: Callable[[Card], bool], closed: Collection[str] = ()
    ) -> None:
        self._chosen = chosen
        self._closed = {name.lower() for name in closed}
        self._definitions: dict[str, _Definition] = {}
        self._top: list[str | _Definition] = []
        inside: _Definition | None = None
        title, *lines = text.split("\n")
        self._title = title
        for line in lines:
            words = line.lower().split()
            if words[:1] == [".subckt"] and inside is None:
                inside = _Definition(words[1], line)
                self._definitions[inside.name] = inside
                self._top.append(inside)
            elif words[:1] == [".ends"] and inside is not None:
                inside.ending, inside = line, None
            elif inside is not None:
                inside.lines.append(line)
            else:
                self._top.append(line)

    def header_parameters(self, name: str) -> dict[str, str]:
        """Parameters with their defaults of a sub-circuit, empty where there is none."""
        definition = self._definitions.get(name.lower())
        return Card(definition.header).parameters if definition else {}

    def instances(self) -> list[Instance]:
        """The chosen elements of the flattened circuit, in the order of the netlist."""
        return self._below([line for line in self._top if isinstance(line, str)], "", 1.0)

    def rewritten(
        self,
        cards: Mapping[str, Card],
        definitions: Mapping[str, list[str]],
        comments: list[str],
    ) -> str:
        """The text with `cards` in place of the chosen elements, by path.

        `definitions` are added behind a sub-circuit, by its name; `comments`, which may be any
        text, follow those at the head.
        """
        for definition in self._definitions.values():
            definition.clones, definition.additions = [], []
        for name, added in definitions.items():
            self._definitions[name].additions.extend(added)
        top = [
            line if isinstance(line, _Definition) else self._rewrite(line, "", cards)
            for line in self._top
        ]
        head = next(
            (i for i, line in enumerate(top) if not (isinstance(line, str) and line[:1] == "*")),
            len(top),
        )
        lines = [self._title]
        for line in (*top[:head], *comment_lines(comments), *top[head:]):
            lines.extend([line] if isinstance(line, str) else _definition_text(line))
        return "\n".join(lines)

    def _below(self, lines: list[str], prefix: str, copies: float) -> list[Instance]:
        found = []
        for card in map(Card, filter(_is_element, lines)):
            if card.model.lower() in self._closed:
                continue
            path, count = prefix + card.name, copies * card.multiplicity
            if self._chosen(card):
                found.append(Instance(path, card, count))
            elif inner := self._inner(card):
                found += self._below(inner.lines, path + ".", count)
        return found

    def _inner(self, card: Card) -> _Definition | None:
        return self._definitions.get(card.model.lower()) if card.name[0] == "x" else None

    def _rewrite(self, line: str, prefix: str, cards: Mapping[str, Card]) -> str:
        if not _is_element(line):
            return line
        card = Card(line)
        path = prefix + card.name
        if path in cards:
            return cards[path].text
        inner = self._inner(card)
        if inner is None or not any(other.startswith(path + ".") for other in cards):
            return line
        name = f"{inner.name}__{path.replace('.', '__')}"
        body = [self._rewrite(below, path + ".", cards) for below in inner.lines]
        words = inner.header.split(None, 2)
        inner.clones += [
            comment(f"{inner.name} of {path}"),
            " ".join([words[0], name, *words[2:]]),
            *body,
            f".ends {name}",
        ]
        return card.with_model(name).text


def _is_element(line: str) -> bool:
    return line[:1].lower() in ("m", "x")


def _definition_text(definition: _Definition) -> list[str]:
    # A sub-circuit whose every use has a copy of its own is no longer there.
    lines = definition.clones or [
        definition.header,
        *definition.lines,
        definition.ending,
    ]
    return [*lines, *definition.additions]
