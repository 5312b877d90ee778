"""What decides a point's result, as hashes under which results are kept.

The content key covers the deck that is simulated (models, temperature and analysis inlined),
the roles of its nodes, what is measured and searched, the device's own numbers, the sources of
the programs that measure, and ngspice's version. The recipe key covers what the deck is made
from instead of the deck: it is found without building one, and changes more often.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

from characterize.plan import Point
from characterize.statistics_section import Draws
from circuits import Deck, Design
from circuits.ageing import shift_of
from circuits.varied import variables

# These act through the text of a deck alone.
_DECK_BUILDING = {
    "ageing", "benches", "blocks", "cancelled", "cancelled_sensing", "cardcheck", "cells", "column",
    "counting", "deck", "deck_text", "design", "expression_text", "expressions", "gates", "layout",
    "model_folders", "modelcards", "modelfiles", "modellevels", "netlist", "operations",
    "parameter_text", "periphery", "precharge", "random_models", "sense_parts", "sensing",
    "sot_cell", "strongarm", "stt_cell", "technologies", "writing",
}  # fmt: skip
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?(?![\w.])")
_DIGITS = 12
_FOLDER = Path(__file__).parents[1]


class Identity:
    """Keys of the points of one design under one version of ngspice."""

    def __init__(self, design: Design, ngspice_version: str) -> None:
        numbers = design.device.parameters.numbers
        self._design = design
        self._device = {name: number.value for name, number in numbers.items()}
        self._version = ngspice_version
        self._parts: dict[str, str] = {}

    def recipe(self, point: Point) -> str:
        """Key of what the point is made from."""
        corner = point.conditions.corner
        if corner not in self._parts:
            everything = _hash_of(tuple(sorted(_modules("characterize") | _modules("circuits"))))
            models = self._design.technology.content_hash(corner)
            made_from = [everything, models, self._version, _canonical(self._design)]
            self._parts[corner] = _hash([*made_from, self._device])
        return _hash([self._parts[corner], _canonical(point)])

    def content(self, point: Point) -> str:
        """Key of what decides the point's result; builds its deck."""
        design = self._design
        deck = point.deck(design)
        measuring = _hash_of(measuring_sources())
        asked: list[Any] = [
            point.bench, point.variant, point.tolerance, point.offset, point.write_error_rate
        ]  # fmt: skip
        # The pulse that a write needs is put into the same deck, with the rest after it.
        rest = design.timing.write_rest if point.write_error_rate is not None else None
        made = [self._version, measuring, _deck(deck), self._device, _canonical([*asked, rest])]
        if point.draws is not None:
            made += [_hash_of(_drawing_sources()), *_drawn(deck, design, point.draws)]
        if point.stress is not None:
            # Its shift is in the deck; the age zero has the deck of what never aged.
            made += [_hash_of(_ageing_sources()), _canonical(shift_of(deck, point.stress))]
        return _hash(made)


def _drawn(deck: Deck, design: Design, draws: Draws) -> list[Any]:
    """What decides random devices beside the deck: sigmas by variable, and how to draw.

    Where the time limit is met there is no result.
    """
    sigmas = {v.name: v.sigma for v in variables(deck, design, draws.variation)}
    asked = {f.name: getattr(draws, f.name) for f in fields(draws)}
    del asked["variation"], asked["time_limit"]
    return [_canonical(sigmas), _canonical(asked), draws.variation.content_hash]


def _deck(deck: Deck) -> Any:
    roles = {f.name: getattr(deck, f.name) for f in fields(deck)}
    title, text = roles.pop("netlist").split("\n", 1)
    del roles["title"], title
    lines = (line for line in text.split("\n") if not line.startswith("*"))
    normal = _NUMBER.sub(lambda found: f"{float(found[0]):.{_DIGITS}g}", "\n".join(lines))
    return [normal, _canonical(roles)]


def _canonical(value: Any) -> Any:
    """The same JSON for what is equal: floats by their first digits, files by nothing."""
    if isinstance(value, float):
        return f"{value:.{_DIGITS}g}"
    if is_dataclass(value) and not isinstance(value, type):
        content = {f.name: _canonical(getattr(value, f.name)) for f in fields(value)}
        return {name: entry for name, entry in content.items() if entry is not None}
    if isinstance(value, Mapping):
        return {str(key): _canonical(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(entry) for entry in value]
    if value is None or isinstance(value, Path):
        return None
    return value if isinstance(value, bool | int | str) else repr(value)


def _hash(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def sources_hash() -> str:
    """What tells this version of all that simulates and measures from any other."""
    packages = ("files", "jobs", "circuits", "characterize", "lut")
    return _hash_of(tuple(sorted(path for package in packages for path in _modules(package))))


@cache
def measuring_sources() -> tuple[Path, ...]:
    """Sources that decide what is made of a deck: all that simulating a point imports.

    Of circuits those are left out whose whole effect is in the text of the deck.
    """
    circuits = {path for path in _modules("circuits") if path.stem not in _DECK_BUILDING}
    return tuple(sorted(circuits | _imported("simulate", set())))


@cache
def _drawing_sources() -> tuple[Path, ...]:
    """Sources that decide what is made of random devices, beside the measuring ones."""
    return tuple(sorted(_imported("statistics_points", set())))


@cache
def _ageing_sources() -> tuple[Path, ...]:
    """Sources that decide what is made of an aged deck, beside the measuring ones."""
    return tuple(sorted(_imported("ageing_points", set())))


def _imported(module: str, seen: set[Path]) -> set[Path]:
    """A module of this package and all that it imports from it, also inside functions.

    A plan says only what is asked for, which a key has by itself; what is reached through it
    alone arranges and does not measure.
    """
    path = _FOLDER / "characterize" / f"{module}.py"
    if path not in seen and module != "plan":
        seen.add(path)
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("characterize."):
                _imported(str(node.module).partition(".")[2], seen)
    return seen


def _modules(package: str) -> set[Path]:
    return set((_FOLDER / package).glob("*.py"))


@cache
def _hash_of(paths: tuple[Path, ...]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.relative_to(_FOLDER)}\0".encode() + path.read_bytes())
    return digest.hexdigest()
