"""The events of a layer from its mapping, without executing it."""

from __future__ import annotations

from collections import Counter

from accelerator.array import Array
from accelerator.counts import Counts
from accelerator.logic_widths import bit_count_adders, largest_bits
from accelerator.mapping import (
    Mapping,
    in_full_and_rest,
    row_phases,
    row_references,
    segment_phases,
)
from accelerator.options import Options
from accelerator.plan import Seen


def count_events(
    mapping: Mapping, array: Array, options: Options, seen: Seen | None = None
) -> Counts:
    """All events of one image in the sub-arrays of a layer, loading the weights included.

    Totals are shared out by operand value as they were `seen`, else as the options' densities
    make them likely.

    Rows of segments come in few shapes: full or rest, by groups and by positions, times a few
    lengths of column tiles; the counts are sums over those shapes. The weights are all that are
    in the cells, in use or not.
    """
    layer = mapping.layer
    counts = Counts()
    stored = mapping.installed
    for groups, group_times in in_full_and_rest(layer.groups, mapping.groups_per_row):
        for room, tile_times in Counter(stored.column_tiles).items():
            _count_weights(counts, stored, array, groups, room, group_times * tile_times)
        for (length, room), tile_times in mapping.tiles.items():
            for positions, times in in_full_and_rest(mapping.streams, mapping.positions_per_row):
                rows = group_times * times * tile_times
                _count_inputs(counts, mapping, array, groups * positions, length, rows)
                rows *= mapping.steps
                _count_ands(counts, mapping, array, groups * positions, length, room, rows)
                if options.sums_activations:
                    _count_reads(counts, mapping, array, groups * positions, length, room, rows)
    _count_combining(counts, mapping, options)
    _split_by_value(counts, mapping, options, seen)
    return counts


def _sense(segments: int, length: int, room: int, array: Array) -> tuple[int, int, int]:
    """(cycles, idle reference shares, unused columns) of sensing one row."""
    used = segments * length
    if array.gate_unused_columns:
        phases, unused = row_phases(segments, length, array, room), 0
        shares = row_references(segments, length, array, room)
    else:
        phases = [(array.amplifiers, array.columns_per_amplifier)]
        unused = array.columns - used
        shares = array.reference_shares(array.amplifiers) * array.columns_per_amplifier
    cycles = sum(array.sense_cycles(active) * times for active, times in phases)
    return cycles, shares - used - unused, unused


def _count_ands(
    counts: Counts, mapping: Mapping, array: Array, segments: int, length: int, room: int, rows: int
) -> None:
    """ANDs of `rows` rows of segments, with every kernel, and what counts their ones."""
    kernels, activation_bits = mapping.layer.kernels_per_group, mapping.activation_bits
    operations = rows * kernels * mapping.weight_bits * activation_bits
    cycles, idle, unused = _sense(segments, length, room, array)
    counts.ands += operations * segments * length
    counts.and_unused += operations * unused
    counts.and_reference_idle += operations * idle
    counts.and_rows += operations
    counts.and_cycles += operations * cycles
    phases = segment_phases(length, array)
    counts.bit_count_adders += operations * segments * sum(map(bit_count_adders, phases))
    for planes, times in Counter(mapping.plane_groups).items():
        inner = largest_bits(room, planes, 1)
        outer = largest_bits(room, planes, activation_bits)
        bits = segments * rows * kernels * activation_bits * times
        bits *= planes * len(phases) * inner + outer
        counts.accumulate_adders += bits
        counts.accumulate_flip_flops += bits


def _count_reads(
    counts: Counts, mapping: Mapping, array: Array, segments: int, length: int, room: int, rows: int
) -> None:
    """READs of each activation plane of `rows` rows of segments, in one kernel tile only."""
    operations = rows * mapping.activation_bits
    cycles, idle, unused = _sense(segments, length, room, array)
    counts.reads += operations * segments * length
    counts.read_unused += operations * unused
    counts.read_reference_idle += operations * idle
    counts.read_rows += operations
    counts.read_cycles += operations * cycles
    phases = segment_phases(length, array)
    counts.sum_count_adders += operations * segments * sum(map(bit_count_adders, phases))
    bits = operations * segments * len(phases) * largest_bits(room, 1, mapping.activation_bits)
    counts.sum_adders += bits
    counts.sum_flip_flops += bits


def _count_inputs(
    counts: Counts, mapping: Mapping, array: Array, segments: int, length: int, rows: int
) -> None:
    """Writes of `rows` rows of segments, each step after the first only what is fresh."""
    fresh_rows = rows * (mapping.steps - 1)
    for cells, number in (
        (segments * length, rows),
        (segments * mapping.fresh_cells(length), fresh_rows),
    ):
        operations = number * mapping.activation_bits * mapping.weight_tiles
        pulses = array.write_pulses(cells)
        counts.input_cells += operations * cells
        counts.input_rows += operations
        counts.input_pulses += operations * pulses
        counts.input_half_selected += operations * (pulses * array.columns - cells)


def _count_weights(
    counts: Counts, mapping: Mapping, array: Array, groups: int, length: int, times: int
) -> None:
    """Writes of the kernels' planes, once for every position side by side."""
    cells = groups * mapping.positions_per_row * length
    planes = mapping.weight_bits * mapping.rotations
    operations = times * mapping.copies * mapping.layer.kernels_per_group * planes
    pulses = array.write_pulses(cells)
    counts.weight_cells += operations * cells
    counts.weight_rows += operations
    counts.weight_pulses += operations * pulses
    counts.weight_half_selected += operations * (pulses * array.columns - cells)


def _count_combining(counts: Counts, mapping: Mapping, options: Options) -> None:
    """Adding up the parts of an output, and its correction by the sum of the activations.

    With weights w = 2q - (2^W - 1) an output is 2 sum(q a) - (2^W - 1) sum(a). The second
    product is a shift and a subtraction for each patch, none at one bit; the doubling is a
    wire and the difference one subtraction for each output.
    """
    layer = mapping.layer
    patches = layer.positions * layer.groups
    outputs = layer.output_elements
    length, planes = mapping.installed.layer.patch_length, mapping.activation_bits
    tiles = len(mapping.column_tiles)
    width = largest_bits(length, mapping.weight_bits, planes)
    bits = outputs * (tiles * len(mapping.plane_groups) - 1) * width
    counts.partial_adders += bits
    counts.partial_flip_flops += bits
    if options.sums_activations:
        bits = patches * (tiles - 1) * largest_bits(length, 1, planes)
        if mapping.weight_bits > 1:
            bits += patches * width
        bits += outputs * (width + 1)
        counts.sum_adders += bits
        counts.sum_flip_flops += bits


def _split_by_value(counts: Counts, mapping: Mapping, options: Options, seen: Seen | None) -> None:
    """Share the totals out by operand value; unseen bits are independent, padding is zero."""
    ones = options.activation_density
    sensed = ones * mapping.layer.valid_fraction
    written = ones * mapping.written_valid_fraction
    weight = options.weight_density
    total = counts.ands
    shares = (
        (
            (1 - weight) * (1 - sensed),
            (1 - weight) * sensed,
            weight * (1 - sensed),
            weight * sensed,
        )
        if seen is None
        else seen.ands
    )
    counts.and_00, counts.and_01, counts.and_10, counts.and_11 = (total * s for s in shares)
    total = counts.reads
    counts.read_0, counts.read_1 = total * (1 - sensed), total * sensed
    total = counts.input_cells
    counts.input_0, counts.input_1 = total * (1 - written), total * written
    total = counts.weight_cells
    counts.weight_0, counts.weight_1 = total * (1 - weight), total * weight
