"""Pre-charge (current-race) sense amplifier.

Both outputs and, through the latch's own n transistors, both lines are pre-charged to VDD
less a threshold; then the word lines open and the line with the smaller resistance falls
first. The threshold stored on each line cancels part of the latch's offset.
"""

from __future__ import annotations

from typing import Any

from circuits.design import Design
from circuits.gates import add_nand, half_tail
from circuits.netlist import add_transistor, new_subcircuit

DECISION_EDGE = "fall"
"""The deciding output leaves its rest downwards."""


def latch(design: Design) -> Any:
    """Sub-circuit `latch sig ref clk low high vdd`: clk low pre-charges, high races.

    The side with the larger current falls: `high` stays up when sig conducts less than ref
    (signal antiparallel), `low` stays up otherwise.
    """
    sizes = design.amplifier_sizes
    core = new_subcircuit("latch", "sig", "ref", "clk", "low", "high", "vdd")
    pair, p, reset = sizes.pair_width, sizes.latch_p_width, sizes.reset_width
    # The line that falls first takes its own output down and so keeps the other up.
    add_transistor(core, design, "n1", "n", "high", "low", "sig", "0", pair)
    add_transistor(core, design, "n2", "n", "low", "high", "ref", "0", pair)
    add_transistor(core, design, "p1", "p", "high", "low", "vdd", "vdd", p)
    add_transistor(core, design, "p2", "p", "low", "high", "vdd", "vdd", p)
    add_transistor(core, design, "c1", "p", "high", "clk", "vdd", "vdd", sizes.tail_width)
    add_transistor(core, design, "c2", "p", "low", "clk", "vdd", "vdd", sizes.tail_width)
    add_transistor(core, design, "c3", "p", "high", "clk", "low", "vdd", reset)
    add_transistor(core, design, "c4", "p", "sig", "clk", "ref", "vdd", sizes.tail_width)
    return core


def latch_widths(design: Design) -> list[float]:
    """Transistor widths [m] of one latch with its hold and clock driver, for the area."""
    s = design.amplifier_sizes
    core = [s.pair_width] * 2 + [s.latch_p_width] * 2 + [s.tail_width] * 3 + [s.reset_width]
    hold = [2 * s.latch_n_width] * 8 + [3 * s.latch_n_width] * 2
    return [*core, *hold, 3 * half_tail(design)]


def hold(design: Design) -> Any:
    """Sub-circuit `hold low high q qb vdd`: cross-coupled NAND gates, q = 1 while `low` fell."""
    keeper = new_subcircuit("hold", "low", "high", "q", "qb", "vdd")
    width = design.amplifier_sizes.latch_n_width
    add_nand(keeper, design, "q", ("low", "qb"), "q", "vdd", width)
    add_nand(keeper, design, "qb", ("high", "q"), "qb", "vdd", width)
    return keeper
