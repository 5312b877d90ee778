"""Benches `read`, `and2`, `or2`, `xor2`: one sense of a full column, over two cycles.

The first cycle senses the opposite data (`before`), the second is the one that is measured: energy,
logic and margin are taken with the previous operation's charge on every line.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

from circuits import precharge, strongarm
from circuits.cell import bit_cell, mean_cell
from circuits.column import column_name, read_column
from circuits.deck import Conditions, Deck, Differential, Energy, Window
from circuits.design import Design, check_rows
from circuits.errors import DesignError
from circuits.gates import add_nor2
from circuits.layout import transistors_area
from circuits.netlist import (
    add_inverter,
    add_transistor,
    assemble,
    new_circuit,
    waveform,
)

OPERANDS = {"read": 1, "and2": 2, "or2": 2, "xor2": 2}
REFERENCES = {
    # Two dummy columns in known states, shorted: their mean conductance lies between the
    # two levels that the operation tells apart.
    "read": ((0,), (1,)),
    "or2": ((0, 0), (0, 1)),
    "and2": ((0, 1), (1, 1)),
}
RACE_REFERENCES = {
    # One dummy column: a mean cell beside the state that both levels have in common. A race
    # needs the reference line's own capacitance to be that of the data line.
    "read": (),
    "or2": (0,),
    "and2": (1,),
}
STEP = 100e-12
"""Longest step [s]: the solver shortens it at every edge; energies agree to 0.2 % with 2.5 ps."""


def truth(operation: str, operands: str) -> int:
    """The bit that an operation gives for stored operands such as "01"."""
    bits = [int(bit) for bit in operands]
    if operation == "read":
        return bits[0]
    if operation == "and2":
        return bits[0] & bits[1]
    if operation == "or2":
        return bits[0] | bits[1]
    return bits[0] ^ bits[1]


def before(operation: str, operands: str) -> str:
    """The stored bits that the cycle before senses: the opposite level and result.

    The complement, but for mixed operands, whose complement is the same level on the line:
    before them AND has seen 11 and OR, whose levels are the closest, 00; so has XOR.
    """
    if len(set(operands)) == 1:
        return "".join("1" if bit == "0" else "0" for bit in operands)
    return "11" if operation == "and2" else "00"


def operand_patterns(operation: str) -> tuple[str, ...]:
    """All operand patterns of an operation, in counting order."""
    count = OPERANDS[operation]
    return tuple(format(value, f"0{count}b") for value in range(2**count))


@dataclass(frozen=True)
class _Phases:
    """Times [s] of one cycle that starts at `start`."""

    start: float
    equalized: float
    fire: float
    stop: float


def _phases(design: Design, rows: int, index: int) -> _Phases:
    timing = design.timing
    start = index * timing.sense_cycle(rows)
    equalized = start + timing.equalize
    fire = equalized + timing.development(rows)
    return _Phases(start, equalized, fire, fire + timing.latch)


def sense_deck(
    design: Design, operation: str, operands: str, conditions: Conditions, offset: float = 0.0
) -> Deck:
    """The deck of one sense.

    `operands` are the stored bits ("0".."1" for read, else "00".."11"); `offset` [V] is in
    series with the signal input of every amplifier, positive lowering what it sees.
    Raises DesignError on an unknown operation or pattern.
    """
    if operation not in OPERANDS:
        raise DesignError(f"'{operation}' is not a sensing bench; choose {', '.join(OPERANDS)}")
    if operands not in operand_patterns(operation):
        raise DesignError(
            f"operands '{operands}' do not fit {operation}; "
            f"choose one of {', '.join(operand_patterns(operation))}"
        )
    check_rows(conditions.rows)
    style = _style(design)
    references = ("or2", "and2") if operation == "xor2" else (operation,)
    phases = [_phases(design, conditions.rows, index) for index in (0, 1)]

    circuit = new_circuit(f"{operation} of {operands}, {design.name}")
    _add_parts(circuit, design, conditions.rows, OPERANDS[operation])
    _add_sources(circuit, design, conditions, operation, phases)
    _add_data(circuit, design, operation, operands)
    differentials = []
    for index, reference in enumerate(references):
        _add_reference(circuit, design, index, reference, conditions.vdd)
        _add_amplifier(circuit, design, index, offset, amplifiers_per_reference(design, operation))
        expected = truth(reference, operands) if operation != "read" else truth("read", operands)
        differentials.append(Differential(f"in{index}", f"ref{index}", 1 if expected else -1))
    if style is precharge and len(references) == 2:
        # Two latches race on the data line; a third, unused, loads the references alike.
        circuit.X("balance", "latch", "ref0", "ref1", "clk", "blow", "bhigh", "vlatch")
    outputs = _add_outputs(circuit, design, operation, operands)

    cycle = Window(phases[1].start, phases[1].stop)
    shared = 1 / amplifiers_per_reference(design, operation)
    sources: dict[str, dict[str, float]] = {
        "energy_bias": {"vbias": 1.0},
        "energy_reference": {f"vreference{index}": shared for index in range(len(references))},
        "energy_latch": {"vlatch": 1.0},
        "energy_clock": {"vclock": 1.0},
        "energy_equalize": {"vequalize": 1.0},
    }
    if style is precharge:
        # The lines are charged through the latch; there is no bias to draw on.
        sources["energy_reference"] = {}
    energies = {name: Energy(share, cycle) for name, share in sources.items()}
    decisions = [f"{name}{index}" for index in range(len(references)) for name in ("low", "high")]
    saved = ["line", "second", "clk", *outputs, *decisions]
    for item in differentials:
        saved += [item.signal, item.reference]
    for share in sources.values():
        saved += [vector for name in share for vector in (name, f"{name}#branch")]
    comments = [
        f"design {design.name}, device {design.device.name}, technology {design.technology.name}",
        f"corner {conditions.corner}, VDD {conditions.vdd:g} V, {conditions.rows} rows, "
        f"offset {offset:g} V",
        f"cycle 1 senses the opposite data, cycle 2 (from {phases[1].start:g} s) is measured",
    ]
    # Without a guess the operating point of a latch is its metastable one.
    guesses: dict[str, float] = {}
    for index in range(len(references)):
        guesses |= {f"q{index}": 0.0, f"qb{index}": conditions.vdd}
        if style is precharge:
            guesses |= {f"low{index}": conditions.vdd, f"high{index}": 0.0}
    netlist = assemble(
        circuit,
        design,
        conditions,
        comments=comments,
        saved=list(dict.fromkeys(saved)),
        step=STEP,
        stop=phases[1].stop,
        guesses=guesses,
    )
    return Deck(
        bench=operation,
        title=f"{operation} {operands}",
        netlist=netlist,
        conditions=conditions,
        stop=cycle.stop,
        cycle=cycle,
        energies=energies,
        total=tuple(energies),
        watched=(*decisions, *outputs),
        edges=(cycle.start,),
        level=conditions.vdd / 2,
        outputs=outputs,
        differentials=tuple(differentials),
        # The differential counts before the clock's edge kicks both inputs; the race amplifier
        # has no such instant, it decides while the lines fall.
        latch_time=phases[1].fire if style is strongarm else float("nan"),
        values={"area": sense_area(design, operation), "cycle_time": cycle.duration},
        plotted=(
            "second",
            "clk",
            "in0",
            *(d.reference for d in differentials),
            *decisions,
            *outputs,
        ),
    )


def amplifiers_per_reference(design: Design, operation: str) -> int:
    """Number of amplifiers that share one reference in an operation.

    XOR loads its data line with two amplifiers, so its references carry twice as many: every
    line then takes the same kick when the latches fire.
    """
    return design.column.columns_per_reference * (2 if operation == "xor2" else 1)


def sense_area(design: Design, operation: str) -> float:
    """Area [m^2] of the amplifiers of one sense with bias, multiplexer and reference share."""
    style = _style(design)
    count = 2 if operation == "xor2" else 1
    column, bias = design.column, design.bias
    widths = style.latch_widths(design) * count
    widths += [column.multiplexer_width] * column.columns_per_amplifier
    widths += [column.multiplexer_width]
    legs = [bias.mirror_width] * 2 if design.amplifier == "strongarm" else []
    reference = [*legs, *legs, *[column.multiplexer_width] * 3] * count
    shared = transistors_area(design, reference) / amplifiers_per_reference(design, operation)
    return transistors_area(design, widths + legs) + shared


def _style(design: Design) -> ModuleType:
    return strongarm if design.amplifier == "strongarm" else precharge


def _add_parts(circuit: Any, design: Design, rows: int, operands: int) -> None:
    circuit.subcircuit(bit_cell(design))
    circuit.subcircuit(read_column(design, rows, 2 * operands))
    if design.amplifier == "strongarm":
        circuit.subcircuit(read_column(design, rows, operands))
    else:
        circuit.subcircuit(mean_cell(design))
        circuit.subcircuit(read_column(design, rows, operands, 1))
    circuit.subcircuit(_style(design).latch(design))
    circuit.subcircuit(_style(design).hold(design))


def _add_sources(
    circuit: Any, design: Design, conditions: Conditions, operation: str, phases: list[_Phases]
) -> None:
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
        add_inverter(
            circuit, design, "clock", "fire", "clk", "vclock", design.amplifier_sizes.tail_width / 2
        )
        rest = [(p.start, p.equalized) for p in phases]
        circuit.V("rest", "restb", "0", waveform(vdd, 0, rest))
        add_inverter(circuit, design, "equalize", "restb", "rest", "vequalize", 0.5e-6)
        # Bias on with the word lines.
        add_inverter(circuit, design, "enable", "both", "biasb", "vclock", 0.5e-6)
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


def _add_multiplexer(
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


def _add_data(circuit: Any, design: Design, operation: str, operands: str) -> None:
    count = OPERANDS[operation]
    states = {f"s{index}": int(bit) for index, bit in enumerate(before(operation, operands))}
    states |= {f"s{count + index}": int(bit) for index, bit in enumerate(operands)}
    lines = ["first"] * count + ["second"] * count
    circuit.X("data", f"column_{2 * count}", "line", *lines, **states)
    _add_multiplexer(circuit, design, "mux", "line", "sig", "vlatch")
    if design.amplifier == "strongarm":
        _add_leg(circuit, design, "bias", "sig", "vbias", 1)
        add_transistor(
            circuit, design, "eq", "n", "sig", "rest", "0", "0", design.column.multiplexer_width
        )


def _add_reference(circuit: Any, design: Design, index: int, reference: str, vdd: float) -> None:
    node = f"ref{index}"
    if design.amplifier == "precharge":
        states = RACE_REFERENCES[reference]
        lines = ["both"] * (1 + len(states))
        values = {f"s{position}": state for position, state in enumerate(states, start=1)}
        circuit.X(f"dummy{index}", column_name(len(lines), 1), f"dummy{index}", *lines, **values)
        _add_multiplexer(circuit, design, f"mux{index}", f"dummy{index}", node, "vlatch")
        return
    for half, states in enumerate(REFERENCES[reference]):
        line = f"dummy{index}{half}"
        values = {f"s{position}": state for position, state in enumerate(states)}
        circuit.X(line, column_name(len(states)), line, *["both"] * len(states), **values)
        _add_multiplexer(circuit, design, f"mux{index}{half}", line, node, "vlatch")
    circuit.V(f"reference{index}", f"vreference{index}", "0", vdd)
    _add_leg(circuit, design, f"refbias{index}", node, f"vreference{index}", 2)
    add_transistor(
        circuit, design, f"eqref{index}", "n", node, "rest", "0", "0",
        design.column.multiplexer_width, multiplicity=2,
    )  # fmt: skip


def _add_amplifier(circuit: Any, design: Design, index: int, offset: float, sharing: int) -> None:
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


def _add_outputs(circuit: Any, design: Design, operation: str, operands: str) -> dict[str, int]:
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
