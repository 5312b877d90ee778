"""StrongARM voltage sense amplifier with a p-type input pair, for inputs near ground.

While the clock is high its outputs rest at ground; when it falls, the side whose input is
lower rises. A NOR latch holds the decision over the rest of the cycle.
"""

from __future__ import annotations

from typing import Any

from circuits.design import Design
from circuits.gates import add_nor2, half_tail
from circuits.netlist import add_transistor, new_subcircuit

DECISION_EDGE = "rise"
"""The deciding output leaves its rest upwards."""


def latch(design: Design) -> Any:
    """Sub-circuit `latch sig ref clk low high vdd`: `high` rises when sig > ref, else `low`."""
    sizes = design.amplifier_sizes
    core = new_subcircuit("latch", "sig", "ref", "clk", "low", "high", "vdd")
    pair, p, n, reset = (
        sizes.pair_width,
        sizes.latch_p_width,
        sizes.latch_n_width,
        sizes.reset_width,
    )
    add_transistor(core, design, "tail", "p", "t", "clk", "vdd", "vdd", sizes.tail_width)
    add_transistor(core, design, "sig", "p", "x1", "sig", "t", "vdd", pair)
    add_transistor(core, design, "ref", "p", "x2", "ref", "t", "vdd", pair)
    add_transistor(core, design, "p1", "p", "low", "high", "x1", "vdd", p)
    add_transistor(core, design, "p2", "p", "high", "low", "x2", "vdd", p)
    add_transistor(core, design, "n1", "n", "low", "high", "0", "0", n)
    add_transistor(core, design, "n2", "n", "high", "low", "0", "0", n)
    for name, node in (("r1", "low"), ("r2", "high"), ("r3", "x1"), ("r4", "x2")):
        add_transistor(core, design, name, "n", node, "clk", "0", "0", reset)
    return core


def latch_widths(design: Design) -> list[float]:
    """Transistor widths [m] of one latch with its hold and clock driver, for the area."""
    s = design.amplifier_sizes
    core = [s.tail_width, s.pair_width, s.pair_width]
    core += [s.latch_p_width] * 2 + [s.latch_n_width] * 2 + [s.reset_width] * 4
    hold = [4 * s.latch_n_width] * 4 + [s.latch_n_width] * 4
    clock = [3 * half_tail(design)]
    return core + hold + clock


def hold(design: Design) -> Any:
    """Sub-circuit `hold low high q qb vdd`: cross-coupled NOR gates, q = 1 after `high`."""
    keeper = new_subcircuit("hold", "low", "high", "q", "qb", "vdd")
    width = design.amplifier_sizes.latch_n_width
    add_nor2(keeper, design, "q", "low", "qb", "q", "vdd", width)
    add_nor2(keeper, design, "qb", "high", "q", "qb", "vdd", width)
    return keeper
