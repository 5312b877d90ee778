"""Values of expressions of ngspice's parameters, as far as they are certain.

A value is a number that is certain, FIXED (one number, but which one is not known here, such
as the width of an instance), or a `Chance`: another number in every run. So `0 * agauss(...)`
is certain, and `width * agauss(...)` is not. The functions are those that ngspice 39.3 was seen
to have.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from circuits.expression_text import Tree


@dataclass(frozen=True)
class Fixed:
    """One number that is not known here."""


@dataclass(frozen=True)
class Chance:
    """Another number in every run: the function it is from, and where that is called.

    `parameter` and `place` are the parameter's name and its file and line; `switches` are
    parameters that multiply it.
    """

    function: str
    parameter: str = ""
    place: str = ""
    switches: tuple[str, ...] = ()


FIXED = Fixed()
Value = float | Fixed | Chance
SPREADS: Mapping[str, int] = {"gauss": 3, "agauss": 3, "unif": 2, "aunif": 2, "limit": 2}
"""Random functions of ngspice's parameters, with the arguments that they take."""

MISSING = ("random", "rand", "rnd", "sgauss", "sunif", "poisson", "exponential", "mc", "flat")
"""Random functions of ngspice's own language and of other simulators: no parameter has them."""

NOISE = ("trrandom", "trnoise")
"""Random waveforms of sources."""

_FUNCTIONS: Mapping[str, Callable[..., float]] = {
    "sqr": lambda x: x * x,
    "sqrt": math.sqrt,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
    "arctan": math.atan,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "tanh": math.tanh,
    "asinh": math.asinh,
    "acosh": math.acosh,
    "atanh": math.atanh,
    "exp": math.exp,
    "ln": math.log,
    "log": math.log,
    "log10": math.log10,
    "abs": abs,
    "int": lambda x: float(math.trunc(x)),
    "nint": lambda x: float(round(x)),
    "floor": lambda x: float(math.floor(x)),
    "ceil": lambda x: float(math.ceil(x)),
    "sgn": lambda x: float((x > 0) - (x < 0)),
    "min": lambda x, y: min(x, y),
    "max": lambda x, y: max(x, y),
    "pow": lambda x, y: x**y if x >= 0 else math.nan,
    "pwr": lambda x, y: abs(x) ** y,
}
_OPERATORS: Mapping[str, Callable[[float, float], float]] = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "%": math.fmod,
    "\\": lambda x, y: float(math.trunc(x / y)),
    # Of a negative base the two differ between ngspice's modes: not certain.
    "^": lambda x, y: x**y if x >= 0 else math.nan,
    "**": lambda x, y: x**y if x >= 0 else math.nan,
    "==": lambda x, y: float(x == y),
    "=": lambda x, y: float(x == y),
    "!=": lambda x, y: float(x != y),
    "<>": lambda x, y: float(x != y),
    "<": lambda x, y: float(x < y),
    ">": lambda x, y: float(x > y),
    "<=": lambda x, y: float(x <= y),
    ">=": lambda x, y: float(x >= y),
    "&&": lambda x, y: float(x != 0 and y != 0),
    "||": lambda x, y: float(x != 0 or y != 0),
}


Call = Callable[[str, tuple[Value, ...]], Value | None]
"""The value of a function of the library's own; None where it has none of the name."""


def evaluate(
    tree: Tree,
    value_of: Callable[[str], Value],
    call: Call,
    *,
    behavioural: bool = False,
) -> Value:
    """The value of a tree.

    `value_of` gives that of a parameter. In a `behavioural` source, limit(x, low, high) is no
    random function.
    """
    kind, parts = tree
    if kind == "number":
        return parts[0] if isinstance(parts[0], float) else FIXED
    if kind == "name":
        return value_of(str(parts[0]))
    own = parts[1:] if kind == "call" else parts
    values = tuple(
        evaluate(part, value_of, call, behavioural=behavioural)
        for part in own
        if isinstance(part, tuple)
    )
    if kind == "call":
        name = str(parts[0])
        found = call(name, values)
        return _function(name, values, behavioural) if found is None else found
    if kind == "?":
        return _chosen(*values)
    if kind.startswith("unary"):
        return _unary(kind, values[0])
    return _combined(kind, values, own)


def joined(values: tuple[Value, ...]) -> Value:
    """What is known of a value that may be any of several."""
    for value in values:
        if isinstance(value, Chance):
            return value
    return values[0] if values and all(value == values[0] for value in values) else FIXED


def _unary(kind: str, value: Value) -> Value:
    if not isinstance(value, float):
        return value
    return {"unary-": -value, "unary+": value}.get(kind, float(value == 0))


def _chosen(condition: Value, yes: Value, no: Value) -> Value:
    if isinstance(condition, float):
        return yes if condition != 0 else no
    if isinstance(condition, Chance) and not (isinstance(yes, float) and yes == no):
        return condition
    return joined((yes, no))


def _combined(operator: str, values: tuple[Value, ...], trees: tuple[object, ...]) -> Value:
    left, right = values
    if isinstance(left, float) and isinstance(right, float):
        return _number(_OPERATORS[operator], values)
    # What is certain whatever the other side is.
    if operator in ("*", "&&") and 0.0 in (left, right):
        return 0.0
    if operator in ("/", "%", "\\") and left == 0.0:
        return 0.0
    if operator == "||" and any(isinstance(side, float) and side != 0 for side in values):
        return 1.0
    if operator in ("^", "**") and right == 0.0:
        return 1.0
    for chance, tree in ((left, trees[1]), (right, trees[0])):
        if isinstance(chance, Chance):
            names = _factors_of(tree) if operator == "*" else ()
            return replace(chance, switches=(*names, *chance.switches))
    return FIXED


def _factors_of(tree: object) -> tuple[str, ...]:
    """Names of the parameters that a product is made of."""
    if not isinstance(tree, tuple):
        return ()
    kind, parts = tree
    if kind == "name":
        return (str(parts[0]),)
    return tuple(name for part in parts for name in _factors_of(part)) if kind == "*" else ()


def _function(name: str, values: tuple[Value, ...], behavioural: bool) -> Value:
    """A function of ngspice's own; one that is unknown may give any number."""
    if name in MISSING:
        return Chance(name)
    if name in SPREADS and not (behavioural and name == "limit" and len(values) == 3):
        return _spread(name, values)
    if name == "ternary_fcn" and len(values) == 3:
        return _chosen(*values)
    if name in ("pow", "pwr") and len(values) == 2 and values[1] == 0.0:
        return 1.0
    chance = next((value for value in values if isinstance(value, Chance)), None)
    if chance is not None:
        return chance
    if name not in _FUNCTIONS or not all(isinstance(value, float) for value in values):
        return FIXED
    return _number(_FUNCTIONS[name], values)


def _spread(name: str, values: tuple[Value, ...]) -> Value:
    """A random function: its nominal value where its spread is certainly zero."""
    if len(values) != SPREADS[name]:
        return Chance(name)
    nominal, width = values[:2]
    if len(values) == 3 and values[2] == 0.0:
        return Chance(name)
    relative = name in ("gauss", "unif")
    if width == 0.0 or (relative and nominal == 0.0):
        return nominal
    return Chance(name)


def _number(function: Callable[..., float], values: tuple[Value, ...]) -> Value:
    try:
        found = float(function(*values))
    except (ArithmeticError, ValueError, TypeError):
        return FIXED
    return found if math.isfinite(found) else FIXED
