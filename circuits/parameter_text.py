"""The parameters, functions, calls and uses of parameters in the cards of a model library."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from circuits.modelcards import (
    CLOSES,
    FUNCTION,
    MODEL,
    OPTION_CARDS,
    PARAMETERS,
    SUBCIRCUITS,
    WITHIN_IF,
    shorten,
)
from circuits.modelfiles import Placed

TOP = ""
"""The scope outside of all sub-circuits."""

_KEY = re.compile(r"(?<![\w.#])([a-z_][\w.#]*)\s*(\([\w\s,]*\)\s*)?=(?!=)", re.I)
_FUNCTION = re.compile(r"\.func\s+(\w+)\s*\(([^)]*)\)\s*=?", re.I)
_BRACED = re.compile(r"\{[^{}]*\}|'[^']*'")
_OPENS = re.compile(r"\w+\s*\(")
_BEHAVIOURAL = "beg"


@dataclass(frozen=True, eq=False)
class Expression:
    """A value in a library: its name, text and scope, and where it stands.

    `what` names it for a message; `arguments` are a function's. In a `behavioural` source,
    limit has another meaning.
    """

    name: str
    text: str
    scope: str
    placed: Placed
    position: int
    what: str = ""
    arguments: tuple[str, ...] = ()
    behavioural: bool = False

    @property
    def place(self) -> str:
        """Its file and line."""
        return self.placed.place(self.position)

    def inside(self, scope: str) -> Expression:
        """The same text in the scope of whoever calls the function."""
        return replace(self, scope=scope)


@dataclass
class Library:
    """What the cards of a library define and use, by scope (the name of a sub-circuit).

    `calls` are values that calls set, by callee and name; `callers` the scopes of a callee's
    calls; `uses` the cards that give a device or a model its values, and the conditions.
    """

    globals: dict[str, list[Expression]] = field(default_factory=dict)
    locals: dict[tuple[str, str], list[Expression]] = field(default_factory=dict)
    calls: dict[tuple[str, str], list[Expression]] = field(default_factory=dict)
    callers: dict[str, set[str]] = field(default_factory=dict)
    functions: dict[str, list[Expression]] = field(default_factory=dict)
    uses: list[tuple[str, Placed]] = field(default_factory=list)

    def every_definition(self) -> Iterator[Expression]:
        """Every value of a parameter."""
        for places in (self.globals, self.locals, self.calls):
            for found in places.values():
                yield from found

    def sets(self, name: str) -> bool:
        """Whether any card gives the parameter a value."""
        return name in self.globals or any(
            name == known for places in (self.locals, self.calls) for _, known in places
        )

    def every_value(self) -> Iterator[Expression]:
        """Every value of a parameter, and the bodies of functions."""
        yield from self.every_definition()
        for found in self.functions.values():
            yield from found

    def sinks(
        self,
        truth: Callable[[Expression], bool | None],
        hits: Callable[[str], list[int]],
    ) -> Iterator[Expression]:
        """What devices and models are given, where a text has a position of interest.

        Branches of `.if` that `truth` excludes are left out.
        """
        # Of each open `.if`: whether its branch may be taken, and whether an earlier one is.
        branches: list[tuple[bool, bool]] = []
        for scope, placed in self.uses:
            name = placed.card.name
            live = all(taken for taken, _ in branches)
            if name == ".endif":
                branches.pop()
            elif name == ".else":
                _, sure = branches.pop()
                branches.append((not sure, True))
            elif name in (".if", ".elseif"):
                sure = branches.pop()[1] if name == ".elseif" else False
                outside = all(taken for taken, _ in branches)
                holds = truth(_condition(scope, placed)) if outside and not sure else False
                branches.append((not sure and holds is not False, sure or holds is True))
            elif live:
                yield from _values(scope, placed, hits)


def read_library(cards: Sequence[Placed]) -> Library:
    """What the cards define and use."""
    library = Library()
    scopes = [TOP]
    for placed in cards:
        name, scope = placed.card.name, scopes[-1]
        if name in SUBCIRCUITS:
            words = placed.card.text.split()
            scopes.append(words[1].lower() if len(words) > 1 else "?")
            _define(library, scopes[-1], _assignments(scopes[-1], placed))
        elif name in CLOSES and name != ".endif":
            scopes.pop()
        elif name in PARAMETERS:
            _define(library, scope, _assignments(scope, placed))
        elif name == FUNCTION:
            _add_function(library, scope, placed)
        elif name.startswith("x"):
            _add_call(library, scope, placed)
        elif name == MODEL or name in (".if", ".endif", *WITHIN_IF) or name not in OPTION_CARDS:
            library.uses.append((scope, placed))
    return library


def _define(library: Library, scope: str, found: Iterator[Expression]) -> None:
    for expression in found:
        if expression.arguments:
            library.functions.setdefault(expression.name, []).append(expression)
        elif scope == TOP:
            library.globals.setdefault(expression.name, []).append(expression)
        else:
            library.locals.setdefault((scope, expression.name), []).append(expression)


def _assignments(scope: str, placed: Placed) -> Iterator[Expression]:
    """What a card sets: `name = value`, and of `.param` also `name(x) = value`."""
    text = placed.card.text
    keys = list(_top_level(text))
    for number, match in enumerate(keys):
        stop = keys[number + 1].start() if number + 1 < len(keys) else len(text)
        name, arguments = match.group(1).lower(), match.group(2)
        # In a list of values a parenthesis before `=` belongs to a condition, not to a function.
        yield Expression(
            name,
            text[match.end() : stop].strip(" \t,"),
            scope,
            placed,
            match.start(),
            f"'{name}'",
            _names(arguments[1:-1]) if arguments else (),
        )


def _top_level(text: str) -> Iterator[re.Match[str]]:
    """The keys of a card that stand outside of quotes and braces."""
    covered = _covered(text)
    return (match for match in _KEY.finditer(text) if _stands_free(text, match, covered))


def _covered(text: str) -> list[tuple[int, int]]:
    """Where braces and quotes begin and end, in order."""
    return [match.span() for match in _BRACED.finditer(text)]


def _enclosing(covered: list[tuple[int, int]], position: int) -> tuple[int, int] | None:
    index = bisect_left(covered, (position, 0)) - 1
    return covered[index] if index >= 0 and position < covered[index][1] else None


def _stands_free(text: str, match: re.Match[str], covered: list[tuple[int, int]]) -> bool:
    start = match.start()
    if _enclosing(covered, start):
        return False
    while start and text[start - 1].isspace():
        start -= 1
    return text[start - 1 : start] not in tuple("=!<>+-*/^?:&|%")


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip().lower() for name in text.split(",") if name.strip())


def _add_function(library: Library, scope: str, placed: Placed) -> None:
    text = placed.card.text
    match = _FUNCTION.match(text)
    if match is None:
        return
    name = match.group(1).lower()
    expression = Expression(
        name,
        text[match.end() :].strip(),
        scope,
        placed,
        match.start(1),
        f"the function '{name}'",
        _names(match.group(2)),
    )
    library.functions.setdefault(name, []).append(expression)


def _add_call(library: Library, scope: str, placed: Placed) -> None:
    found = list(_assignments(scope, placed))
    first = next(_top_level(placed.card.text), None)
    words = placed.card.text[: first.start() if first else None].lower().split()
    words = [word for word in words if word not in ("params:", "param:")]
    callee = words[-1] if len(words) > 1 else "?"
    library.callers.setdefault(callee, set()).add(scope)
    for expression in found:
        library.calls.setdefault((callee, expression.name), []).append(expression)


def _condition(scope: str, placed: Placed) -> Expression:
    text = placed.card.text[len(placed.card.name) :].strip()
    return Expression("a condition", text, scope, placed, 0, f"a condition {shorten(text)}")


def _values(scope: str, placed: Placed, hits: Callable[[str], list[int]]) -> Iterator[Expression]:
    """The values that a device or a model is given, by name or in braces."""
    card, text = placed.card, placed.card.text
    # Libraries have hundreds of models of hundreds of numbers, few of which are of interest.
    positions = hits(text)
    if not positions:
        return
    words = text.split(None, 2)
    owner = words[1] if card.name == MODEL and len(words) > 1 else card.name
    what = f"the model {owner}" if card.name == MODEL else f"the device {owner}"
    behavioural = card.name[0] in _BEHAVIOURAL
    covered = _covered(text)
    keys = [match for match in _KEY.finditer(text) if _stands_free(text, match, covered)]
    starts = [match.start() for match in keys]
    stops = [*starts, len(text)]
    done: set[int] = set()
    for position in positions:
        index = bisect_right(starts, position) - 1
        if index in done:
            continue
        if index < 0:
            # Before the first key stand nodes and names; a value is in braces, or a call.
            span = _enclosing(covered, position)
            if span is None and not _OPENS.match(text, position):
                continue
            begin, end = span or (position, stops[0])
            found = text[begin:end]
            yield Expression(owner, found, scope, placed, begin, what, (), behavioural)
            continue
        done.add(index)
        key = keys[index]
        found = text[key.end() : stops[index + 1]].strip(" \t,")
        if card.name == MODEL and found.count(")") > found.count("("):
            found = found[: found.rindex(")")].rstrip()
        name, named = key.group(1).lower(), f"'{key.group(1).lower()}' of {what}"
        yield Expression(name, found, scope, placed, key.start(), named, (), behavioural)
