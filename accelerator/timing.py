"""How long a layer takes: series of row operations in sub-arrays that work in parallel."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from math import ceil

from accelerator.array import Array
from accelerator.assumptions import Assumptions
from accelerator.costs import Distances, load_share
from accelerator.elementwise import larger
from accelerator.hardware import decoder_levels
from accelerator.logic_widths import bit_count_depth, largest_bits
from accelerator.mapping import Mapping, row_phases
from accelerator.options import Options
from accelerator.prices import Prices
from accelerator.traffic import Traffic


@dataclass(frozen=True, slots=True)
class LayerTime:
    """Times of one layer and one image (s), and how many row steps it takes.

    A step is all work on one row of patches: `write`, then `sum_pass`, then `ands`, or with
    two buffers the first beside the others. `outside` is the time that buffer, bus and
    digital unit need for a step; it is hidden unless it is the longest.
    """

    steps: int
    write: float
    sum_pass: float
    ands: float
    outside: float
    loading: float
    total: float


@dataclass(frozen=True, slots=True)
class SharedTime:
    """Times (s) for which one layer and one image need what all layers share.

    inward, outward: the root of the tree of wires, to the sub-arrays and from them.
    """

    buffer_read: float
    buffer_write: float
    inward: float
    outward: float
    digital: float
    off_chip: float

    @property
    def longest(self) -> float:
        """Time of all of them side by side (s)."""
        return larger(*astuple(self))


class Clock:
    """Durations of single operations under one set of prices."""

    def __init__(
        self,
        prices: Prices,
        array: Array,
        assumptions: Assumptions,
        distances: Distances,
        buffers: int,
    ) -> None:
        self.prices, self.array = prices, array
        self.lanes = int(assumptions.digital_unit_lanes.value)
        self.off_chip_rate = assumptions.off_chip_rate.value
        self.buffers = buffers
        decode = decoder_levels(array.rows) * prices.decoder_gate.delay
        self.read_start = decode + prices.read_line.delay
        self.write_start = decode + prices.write_line.delay
        self.bus = prices.flip_flop.delay + distances.root_to_leaf * 1e3 * prices.wire.delay

    def write_row(self, cells: int) -> float:
        """Write `cells` cells of a row (s)."""
        return self.write_start + self.array.write_pulses(cells) * self.prices.write.cycle_time

    def sense_row(self, phases: list[tuple[int, int]], cycle_time: float) -> float:
        """Sense a row in phases, the word lines being held on (s)."""
        if not self.array.gate_unused_columns:
            phases = [(self.array.amplifiers, self.array.columns_per_amplifier)]
        cycles = sum(self.array.sense_cycles(active) * times for active, times in phases)
        return self.read_start + cycles * cycle_time

    def bus_time(self, bits: float) -> float:
        """Send `bits` over the tree's root, as wide as one sub-array's amplifiers (s)."""
        return bits / self.array.amplifiers * self.bus

    def off_chip(self, bits: float, options: Options) -> float:
        """Send `bits` from or to a memory outside the chip, where one counts (s)."""
        return bits / self.off_chip_rate if options.off_chip else 0.0

    def buffer_read(self, bits: float) -> float:
        """Read from all of the buffer's sub-arrays at once (s)."""
        return bits / (self.buffers * self.array.amplifiers) * self.prices.read.cycle_time

    def buffer_write(self, bits: float) -> float:
        """Write into all of the buffer's sub-arrays at once (s)."""
        at_once = self.buffers * min(self.array.written_at_once, self.array.columns)
        return bits / at_once * self.prices.write.cycle_time

    def ripple(self, width: int) -> float:
        """Add two numbers of `width` bits and store the sum (s)."""
        return width * self.prices.full_adder.delay + self.prices.flip_flop.delay

    def digital(self, elements: float, rounds: int, width: int) -> float:
        """Put `elements` through the digital unit, `rounds` additions each (s)."""
        return elements / self.lanes * rounds * self.ripple(width)


def layer_time(clock: Clock, mapping: Mapping, traffic: Traffic, options: Options) -> LayerTime:
    """Time of a layer on sub-arrays; the slowest sub-array sets the pace."""
    array, prices = clock.array, clock.prices
    bits = mapping.activation_bits
    length, segments = max(mapping.column_tiles), mapping.segments_per_row
    room, planes = max(mapping.installed.column_tiles), max(mapping.plane_groups)
    phases = row_phases(segments, length, array, room)

    count = bit_count_depth(min(room, array.amplifiers)) * prices.full_adder.delay
    accumulate = clock.ripple(largest_bits(room, planes, bits))
    # Sensing, counting and accumulating are three stages of a pipeline.
    pace = larger(prices.and2.cycle_time, count + prices.flip_flop.delay, accumulate)
    read_pace = larger(prices.read.cycle_time, count + prices.flip_flop.delay, accumulate)
    row = clock.sense_row(phases, pace)
    ands = max(mapping.kernel_tiles) * planes * bits * row
    sum_pass = bits * clock.sense_row(phases, read_pace) if options.sums_activations else 0.0
    first = fresh = 0.0
    if options.count_input_writes:
        first = bits * clock.write_row(segments * length)
        fresh = bits * clock.write_row(segments * mapping.fresh_cells(length))

    rows = ceil(mapping.streams / mapping.positions_per_row)
    steps = ceil(rows / mapping.copies) * mapping.steps
    write = (first + (mapping.steps - 1) * fresh) / mapping.steps
    shared = shared_time(clock, mapping, traffic, options)
    fetch = larger(shared.buffer_read, shared.inward)
    leave = larger(shared.buffer_write, shared.outward, shared.digital, shared.off_chip)
    outside = larger(fetch, leave) / steps
    inside = larger(write, sum_pass + ands) if mapping.buffers == 2 else write + sum_pass + ands
    filling = fetch / steps + (write if mapping.buffers == 2 else 0.0)
    draining = count + accumulate + leave / steps
    loading = larger(
        loading_time(clock, traffic, options).longest,
        load_share(options) * _loading_rows(clock, mapping),
    )
    total = steps * larger(inside, outside) + filling + draining + loading
    return LayerTime(steps, write, sum_pass, ands, outside, loading, total)


def shared_time(clock: Clock, mapping: Mapping, traffic: Traffic, options: Options) -> SharedTime:
    """What a layer on sub-arrays needs of buffer, wires, digital unit and memory outside."""
    layer, length = mapping.layer, mapping.installed.layer.patch_length
    width = largest_bits(length, mapping.weight_bits, mapping.activation_bits) + 1
    rounds = max(traffic.adders / layer.output_elements / width, 1)
    return SharedTime(
        clock.buffer_read(traffic.buffer_reads),
        clock.buffer_write(traffic.buffer_writes),
        clock.bus_time(traffic.input_bits),
        clock.bus_time(traffic.output_bits),
        clock.digital(layer.output_elements, round(rounds), width),
        clock.off_chip(traffic.off_chip_bits, options),
    )


def loading_time(clock: Clock, traffic: Traffic, options: Options) -> SharedTime:
    """What an image's share of loading the weights needs of wires and memory outside."""
    share = load_share(options)
    return SharedTime(
        0.0,
        0.0,
        share * clock.bus_time(traffic.weight_bits),
        0.0,
        0.0,
        share * clock.off_chip(traffic.off_chip_weights, options),
    )


def _loading_rows(clock: Clock, mapping: Mapping) -> float:
    """Write the fullest sub-array's weights, all sub-arrays at once (s)."""
    mapping = mapping.installed
    rows = max(mapping.kernel_tiles) * max(mapping.plane_groups) * mapping.rotations
    return rows * clock.write_row(mapping.segments_per_row * max(mapping.column_tiles))


def digital_shared_time(
    clock: Clock, traffic: Traffic, outputs: int, bits: int, options: Options
) -> SharedTime:
    """What a layer of the digital unit needs, which has no wires to sub-arrays."""
    rounds = max(round(traffic.adders / outputs / bits), 1)
    return SharedTime(
        clock.buffer_read(traffic.buffer_reads),
        clock.buffer_write(traffic.buffer_writes),
        0.0,
        0.0,
        clock.digital(outputs, rounds, bits),
        clock.off_chip(traffic.off_chip_bits, options),
    )
