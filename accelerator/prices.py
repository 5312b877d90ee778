"""What the table says under one set of conditions: the price of every kind of event."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from accelerator.errors import UnsuitableTableError
from accelerator.lookup import Lookup
from accelerator.write_prices import WritePrice, write_price

if TYPE_CHECKING:
    from lut import Table

USUAL_VDD = 1.0
"""The supply [V] that goes without saying in a report."""
SENSE_PARTS = ("bias", "reference", "latch", "clock", "equalize")


@dataclass(frozen=True, slots=True)
class Conditions:
    """Where in the table the estimate is made: temperature in K, supplies in V.

    `write_vdd` is the supply of write drivers and write word lines; None is `vdd`. With
    `row_logic` XOR and OR are priced too, for layers that need them.
    """

    corner: str = "tt"
    vdd: float = USUAL_VDD
    temperature: float = 300.15
    rows: int = 256
    columns: int = 256
    write_vdd: float | None = None
    row_logic: bool = False

    @property
    def shared(self) -> dict[str, Any]:
        """Coordinates in the table of what is neither a line of the array nor written."""
        return {"corner": self.corner, "vdd": self.vdd, "temperature": self.temperature}

    @property
    def written(self) -> dict[str, Any]:
        """The same of what writes."""
        return self.shared | ({} if self.write_vdd is None else {"vdd": self.write_vdd})


def conditions_in(table: Table, vdd: float | None = None, **others: Any) -> Conditions:
    """Conditions in a table, by the names of their fields; without a supply its nominal one."""
    return Conditions(vdd=table.nominal_vdd if vdd is None else vdd, **others)


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
class BlockPrice:
    """One block of the periphery: J an event (for a wire: a mm), s, W at rest, m2."""

    energy: float
    delay: float
    leakage_power: float
    area: float


@dataclass(frozen=True, slots=True)
class Prices:
    """All that an estimate takes from the table; XOR and OR where a layer needs them."""

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
    or2: SensePrice | None = None
    xor2: SensePrice | None = None

    @property
    def senses(self) -> tuple[SensePrice, ...]:
        """All senses that amplifiers are asked for."""
        return tuple(one for one in (self.and2, self.read, self.or2, self.xor2) if one is not None)


@lru_cache(maxsize=128)
def read_prices(table: Table, conditions: Conditions) -> Prices:
    """Look everything up; what was looked up last is remembered.

    Raises:
        lut.TableError: a condition outside the table, or a point whose simulation failed.
        UnsuitableTableError: a table whose parts contradict each other, or a figure that no
            circuit has.
    """
    look = Lookup(table)
    base, written = conditions.shared, conditions.written
    array = {**base, "rows": conditions.rows}
    line = {"columns": conditions.columns}
    sharing = _sharing(table, "and2")
    others = ("read", "or2", "xor2") if conditions.row_logic else ("read",)
    for group in others:
        if _sharing(table, group) != sharing:
            raise UnsuitableTableError(
                f"in the table {table.name} and2 and {group} share amplifiers differently "
                f"({sharing} and {_sharing(table, group)}): characterize both with one design"
            )
    logic = {
        group: _sense(look, group, ("00", "01", "10", "11"), array)
        for group in others
        if group != "read"
    }
    return Prices(
        columns_per_amplifier=sharing[0],
        amplifiers_per_reference=sharing[1],
        and2=_sense(look, "and2", ("00", "01", "10", "11"), array),
        read=_sense(look, "read", ("0", "1"), array),
        write=write_price(look, {**written, "rows": conditions.rows}),
        read_line=_block(look, "wordline_driver", {**base, **line, "line": "read"}),
        write_line=_block(look, "wordline_driver", {**written, **line, "line": "write"}),
        decoder_gate=_block(look, "decoder_gate", base),
        full_adder=_block(look, "full_adder", base),
        flip_flop=_block(look, "flip_flop", base),
        wire=_block(look, "wire", base),
        cell_area=look.price("cell", "area", {}),
        cell_width=look.price("cell", "width", {}),
        cell_height=look.price("cell", "height", {}),
        **logic,
    )


def _sharing(table: Table, group: str) -> tuple[int, int]:
    """Columns of an amplifier, and amplifiers of a reference (1)."""
    return (
        int(table.attribute(group, "columns_per_amplifier")),
        int(table.attribute(group, "columns_per_reference")),
    )


def _sense(look: Lookup, group: str, operands: tuple[str, ...], at: dict[str, Any]) -> SensePrice:
    energy = {}
    for value in operands:
        here = {**at, "operands": value}
        whole = look.price(group, "energy", here)
        parts = {part: look.share(group, f"energy_{part}", whole, here) for part in SENSE_PARTS}
        if abs(sum(parts.values()) - whole) > 1e-3 * abs(whole):
            raise UnsuitableTableError(
                f"in the table {look.table.name} the parts of {group}'s energy at operands {value} "
                f"add up to {sum(parts.values()):.4g} J and not to {whole:.4g} J: "
                "characterize it again"
            )
        energy[value] = parts
    return SensePrice(
        energy,
        cycle_time=look.largest(group, "cycle_time", operands, at),
        peak_current=look.largest(group, "peak_current", operands, at),
        leakage_power=look.largest(group, "leakage_power", operands, at),
        area=look.largest(group, "area", operands, at),
    )


def _block(look: Lookup, group: str, at: dict[str, Any]) -> BlockPrice:
    return BlockPrice(
        *(look.price(group, name, at) for name in ("energy", "delay", "leakage_power", "area"))
    )
