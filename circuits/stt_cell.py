"""The 1T1R bit-cell: a junction in series with one access transistor.

Reads and writes pass the same path from the bit line over the junction to the source line.
A read current drives towards the parallel state, so that of two cells sensed together the
antiparallel one, with the smaller share of the current, is the one that could be disturbed.
"""

from __future__ import annotations

from typing import Any

from circuits.design import Design
from circuits.layout import CellLayout
from circuits.netlist import add_transistor, new_subcircuit

LINE_OF_ONE = "sl"
"""Write line that is driven high to write a one, the antiparallel state."""


def bit_cell(design: Design) -> Any:
    """Sub-circuit `bit_cell bl sl wl` with parameter `ap`, the stored bit (1 = AP)."""
    cell = new_subcircuit("bit_cell", "bl", "sl", "wl", ap=0)
    if design.moving:
        cell.X("mtj", "moving_junction", "bl", "middle", "0", "0", ap="{ap}")
    else:
        cell.X("mtj", "junction", "bl", "middle", ap="{ap}")
    _add_access(cell, design, "access", "middle", "wl", "sl", 1)
    return cell


def add_cell(column: Any, name: str, bit_line: str, word_line: str, ap: str) -> None:
    """Add a cell of a column whose source line is at ground."""
    column.X(name, "bit_cell", bit_line, "0", word_line, ap=ap)


def add_written_cell(
    circuit: Any, name: str, bit_line: str, source_line: str, word_line: str, ap: int
) -> None:
    """Add a cell between its two lines."""
    circuit.X(name, "bit_cell", bit_line, source_line, word_line, ap=ap)


def junction_nodes(cell: str, line_end: str) -> tuple[str, str]:
    """Nodes above and under the junction of a cell at the end `line_end` of its bit line."""
    return line_end, f"{cell}.middle"


def line(design: Design) -> tuple[float, float]:
    """Resistance [ohm/m] and capacitance [F/m] of the bit line, which also carries the write."""
    layers = design.write.line_layers
    wires = design.interconnect
    return wires["global_resistance"] / layers, wires["global_capacitance"] * layers


def layout(design: Design) -> CellLayout:
    """The cell's size: gate fingers side by side along the bit line, their width across.

    One more gate pitch isolates the diffusions; the junction lies on top.
    """
    rules = design.technology.layout
    cell = design.cell
    junction = design.device.parameters["free_layer_length"] + rules.metal_pitch
    width = max(cell.write_width / cell.write_fingers + rules.active_spacing, junction)
    return CellLayout(width, (cell.write_fingers + 1) * rules.contacted_gate_pitch)


def mean_cell(design: Design) -> Any:
    """Sub-circuit `mean_cell bl sl wl`: four junctions with the mean conductance of P and AP.

    Two pairs in series, each of a P and an AP junction in parallel.
    """
    cell = new_subcircuit("mean_cell", "bl", "sl", "wl")
    for pair, upper, lower in (("up", "bl", "tap"), ("down", "tap", "sl")):
        for state in (0, 1):
            name = f"{pair}{state}"
            cell.X(name, "junction", upper, f"middle_{name}", ap=state)
            _add_access(cell, design, name, f"middle_{name}", "wl", lower, 1)
    return cell


def unselected_cells(
    column: Any, design: Design, name: str, bit_line: str, source_line: str, count: float
) -> None:
    """Add `count` cells at rest as one lump: junctions and what their access leaks.

    Their junctions are parallel, the state that leaks most; at rest they see almost no
    voltage, so a resistor stands for them.
    """
    column.R(f"off_{name}", bit_line, f"off_{name}", design.device.resistance_parallel / count)
    _add_access(column, design, name, f"off_{name}", "0", source_line, count)


def unwritten_rows(
    line: Any, design: Design, name: str, bit_line: str, source_line: str, count: float
) -> None:
    """Add `count` cells of a write column at rest as one lump."""
    unselected_cells(line, design, f"rows{name}", bit_line, source_line, count)


def _add_access(
    circuit: Any, design: Design, name: str, drain: str, gate: str, source: str, count: float
) -> None:
    fingers = design.cell.write_fingers
    add_transistor(
        circuit, design, name, "n", drain, gate, source, "0",
        design.cell.write_width / fingers, multiplicity=count * fingers,
    )  # fmt: skip
