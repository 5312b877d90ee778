"""Rows of operands in the order in which they are written: kernels or patches, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import gcd

import numpy as np
from numpy.typing import NDArray

from accelerator.mapping import Mapping

Integers = NDArray[np.int64]
Owner = tuple[int, int]
"""Group of a segment, and its kernel in the group or its position."""


@dataclass(frozen=True, slots=True)
class OperandRow:
    """One kernel of every group, or patches, in segments; groups alternate fastest.

    what: "input" for patches; "weight" for kernels that stay, "kernel" for those that come.
    values: operands of each segment, (patch length,).
    owners: whose operands they are, segment by segment.
    fresh: columns of the window that are written.
    rotation: in which these columns lie.
    """

    what: str
    values: tuple[Integers, ...]
    owners: tuple[Owner, ...]
    fresh: NDArray[np.bool_]
    rotation: int

    @property
    def patches(self) -> bool:
        """Whether these are patches, not kernels."""
        return self.what == "input"


class OperandRows:
    """The rows of a layer's activations and weights; without one of them, of the other alone."""

    def __init__(
        self, mapping: Mapping, activations: Integers | None, weights: Integers | None
    ) -> None:
        self.mapping = mapping
        nothing: Integers = np.zeros(0, dtype=np.int64)
        self.weights = nothing if weights is None else weights
        self.windows = nothing if activations is None else _windows(mapping, activations)

    def staying(self, groups: range, tile: range) -> Iterator[OperandRow]:
        """What one tile holds."""
        mapping = self.mapping
        if mapping.weights_stay:
            for kernel, rotation in product(tile, range(mapping.rotations)):
                yield self._kernels("weight", groups, kernel, rotation, mapping.positions_per_row)
        else:
            for row in tile:
                yield self._patches(groups, row, 0)

    def coming(self, groups: range, staying: list[OperandRow]) -> Iterator[OperandRow]:
        """What meets that tile; kernels come for as many positions as its fullest row has."""
        mapping = self.mapping
        if mapping.weights_stay:
            rows = -(-mapping.streams // mapping.positions_per_row)
            for row, step in product(range(rows), range(mapping.steps)):
                yield self._patches(groups, row, step)
        else:
            beside = max(len(row.values) for row in staying) // len(groups)
            for kernel in range(mapping.layer.kernels_per_group):
                yield self._kernels("kernel", groups, kernel, 0, beside)

    def _kernels(
        self, what: str, groups: range, kernel: int, rotation: int, beside: int
    ) -> OperandRow:
        """One kernel of each group, once for each of `beside` positions."""
        layer = self.mapping.layer
        turn = rotation * gcd(layer.kernel[-1], layer.stride[-1])
        values = tuple(
            np.roll(self.weights[group * layer.kernels_per_group + kernel], turn, -1).ravel()
            for group in groups
        )
        owners = tuple((group, kernel) for group in groups)
        fresh = np.ones(layer.kernel[-1], dtype=bool)
        return OperandRow(what, values * beside, owners * beside, fresh, rotation)

    def _patches(self, groups: range, row: int, step: int) -> OperandRow:
        """The patches of one row at one step, their columns where they lie in the sub-array."""
        mapping = self.mapping
        width, stride = mapping.layer.kernel[-1], mapping.layer.stride[-1]
        offset = step * stride % width if mapping.steps > 1 else 0
        start = row * mapping.positions_per_row
        streams = range(start, min(start + mapping.positions_per_row, mapping.streams))
        owners = tuple(
            (group, stream * mapping.steps + step) for stream in streams for group in groups
        )
        values = tuple(np.roll(self.windows[owner], offset, axis=-1).ravel() for owner in owners)
        fresh = np.ones(width, dtype=bool)
        if step:
            fresh[:] = False
            fresh[(offset + np.arange(width - mapping.fresh_columns, width)) % width] = True
        return OperandRow("input", values, owners, fresh, offset // gcd(width, stride))


def _windows(mapping: Mapping, activations: Integers) -> Integers:
    """Patches as (groups, positions, channels, height, width)."""
    layer = mapping.layer
    pads = list(zip(layer.pad_begin, layer.pad_end, strict=True))
    padded = np.pad(activations, [(0, 0), *pads])
    channels = layer.in_channels // layer.groups
    out = np.zeros((layer.groups, layer.positions, channels, *layer.kernel), dtype=np.int64)
    for index, (y, x) in enumerate(product(*map(range, layer.out_size))):
        top, left = y * layer.stride[0], x * layer.stride[1]
        bottom = top + (layer.kernel[0] - 1) * layer.dilation[0] + 1
        right = left + (layer.kernel[1] - 1) * layer.dilation[1] + 1
        window = padded[:, top : bottom : layer.dilation[0], left : right : layer.dilation[1]]
        out[:, index] = window.reshape(layer.groups, channels, *layer.kernel)
    return out
