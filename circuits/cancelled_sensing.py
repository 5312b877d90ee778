"""Sensing decks of the offset-cancelled amplifier: phases, switches, reference and generator."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from circuits import cancelled
from circuits.cancelled import sampling_of
from circuits.cells import cell_of
from circuits.column import column_name, read_column
from circuits.deck import Conditions, Differential, LatchNodes, Window
from circuits.design import Design
from circuits.errors import DesignError
from circuits.gates import half_tail, line_driver
from circuits.netlist import add_inverter, add_transistor, waveform
from circuits.operations import OPERANDS
from circuits.sense_parts import (
    RACE_REFERENCES,
    Sense,
    add_data,
    add_multiplexer,
    add_reference,
    operations_of,
    right_sign,
)

GAP = 60e-12
"""Time [s] between a switch that opens and the next that closes."""


@dataclass(frozen=True)
class Steps:
    """Times [s] of one amplifier in one cycle.

    Lines are `equalized`, the reference is `sampled`, the data line is taken over (`begun`) and
    has `settled`, the load amplifies until the latch's `fire`.
    """

    start: float
    equalized: float
    sampled: float
    begun: float
    settled: float
    fire: float
    stop: float


def steps_of(design: Design, rows: int, cycle: int, count: int) -> list[Steps]:
    """Steps of each of `count` amplifiers that sense one data line one after the other."""
    timing, sampling = design.timing, sampling_of(design)
    amplify, both = sampling.amplify, timing.development(rows) - sampling.amplify
    reference = both * sampling.reference_share
    data = both - reference
    if min(reference, data) < 3 * GAP:
        raise DesignError(
            f"{rows} rows leave {max(data, 0.0) * 1e12:.0f} ps to sample the data; shorten "
            f"'amplify' in [sampling] or lengthen 'develop' in [timing] of {design.name}"
        )
    again = (count - 1) * (data + amplify)
    start = cycle * (timing.sense_cycle(rows) + again)
    stop = start + timing.sense_cycle(rows) + again
    equalized = start + timing.equalize
    sampled = equalized + reference
    steps, begun = [], sampled
    for _ in range(count):
        settled = begun + data
        steps.append(Steps(start, equalized, sampled, begun, settled, settled + amplify, stop))
        begun = settled + amplify
    return steps


def add_sense(
    circuit: Any,
    design: Design,
    operation: str,
    operands: str,
    conditions: Conditions,
    offset: float,
) -> Sense:
    """Sources, columns and branches of a sense that takes reference and data in turn."""
    references = operations_of(operation)
    cycles = [steps_of(design, conditions.rows, cycle, len(references)) for cycle in (0, 1)]
    _add_parts(circuit, design, conditions.rows, OPERANDS[operation])
    _add_sources(circuit, design, conditions, [cycle[0] for cycle in cycles])
    _add_generator(circuit, design, operation, references[0])
    add_data(circuit, design, operation, operands)
    _add_equalizer(circuit, design, "sig")
    differentials = []
    for index, reference in enumerate(references):
        add_reference(circuit, design, index, reference, conditions.vdd)
        _add_equalizer(circuit, design, f"ref{index}")
        steps = [cycle[index] for cycle in cycles]
        clock = _clock_name(index, len(references))
        _add_amplifier(circuit, design, conditions.vdd, index, steps, clock, offset)
        sign, fire = right_sign(reference, operands), cycles[1][index].fire
        inner = LatchNodes(f"xlatch{index}.a", f"xlatch{index}.b", clock)
        differentials.append(Differential(f"out{index}", f"store{index}", sign, fire, inner))
    last_steps = cycles[1][-1]
    return Sense(
        cycle=Window(last_steps.start, last_steps.stop),
        read_time=last_steps.stop - last_steps.equalized,
        latch_time=last_steps.fire,
        sources={
            "energy_bias": {"vbias": 1.0},
            # The branch that senses the data senses the reference before: one supply.
            "energy_reference": {},
            "energy_latch": {"vlatch": 1.0},
            "energy_clock": {"vclock": 1.0},
            "energy_equalize": {"vequalize": 1.0},
        },
        guesses=_guesses(len(references), conditions.vdd),
        differentials=tuple(differentials),
        held=tuple(f"q{index}" for index in range(len(references))),
    )


def _guesses(count: int, vdd: float) -> dict[str, float]:
    """Where the operating point starts. The stores float at rest, and the solver often has to
    step its sources, which forgets all guesses; so the output latches are held besides."""
    guesses: dict[str, float] = {}
    for index in range(count):
        clock = _clock_name(index, count)
        highs = [f"qb{index}", f"join{index}", clock]
        lows = [f"{name}{index}" for name in ("low", "high", "apart", "part", "go")]
        guesses |= dict.fromkeys(lows, 0.0) | dict.fromkeys(highs, vdd)
        guesses |= dict.fromkeys((f"out{index}", f"store{index}"), vdd / 3)
    return guesses


def _clock_name(index: int, count: int) -> str:
    # The deck's common name for the clock that ends the cycle.
    return "clk" if index == count - 1 else f"clk{index}"


def _add_parts(circuit: Any, design: Design, rows: int, operands: int) -> None:
    circuit.subcircuit(cell_of(design).bit_cell(design))
    circuit.subcircuit(cell_of(design).mean_cell(design))
    circuit.subcircuit(read_column(design, rows, 2 * operands))
    circuit.subcircuit(read_column(design, rows, operands, 1))
    circuit.subcircuit(cancelled.branch(design))
    circuit.subcircuit(cancelled.latch(design))
    circuit.subcircuit(cancelled.hold(design))


def _add_sources(circuit: Any, design: Design, conditions: Conditions, steps: list[Steps]) -> None:
    """Supplies, word lines and equalization."""
    vdd = conditions.vdd
    for supply in ("bias", "latch", "clock", "equalize", "generator"):
        circuit.V(supply, f"v{supply}", "0", vdd)
    open_lines = [(s.equalized, s.stop) for s in steps]
    for name, highs in (
        ("first", open_lines[:1]),
        ("second", open_lines[1:]),
        ("both", open_lines),
    ):
        circuit.V(name, name, "0", waveform(0, vdd, highs))
    circuit.V("rest", "restb", "0", waveform(vdd, 0, [(s.start, s.equalized) for s in steps]))
    add_inverter(circuit, design, "equalize", "restb", "rest", "vequalize", line_driver(design))


def _add_generator(circuit: Any, design: Design, operation: str, reference: str) -> None:
    """The clamp's gate voltage: a clamp as a diode on a reference column of its own.

    Many columns share it, so it is not counted; the current that it sets into its reference
    is what the branches then draw, at every corner and temperature.
    """
    sizes = sampling_of(design)
    circuit.I("generator", "vgenerator", "clamp", design.bias_current(operation))
    add_transistor(
        circuit, design, "gc", "n", "clamp", "clamp", "gsense", "0",
        sizes.clamp_width, length=sizes.clamp_length,
    )  # fmt: skip
    _add_select(circuit, design, "gsel", "gsense", "gref", "vgenerator")
    states = RACE_REFERENCES[reference]
    values = {f"s{position}": state for position, state in enumerate(states, start=1)}
    lines = ["vgenerator"] * (1 + len(states))
    circuit.X("generator", column_name(len(lines), 1), "gline", *lines, **values)
    add_multiplexer(circuit, design, "gmux", "gline", "gref", "vgenerator")
    # Decoupling of the shared gate line against the kick of the branches.
    circuit.C("clamp", "clamp", "0", 1e-12)


def _add_select(circuit: Any, design: Design, name: str, left: str, right: str, gate: str) -> None:
    width = design.column.multiplexer_width
    add_transistor(circuit, design, name, "n", left, gate, right, "0", width)


def _add_equalizer(circuit: Any, design: Design, node: str) -> None:
    _add_select(circuit, design, f"eq{node}", node, "0", "rest")


def _add_amplifier(
    circuit: Any,
    design: Design,
    vdd: float,
    index: int,
    steps: list[Steps],
    clock: str,
    offset: float,
) -> None:
    """One branch with its switches' drivers, latch and output latch.

    The offset stands before the data only: one that stood before the reference too would be
    cancelled.
    """
    switch = sampling_of(design).switch_width
    sampled = [(s.equalized, s.sampled) for s in steps]
    restored = [(s.settled + GAP, s.stop) for s in steps]
    highs = {
        "on": [(s.equalized, s.fire + GAP) for s in steps],
        "rsel": [(s.equalized, s.sampled + GAP) for s in steps],
        "dsel": [(s.begun + GAP, s.fire + GAP) for s in steps],
        "sa": sorted(sampled + restored),
        "sb": [(s.start, s.settled) for s in steps],
    }
    for name in cancelled.SIGNALS:
        entry = f"{name}{index}"
        circuit.V(f"{entry}i", f"{entry}i", "0", waveform(0, vdd, highs[name]))
        add_inverter(circuit, design, f"{entry}b", f"{entry}i", f"{entry}b", "vclock", switch)
        add_inverter(circuit, design, entry, f"{entry}b", entry, "vclock", switch)
    _add_clock(circuit, design, vdd, index, clock, [(s.fire, s.stop) for s in steps])
    _add_select(circuit, design, f"rsel{index}", f"sense{index}", f"ref{index}", f"rsel{index}")
    circuit.V(f"offset{index}", "sig", f"data{index}", offset)
    _add_select(circuit, design, f"dsel{index}", f"sense{index}", f"data{index}", f"dsel{index}")
    out, store = f"out{index}", f"store{index}"
    circuit.X(
        f"branch{index}", "branch", f"sense{index}", out, store, "clamp", f"on{index}b",
        f"sa{index}", f"sa{index}b", f"sb{index}", f"sb{index}b", "vbias",
    )  # fmt: skip
    low, high = f"low{index}", f"high{index}"
    circuit.X(
        f"latch{index}", "latch", out, store, f"join{index}", f"part{index}", clock, f"go{index}",
        low, high, "vlatch",
    )  # fmt: skip
    circuit.X(f"hold{index}", "hold", low, high, f"q{index}", f"qb{index}", "vlatch")


def _add_clock(
    circuit: Any,
    design: Design,
    vdd: float,
    index: int,
    clock: str,
    fired: list[tuple[float, float]],
) -> None:
    """The latch's chain: its inputs are cut off first, then its p side starts, then its n side."""
    tail = half_tail(design)
    chain = (f"apart{index}", f"join{index}", f"part{index}", clock, f"go{index}")
    circuit.V(chain[0], chain[0], "0", waveform(0, vdd, fired))
    for entry, output in pairwise(chain):
        add_inverter(circuit, design, f"d{output}", entry, output, "vclock", tail)
