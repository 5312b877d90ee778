"""The bit-cell that a design's device needs."""

from __future__ import annotations

from types import ModuleType

from circuits import sot_cell, stt_cell
from circuits.design import Design
from circuits.layout import CellLayout


def cell_of(design: Design) -> ModuleType:
    """The module of the cell: its sub-circuits, how it is read and written, its layout."""
    return stt_cell if design.device.cell == "stt" else sot_cell


def cell_layout(design: Design) -> CellLayout:
    """Size of one bit-cell."""
    size: CellLayout = cell_of(design).layout(design)
    return size
