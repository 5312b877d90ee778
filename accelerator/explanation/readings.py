"""The rows of the table behind a price."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from accelerator.lookup import Lookup
from accelerator.prices import Conditions
from accelerator.write_prices import VALUES, best_driver, surroundings

if TYPE_CHECKING:
    from lut import Table

# Price -> the table's group, and what chooses among its rows.
_BLOCKS: dict[str, tuple[str, dict[str, str]]] = {
    "read_line": ("wordline_driver", {"line": "read"}),
    "write_line": ("wordline_driver", {"line": "write"}),
    "decoder_gate": ("decoder_gate", {}),
    "full_adder": ("full_adder", {}),
    "flip_flop": ("flip_flop", {}),
    "wire": ("wire", {}),
}
_PAIRS = ("00", "01", "10", "11")
_OPERANDS = {"and2": _PAIRS, "or2": _PAIRS, "xor2": _PAIRS, "read": ("0", "1")}


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of the table: where it stands, and its share in the price (1)."""

    group: str
    variable: str
    place: dict[str, Any]
    value: float
    units: str
    share: float


def readings(table: Table, conditions: Conditions, figure: str) -> tuple[Reading, ...]:
    """The grid points that the price with this name is made of.

    A price over all operands is the largest of theirs; one of writing is of the best drivers.
    """
    name, *rest = figure.split(".")
    base = conditions.written if name in ("write", "write_line") else conditions.shared
    if name in _OPERANDS:
        return tuple(_sense(table, name, rest, {**base, "rows": conditions.rows}))
    if name == "write":
        return tuple(_write(table, rest, {**base, "rows": conditions.rows}))
    if name in _BLOCKS:
        group, chosen = _BLOCKS[name]
        line = {"columns": conditions.columns} if group == "wordline_driver" else {}
        return tuple(_points(table, group, rest[0], {**base, **line, **chosen}))
    group, variable = name.split("_")
    return tuple(_points(table, group, variable, {}))


def _points(
    table: Table, group: str, variable: str, at: dict[str, Any], share: float = 1.0
) -> Iterator[Reading]:
    units = table[group].variables[variable].units
    for place, weight in table.grid_points(group, variable, **at):
        whole = {**{name: at[name] for name in table[group].axes if name in at}, **place}
        value = table.value(group, variable, **whole)
        yield Reading(group, variable, whole, value, units, share * weight)


def _sense(table: Table, group: str, rest: list[str], at: dict[str, Any]) -> Iterator[Reading]:
    if rest[0] == "energy":
        _, operands, part = rest
        yield from _points(table, group, f"energy_{part}", {**at, "operands": operands})
        return
    values = {
        operands: table.value(group, rest[0], **at, operands=operands)
        for operands in _OPERANDS[group]
    }
    largest = max(values, key=lambda operands: values[operands])
    yield from _points(table, group, rest[0], {**at, "operands": largest})


def _write(table: Table, rest: list[str], at: dict[str, Any]) -> Iterator[Reading]:
    look = Lookup(table)
    variable = "energy_half_selected" if rest[0] == "half_selected" else rest[0]
    for where, weight in surroundings(look, at):
        best = {value: best_driver(look, {**where, "operands": value}) for value in VALUES}
        chosen = dict.fromkeys(VALUES, weight / 2)
        if variable == "energy":
            chosen = {rest[1]: weight}
        elif variable in ("cycle_time", "peak_current"):
            slowest = max(VALUES, key=lambda value: getattr(best[value], variable))
            chosen = {slowest: weight}
        for value, share in chosen.items():
            place = {**where, "operands": value, "driver_width": best[value].driver_width}
            yield from _points(table, "write", variable, place, share)
