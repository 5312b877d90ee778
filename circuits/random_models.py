"""Random functions in model libraries: refused unless their spread is certainly zero.

Each run of ngspice would draw another die, of which the store would keep one as if it were
nominal. Many libraries multiply the spread by a switch, so what reaches a model or a device is
evaluated (circuits.expressions) by the rules that ngspice 39.3 was seen to follow:

- Of several global values of a parameter the last one holds, before and after it; `.if`
  chooses among devices and models, but not among parameters. Where one of the values is
  random, it stays so.
- A sub-circuit sees its own parameters, then those of whoever calls it. A call sets any of
  them, also inner ones. Decks call sub-circuits with the sizes of a transistor.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from circuits.errors import DesignError
from circuits.expression_text import ExpressionError, parse
from circuits.expressions import (
    FIXED,
    MISSING,
    NOISE,
    SPREADS,
    Chance,
    Value,
    evaluate,
    joined,
)
from circuits.modelcards import shorten
from circuits.modelfiles import Placed
from circuits.parameter_text import TOP, Expression, Library, read_library

DECK_PARAMETERS = ("w", "l", "ad", "as", "pd", "ps", "m")
"""What our decks set in every call of a transistor's sub-circuit."""

_CALLED = (*SPREADS, *MISSING)
_CALL = re.compile(rf"(?<![\w.])({'|'.join(_CALLED)})\s*\(")
_NOISE = re.compile(rf"(?<![\w.])({'|'.join(NOISE)})(?!\w)")
_WORD = re.compile(r"[a-z_][\w.#]*")
_DEEPEST = 100
_MOST_CALLS = 20_000


def refuse_random_models(cards: Sequence[Placed]) -> None:
    """Raise DesignError where what a run depends on is random, with its name, file and line."""
    suspects = []
    for placed in cards:
        text = placed.card.text.lower()
        noise = _NOISE.search(text) if any(name in text for name in NOISE) else None
        if noise is not None:
            raise DesignError(
                f"{placed.place(noise.start())}: '{shorten(placed.card.text)}' is a random source, "
                "so that each run would differ; remove it"
            )
        if any(name in text for name in _CALLED) and _CALL.search(text):
            suspects.append(placed)
    if not suspects:
        return
    library = read_library(cards)
    search = _Search(library)
    try:
        for expression in library.every_definition():
            search.refuse_missing(expression)
        for sink in library.sinks(search.truth, search.hits):
            search.refuse_chance(sink)
    except RecursionError:
        raise DesignError(
            f"{suspects[0].place()}: the parameters that a random function depends on are nested "
            "too deep to follow; write the nominal value in its place"
        ) from None


class _Search:
    """Values of a library's parameters by name and scope, each evaluated once."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._suspicious = _reached(library)
        self._values: dict[tuple[str, str], Value] = {}
        self._running: set[tuple[str, str]] = set()
        self._depth = 0
        self._calls = 0

    def truth(self, condition: Expression) -> bool | None:
        """Whether a condition of `.if` holds; None where that is not certain."""
        value = self.value(condition)
        if isinstance(value, Chance):
            raise self._refusal(value, condition)
        return value != 0 if isinstance(value, float) else None

    def refuse_chance(self, sink: Expression) -> None:
        """Raise DesignError where what a device or model is given is random."""
        value = self.value(sink)
        if isinstance(value, Chance):
            raise self._refusal(value, sink)

    def refuse_missing(self, expression: Expression) -> None:
        """Raise DesignError on a random function that no parameter of ngspice has."""
        for match in _CALL.finditer(expression.text.lower()):
            name = match.group(1).lower()
            if name in MISSING and name not in self._library.functions:
                raise DesignError(
                    f"{expression.place}: the parameter '{expression.name}' calls {name}, a random "
                    "function that ngspice's parameters do not have; write the nominal value in "
                    "its place"
                )

    def value(self, expression: Expression, bound: dict[str, Value] | None = None) -> Value:
        """The value of an expression in its scope; `bound` are arguments of a function."""
        try:
            tree = parse(expression.text)
        except ExpressionError:
            match = _CALL.search(expression.text.lower())
            if match is None and not self.may_be_random(expression.text):
                return FIXED
            called = match.group(1).lower() if match else "a random function"
            return Chance(called, expression.name, expression.place)
        found = evaluate(
            tree,
            lambda name: self._bound_value(name, expression.scope, bound or {}),
            lambda name, values: self._call(name, values, expression.scope),
            behavioural=expression.behavioural,
        )
        if isinstance(found, Chance) and not found.place:
            return Chance(found.function, expression.name, expression.place, found.switches)
        return found

    def _bound_value(self, name: str, scope: str, bound: dict[str, Value]) -> Value:
        return bound[name] if name in bound else self._value_of(name, scope)

    def may_be_random(self, text: str) -> bool:
        """Whether a text calls a random function, or names what a random function may reach."""
        return bool(self.hits(text))

    def hits(self, text: str) -> list[int]:
        """Where a text does so."""
        low = text.lower()
        found = [match.start() for match in _CALL.finditer(low)] if "(" in low else []
        names = self._suspicious
        found += [match.start() for match in _WORD.finditer(low) if match.group() in names]
        return found

    def _value_of(self, name: str, scope: str) -> Value:
        key = (name, scope)
        if key in self._values:
            return self._values[key]
        if key in self._running:
            return Chance("a random function", name) if name in self._suspicious else FIXED
        self._running.add(key)
        value = self._global(name) if scope == TOP else self._local(name, scope)
        self._running.discard(key)
        self._values[key] = value
        return value

    def _global(self, name: str) -> Value:
        found = self._library.globals.get(name, [])
        if not found:
            return FIXED
        others = [item for item in found[:-1] if self.may_be_random(item.text)]
        chances = tuple(value for value in map(self.value, others) if isinstance(value, Chance))
        return chances[0] if chances else self.value(found[-1])

    def _local(self, name: str, scope: str) -> Value:
        library = self._library
        own = [*library.locals.get((scope, name), []), *library.calls.get((scope, name), [])]
        if not own:
            callers = library.callers.get(scope, ())
            above = (self._value_of(name, caller) for caller in (TOP, *sorted(callers)))
            fixed = (FIXED,) if name in DECK_PARAMETERS else ()
            return joined((*above, *fixed))
        values = [self.value(item) for item in own]
        if name in DECK_PARAMETERS:
            values.append(FIXED)
        # A random global parameter is a macro: its name is random everywhere.
        outside = self._value_of(name, TOP) if name in self._suspicious else None
        return joined((*values, *((outside,) if isinstance(outside, Chance) else ())))

    def _call(self, name: str, values: tuple[Value, ...], scope: str) -> Value | None:
        bodies = [
            body
            for body in self._library.functions.get(name, ())
            if len(body.arguments) == len(values)
        ]
        if not bodies:
            return None
        # Functions of functions may call each other without end, or twice as often each.
        self._calls += 1
        if self._depth >= _DEEPEST or self._calls > _MOST_CALLS:
            raise RecursionError
        self._depth += 1
        found = [
            self.value(body.inside(scope), dict(zip(body.arguments, values, strict=True)))
            for body in bodies
        ]
        self._depth -= 1
        return joined(tuple(found))

    def _refusal(self, chance: Chance, sink: Expression) -> DesignError:
        name, place = chance.parameter or sink.name, chance.place or sink.place
        reached = "" if (name, place) == (sink.name, sink.place) else f" and reaches {sink.what}"
        # What is certain is a switch; what nobody sets has to be set.
        switches = [
            item
            for item in dict.fromkeys(chance.switches)
            if isinstance(self._value_of(item, TOP), float) or not self._library.sets(item)
        ]
        remedy = f"set {' or '.join(switches)} to 0, " if switches else ""
        return DesignError(
            f"{place}: the parameter '{name}' is random ({chance.function} with a spread that is "
            f"not certainly 0){reached}, so that each run would simulate another die; {remedy}"
            "choose a nominal section, or write the nominal value in its place"
        )


def _reached(library: Library) -> frozenset[str]:
    """Names of parameters and functions that a random function may reach."""
    users: dict[str, set[str]] = {}
    new: set[str] = set()
    for item in library.every_value():
        text = item.text.lower()
        for word in _WORD.findall(text):
            users.setdefault(word, set()).add(item.name)
        if _CALL.search(text):
            new.add(item.name)
    found: set[str] = set()
    while new:
        found |= new
        new = {user for name in new for user in users.get(name, ())} - found
    return frozenset(found)
