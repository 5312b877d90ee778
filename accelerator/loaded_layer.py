"""A mapped layer in the cells of sub-array objects."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from math import gcd

import numpy as np
from numpy.typing import NDArray

from accelerator.array import Array
from accelerator.counts import Counts
from accelerator.mapping import Mapping
from accelerator.networks.layers import Layer
from accelerator.subarray import Columns, SubArray, segment_columns

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Part:
    """One sub-array's share: which kernels, planes and elements of those it has room for."""

    subarray: SubArray
    kernels: range
    planes: range
    elements: range
    room: int
    sums: bool

    def used_by(self, layer: Layer) -> Part:
        """The share of a layer of the first channels and kernels."""
        return replace(
            self,
            kernels=_below(self.kernels, layer.kernels_per_group),
            elements=_below(self.elements, layer.patch_length),
        )


def _below(numbers: range, end: int) -> range:
    return range(numbers.start, max(min(numbers.stop, end), numbers.start), numbers.step)


@dataclass(frozen=True, slots=True)
class LoadedLayer:
    """A mapped layer with its weights in the cells of sub-arrays, and the events of loading.

    `rows` are the groups that share rows, with their sub-arrays.
    """

    mapping: Mapping
    array: Array
    rows: tuple[tuple[range, tuple[Part, ...]], ...]
    counts: Counts

    @property
    def cells(self) -> tuple[NDArray[np.uint8], ...]:
        """Bits of every sub-array, in a fixed order; they are the arrays themselves."""
        return tuple(part.subarray.cells for _, parts in self.rows for part in parts)

    @property
    def weight_rows(self) -> slice:
        """The rows that hold weights; those before take patches."""
        mapping = self.mapping
        return slice(self.array.reserved_rows + mapping.resident_planes * mapping.buffers, None)


def load_layer(mapping: Mapping, array: Array, weights: Integers) -> LoadedLayer:
    """Write the weights of a mapped layer; shapes as in `execute_layer`."""
    counts = Counts()
    rows = []
    for first in range(0, mapping.layer.groups, mapping.groups_per_row):
        groups = range(first, min(first + mapping.groups_per_row, mapping.layer.groups))
        rows.append((groups, tuple(_load(mapping, array, counts, groups, weights))))
    return LoadedLayer(mapping, array, tuple(rows), counts)


def _load(
    mapping: Mapping, array: Array, counts: Counts, groups: range, weights: Integers
) -> list[Part]:
    """Sub-arrays with the kernels of `groups` written into them."""
    layer = mapping.layer
    parts = []
    for elements in _ranges(mapping.column_tiles):
        for kernels in _kernels(mapping):
            for planes in _ranges(mapping.plane_groups):
                sums = kernels.start == 0 and planes.start == 0
                subarray = SubArray(array, counts)
                part = Part(subarray, kernels, planes, elements, len(elements), sums)
                parts.append(part)
                columns = np.concatenate(
                    segment_places(part, mapping.positions_per_row * len(groups))
                )
                for kernel, rotation, plane in product(kernels, range(mapping.rotations), planes):
                    codes = [
                        _turned(
                            mapping, weights[group * layer.kernels_per_group + kernel], rotation
                        )
                        for group in groups
                    ]
                    bits = [(code.ravel()[elements] >> plane) & 1 for code in codes]
                    row = np.tile(np.concatenate(bits), mapping.positions_per_row)
                    part.subarray.write_weights(
                        weight_row(mapping, array, part, kernel, rotation, plane),
                        columns,
                        row.astype(np.uint8),
                    )
    return parts


def _ranges(sizes: tuple[int, ...]) -> list[range]:
    ends = np.cumsum(sizes).tolist()
    return [range(end - size, end) for end, size in zip(ends, sizes, strict=True)]


def _kernels(mapping: Mapping) -> list[range]:
    """Kernels of each tile, neighbours or every so-manieth."""
    tiles = len(mapping.kernel_tiles)
    if not mapping.spread:
        return _ranges(mapping.kernel_tiles)
    return [range(first, mapping.layer.kernels_per_group, tiles) for first in range(tiles)]


def segment_places(part: Part, segments: int) -> list[Columns]:
    """Columns of each segment of a row; groups alternate faster than positions."""
    array = part.subarray.array
    return [
        segment_columns(index, len(part.elements), array, part.room) for index in range(segments)
    ]


def _turned(mapping: Mapping, window: Integers, rotation: int) -> Integers:
    """The window's columns where they lie in the sub-array in this rotation."""
    return np.roll(window, rotation * gcd(mapping.layer.kernel[-1], mapping.layer.stride[-1]), -1)


def weight_row(
    mapping: Mapping, array: Array, part: Part, kernel: int, rotation: int, plane: int
) -> int:
    """The row of a plane of a kernel in one of its rotations."""
    place = part.kernels.index(kernel) * mapping.rotations + rotation
    place = place * len(part.planes) + plane - part.planes.start
    return array.reserved_rows + mapping.resident_planes * mapping.buffers + place
