"""Offset-cancelled sense amplifier: one branch measures the reference, then the data.

A branch is a p-type load over an n-type clamp that holds the line near a fixed voltage. The
load is first a diode over the reference and its gate voltage is stored; then, through the same
clamp, a diode over the data; at last the stored gate is put back and the load, a current
source now, drives the output with the difference of the two currents. Load and clamp are the
same transistors in all three steps, so that their own thresholds and factors fall out. A
StrongARM latch compares the output with the stored gate.
"""

from __future__ import annotations

from typing import Any

from circuits import strongarm
from circuits.design import Design
from circuits.design_sections import Sampling
from circuits.gates import add_nor2, half_tail
from circuits.netlist import add_transistor, new_subcircuit

hold = strongarm.hold
SIGNALS = ("on", "rsel", "dsel", "sa", "sb")
"""What the drivers of one amplifier switch: supply, reference, data, store and diode."""


def sampling_of(design: Design) -> Sampling:
    """The sizes of the branch, which a design of this kind always has."""
    assert design.sampling is not None, "read from the design file with the amplifier"
    return design.sampling


def branch(design: Design) -> Any:
    """Sub-circuit `branch sense out store clamp off s1 s1b s2 s2b vdd`.

    `s1` joins the load's gate to the stored voltage, `s2` to the output; `off` high cuts the
    branch from its supply.
    """
    sizes, bias = sampling_of(design), design.bias
    nodes = ("sense", "out", "store", "clamp", "off", "s1", "s1b", "s2", "s2b", "vdd")
    core = new_subcircuit("branch", *nodes)
    add_transistor(core, design, "enable", "p", "top", "off", "vdd", "vdd", sizes.enable_width)
    add_transistor(
        core, design, "load", "p", "out", "gate", "top", "vdd",
        bias.mirror_width, length=bias.mirror_length,
    )  # fmt: skip
    add_transistor(
        core, design, "clamp", "n", "out", "clamp", "sense", "0",
        sizes.clamp_width, length=sizes.clamp_length,
    )  # fmt: skip
    for name, end in (("s1", "store"), ("s2", "out")):
        add_switch(core, design, name, ("gate", end), (name, f"{name}b"), sizes.switch_width)
    add_transistor(
        core, design, "storage", "p", "vdd", "store", "vdd", "vdd",
        sizes.storage_width, length=sizes.storage_length,
    )  # fmt: skip
    return core


def add_switch(
    circuit: Any,
    design: Design,
    name: str,
    ends: tuple[str, str],
    gates: tuple[str, str],
    width: float,
) -> None:
    """Add a transmission gate to a sub-circuit with the node `vdd`.

    It is closed while the first of `gates` is high and the second low.
    """
    add_transistor(circuit, design, f"{name}n", "n", ends[0], gates[0], ends[1], "0", width)
    add_transistor(circuit, design, f"{name}p", "p", ends[0], gates[1], ends[1], "vdd", width)


def latch(design: Design) -> Any:
    """Sub-circuit `latch sig ref join part clk go low high vdd`.

    Cross-coupled inverters on copies of the inputs that `join` (and `part`, its complement)
    has let in; `clk` low lifts the sources of their p transistors, `go` high lowers those of
    the n ones. `high` rises when sig > ref, else `low`; both rest at ground.
    """
    sizes = design.amplifier_sizes
    nodes = ("sig", "ref", "join", "part", "clk", "go", "low", "high", "vdd")
    core = new_subcircuit("latch", *nodes)
    for name, outside, inside in (("is", "sig", "a"), ("ir", "ref", "b")):
        add_switch(core, design, name, (outside, inside), ("join", "part"), sizes.reset_width)
    add_transistor(core, design, "head", "p", "up", "clk", "vdd", "vdd", sizes.tail_width)
    add_transistor(core, design, "foot", "n", "down", "go", "0", "0", half_tail(design))
    for name, drain, gate in (("1", "a", "b"), ("2", "b", "a")):
        add_transistor(core, design, f"p{name}", "p", drain, gate, "up", "vdd", sizes.latch_p_width)
        add_transistor(core, design, f"n{name}", "n", drain, gate, "down", "0", sizes.pair_width)
    for output, entry in (("low", "a"), ("high", "b")):
        add_nor2(core, design, output, entry, "clk", output, "vdd", sizes.latch_n_width)
    return core


def latch_widths(design: Design) -> list[float]:
    """Transistor widths [m] of one amplifier with its switches' and clock drivers, for the area.

    A transistor longer than the least counts as so much wider.
    """
    s, sizes, bias = sampling_of(design), design.amplifier_sizes, design.bias
    rules, least = design.technology.layout, design.technology.length_min

    def wider(width: float, length: float) -> float:
        return width * (1 + (length - least) / rules.contacted_gate_pitch)

    branch_widths = [
        s.enable_width,
        wider(bias.mirror_width, bias.mirror_length),
        wider(s.clamp_width, s.clamp_length),
        wider(s.storage_width, s.storage_length),
        *[s.switch_width] * 4,
        *[design.column.multiplexer_width] * 2,
    ]
    core = [sizes.reset_width] * 4 + [sizes.pair_width, sizes.latch_p_width] * 2
    core += [sizes.tail_width, half_tail(design)]
    gates = [4 * sizes.latch_n_width] * 8 + [sizes.latch_n_width] * 8
    drivers = [3 * s.switch_width] * 2 * len(SIGNALS) + [3 * half_tail(design)] * 4
    return branch_widths + core + gates + drivers
