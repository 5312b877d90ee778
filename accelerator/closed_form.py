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
from accelerator.options import ZERO_POINT, Options
from accelerator.seen import Seen
from accelerator.stacks import Stack, added_parts, live_outputs, stacks, summed, takers


def count_events(
    mapping: Mapping, array: Array, options: Options, seen: Seen | None = None
) -> Counts:
    """All events of one image in the sub-arrays of a layer, loading the weights included.

    Totals are shared out by operand value as they were `seen`, else as the options' densities
    make them likely.

    Rows of segments come in few shapes: full or rest, by groups and by positions, times the
    stacks of sub-arrays that share patches; the counts are sums over those shapes. The weights
    are all that are in the cells, in use or not.
    """
    counts = Counts()
    for stack, stack_times in stacks(mapping.installed).items():
        _count_kernels(counts, mapping.installed, array, stack, stack_times)
    for stack, stack_times in stacks(mapping).items():
        for positions, times in in_full_and_rest(mapping.streams, mapping.positions_per_row):
            rows, segments = stack_times * times, stack.groups * positions
            _count_inputs(counts, mapping, array, segments, stack, rows)
            rows *= mapping.steps
            _count_ands(counts, mapping, array, segments, stack, rows)
            if options.sums_activations:
                _count_reads(counts, mapping, array, segments, stack, rows)
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
    counts: Counts, mapping: Mapping, array: Array, segments: int, stack: Stack, rows: int
) -> None:
    """ANDs of `rows` rows of segments, with every kernel, and what counts their ones.

    A register adds up the planes of what stays, a second one those sums over what comes.
    """
    kernels, length, coming = stack.kernels, stack.length, mapping.coming_bits
    operations = rows * kernels * mapping.weight_bits * mapping.activation_bits
    cycles, idle, unused = _sense(segments, length, stack.room, array)
    counts.ands += operations * segments * length
    counts.and_unused += operations * unused
    counts.and_reference_idle += operations * idle
    counts.and_rows += operations
    counts.and_cycles += operations * cycles
    phases = segment_phases(length, array)
    counts.bit_count_adders += operations * segments * sum(map(bit_count_adders, phases))
    for planes, times in Counter(mapping.plane_groups).items():
        inner = mapping.result_bits(stack.room, planes, 1)
        outer = mapping.result_bits(stack.room, planes, coming)
        bits = segments * rows * kernels * coming * times
        bits *= planes * len(phases) * inner + outer
        counts.accumulate_adders += bits
        counts.accumulate_flip_flops += bits


def _count_reads(
    counts: Counts, mapping: Mapping, array: Array, segments: int, stack: Stack, rows: int
) -> None:
    """READs of each activation plane of `rows` rows of segments, in one sub-array only."""
    operations, length = rows * mapping.activation_bits, stack.length
    cycles, idle, unused = _sense(segments, length, stack.room, array)
    counts.reads += operations * segments * length
    counts.read_unused += operations * unused
    counts.read_reference_idle += operations * idle
    counts.read_rows += operations
    counts.read_cycles += operations * cycles
    phases = segment_phases(length, array)
    counts.sum_count_adders += operations * segments * sum(map(bit_count_adders, phases))
    bits = sum(planes * largest_bits(stack.room, 1, planes) for planes in mapping.summed_planes)
    bits *= rows * segments * len(phases)
    counts.sum_adders += bits
    counts.sum_flip_flops += bits


def _count_inputs(
    counts: Counts, mapping: Mapping, array: Array, segments: int, stack: Stack, rows: int
) -> None:
    """Writes of `rows` rows of segments, each step after the first only what is fresh."""
    fresh_rows = rows * (mapping.steps - 1)
    tiles = takers(stack, mapping)
    for cells, number in (
        (segments * stack.length, rows),
        (segments * mapping.fresh_cells(stack.length), fresh_rows),
    ):
        operations = number * mapping.activation_bits * tiles
        pulses = array.write_pulses(cells)
        counts.input_cells += operations * cells
        counts.input_rows += operations
        counts.input_pulses += operations * pulses
        counts.input_half_selected += operations * (pulses * array.columns - cells)


def _count_kernels(
    counts: Counts, mapping: Mapping, array: Array, stack: Stack, times: int
) -> None:
    """Writes of the kernels' planes: of an image where they come, else of all images."""
    what = "weight" if mapping.weights_stay else "kernel"
    for positions, writes in mapping.kernel_writes:
        cells = stack.groups * positions * stack.length
        operations = times * writes * stack.kernels * mapping.weight_bits
        pulses = array.write_pulses(cells)
        for event, number in (
            ("cells", cells),
            ("rows", 1),
            ("pulses", pulses),
            ("half_selected", pulses * array.columns - cells),
        ):
            name = f"{what}_{event}"
            setattr(counts, name, getattr(counts, name) + operations * number)


def _count_combining(counts: Counts, mapping: Mapping, options: Options) -> None:
    """Adding up the parts of an output, and its correction by the sum of the activations.

    With weights w = 2q - (2^W - 1) an output is 2 sum(q a) - (2^W - 1) sum(a). The second
    product is a shift and a subtraction for each patch, none at one bit; the doubling is a
    wire and the difference one subtraction for each output. Codes about a zero point need the
    sum times that, which is as many additions as it has ones but one, W - 1 at most; that is
    counted once a patch. Kernel tiles that keep other column tiles need sums of their own.
    """
    layer = mapping.layer
    length, planes = mapping.installed.layer.patch_length, mapping.activation_bits
    width = mapping.full_bits
    bits = added_parts(mapping) * width
    counts.partial_adders += bits
    counts.partial_flip_flops += bits
    if options.sums_activations:
        bits = live_outputs(mapping) * (width + 1)
        for (groups, tiles), times in summed(mapping).items():
            patches = layer.positions * groups * times
            sums = tiles * len(mapping.summed_planes)
            bits += patches * (sums - 1) * largest_bits(length, 1, planes)
            bits += patches * width * scaling_additions(mapping.weight_bits, options)
        counts.sum_adders += bits
        counts.sum_flip_flops += bits


def scaling_additions(weight_bits: int, options: Options) -> int:
    """Additions that multiply the sum of a patch's activations by what corrects an output (1)."""
    return weight_bits - 1 if options.weight_encoding == ZERO_POINT else int(weight_bits > 1)


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
    total = counts.kernel_cells
    counts.kernel_0, counts.kernel_1 = total * (1 - weight), total * weight
    total = counts.weight_cells
    counts.weight_0, counts.weight_1 = total * (1 - weight), total * weight
