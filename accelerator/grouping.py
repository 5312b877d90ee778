"""Layers of a report as the rows of a table that fits a screen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from accelerator.report import LayerReport

MOST_ROWS = 20
_NUMBER = re.compile(r"([0-9]{1,9})")
"""Longer ones are taken in pieces: Python refuses to read numbers without end."""


@dataclass(frozen=True, slots=True)
class Row:
    """Layers that cost the same each, whose names differ in numbers alone; or one layer."""

    name: str
    layers: tuple[LayerReport, ...]

    @property
    def energy(self) -> float:
        """Of all of them (J)."""
        return sum(layer.energy for layer in self.layers)

    @property
    def latency(self) -> float:
        """Of all of them, one after the other (s)."""
        return sum(layer.latency for layer in self.layers)


def single_rows(layers: Sequence[LayerReport]) -> list[Row]:
    """A row for each layer."""
    return [Row(layer.name, (layer,)) for layer in layers]


def few_rows(layers: Sequence[LayerReport], most: int = MOST_ROWS) -> tuple[list[Row], list[Row]]:
    """Rows in the order of the network, no more than `most`, and those that are left out.

    As long as all fit, each layer has a row of its own. Else equal ones share one, and where that
    is not enough, those of most energy stay.
    """
    rows = single_rows(layers)
    if len(rows) <= most:
        return rows, []
    rows = _grouped(layers)
    if len(rows) <= most:
        return rows, []
    ranked = sorted(range(len(rows)), key=lambda place: -rows[place].energy)
    kept = set(ranked[:most])
    return (
        [row for place, row in enumerate(rows) if place in kept],
        [row for place, row in enumerate(rows) if place not in kept],
    )


def equals_of(layers: Sequence[LayerReport], name: str) -> Row:
    """The layer of this name with all that are equal to it."""
    return next(row for row in _grouped(layers) if any(one.name == name for one in row.layers))


def _grouped(layers: Sequence[LayerReport]) -> list[Row]:
    """Equal layers together, at the place of the first of them."""
    found: dict[object, list[LayerReport]] = {}
    for layer in layers:
        found.setdefault((_pattern(layer.name), _cost(layer)), []).append(layer)
    return [Row(_joint_name([one.name for one in some]), tuple(some)) for some in found.values()]


def _pattern(name: str) -> tuple[str, ...]:
    """A name without its numbers."""
    return tuple(_NUMBER.split(name)[::2])


def _cost(layer: LayerReport) -> tuple[object, ...]:
    """What is shown of a layer, which those in one row have in common."""
    return (
        layer.operation, layer.macs, layer.weight_bits, layer.activation_bits, layer.subarrays,
        layer.energy, layer.latency, layer.utilization,
    )  # fmt: skip


def _joint_name(names: Sequence[str]) -> str:
    """One name for all: numbers that differ as a range where they are all in it, else a star."""
    if len(names) == 1:
        return names[0]
    parts = []
    for place, column in enumerate(zip(*map(_NUMBER.split, names), strict=True)):
        if place % 2 == 0 or len(set(column)) == 1:
            parts.append(column[0])
            continue
        numbers = sorted({int(number) for number in column})
        whole = numbers[-1] - numbers[0] + 1 == len(numbers)
        alone = whole and len(numbers) == len(names)
        parts.append(f"{numbers[0]}..{numbers[-1]}" if alone else "*")
    return f"{''.join(parts)} x {len(names)}"
