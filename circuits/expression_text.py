"""Expressions of ngspice's parameters, read into trees.

Precedence and the suffixes of numbers are those that ngspice 39.3 was seen to have.
"""

from __future__ import annotations

import re
from functools import lru_cache


class ExpressionError(ValueError):
    """A text that is no expression."""


Tree = tuple[str, tuple["Tree | str | float", ...]]
"""An operator or "name", "number", "call", and what it is applied to."""


_FACTORS = {"t": 1e12, "g": 1e9, "k": 1e3, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15}
_TOKEN = re.compile(
    r"\s*(?:((?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)([a-z_]*)|([a-z_][\w.#]*)"
    r"|(\*\*|\|\||&&|[=!<>]=|<>|[-+*/%\\^()<>=!?:,]))"
)
_LEVELS: tuple[tuple[str, ...], ...] = (
    ("||",),
    ("&&",),
    ("==", "=", "!=", "<>", "<=", ">=", "<", ">"),
    ("+", "-"),
    ("*", "/", "%", "\\"),
    ("^", "**"),
)
_DEEPEST = 60


@lru_cache(maxsize=1024)
def parse(text: str) -> Tree:
    """The tree of an expression; braces and quotes count as parentheses.

    Raises ExpressionError on anything that cannot be read.
    """
    reader = _Reader(_tokens(_with_parentheses(text.lower())))
    tree = reader.choice(0)
    if reader.rest():
        raise ExpressionError(text)
    return tree


def _with_parentheses(text: str) -> str:
    text = text.replace("{", "(").replace("}", ")")
    parts = text.split("'")
    if len(parts) % 2 == 0:
        raise ExpressionError(text)
    return "".join(
        part + ("" if number == len(parts) - 1 else "()"[number % 2])
        for number, part in enumerate(parts)
    )


def _tokens(text: str) -> list[tuple[str, str | float]]:
    found: list[tuple[str, str | float]] = []
    position, text = 0, text.strip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ExpressionError(text)
        number, suffix, name, operator = match.groups()
        if number:
            found.append(("number", float(number) * _factor(suffix)))
        elif name:
            found.append(("name", name))
        else:
            found.append(("operator", operator))
        position = match.end()
    return found


def _factor(suffix: str) -> float:
    for name, factor in (("meg", 1e6), ("mil", 1e-3)):
        if suffix.startswith(name):
            return factor
    return _FACTORS.get(suffix[:1], 1.0)


class _Reader:
    """Recursive descent over tokens; `depth` limits how deep parentheses may nest."""

    def __init__(self, tokens: list[tuple[str, str | float]]) -> None:
        self._tokens = tokens
        self._next = 0

    def rest(self) -> bool:
        return self._next < len(self._tokens)

    def _peek(self, *operators: str) -> str:
        if self.rest():
            kind, what = self._tokens[self._next]
            if kind == "operator" and what in operators:
                return str(what)
        return ""

    def _take(self, *operators: str) -> str:
        found = self._peek(*operators)
        self._next += bool(found)
        return found

    def _expect(self, operator: str) -> None:
        if not self._take(operator):
            raise ExpressionError(f"'{operator}' is missing")

    def choice(self, depth: int) -> Tree:
        if depth > _DEEPEST:
            raise ExpressionError("too deep")
        condition = self._binary(0, depth)
        if not self._take("?"):
            return condition
        yes = self.choice(depth + 1)
        self._expect(":")
        return ("?", (condition, yes, self.choice(depth + 1)))

    def _binary(self, level: int, depth: int) -> Tree:
        if level == len(_LEVELS):
            return self._unary(depth)
        tree = self._binary(level + 1, depth)
        while operator := self._take(*_LEVELS[level]):
            tree = (operator, (tree, self._binary(level + 1, depth)))
        return tree

    def _unary(self, depth: int) -> Tree:
        sign = self._take("-", "+", "!")
        if not sign:
            return self._atom(depth)
        if depth > _DEEPEST:
            raise ExpressionError("too deep")
        # A power binds closer than a sign: -2^2 is -4.
        operand = self._unary(depth + 1) if sign == "!" else self._binary(5, depth + 1)
        return (f"unary{sign}", (operand,))

    def _atom(self, depth: int) -> Tree:
        if self._take("("):
            tree = self.choice(depth + 1)
            self._expect(")")
            return tree
        if not self.rest():
            raise ExpressionError("it ends early")
        kind, what = self._tokens[self._next]
        if kind == "operator":
            raise ExpressionError(f"'{what}' is misplaced")
        self._next += 1
        if kind == "number" or not self._take("("):
            return (kind, (what,))
        arguments: list[Tree] = []
        if not self._take(")"):
            arguments.append(self.choice(depth + 1))
            while self._take(","):
                arguments.append(self.choice(depth + 1))
            self._expect(")")
        return ("call", (what, *arguments))
