"""The 2T1R bit-cell: read transistor on the junction, write transistor on the track.

A read current enters at the read bit line, passes the junction to the middle of the track
and leaves through half the track to the source line; a write current runs along the track.
"""

from __future__ import annotations

from typing import Any

from circuits.design import Design
from circuits.netlist import add_transistor, new_subcircuit


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
    cell.X("mtj", "junction", "top", "middle", ap="{ap}")
    cell.R("left", "middle", "sl", half_track)
    cell.R("right", "middle", "end", half_track)
    return cell


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
