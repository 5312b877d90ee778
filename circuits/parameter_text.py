"""The parameters, functions, calls and uses of parameters in the cards of a model library."""

from __future__ import annotations

import re
from bisect import bisect_right
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
)
from circuits.modelfiles import Placed

TOP = ""
"""The scope outside of all sub-circuits."""

_KEY = re.compile(r"([a-z_][\w.#]*)\s*(\([\w\s,]*\))?\s*=(?!=)", re.I)
_FUNCTION = re.compile(r"\.func\s+(\w+)\s*\(([^)]*)\)\s*=?", re.I)
_BRACED = re.compile(r"\{[^{}]*\}|'[^']*'")
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
    place: str
    what: str = ""
    arguments: tuple[str, ...] = ()
    behavioural: bool = False

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
            placed.place(match.start()),
            f"'{name}'",
            _names(arguments[1:-1]) if arguments else (),
        )


def _top_level(text: str) -> Iterator[re.Match[str]]:
    """The keys of a card that stand outside of quotes and braces."""
    covered = _covered(text)
    return (match for match in _KEY.finditer(text) if _stands_free(text, match, covered))


def _covered(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in _BRACED.finditer(text)]


def _stands_free(text: str, match: re.Match[str], covered: list[tuple[int, int]]) -> bool:
    start = match.start()
    if any(begin < start < stop for begin, stop in covered):
        return False
    return text[:start].rstrip()[-1:] not in tuple("=!<>+-*/^?:&|%")


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
        placed.place(match.start(1)),
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
    return Expression("a condition", text, scope, placed.place(), f"a condition {text}")


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
    covered, keys = _covered(text), list(_KEY.finditer(text))
    starts = [match.start() for match in keys]
    done: set[int] = set()
    for position in positions:
        index = bisect_right(starts, position)
        below, above = index - 1, index
        while below >= 0 and not _stands_free(text, keys[below], covered):
            below -= 1
        while above < len(keys) and not _stands_free(text, keys[above], covered):
            above += 1
        if below in done:
            continue
        stop = starts[above] if above < len(keys) else len(text)
        if below < 0:
            # Before the first key only what stands in braces is a value; the rest are nodes.
            for begin, end in covered:
                if begin < position < end:
                    found = text[begin:end]
                    yield Expression(
                        owner, found, scope, placed.place(begin), what, (), behavioural
                    )
            continue
        done.add(below)
        key = keys[below]
        found = text[key.end() : stop].strip(" \t,")
        if card.name == MODEL and found.count(")") > found.count("("):
            found = found[: found.rindex(")")].rstrip()
        name = key.group(1).lower()
        place = placed.place(key.start())
        yield Expression(name, found, scope, place, f"'{name}' of {what}", (), behavioural)
