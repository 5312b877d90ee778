"""What the table says under one set of conditions: the price of every kind of event."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from accelerator.errors import UnsuitableTableError

if TYPE_CHECKING:
    from lut import Table

SENSE_PARTS = ("bias", "reference", "latch", "clock", "equalize")
# In SI units. What lies outside is of no circuit of this kind, and would end in an overflow or
# in a negative total; a part of an energy may be negative, which is charge given back.
SMALLEST_PRICE, LARGEST_PRICE = 1e-30, 1.0


@dataclass(frozen=True, slots=True)
class Conditions:
    """Where in the table the estimate is made: temperature in K, `vdd` in V."""

    corner: str
    vdd: float
    temperature: float
    rows: int
    columns: int


@dataclass(frozen=True, slots=True)
class SensePrice:
    """One sense by one amplifier: energy by operand values and part, times, idle power.

    energy: operands -> part -> J, over a complete cycle.
    """

    energy: dict[str, dict[str, float]]
    cycle_time: float
    peak_current: float
    leakage_power: float
    area: float

    def mean(self, part: str) -> float:
        """Energy of one part averaged over the operand values (J)."""
        return sum(parts[part] for parts in self.energy.values()) / len(self.energy)


@dataclass(frozen=True, slots=True)
class WritePrice:
    """One cell written (J by value), one half-selected cell (J), one driver at rest."""

    energy: dict[str, float]
    half_selected: float
    cycle_time: float
    peak_current: float
    leakage_power: float
    area: float

    def scaled(self, share: float) -> WritePrice:
        """Every number times a share."""
        return WritePrice(
            {value: share * energy for value, energy in self.energy.items()},
            share * self.half_selected,
            share * self.cycle_time,
            share * self.peak_current,
            share * self.leakage_power,
            share * self.area,
        )

    def plus(self, other: WritePrice) -> WritePrice:
        """Both added, number by number."""
        return WritePrice(
            {value: energy + other.energy[value] for value, energy in self.energy.items()},
            self.half_selected + other.half_selected,
            self.cycle_time + other.cycle_time,
            self.peak_current + other.peak_current,
            self.leakage_power + other.leakage_power,
            self.area + other.area,
        )


@dataclass(frozen=True, slots=True)
class BlockPrice:
    """One block of the periphery: J an event (for a wire: a mm), s, W at rest, m2."""

    energy: float
    delay: float
    leakage_power: float
    area: float


@dataclass(frozen=True, slots=True)
class Prices:
    """All that an estimate takes from the table."""

    columns_per_amplifier: int
    amplifiers_per_reference: int
    and2: SensePrice
    read: SensePrice
    write: WritePrice
    read_line: BlockPrice
    write_line: BlockPrice
    decoder_gate: BlockPrice
    full_adder: BlockPrice
    flip_flop: BlockPrice
    wire: BlockPrice
    cell_area: float
    cell_width: float
    cell_height: float


def read_prices(table: Table, conditions: Conditions) -> Prices:
    """Look everything up.

    Raises:
        lut.TableError: a condition outside the table, or a point whose simulation failed.
        UnsuitableTableError: a table whose parts contradict each other, or a figure that no
            circuit has.
    """
    base = {
        "corner": conditions.corner,
        "vdd": conditions.vdd,
        "temperature": conditions.temperature,
    }
    array = {**base, "rows": conditions.rows}
    line = {**base, "columns": conditions.columns}
    sharing = [
        (int(table.attribute(g, "columns_per_amplifier")), int(table.attribute(g, name)))
        for g, name in (("and2", "columns_per_reference"), ("read", "columns_per_reference"))
    ]
    if sharing[0] != sharing[1]:
        raise UnsuitableTableError(
            f"in the table {table.name} and2 and read share amplifiers differently "
            f"({sharing[0]} and {sharing[1]}): characterize both with one design"
        )
    return Prices(
        columns_per_amplifier=sharing[0][0],
        amplifiers_per_reference=sharing[0][1],
        and2=_sense(table, "and2", ("00", "01", "10", "11"), array),
        read=_sense(table, "read", ("0", "1"), array),
        write=_write(table, array),
        read_line=_block(table, "wordline_driver", {**line, "line": "read"}),
        write_line=_block(table, "wordline_driver", {**line, "line": "write"}),
        decoder_gate=_block(table, "decoder_gate", base),
        full_adder=_block(table, "full_adder", base),
        flip_flop=_block(table, "flip_flop", base),
        wire=_block(table, "wire", base),
        cell_area=_price(table, "cell", "area", {}),
        cell_width=_price(table, "cell", "width", {}),
        cell_height=_price(table, "cell", "height", {}),
    )


def _price(table: Table, group: str, variable: str, at: dict[str, Any]) -> float:
    """A value of the table that has to be positive."""
    return _within(table, group, variable, table.value(group, variable, **at), SMALLEST_PRICE)


def _share(table: Table, group: str, variable: str, whole: float, at: dict[str, Any]) -> float:
    """An energy that may give back no more than the `whole` operation takes."""
    return _within(table, group, variable, table.value(group, variable, **at), -whole)


def _within(table: Table, group: str, variable: str, value: float, least: float) -> float:
    if not least <= value <= LARGEST_PRICE:
        unit = table[group].variables[variable].units
        raise UnsuitableTableError(
            f"{group}/{variable} of table {table.name} is {value:.4g} {unit} here, but should be "
            f"{least:.4g} to {LARGEST_PRICE:g} {unit}: look at it with `mramcim lut check` and "
            "characterize it again"
        )
    return value


def _largest(
    table: Table, group: str, variable: str, operands: tuple[str, ...], at: dict[str, Any]
) -> float:
    return max(_price(table, group, variable, {**at, "operands": value}) for value in operands)


def _sense(table: Table, group: str, operands: tuple[str, ...], at: dict[str, Any]) -> SensePrice:
    energy = {}
    for value in operands:
        here = {**at, "operands": value}
        whole = _price(table, group, "energy", here)
        parts = {part: _share(table, group, f"energy_{part}", whole, here) for part in SENSE_PARTS}
        if abs(sum(parts.values()) - whole) > 1e-3 * abs(whole):
            raise UnsuitableTableError(
                f"in the table {table.name} the parts of {group}'s energy at operands {value} "
                f"add up to {sum(parts.values()):.4g} J and not to {whole:.4g} J: "
                "characterize it again"
            )
        energy[value] = parts
    return SensePrice(
        energy,
        cycle_time=_largest(table, group, "cycle_time", operands, at),
        peak_current=_largest(table, group, "peak_current", operands, at),
        leakage_power=_largest(table, group, "leakage_power", operands, at),
        area=_largest(table, group, "area", operands, at),
    )


def _write(table: Table, at: dict[str, Any]) -> WritePrice:
    """The price of a write, each grid point around the conditions with its own best driver.

    That is the driver width of least energy among those that write both values there; between
    grid points the prices are interpolated linearly.
    """
    numeric = ("vdd", "temperature", "rows")
    around = [_bracket(table, name, float(at[name])) for name in numeric]
    total: WritePrice | None = None
    for corner in product(*around):
        weight = math.prod(share for _, share in corner)
        where = {name: value for name, (value, _) in zip(numeric, corner, strict=True)}
        price = _best_write(table, {**at, **where}).scaled(weight)
        total = price if total is None else total.plus(price)
    assert total is not None
    return total


def _bracket(table: Table, name: str, value: float) -> list[tuple[float, float]]:
    """Grid values of an axis of `write` next to a value, with their shares (one or two)."""
    grid = [float(entry) for entry in table.axis("write", name)]
    for entry in grid:
        if math.isclose(value, entry, rel_tol=1e-9):
            return [(entry, 1.0)]
    above = next((index for index, entry in enumerate(grid) if entry > value), 0)
    if above == 0:
        raise UnsuitableTableError(
            f"in the table {table.name} write has {name} from {grid[0]:g} to {grid[-1]:g}, not "
            f"{value:g}: choose conditions inside"
        )
    low, high = grid[above - 1], grid[above]
    share = (value - low) / (high - low)
    return [(low, 1 - share), (high, share)]


def _best_write(table: Table, at: dict[str, Any]) -> WritePrice:
    # lut is not imported at module level, for the start-up time of the command.
    from lut import TableError

    found: list[WritePrice] = []
    refused: TableError | None = None
    for width in table.axis("write", "driver_width"):
        try:
            found.append(_write_with(table, {**at, "driver_width": float(width)}))
        except TableError as error:
            refused = error
    if not found and refused is not None:
        raise refused
    return min(found, key=lambda price: sum(price.energy.values()))


def _write_with(table: Table, at: dict[str, Any]) -> WritePrice:
    values = ("0", "1")
    energy = {v: _price(table, "write", "energy", {**at, "operands": v}) for v in values}
    half_selected = [
        _share(table, "write", "energy_half_selected", energy[v], {**at, "operands": v})
        for v in values
    ]
    return WritePrice(
        energy=energy,
        half_selected=sum(half_selected) / len(half_selected),
        cycle_time=_largest(table, "write", "cycle_time", values, at),
        peak_current=_largest(table, "write", "peak_current", values, at),
        leakage_power=_largest(table, "write", "leakage_power", values, at),
        area=_largest(table, "write", "area", values, at),
    )


def _block(table: Table, group: str, at: dict[str, Any]) -> BlockPrice:
    return BlockPrice(
        *(_price(table, group, name, at) for name in ("energy", "delay", "leakage_power", "area"))
    )
