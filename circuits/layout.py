"""Areas and wire lengths from transistor sizes and the technology's pitches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from circuits.design import Design


@dataclass(frozen=True)
class CellLayout:
    """Size of one 2T1R bit-cell: `width` along the word line, `height` along the bit line [m]."""

    width: float
    height: float

    @property
    def area(self) -> float:
        """Cell area [m^2]."""
        return self.width * self.height


def cell_layout(design: Design) -> CellLayout:
    """The cell's size: gate fingers side by side along the bit line, their width across.

    The write transistor's fingers and the read transistor's one share the column pitch;
    one more gate pitch isolates the diffusions. The junction and its track lie on top.
    """
    rules = design.technology.layout
    cell = design.cell
    finger = max(cell.write_width / cell.write_fingers, cell.read_width)
    track = design.device.parameters["track_length"] + rules.metal_pitch
    width = max(finger + rules.active_spacing, track)
    height = (cell.write_fingers + 2) * rules.contacted_gate_pitch
    return CellLayout(width, height)


def transistors_area(
    design: Design, widths: Iterable[float], overhead: float | None = None
) -> float:
    """Area [m^2] of transistors of these widths [m], one gate pitch each, with the overhead."""
    rules = design.technology.layout
    bare = sum(rules.contacted_gate_pitch * (width + rules.active_spacing) for width in widths)
    return bare * (overhead or design.interconnect["layout_overhead"])
