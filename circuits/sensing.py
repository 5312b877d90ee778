"""Benches `read`, `and2`, `or2`, `xor2`: one sense of a full column, over two cycles.

The first cycle senses the opposite data (`before`), the second is measured: energy,
logic and margin are taken with the previous operation's charge on every line.
"""

from __future__ import annotations

from typing import Any

from circuits import cancelled_sensing, precharge, strongarm
from circuits.cells import cell_of
from circuits.deck import Conditions, Deck, Differential, Energy, ReadCell, Window
from circuits.design import Design
from circuits.errors import DesignError
from circuits.layout import transistors_area
from circuits.netlist import assemble, new_circuit
from circuits.operations import OPERANDS, operand_patterns
from circuits.sense_parts import (
    Sense,
    add_amplifier,
    add_data,
    add_outputs,
    add_parts,
    add_reference,
    add_sources,
    operations_of,
    phases_of,
    right_sign,
    style_of,
)

STEP = 100e-12
"""Longest step [s]: the solver shortens it at every edge; energies agree to 0.4 % with 4 ps."""


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
    circuit = new_circuit(f"{operation} of {operands}, {design.name}")
    add_sense = cancelled_sensing.add_sense if design.amplifier == "cancelled" else _add_sense
    sense = add_sense(circuit, design, operation, operands, conditions, offset)
    outputs = add_outputs(circuit, design, operation, operands)

    cycle, references = sense.cycle, operations_of(operation)
    energies = {name: Energy(share, cycle) for name, share in sense.sources.items()}
    decisions = [f"{name}{index}" for index in range(len(references)) for name in ("low", "high")]
    cells = _read_cells(design, operands, sense.read_time)
    saved = [node for cell in cells for node in (cell.top, cell.bottom)]
    saved += ["line", "second", "clk", *outputs, *decisions]
    for item in sense.differentials:
        saved += [item.signal, item.reference]
        if item.inner is not None:
            saved += [item.inner.signal, item.inner.reference, item.inner.clock]
    for share in sense.sources.values():
        saved += [vector for name in share for vector in (name, f"{name}#branch")]
    comments = [
        f"design {design.name}, device {design.device.name}, technology {design.technology.name}",
        f"corner {conditions.corner}, VDD {conditions.vdd:g} V, {conditions.rows} rows, "
        f"offset {offset:g} V",
        f"cycle 1 senses the opposite data, cycle 2 (from {cycle.start:g} s) is measured",
    ]
    netlist = assemble(
        circuit,
        design,
        conditions,
        comments=comments,
        saved=list(dict.fromkeys(saved)),
        step=STEP,
        stop=cycle.stop,
        guesses=sense.guesses,
        held=sense.held,
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
        differentials=sense.differentials,
        read_cells=cells,
        latch_time=sense.latch_time,
        values={"area": sense_area(design, operation), "cycle_time": cycle.duration},
        plotted=(
            "second",
            "clk",
            sense.differentials[0].signal,
            *(d.reference for d in sense.differentials),
            *decisions,
            *outputs,
        ),
    )


def _add_sense(
    circuit: Any,
    design: Design,
    operation: str,
    operands: str,
    conditions: Conditions,
    offset: float,
) -> Sense:
    """Sources, columns and amplifiers of a sense against a reference beside the data."""
    style = style_of(design)
    references = operations_of(operation)
    phases = [phases_of(design, conditions.rows, index) for index in (0, 1)]
    sharing = amplifiers_per_reference(design, operation)
    add_parts(circuit, design, conditions.rows, OPERANDS[operation])
    add_sources(circuit, design, conditions, operation, phases)
    add_data(circuit, design, operation, operands)
    differentials = []
    for index, reference in enumerate(references):
        add_reference(circuit, design, index, reference, conditions.vdd)
        add_amplifier(circuit, design, index, offset, sharing)
        differentials.append(
            Differential(f"in{index}", f"ref{index}", right_sign(reference, operands))
        )
    if style is precharge and len(references) == 2:
        # Two latches race on the data line; a third, unused, loads the references alike.
        circuit.X("balance", "latch", "ref0", "ref1", "clk", "blow", "bhigh", "vlatch")
    sources: dict[str, dict[str, float]] = {
        "energy_bias": {"vbias": 1.0},
        "energy_reference": {f"vreference{index}": 1 / sharing for index in range(len(references))},
        "energy_latch": {"vlatch": 1.0},
        "energy_clock": {"vclock": 1.0},
        "energy_equalize": {"vequalize": 1.0},
    }
    if style is precharge:
        # The lines are charged through the latch; there is no bias to draw on.
        sources["energy_reference"] = {}
    # Without a guess the operating point of a latch is its metastable one.
    guesses: dict[str, float] = {}
    for index in range(len(references)):
        guesses |= {f"q{index}": 0.0, f"qb{index}": conditions.vdd}
        if style is precharge:
            guesses |= {f"low{index}": conditions.vdd, f"high{index}": 0.0}
    return Sense(
        cycle=Window(phases[1].start, phases[1].stop),
        read_time=phases[1].stop - phases[1].equalized,
        # The differential counts before the clock's edge kicks both inputs; the race amplifier
        # has no such instant, it decides while the lines fall.
        latch_time=phases[1].fire if style is strongarm else float("nan"),
        sources=sources,
        guesses=guesses,
        differentials=tuple(differentials),
    )


def _read_cells(design: Design, operands: str, duration: float) -> tuple[ReadCell, ...]:
    """The data column's cells of the second cycle, which follow those of the first."""
    end = f"xdata.bl{design.column.segments}"
    cells = []
    for index, bit in enumerate(operands, start=len(operands)):
        top, bottom = cell_of(design).junction_nodes(f"xdata.xcell{index}", end)
        cells.append(ReadCell(top, bottom, bit == "1", duration))
    return tuple(cells)


def amplifiers_per_reference(design: Design, operation: str) -> int:
    """Number of amplifiers that share one reference in an operation.

    XOR loads its data line with two amplifiers, so its references carry twice as many: every
    line then takes the same kick when the latches fire. A branch that takes reference and
    data in turn has a reference of its own.
    """
    twice = operation == "xor2" and design.amplifier != "cancelled"
    return design.column.columns_per_reference * (2 if twice else 1)


def sense_area(design: Design, operation: str) -> float:
    """Area [m^2] of the amplifiers of one sense with bias, multiplexer and reference share."""
    style = style_of(design)
    count = len(operations_of(operation))
    column, bias = design.column, design.bias
    widths = style.latch_widths(design) * count
    widths += [column.multiplexer_width] * column.columns_per_amplifier
    widths += [column.multiplexer_width]
    legs = [bias.mirror_width] * 2 if design.amplifier == "strongarm" else []
    # Reference multiplexers and equalizer; a branch's dummy line is loaded as its data line is.
    switches = 1 + column.columns_per_amplifier if design.amplifier == "cancelled" else 3
    reference = [*legs, *legs, *[column.multiplexer_width] * switches] * count
    shared = transistors_area(design, reference) / amplifiers_per_reference(design, operation)
    return transistors_area(design, widths + legs) + shared
