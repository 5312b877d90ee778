"""The 2T1R bit-cell: read transistor on the junction, write transistor on the track.

A read current enters at the read bit line, passes the junction to the middle of the track
and leaves through half the track to the source line; a write current runs along the track
between the write bit line and the source line.
"""

from __future__ import annotations

from typing import Any

from circuits.design import Design
from circuits.layout import CellLayout
from circuits.netlist import add_transistor, new_subcircuit

LINE_OF_ONE = "wbl"
"""Write line that is driven high to write a one."""


def bit_cell(design: Design) -> Any:
    """Sub-circuit `bit_cell rbl sl rwl wbl wwl` with parameter `ap`, the stored bit (1 = AP)."""
    cell = new_subcircuit("bit_cell", "rbl", "sl", "rwl", "wbl", "wwl", ap=0)
    half_track = design.device.track_resistance / 2
    add_transistor(cell, design, "read", "n", "rbl", "rwl", "top", "0", design.cell.read_width)
    add_transistor(
        cell,
        design,
        "write",
        "n",
        "wbl",
        "wwl",
        "end",
        "0",
        design.cell.write_width / design.cell.write_fingers,
        multiplicity=design.cell.write_fingers,
    )
    if design.moving:
        cell.X("mtj", "moving_junction", "top", "middle", "sl", "end", ap="{ap}")
    else:
        cell.X("mtj", "junction", "top", "middle", ap="{ap}")
    cell.R("left", "middle", "sl", half_track)
    cell.R("right", "middle", "end", half_track)
    return cell


def add_cell(column: Any, name: str, bit_line: str, word_line: str, ap: str) -> None:
    """Add a cell of a read column; its write side is at rest, write lines at ground."""
    column.X(name, "bit_cell", bit_line, "0", word_line, "0", "0", ap=ap)


def add_written_cell(
    circuit: Any, name: str, bit_line: str, source_line: str, word_line: str, ap: int
) -> None:
    """Add a cell between its write lines, the read side at rest."""
    circuit.X(name, "bit_cell", "0", source_line, "0", bit_line, word_line, ap=ap)


def junction_nodes(cell: str, _line_end: str) -> tuple[str, str]:
    """Nodes above and under the junction of a cell."""
    return f"{cell}.top", f"{cell}.middle"


def line(design: Design) -> tuple[float, float]:
    """Resistance [ohm/m] and capacitance [F/m] of a read bit line, in local metal."""
    return design.interconnect["local_resistance"], design.interconnect["local_capacitance"]


def layout(design: Design) -> CellLayout:
    """The cell's size: gate fingers side by side along the bit line, their width across.

    The write transistor's fingers and the read transistor's one share the column pitch;
    one more gate pitch isolates the diffusions. The junction and its track lie on top.
    """
    rules = design.technology.layout
    cell = design.cell
    finger = max(cell.write_width / cell.write_fingers, cell.read_width)
    track = design.device.parameters["track_length"] + rules.metal_pitch
    width = max(finger + rules.active_spacing, track)
    return CellLayout(width, (cell.write_fingers + 2) * rules.contacted_gate_pitch)


def mean_cell(design: Design) -> Any:
    """Sub-circuit `mean_cell rbl sl rwl`: four junctions with the mean conductance of P and AP.

    Two pairs in series, each a parallel and an antiparallel junction side by side: one dummy
    column then stands between two levels with the capacitance of a single line.
    """
    cell = new_subcircuit("mean_cell", "rbl", "sl", "rwl")
    half_track = design.device.track_resistance / 2
    for pair, upper, lower in (("up", "rbl", "tap"), ("down", "tap", "sl")):
        for state in (0, 1):
            name = f"{pair}{state}"
            width = design.cell.read_width
            add_transistor(cell, design, name, "n", upper, "rwl", f"top_{name}", "0", width)
            cell.X(name, "junction", f"top_{name}", f"track_{name}", ap=state)
            cell.R(name, f"track_{name}", lower, half_track)
    return cell


def unselected_cells(
    column: Any, design: Design, name: str, bit_line: str, source_line: str, count: float
) -> None:
    """Add `count` cells at rest as one lump: leakage and junction capacitance of their access.

    Their junctions are parallel, the state that leaks most; at rest they see almost no
    voltage, so a resistor stands for junction and half track.
    """
    add_transistor(
        column,
        design,
        name,
        "n",
        bit_line,
        "0",
        f"off_{name}",
        "0",
        design.cell.read_width,
        multiplicity=count,
    )
    path = design.device.resistance_parallel + design.device.track_resistance / 2
    column.R(f"off_{name}", f"off_{name}", source_line, path / count)


def unwritten_rows(
    line: Any, design: Design, name: str, bit_line: str, source_line: str, count: float
) -> None:
    """Add `count` cells of a write column at rest as one lump: write access and track."""
    fingers = design.cell.write_fingers
    add_transistor(
        line, design, f"rows{name}", "n", bit_line, "0", f"off{name}", "0",
        design.cell.write_width / fingers, multiplicity=count * fingers,
    )  # fmt: skip
    line.R(f"off{name}", f"off{name}", source_line, design.device.track_resistance / count)
