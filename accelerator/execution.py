"""Run a mapped layer on sub-array objects, bit by bit, and count what happens.

Far too slow for a network; it is what the closed form is checked against.
"""

from __future__ import annotations

from itertools import product
from math import gcd

import numpy as np
from numpy.typing import NDArray

from accelerator.accumulator import Accumulator, count_ones
from accelerator.array import Array
from accelerator.counts import Counts
from accelerator.loaded_layer import (
    Integers,
    LoadedLayer,
    Part,
    load_layer,
    segment_places,
    weight_row,
)
from accelerator.logic_widths import largest_bits
from accelerator.mapping import Mapping, segment_phases
from accelerator.options import Options


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


def _run(
    mapping: Mapping,
    options: Options,
    counts: Counts,
    parts: list[Part],
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
        part: Part,
        segments: int,
        rotation: int,
    ) -> None:
        self.mapping, self.options, self.counts, self.part = mapping, options, counts, part
        self.array = part.subarray.array
        self.rotation = rotation
        self.columns = segment_places(part, segments)
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
            row = weight_row(mapping, self.array, part, kernel, self.rotation, plane)
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
