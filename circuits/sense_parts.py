"""The parts of a sensing deck: columns, references, mirror, amplifiers, sources and outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from circuits import cancelled, precharge, strongarm
from circuits.cells import cell_of
from circuits.column import column_name, read_column
from circuits.deck import Conditions, Differential, Window
from circuits.design import Design
from circuits.gates import add_nor2, half_tail, line_driver
from circuits.netlist import add_inverter, add_transistor, waveform
from circuits.operations import OPERANDS, before, truth

REFERENCES = {
    # Two dummy columns in known states, shorted: their mean conductance lies between the
    # two levels that the operation tells apart.
    "read": ((0,), (1,)),
    "or2": ((0, 0), (0, 1)),
    "and2": ((0, 1), (1, 1)),
}
RACE_REFERENCES = {
    # One dummy column: a mean cell beside the state that both levels have in common. A race
    # needs the reference line's own capacitance to be that of the data line, and so does a
    # branch that takes one after the other.
    "read": (),
    "or2": (0,),
    "and2": (1,),
}


@dataclass(frozen=True)
class Phases:
    """Times [s] of one cycle that starts at `start`."""

    start: float
    equalized: float
    fire: float
    stop: float


@dataclass(frozen=True)
class Sense:
    """What a sensing circuit gives its deck: times [s], supplies by part, guesses [V]."""

    cycle: Window
    read_time: float
    latch_time: float
    sources: Mapping[str, Mapping[str, float]]
    guesses: Mapping[str, float]
    differentials: tuple[Differential, ...]
    held: tuple[str, ...] = ()


def operations_of(operation: str) -> tuple[str, ...]:
    """What each amplifier of one sense tells apart: XOR is made of OR and AND."""
    return ("or2", "and2") if operation == "xor2" else (operation,)


def right_sign(operation: str, operands: str) -> int:
    """Sign of the differential of an amplifier that decides rightly."""
    return 1 if truth(operation, operands) else -1


def phases_of(design: Design, rows: int, index: int) -> Phases:
    """Phases of cycle `index`, from zero."""
    timing = design.timing
    start = index * timing.sense_cycle(rows)
    equalized = start + timing.equalize
    fire = equalized + timing.development(rows)
    return Phases(start, equalized, fire, fire + timing.latch)


def style_of(design: Design) -> ModuleType:
    """The amplifier that the design names."""
    return {"strongarm": strongarm, "precharge": precharge, "cancelled": cancelled}[
        design.amplifier
    ]


def add_parts(circuit: Any, design: Design, rows: int, operands: int) -> None:
    """Sub-circuits of cells, columns and amplifier."""
    circuit.subcircuit(cell_of(design).bit_cell(design))
    circuit.subcircuit(read_column(design, rows, 2 * operands))
    if design.amplifier == "strongarm":
        circuit.subcircuit(read_column(design, rows, operands))
    else:
        circuit.subcircuit(cell_of(design).mean_cell(design))
        circuit.subcircuit(read_column(design, rows, operands, 1))
    circuit.subcircuit(style_of(design).latch(design))
    circuit.subcircuit(style_of(design).hold(design))


def add_sources(
    circuit: Any, design: Design, conditions: Conditions, operation: str, phases: list[Phases]
) -> None:
    """Supplies, word lines, clock and, for a biased amplifier, equalization and mirror."""
    vdd = conditions.vdd
    for supply in ("bias", "latch", "clock", "equalize", "generator", "others"):
        circuit.V(supply, f"v{supply}", "0", vdd)
    circuit.V("first", "first", "0", waveform(0, vdd, [(phases[0].equalized, phases[0].stop)]))
    circuit.V("second", "second", "0", waveform(0, vdd, [(phases[1].equalized, phases[1].stop)]))
    both = [(p.equalized, p.stop) for p in phases]
    circuit.V("both", "both", "0", waveform(0, vdd, both))
    if design.amplifier == "strongarm":
        fired = [(p.fire, p.stop) for p in phases]
        circuit.V("fire", "fire", "0", waveform(0, vdd, fired))
        add_inverter(circuit, design, "clock", "fire", "clk", "vclock", half_tail(design))
        rest = [(p.start, p.equalized) for p in phases]
        circuit.V("rest", "restb", "0", waveform(vdd, 0, rest))
        add_inverter(circuit, design, "equalize", "restb", "rest", "vequalize", line_driver(design))
        # Bias on with the word lines.
        add_inverter(circuit, design, "enable", "both", "biasb", "vclock", line_driver(design))
        _add_generator(circuit, design, operation)
    else:
        charge = [(p.start, p.equalized) for p in phases]
        circuit.V("charge", "charge", "0", waveform(0, vdd, charge))
        add_inverter(
            circuit, design, "clock", "charge", "clk", "vclock", design.amplifier_sizes.tail_width
        )


def _add_generator(circuit: Any, design: Design, operation: str) -> None:
    """The diode side of the mirror; many sub-array columns share it, so it is not counted."""
    bias = design.bias
    add_transistor(
        circuit, design, "gs", "p", "gs", "0", "vgenerator", "vgenerator", bias.mirror_width
    )
    add_transistor(
        circuit, design, "gm", "p", "mirror", "mirror", "gs", "vgenerator",
        bias.mirror_width, length=bias.mirror_length,
    )  # fmt: skip
    circuit.I("generator", "mirror", "0", design.bias_current(operation))
    # Decoupling of the shared gate line against the kick of the switching legs.
    circuit.C("mirror", "mirror", "vgenerator", 1e-12)


def _add_leg(circuit: Any, design: Design, name: str, node: str, supply: str, count: int) -> None:
    bias = design.bias
    add_transistor(
        circuit, design, f"{name}s", "p", f"{name}_s", "biasb", supply, supply,
        bias.mirror_width, multiplicity=count,
    )  # fmt: skip
    add_transistor(
        circuit, design, f"{name}m", "p", node, "mirror", f"{name}_s", supply,
        bias.mirror_width, length=bias.mirror_length, multiplicity=count,
    )  # fmt: skip


def add_multiplexer(
    circuit: Any, design: Design, name: str, line: str, node: str, supply: str
) -> None:
    """The selected column's pass transistor and the junctions of those that are off."""
    column = design.column
    add_transistor(
        circuit, design, f"{name}on", "n", line, supply, node, "0", column.multiplexer_width
    )
    if column.columns_per_amplifier > 1:
        add_transistor(
            circuit, design, f"{name}off", "n", node, "0", "0", "0",
            column.multiplexer_width, multiplicity=column.columns_per_amplifier - 1,
        )  # fmt: skip


def add_data(circuit: Any, design: Design, operation: str, operands: str) -> None:
    """The data column with the operands of both cycles, and its multiplexer."""
    count = OPERANDS[operation]
    states = {f"s{index}": int(bit) for index, bit in enumerate(before(operation, operands))}
    states |= {f"s{count + index}": int(bit) for index, bit in enumerate(operands)}
    lines = ["first"] * count + ["second"] * count
    circuit.X("data", f"column_{2 * count}", "line", *lines, **states)
    add_multiplexer(circuit, design, "mux", "line", "sig", "vlatch")
    if design.amplifier == "strongarm":
        _add_leg(circuit, design, "bias", "sig", "vbias", 1)
        add_transistor(
            circuit, design, "eq", "n", "sig", "rest", "0", "0", design.column.multiplexer_width
        )


def add_reference(circuit: Any, design: Design, index: int, reference: str, vdd: float) -> None:
    """One reference with its multiplexers."""
    node = f"ref{index}"
    if design.amplifier != "strongarm":
        states = RACE_REFERENCES[reference]
        lines = ["both"] * (1 + len(states))
        values = {f"s{position}": state for position, state in enumerate(states, start=1)}
        circuit.X(f"dummy{index}", column_name(len(lines), 1), f"dummy{index}", *lines, **values)
        add_multiplexer(circuit, design, f"mux{index}", f"dummy{index}", node, "vlatch")
        return
    for half, states in enumerate(REFERENCES[reference]):
        line = f"dummy{index}{half}"
        values = {f"s{position}": state for position, state in enumerate(states)}
        circuit.X(line, column_name(len(states)), line, *["both"] * len(states), **values)
        add_multiplexer(circuit, design, f"mux{index}{half}", line, node, "vlatch")
    circuit.V(f"reference{index}", f"vreference{index}", "0", vdd)
    _add_leg(circuit, design, f"refbias{index}", node, f"vreference{index}", 2)
    add_transistor(
        circuit, design, f"eqref{index}", "n", node, "rest", "0", "0",
        design.column.multiplexer_width, multiplicity=2,
    )  # fmt: skip


def add_amplifier(circuit: Any, design: Design, index: int, offset: float, sharing: int) -> None:
    """One amplifier, its offset and output latch, and the others on its reference."""
    circuit.V(f"offset{index}", "sig", f"in{index}", offset)
    nodes = ("clk", f"low{index}", f"high{index}", "vlatch")
    circuit.X(f"latch{index}", "latch", f"in{index}", f"ref{index}", *nodes)
    circuit.X(
        f"hold{index}", "hold", f"low{index}", f"high{index}", f"q{index}", f"qb{index}", "vlatch"
    )
    others = sharing - 1
    if others and design.amplifier == "strongarm":
        # The other amplifiers on this reference kick it back at the same instant. They see
        # copies of data line and clock, whose drivers they must not load.
        for copy, source in (("osig", "sig"), ("oclk", "clk")):
            circuit.VCVS(f"{copy}{index}", f"{copy}{index}", "0", source, "0", voltage_gain=1)
        circuit.X(
            f"others{index}", "latch", f"osig{index}", f"ref{index}", f"oclk{index}",
            f"olow{index}", f"ohigh{index}", "vothers", m=others,
        )  # fmt: skip


def add_outputs(circuit: Any, design: Design, operation: str, operands: str) -> dict[str, int]:
    """Output gates with their loads; returns the outputs and their right bits."""
    width = design.amplifier_sizes.latch_n_width
    expected = truth(operation, operands)
    if operation == "xor2":
        # XOR = OR and not AND; amplifier 0 holds OR, amplifier 1 AND.
        add_nor2(circuit, design, "xor", "qb0", "q1", "result", "vlatch", width)
        outputs = {"result": expected, "q0": truth("or2", operands), "q1": truth("and2", operands)}
    else:
        outputs = {"q0": expected, "qb0": 1 - expected}
    for node in list(outputs):
        add_inverter(circuit, design, f"load_{node}", node, f"load_{node}", "vlatch", width)
    return outputs
