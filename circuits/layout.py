"""Areas and wire lengths from transistor sizes and the technology's pitches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from circuits.design import Design


@dataclass(frozen=True)
class CellLayout:
    """Size of one bit-cell: `width` along the word line, `height` along the bit line [m]."""

    width: float
    height: float

    @property
    def area(self) -> float:
        """Cell area [m^2]."""
        return self.width * self.height


def transistors_area(
    design: Design, widths: Iterable[float], overhead: float | None = None
) -> float:
    """Area [m^2] of transistors of these widths [m], one gate pitch each, with the overhead."""
    rules = design.technology.layout
    bare = sum(rules.contacted_gate_pitch * (width + rules.active_spacing) for width in widths)
    return bare * (overhead or design.interconnect["layout_overhead"])
