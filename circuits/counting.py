"""Benches of the bit counter: `full_adder` (28-transistor mirror adder) and `flip_flop`."""

from __future__ import annotations

from typing import Any

from circuits.blocks import block_deck
from circuits.deck import Conditions, Deck, Energy, Window
from circuits.deck_text import piecewise
from circuits.design import Design
from circuits.netlist import EDGE, add_inverter, add_transistor, new_circuit

_WIDTH = 0.12e-6
"""Width [m] of the unit n transistor, where the technology can draw it."""
ADDER_PERIOD = 0.4e-9
CLOCK_PERIOD = 0.6e-9


def unit_width(design: Design) -> float:
    """Width [m] of the unit n transistor in the design's technology."""
    return design.technology.at_least(_WIDTH)


def transition_sequence() -> list[int]:
    """Input patterns 0..7 in an order that has every one of the 64 transitions once.

    A de Bruijn sequence of order two over eight symbols, closed by its first symbol.
    """
    sequence: list[int] = []
    for first in range(8):
        sequence.append(first)
        for second in range(first + 1, 8):
            sequence += [first, second]
    return [*sequence, 0]


def adder_deck(design: Design, conditions: Conditions) -> Deck:
    """All 64 input transitions of a full adder loaded by gates of its own size."""
    vdd = conditions.vdd
    unit = unit_width(design)
    circuit = new_circuit(f"full_adder, {design.name}")
    circuit.V("drive", "vdrive", "0", vdd)
    circuit.V("held", "vheld", "0", vdd)
    sequence = transition_sequence()
    start = 0.2e-9
    times = [start + ADDER_PERIOD * index for index in range(len(sequence) - 1)]
    for bit, node in enumerate(("a", "b", "c")):
        points = [(0.0, vdd * (sequence[0] >> bit & 1))]
        for time, before, after in zip(times, sequence[:-1], sequence[1:], strict=True):
            points += [(time, vdd * (before >> bit & 1)), (time + EDGE, vdd * (after >> bit & 1))]
        # The complement drives an inverter, so that a gate and not a source drives the input.
        circuit.V(
            node, f"{node}_b", "0", piecewise([(time, vdd - value) for time, value in points])
        )
        add_inverter(circuit, design, f"drive_{node}", f"{node}_b", node, "vheld", 2 * unit)
    widths = _add_adder(circuit, design)
    for node in ("sum", "carry"):
        add_inverter(circuit, design, f"load_{node}", node, f"load_{node}", "vheld", 2 * unit)
    stop = times[-1] + ADDER_PERIOD
    window = Window(start - 0.02e-9, stop)
    last = sequence[-1]
    ones = last.bit_count()
    energies = {"energy": Energy({"vdrive": 1.0}, window, len(times))}
    return block_deck(
        design,
        conditions,
        circuit,
        "full_adder",
        energies=energies,
        stop=stop,
        watched=("sum", "carry"),
        edges=tuple(time + EDGE / 2 for time in times),
        widths=widths,
        outputs={"sum": ones & 1, "carry": int(ones >= 2)},
        plotted=("a", "b", "c", "sum", "carry"),
    )


def _add_adder(circuit: Any, design: Design) -> list[float]:
    """The mirror adder from its two complex gates; returns all transistor widths [m]."""
    unit = unit_width(design)
    widths: list[float] = []

    def stack(name: str, polarity: str, output: str, gates: tuple[str, ...]) -> None:
        rail = "0" if polarity == "n" else "vdrive"
        width = unit * (1 if polarity == "n" else 2)
        node = output
        for index, gate in enumerate(gates):
            following = rail if index == len(gates) - 1 else f"{name}_{polarity}{index}"
            add_transistor(
                circuit,
                design,
                f"{name}{polarity}{index}",
                polarity,
                node,
                gate,
                following,
                rail,
                width,
            )
            widths.append(width)
            node = following

    for polarity in ("n", "p"):
        # Carry complement: not (a b + c (a + b)); the mirror has the same stacks on both sides.
        stack("cab", polarity, "carry_b", ("a", "b"))
        stack("cca", polarity, "carry_b", ("c", "a"))
        stack("ccb", polarity, "carry_b", ("c", "b"))
        # Sum complement: not (a b c + carry_b (a + b + c)).
        stack("sabc", polarity, "sum_b", ("a", "b", "c"))
        for entry in ("a", "b", "c"):
            stack(f"s{entry}", polarity, "sum_b", ("carry_b", entry))
    for node in ("carry", "sum"):
        add_inverter(circuit, design, f"out_{node}", f"{node}_b", node, "vdrive", 2 * unit)
        widths.extend([2 * unit, 4 * unit])
    return widths


def flip_flop_deck(design: Design, conditions: Conditions) -> Deck:
    """A master-slave flip-flop: four cycles at a data activity of one half, then four at rest."""
    vdd = conditions.vdd
    unit = unit_width(design)
    circuit = new_circuit(f"flip_flop, {design.name}")
    circuit.V("drive", "vdrive", "0", vdd)
    circuit.V("held", "vheld", "0", vdd)
    start, cycles = 0.3e-9, 8
    rising = [start + CLOCK_PERIOD * index for index in range(cycles)]
    clock = [(0.0, vdd)]
    for time in rising:
        fall = time + CLOCK_PERIOD / 2
        clock += [(time, vdd), (time + EDGE, 0.0), (fall, 0.0), (fall + EDGE, vdd)]
    circuit.V("clock", "clock_b", "0", piecewise(clock))
    # Data change in the low half before the first and third rising edges, then rest.
    changes = [(rising[0] - 0.25e-9, 0), (rising[2] - 0.25e-9, 1)]
    data = [(0.0, vdd)]
    level = vdd
    for time, bit in changes:
        data += [(time, level), (time + EDGE, vdd * bit)]
        level = vdd * bit
    circuit.V("data", "data_b", "0", piecewise(data))
    add_inverter(circuit, design, "drive_clock", "clock_b", "clock", "vdrive", 2 * unit)
    add_inverter(circuit, design, "drive_data", "data_b", "d", "vheld", unit)
    widths = _add_flip_flop(circuit, design)
    add_inverter(circuit, design, "load", "q", "load_q", "vheld", 2 * unit)
    active = Window(rising[0] - 0.28e-9, rising[4] - 0.28e-9)
    still = Window(rising[4] - 0.28e-9, rising[7] + CLOCK_PERIOD - 0.28e-9)
    energies = {
        "energy": Energy({"vdrive": 1.0}, active, 4),
        "energy_clock_only": Energy({"vdrive": 1.0}, still, 4),
    }
    edges = (rising[0] + EDGE / 2, rising[1] - 0.05e-9, rising[2] + EDGE / 2, rising[3] - 0.05e-9)
    return block_deck(
        design,
        conditions,
        circuit,
        "flip_flop",
        energies=energies,
        stop=still.stop,
        watched=("q",),
        edges=edges,
        widths=[*widths, 6 * unit],
        outputs={"q": 0},
        plotted=("clock", "d", "q"),
        # The slave holds a zero at first; without a guess it starts metastable.
        guesses={"s": 0.0, "sb": vdd, "sf": 0.0, "q": 0.0},
    )


def _add_flip_flop(circuit: Any, design: Design) -> list[float]:
    """Two transmission-gate latches with weak feedback gated by the clock."""
    widths: list[float] = []
    w = unit_width(design)

    def inverter(name: str, entry: str, output: str, size: float) -> None:
        add_inverter(circuit, design, name, entry, output, "vdrive", size)
        widths.extend([size, 2 * size])

    def gate(name: str, first: str, second: str, on: str, on_b: str) -> None:
        add_transistor(circuit, design, f"{name}n", "n", first, on, second, "0", w)
        add_transistor(circuit, design, f"{name}p", "p", first, on_b, second, "vdrive", 2 * w)
        widths.extend([w, 2 * w])

    inverter("local1", "clock", "cb", w)
    inverter("local2", "cb", "ct", w)
    inverter("buffer", "d", "db", w)
    gate("master", "db", "m", "cb", "ct")
    inverter("m1", "m", "mb", w)
    inverter("m2", "mb", "mf", w)
    gate("mfeed", "mf", "m", "ct", "cb")
    gate("slave", "mb", "s", "ct", "cb")
    inverter("s1", "s", "sb", w)
    inverter("s2", "sb", "sf", w)
    gate("sfeed", "sf", "s", "cb", "ct")
    # db, m = not d; mb = d; s = d; the output buffer gives q = not sb = d.
    inverter("out", "sb", "q", 2 * w)
    return widths
