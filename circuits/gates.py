"""Static CMOS gates that amplifiers and periphery share."""

from __future__ import annotations

from typing import Any

from circuits.design import Design
from circuits.netlist import add_transistor

_LINE_DRIVER = 0.5e-6


def half_tail(design: Design) -> float:
    """Width [m] of what is half a tail wide: an n transistor of a clock driver, a foot."""
    return design.technology.at_least(design.amplifier_sizes.tail_width / 2)


def line_driver(design: Design) -> float:
    """Width [m] of the n transistor that drives a line which amplifiers share."""
    return design.technology.at_least(_LINE_DRIVER)


def add_nor2(
    circuit: Any,
    design: Design,
    name: str,
    first: str,
    second: str,
    output: str,
    supply: str,
    width_n: float,
) -> None:
    """Add a two-input NOR; the stacked p transistors are four times `width_n` [m] wide."""
    middle = f"{name}_m"
    p = 4 * width_n
    add_transistor(circuit, design, name + "p1", "p", middle, first, supply, supply, p)
    add_transistor(circuit, design, name + "p2", "p", output, second, middle, supply, p)
    add_transistor(circuit, design, name + "n1", "n", output, first, "0", "0", width_n)
    add_transistor(circuit, design, name + "n2", "n", output, second, "0", "0", width_n)


def add_nand(
    circuit: Any,
    design: Design,
    name: str,
    entries: tuple[str, ...],
    output: str,
    supply: str,
    width_n: float,
) -> None:
    """Add a NAND of any fan-in; stacked n transistors are widened by the fan-in."""
    count = len(entries)
    node = output
    for index, entry in enumerate(entries):
        last = "0" if index == count - 1 else f"{name}_m{index}"
        add_transistor(
            circuit, design, f"{name}n{index}", "n", node, entry, last, "0", count * width_n
        )
        add_transistor(
            circuit, design, f"{name}p{index}", "p", output, entry, supply, supply, 2 * width_n
        )
        node = last
