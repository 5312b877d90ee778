"""Benches of the array's row side: `wordline_driver` with its line, and `decoder_gate`."""

from __future__ import annotations

from typing import Any

from circuits.blocks import block_deck
from circuits.cells import cell_layout
from circuits.deck import Conditions, Deck, Energy, Window
from circuits.design import Design
from circuits.errors import DesignError
from circuits.gates import add_nand
from circuits.netlist import EDGE, add_inverter, add_transistor, new_circuit, waveform

TAPER = 4.0
LINES = ("read", "write")
EFFORT = {"read": 8.0, "write": 16.0}
"""Load of a word line over the driver's own gate: a write line may be slower, and leaks less."""
_LEAST = 0.2e-6
"""Width [m] of the n transistor of a gate that the decoder drives, where it can be drawn."""
_REPEATER = 4e-6


def wordline_deck(design: Design, line: str, conditions: Conditions) -> Deck:
    """One on and off of a word line ("read" or "write") over `conditions.columns` cells."""
    if line not in LINES:
        raise DesignError(f"there is no '{line}' word line; choose read or write")
    vdd = conditions.vdd
    high = design.write_word_line if line == "write" else vdd
    gate = design.cell.read_width if line == "read" else design.cell.write_width
    widths = driver_widths(design, line, conditions.columns)
    circuit = new_circuit(f"wordline_driver {line}, {design.name}")
    circuit.V("drive", "vdrive", "0", high)
    circuit.V("low", "vlow", "0", vdd)
    # Long enough for the longest line at the slowest corner to rise and to fall.
    start, on, period = 0.2e-9, 8e-9, 18e-9
    circuit.V("select", "select", "0", waveform(0, vdd, [(start, start + on)]))
    entry = "select"
    if line == "write":
        entry = _add_level_shifter(circuit, design, widths[0])
    node = entry
    for index, width in enumerate(widths):
        out = f"stage{index}" if index < len(widths) - 1 else "near"
        add_inverter(circuit, design, f"stage{index}", node, out, "vdrive", width)
        node = out
    segments = 4
    length = cell_layout(design).width * conditions.columns / segments
    for index in range(1, segments + 1):
        far = f"line{index}"
        before = "near" if index == 1 else f"line{index - 1}"
        circuit.R(f"line{index}", before, far, design.interconnect["local_resistance"] * length)
        circuit.C(f"line{index}", far, "0", design.interconnect["local_capacitance"] * length)
        add_transistor(
            circuit, design, f"cells{index}", "n", "0", far, "0", "0", gate,
            multiplicity=conditions.columns / segments,
        )  # fmt: skip
    far = f"line{segments}"
    comments = [f"{conditions.columns} columns, {line} word line, high at {high:g} V"]
    sources = {"vdrive": 1.0, "vlow": 1.0}
    return block_deck(
        design,
        conditions,
        circuit,
        "wordline_driver",
        title=f"wordline_driver {line}",
        comments=comments,
        energies=_one_cycle(sources, start, period),
        stop=period,
        watched=(far,),
        edges=(start + EDGE / 2, start + on),
        level=high / 2,
        widths=[3 * width for width in widths],
    )


def _least(design: Design) -> float:
    return design.technology.at_least(_LEAST)


def driver_widths(design: Design, line: str, columns: int) -> list[float]:
    """Widths [m] of the n transistors of the tapered chain, an even number of inverters."""
    gate = design.cell.read_width if line == "read" else design.cell.write_width
    # Gate width that loads the last stage, the line's capacitance counted at 1 fF/um.
    wire = cell_layout(design).width * design.interconnect["local_capacitance"] / 1e-9
    load = columns * (gate + wire)
    last, least = load / (3 * EFFORT[line]), _least(design)
    widths = [max(last, least)]
    while len(widths) < 2 or (widths[0] > TAPER * least and len(widths) < 6) or len(widths) % 2:
        widths.insert(0, max(widths[0] / TAPER, least))
    return widths


def _add_level_shifter(circuit: Any, design: Design, load: float) -> str:
    """Cross-coupled shifter from VDD to the boosted supply; returns its true output."""
    least = _least(design)
    width = max(load, 2 * least)
    add_inverter(circuit, design, "shift_in", "select", "selectb", "vlow", least)
    add_transistor(circuit, design, "sn1", "n", "shiftb", "select", "0", "0", 2 * width)
    add_transistor(circuit, design, "sn2", "n", "shift", "selectb", "0", "0", 2 * width)
    add_transistor(circuit, design, "sp1", "p", "shiftb", "shift", "vdrive", "vdrive", width / 2)
    add_transistor(circuit, design, "sp2", "p", "shift", "shiftb", "vdrive", "vdrive", width / 2)
    return "shift"


def decoder_deck(design: Design, conditions: Conditions) -> Deck:
    """One select and deselect of a three-input decoder gate that drives a word-line driver."""
    least = _least(design)
    circuit = new_circuit(f"decoder_gate, {design.name}")
    circuit.V("drive", "vdrive", "0", conditions.vdd)
    circuit.V("held", "vheld", "0", conditions.vdd)
    start, on, period = 0.2e-9, 0.6e-9, 1.5e-9
    circuit.V("select", "select", "0", waveform(0, conditions.vdd, [(start, start + on)]))
    add_nand(circuit, design, "gate", ("select", "vheld", "vheld"), "selectb", "vdrive", least)
    add_inverter(circuit, design, "buffer", "selectb", "out", "vdrive", 2 * least)
    first = driver_widths(design, "read", conditions.columns)[0]
    add_inverter(circuit, design, "load", "out", "loaded", "vheld", first)
    widths = [3 * least * 3, 2 * least * 3, 6 * least]
    return block_deck(
        design,
        conditions,
        circuit,
        "decoder_gate",
        comments=["three inputs"],
        energies=_one_cycle({"vdrive": 1.0}, start, period),
        stop=period,
        watched=("out",),
        edges=(start + EDGE / 2, start + on),
        widths=widths,
    )


def wire_deck(design: Design, conditions: Conditions) -> Deck:
    """One charge and discharge of 1 mm of semi-global wire with four repeaters."""
    circuit = new_circuit(f"wire of 1 mm, {design.name}")
    circuit.V("drive", "vdrive", "0", conditions.vdd)
    circuit.V("held", "vheld", "0", conditions.vdd)
    start, on, period = 0.2e-9, 1.5e-9, 3.5e-9
    circuit.V("data", "data", "0", waveform(0, conditions.vdd, [(start, start + on)]))
    repeaters, lumps, width = 4, 4, design.technology.at_least(_REPEATER)
    length = 1e-3 / repeaters / lumps
    node = "data"
    for index in range(repeaters):
        add_inverter(circuit, design, f"repeater{index}", node, f"w{index}_0", "vdrive", width)
        for lump in range(lumps):
            here, there = f"w{index}_{lump}", f"w{index}_{lump + 1}"
            circuit.R(f"{here}", here, there, design.interconnect["global_resistance"] * length)
            circuit.C(f"{here}", there, "0", design.interconnect["global_capacitance"] * length)
        node = f"w{index}_{lumps}"
    add_inverter(circuit, design, "load", node, "loaded", "vheld", width)
    return block_deck(
        design,
        conditions,
        circuit,
        "wire",
        title="wire of 1 mm",
        comments=["semi-global metal, 4 repeaters"],
        energies=_one_cycle({"vdrive": 1.0}, start, period),
        stop=period,
        watched=(node,),
        edges=(start + EDGE / 2, start + on),
        widths=[3 * width] * repeaters,
    )


def _one_cycle(sources: dict[str, float], start: float, stop: float) -> dict[str, Energy]:
    return {"energy": Energy(sources, Window(start - 0.1e-9, stop))}
