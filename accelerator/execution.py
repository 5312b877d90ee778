"""Run a mapped layer on sub-array objects, bit by bit, and count what happens.

Far too slow for a network; it is what the closed form is checked against.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from math import gcd

import numpy as np
from numpy.typing import NDArray

from accelerator.accumulator import Accumulator, count_ones
from accelerator.array import Array
from accelerator.counts import Counts
from accelerator.logic_widths import largest_bits
from accelerator.mapping import Mapping, segment_phases
from accelerator.networks.layers import Layer
from accelerator.options import Options
from accelerator.subarray import Columns, SubArray, segment_columns

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Part:
    """One sub-array's share: which kernels, planes and elements of those it has room for."""

    subarray: SubArray
    kernels: range
    planes: range
    elements: range
    room: int
    sums: bool

    def used_by(self, layer: Layer) -> _Part:
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
    rows: tuple[tuple[range, tuple[_Part, ...]], ...]
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


def execute_layer(
    mapping: Mapping, array: Array, options: Options, activations: Integers, weights: Integers
) -> tuple[Integers, Counts]:
    """Outputs and events of one two-dimensional layer.

    Args:
        mapping: of a layer with two spatial dimensions and one copy.
        array: the sub-arrays' dimensions.
        options: encoding of the weights, gating.
        activations: unsigned integers, (channels, height, width).
        weights: stored codes 0 .. 2^W - 1, (kernels, channels / groups, height, width).

    Returns:
        Outputs (kernels, height, width) and the events.
    """
    loaded = load_layer(mapping.installed, array, weights)
    outputs, counts = run_layer(loaded, mapping, options, activations)
    counts.add(loaded.counts)
    return outputs, counts


def load_layer(mapping: Mapping, array: Array, weights: Integers) -> LoadedLayer:
    """Write the weights of a mapped layer; shapes as in `execute_layer`."""
    counts = Counts()
    rows = []
    for first in range(0, mapping.layer.groups, mapping.groups_per_row):
        groups = range(first, min(first + mapping.groups_per_row, mapping.layer.groups))
        rows.append((groups, tuple(_load(mapping, array, counts, groups, weights))))
    return LoadedLayer(mapping, array, tuple(rows), counts)


def run_layer(
    loaded: LoadedLayer, mapping: Mapping, options: Options, activations: Integers
) -> tuple[Integers, Counts]:
    """Outputs and events of one image in a layer that is loaded.

    `mapping` is the loaded one, or one that uses a part of it (`mapping.narrow`): no weight is
    written.
    """
    layer = mapping.layer
    outputs: Integers = np.zeros((layer.out_channels, layer.positions), dtype=np.int64)
    counts = Counts()
    windows = _windows(mapping, activations)
    for groups, installed in loaded.rows:
        parts = [part.used_by(layer) for part in installed]
        parts = [part for part in parts if part.kernels and part.elements]
        for part in parts:
            part.subarray.counts = counts
        for start in range(0, mapping.streams, mapping.positions_per_row):
            streams = range(start, min(start + mapping.positions_per_row, mapping.streams))
            segments = [(group, stream) for stream in streams for group in groups]
            for step in range(mapping.steps):
                _run(mapping, options, counts, parts, segments, step, windows, outputs)
    return outputs.reshape(layer.out_channels, *layer.out_size), counts


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


def _load(
    mapping: Mapping, array: Array, counts: Counts, groups: range, weights: Integers
) -> list[_Part]:
    """Sub-arrays with the kernels of `groups` written into them."""
    layer = mapping.layer
    parts = []
    for elements in _ranges(mapping.column_tiles):
        for kernels in _kernels(mapping):
            for planes in _ranges(mapping.plane_groups):
                sums = kernels.start == 0 and planes.start == 0
                subarray = SubArray(array, counts)
                part = _Part(subarray, kernels, planes, elements, len(elements), sums)
                parts.append(part)
                columns = np.concatenate(_columns(part, mapping.positions_per_row * len(groups)))
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
                        _weight_row(mapping, array, part, kernel, rotation, plane),
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


def _columns(part: _Part, segments: int) -> list[Columns]:
    """Columns of each segment of a row; groups alternate faster than positions."""
    array = part.subarray.array
    return [
        segment_columns(index, len(part.elements), array, part.room) for index in range(segments)
    ]


def _turned(mapping: Mapping, window: Integers, rotation: int) -> Integers:
    """The window's columns where they lie in the sub-array in this rotation."""
    return np.roll(window, rotation * gcd(mapping.layer.kernel[-1], mapping.layer.stride[-1]), -1)


def _weight_row(
    mapping: Mapping, array: Array, part: _Part, kernel: int, rotation: int, plane: int
) -> int:
    place = part.kernels.index(kernel) * mapping.rotations + rotation
    place = place * len(part.planes) + plane - part.planes.start
    return array.reserved_rows + mapping.resident_planes * mapping.buffers + place


def _run(
    mapping: Mapping,
    options: Options,
    counts: Counts,
    parts: list[_Part],
    segments: list[tuple[int, int]],
    step: int,
    windows: Integers,
    outputs: Integers,
) -> None:
    """All outputs of one row of segments at one step."""
    layer = mapping.layer
    width, stride = layer.kernel[-1], layer.stride[-1]
    offset = step * stride % width if mapping.steps > 1 else 0
    positions = [stream * mapping.steps + step for _, stream in segments]
    patches = [
        np.roll(windows[group, position], offset, axis=-1).ravel()
        for (group, _), position in zip(segments, positions, strict=True)
    ]
    fresh = np.ones(width, dtype=bool)
    if step:
        fresh[:] = False
        fresh[(offset + np.arange(width - mapping.fresh_columns, width)) % width] = True
    rotation = offset // gcd(width, stride)
    results: dict[tuple[int, int], list[int]] = {}
    sums: dict[int, list[int]] = {}
    for part in parts:
        run = _PartRun(mapping, options, counts, part, len(segments), rotation)
        run.execute(
            [patch[part.elements] for patch in patches], np.resize(fresh, len(part.elements))
        )
        for key, value in run.results.items():
            results.setdefault(key, []).append(value << part.planes.start)
        for segment, value in run.sums.items():
            sums.setdefault(segment, []).append(value)
    scaled = {key: _scaled_sum(mapping, counts, values) for key, values in sums.items()}
    widest = mapping.installed.layer.patch_length
    full = largest_bits(widest, mapping.weight_bits, mapping.activation_bits)
    for (segment, kernel), values in results.items():
        total = Accumulator(full)
        total.value = values[0]
        for value in values[1:]:
            total.add(value)
        counts.partial_adders += total.adders
        counts.partial_flip_flops += total.adders
        value = total.value
        if options.sums_activations:
            value = 2 * value - scaled[segment]
            counts.sum_adders += full + 1
            counts.sum_flip_flops += full + 1
        group = segments[segment][0]
        outputs[group * layer.kernels_per_group + kernel, positions[segment]] = value


def _scaled_sum(mapping: Mapping, counts: Counts, values: list[int]) -> int:
    """(2^W - 1) times the sum of a patch's activations, from its column tiles."""
    length, bits = mapping.installed.layer.patch_length, mapping.activation_bits
    total = Accumulator(largest_bits(length, 1, bits))
    total.value = values[0]
    for value in values[1:]:
        total.add(value)
    adders = total.adders
    scaled = total.value
    if mapping.weight_bits > 1:
        product_ = Accumulator(largest_bits(length, mapping.weight_bits, bits))
        product_.value = scaled << mapping.weight_bits - 1
        product_.add((scaled << mapping.weight_bits) - scaled - product_.value)
        adders += product_.adders
        scaled = product_.value
    counts.sum_adders += adders
    counts.sum_flip_flops += adders
    return scaled


class _PartRun:
    """One sub-array working on one row of segments, plane by plane from the highest."""

    def __init__(
        self,
        mapping: Mapping,
        options: Options,
        counts: Counts,
        part: _Part,
        segments: int,
        rotation: int,
    ) -> None:
        self.mapping, self.options, self.counts, self.part = mapping, options, counts, part
        self.array = part.subarray.array
        self.rotation = rotation
        self.columns = _columns(part, segments)
        self.all_columns = np.concatenate(self.columns)
        length, bits = len(part.elements), mapping.activation_bits
        self.phases = np.cumsum(segment_phases(length, self.array))[:-1]
        self.inner_width = largest_bits(part.room, len(part.planes), 1)
        outer_width = largest_bits(part.room, len(part.planes), bits)
        self.outer = {
            key: Accumulator(outer_width) for key in product(range(segments), part.kernels)
        }
        self.activation_sums = {
            segment: Accumulator(largest_bits(part.room, 1, bits)) for segment in range(segments)
        }
        self.results: dict[tuple[int, int], int] = {}
        self.sums: dict[int, int] = {}

    def execute(self, patches: list[Integers], fresh: NDArray[np.bool_]) -> None:
        """Write, read and AND all planes of the patches; fill `results` and `sums`."""
        mapping = self.mapping
        planes = list(reversed(range(mapping.activation_bits)))
        for start in range(0, len(planes), mapping.resident_planes):
            resident = planes[start : start + mapping.resident_planes]
            for place, plane in enumerate(resident):
                row = self.array.reserved_rows + place
                bits = np.concatenate([(patch[fresh] >> plane) & 1 for patch in patches])
                columns = np.concatenate([column[fresh] for column in self.columns])
                self.part.subarray.write_inputs(row, columns, bits.astype(np.uint8))
                if self.options.sums_activations and self.part.sums:
                    self._sum(row)
            for kernel in self.part.kernels:
                for place in range(len(resident)):
                    self._multiply(kernel, self.array.reserved_rows + place)
        for key, register in self.outer.items():
            self.results[key] = register.value
            self.counts.accumulate_adders += register.adders
            self.counts.accumulate_flip_flops += register.adders
        if self.options.sums_activations and self.part.sums:
            for segment, register in self.activation_sums.items():
                self.sums[segment] = register.value
                self.counts.sum_adders += register.adders
                self.counts.sum_flip_flops += register.adders

    def _sum(self, row: int) -> None:
        bits = self.part.subarray.read_row(row, self.all_columns)
        for segment, own in enumerate(np.split(bits, len(self.columns))):
            register = self.activation_sums[segment]
            register.shift()
            for phase in np.split(own, self.phases):
                ones, adders = count_ones(phase)
                self.counts.sum_count_adders += adders
                register.add(ones)

    def _multiply(self, kernel: int, activation_row: int) -> None:
        """One activation plane with all planes of one kernel."""
        part, mapping = self.part, self.mapping
        inner = [Accumulator(self.inner_width) for _ in self.columns]
        for plane in reversed(part.planes):
            row = _weight_row(mapping, self.array, part, kernel, self.rotation, plane)
            bits = part.subarray.and_rows(row, activation_row, self.all_columns)
            top = mapping.weight_bits - 1
            sign = -1 if self.options.weight_encoding == "twos_complement" and plane == top else 1
            for segment, own in enumerate(np.split(bits, len(self.columns))):
                inner[segment].shift()
                for phase in np.split(own, self.phases):
                    ones, adders = count_ones(phase)
                    self.counts.bit_count_adders += adders
                    inner[segment].add(sign * ones)
        for segment, register in enumerate(inner):
            outer = self.outer[segment, kernel]
            outer.shift()
            outer.add(register.value)
            self.counts.accumulate_adders += register.adders
            self.counts.accumulate_flip_flops += register.adders
