"""A bit-line column: cells, wiring as a ladder, and the leakage of the rows at rest."""

from __future__ import annotations

from typing import Any

from circuits.cells import cell_layout, cell_of
from circuits.design import Design
from circuits.netlist import new_subcircuit


def read_column(design: Design, rows: int, selected: int, means: int = 0) -> Any:
    """Sub-circuit of a read column: `column_N rbl rwl0 .. rwlN-1`, parameters `s0 .. sN-1`.

    N cells sit at the far end of the line and hold the bits `s*`, the first `means` of them
    mean cells (`column_N_mM`); the other rows are lumped along the ladder. The source line is
    grounded at the far end, so that bit line plus source line have the same resistance for
    every row.
    """
    word_lines = [f"rwl{index}" for index in range(selected)]
    states = {f"s{index}": 0.0 for index in range(selected)}
    name = column_name(selected, means)
    column = new_subcircuit(name, "rbl", *word_lines, **states)
    segments = design.column.segments
    length = cell_layout(design).height * rows / segments
    cell = cell_of(design)
    resistance, capacitance = (per_metre * length for per_metre in cell.line(design))
    near, source_near = "rbl", "sl0"
    for segment in range(1, segments + 1):
        far, source_far = f"bl{segment}", f"sl{segment}" if segment < segments else "0"
        column.R(f"bl{segment}", near, far, resistance)
        column.R(f"sl{segment}", source_near, source_far, resistance)
        column.C(f"bl{segment}", far, "0", capacitance)
        cell.unselected_cells(
            column, design, f"rows{segment}", far, source_far, (rows - selected) / segments
        )
        near, source_near = far, source_far
    for index, word_line in enumerate(word_lines):
        if index < means:
            column.X(f"mean{index}", "mean_cell", near, "0", word_line)
            continue
        cell.add_cell(column, f"cell{index}", near, word_line, "{s" + str(index) + "}")
    return column


def column_name(selected: int, means: int = 0) -> str:
    """Name of the sub-circuit of a column with so many selected cells."""
    return f"column_{selected}" + (f"_m{means}" if means else "")
