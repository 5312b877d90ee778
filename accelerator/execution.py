"""Run a mapped layer on sub-array objects, bit by bit, and count what happens.

Far too slow for a network; it is what the closed form is checked against.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress, product, repeat
from math import gcd

import numpy as np
from numpy.typing import NDArray

from accelerator.accumulator import Accumulator, count_ones
from accelerator.array import Array
from accelerator.counts import Counts
from accelerator.logic_widths import largest_bits
from accelerator.mapping import Mapping, ranges, segment_phases
from accelerator.options import Options
from accelerator.subarray import Columns, SubArray, segment_columns

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Part:
    """One sub-array's share: which kernels, planes and elements it holds.

    `sums`: it reads the activations of its elements, for all that work on the same patches.
    """

    subarray: SubArray
    kernels: range
    planes: range
    elements: range
    sums: bool


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

    Sub-arrays that the mapping does not keep are not made, whatever their weights.

    Returns:
        Outputs (kernels, height, width) and the events.
    """
    layer = mapping.layer
    outputs: Integers = np.zeros((layer.out_channels, layer.positions), dtype=np.int64)
    counts = Counts()
    windows = _windows(mapping, activations)
    for first in range(0, layer.groups, mapping.groups_per_row):
        groups = range(first, min(first + mapping.groups_per_row, layer.groups))
        parts = _load(mapping, array, counts, first // mapping.groups_per_row, groups, weights)
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
    mapping: Mapping, array: Array, counts: Counts, tile: int, groups: range, weights: Integers
) -> list[_Part]:
    """Sub-arrays with the kernels of `groups`, a group tile, written into them."""
    layer = mapping.layer
    parts = []
    for place, elements in enumerate(ranges(mapping.column_tiles)):
        every = repeat(True) if mapping.kept is None else mapping.kept[tile][place]
        tiles = list(compress(ranges(mapping.kernel_tiles), every))
        for kernels in tiles:
            for planes in ranges(mapping.plane_groups):
                sums = kernels == tiles[0] and planes.start == 0
                part = _Part(SubArray(array, counts), kernels, planes, elements, sums)
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


def _columns(part: _Part, segments: int) -> list[Columns]:
    """Columns of each segment of a row; groups alternate faster than positions."""
    array = part.subarray.array
    return [segment_columns(index, len(part.elements), array) for index in range(segments)]


def _turned(mapping: Mapping, window: Integers, rotation: int) -> Integers:
    """The window's columns where they lie in the sub-array in this rotation."""
    return np.roll(window, rotation * gcd(mapping.layer.kernel[-1], mapping.layer.stride[-1]), -1)


def _weight_row(
    mapping: Mapping, array: Array, part: _Part, kernel: int, rotation: int, plane: int
) -> int:
    place = (kernel - part.kernels.start) * mapping.rotations + rotation
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
    sums: dict[tuple[int, int], int] = {}
    needed: dict[int, set[int]] = {}
    for part in parts:
        run = _PartRun(mapping, options, counts, part, len(segments), rotation)
        run.execute(
            [patch[part.elements] for patch in patches], np.resize(fresh, len(part.elements))
        )
        for key, value in run.results.items():
            # The two planes of ternary weights have the same weight.
            shift = 0 if mapping.ternary else part.planes.start
            results.setdefault(key, []).append(value << shift)
        for segment, value in run.sums.items():
            sums[segment, part.elements.start] = value
        for kernel in part.kernels:
            needed.setdefault(kernel, set()).add(part.elements.start)
    # Kernels that use the same column tiles share the sum of their activations.
    starts = {frozenset(tiles) for tiles in needed.values()} if sums else set()
    scaled = {
        (segment, tiles): _scaled_sum(mapping, counts, [sums[segment, tile] for tile in tiles])
        for segment in range(len(segments))
        for tiles in starts
    }
    full = mapping.result_bits(layer.patch_length, mapping.weight_bits, mapping.activation_bits)
    for (segment, kernel), values in results.items():
        total = Accumulator(full)
        total.value = values[0]
        for value in values[1:]:
            total.add(value)
        counts.partial_adders += total.adders
        counts.partial_flip_flops += total.adders
        value = total.value
        if options.sums_activations:
            value = 2 * value - scaled[segment, frozenset(needed[kernel])]
            counts.sum_adders += full + 1
            counts.sum_flip_flops += full + 1
        group = segments[segment][0]
        outputs[group * layer.kernels_per_group + kernel, positions[segment]] = value


def _scaled_sum(mapping: Mapping, counts: Counts, values: list[int]) -> int:
    """(2^W - 1) times the sum of a patch's activations, from its column tiles."""
    length, bits = mapping.layer.patch_length, mapping.activation_bits
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
        self.inner_width = mapping.result_bits(length, len(part.planes), 1)
        outer_width = mapping.result_bits(length, len(part.planes), bits)
        self.outer = {
            key: Accumulator(outer_width) for key in product(range(segments), part.kernels)
        }
        self.activation_sums = {
            segment: Accumulator(largest_bits(length, 1, bits)) for segment in range(segments)
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
            signed = mapping.ternary or self.options.weight_encoding == "twos_complement"
            sign = -1 if signed and plane == top else 1
            for segment, own in enumerate(np.split(bits, len(self.columns))):
                if not mapping.ternary:
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
