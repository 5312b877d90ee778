"""How long a layer takes: series of row operations in sub-arrays that work in parallel."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from math import ceil

from accelerator.array import Array
from accelerator.assumptions import Assumptions
from accelerator.costs import load_share
from accelerator.elementwise import larger
from accelerator.hardware import decoder_levels
from accelerator.logic_widths import bit_count_depth
from accelerator.mapping import Mapping, row_phases
from accelerator.options import Options
from accelerator.prices import Prices
from accelerator.stacks import fullest, longest, tiles_per_patch
from accelerator.traffic import Traffic
from accelerator.tree import Beats, Tree


@dataclass(frozen=True, slots=True)
class LayerTime:
    """Times of one layer and one image (s), and how many row steps it takes.

    A step is all work on one item that comes, a row of patches or kernels: `write`, then
    `sum_pass` where these are patches, then `ands`, or with two buffers the first beside the
    others. `outside` is the time that buffer, bus and digital unit need for a step; it is hidden
    unless it is the longest. Before the steps of a round patches that stay are written and
    summed, in `fill`.
    """

    rounds: int
    fill: float
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
        tree: Tree,
        buffers: int,
    ) -> None:
        self.prices, self.array, self.tree = prices, array, tree
        self.beats = Beats(tree.links(tree.subarrays), prices)
        self.lanes = int(assumptions.digital_unit_lanes.value)
        self.off_chip_rate = assumptions.off_chip_rate.value
        self.buffers = buffers
        decode = decoder_levels(array.rows) * prices.decoder_gate.delay
        self.read_start = decode + prices.read_line.delay
        self.write_start = decode + prices.write_line.delay

    def write_row(self, cells: int) -> float:
        """Write `cells` cells of a row (s)."""
        return self.write_start + self.array.write_pulses(cells) * self.prices.write.cycle_time

    def sense_row(self, phases: list[tuple[int, int]], cycle_time: float) -> float:
        """Sense a row in phases, the word lines being held on (s)."""
        if not self.array.gate_unused_columns:
            phases = [(self.array.amplifiers, self.array.columns_per_amplifier)]
        cycles = sum(self.array.sense_cycles(active) * times for active, times in phases)
        return self.read_start + cycles * cycle_time

    def root(self, bits: float) -> float:
        """Send `bits` through the tree's root (s)."""
        return self.beats.root(bits)

    def sent(self, bits: float, mapping: Mapping, spread: int = 1) -> float:
        """Send `bits` from the root to a layer, each to `spread` sub-arrays, or back (s)."""
        return self.beats.sent(bits, mapping.subarrays, spread)

    def off_chip(self, bits: float, options: Options) -> float:
        """Send `bits` from or to a memory outside the chip, where one counts (s)."""
        return bits / self.off_chip_rate if options.off_chip else 0.0

    def buffer_read(self, bits: float) -> float:
        """Read from all of the buffer's sub-arrays at once (s)."""
        return self.read(bits, self.buffers)

    def buffer_write(self, bits: float) -> float:
        """Write into all of the buffer's sub-arrays at once (s)."""
        return self.write(bits, self.buffers)

    def read(self, bits: float, subarrays: int) -> float:
        """Read from so many sub-arrays at once (s)."""
        return bits / (subarrays * self.array.amplifiers) * self.prices.read.cycle_time

    def write(self, bits: float, subarrays: int) -> float:
        """Write into so many sub-arrays at once (s)."""
        at_once = subarrays * min(self.array.written_at_once, self.array.columns)
        return bits / at_once * self.prices.write.cycle_time

    def ripple(self, width: int) -> float:
        """Add two numbers of `width` bits and store the sum (s)."""
        return width * self.prices.full_adder.delay + self.prices.flip_flop.delay

    def digital(self, elements: float, rounds: int, width: int) -> float:
        """Put `elements` through the digital unit, `rounds` additions each (s)."""
        return elements / self.lanes * rounds * self.ripple(width)


def layer_time(
    clock: Clock,
    mapping: Mapping,
    traffic: Traffic,
    options: Options,
    shared: SharedTime,
    loading: SharedTime,
) -> LayerTime:
    """Time of a layer on sub-arrays; the slowest sub-array sets the pace.

    `shared` and `loading` are what it needs of what all layers share, for its image and for
    loading the weights.
    """
    array, prices = clock.array, clock.prices
    bits = mapping.coming_bits
    length, segments = longest(mapping), mapping.segments_per_row
    room, planes = longest(mapping.installed), max(mapping.plane_groups)
    if not length:
        return _without_subarrays(shared)
    phases = row_phases(segments, length, array, room)

    count = bit_count_depth(min(room, array.amplifiers)) * prices.full_adder.delay
    accumulate = clock.ripple(mapping.result_bits(room, planes, bits))
    # Sensing, counting and accumulating are three stages of a pipeline.
    pace = larger(prices.and2.cycle_time, count + prices.flip_flop.delay, accumulate)
    read_pace = larger(prices.read.cycle_time, count + prices.flip_flop.delay, accumulate)
    row = clock.sense_row(phases, pace)
    fullest_tile = fullest(mapping) if mapping.weights_stay else max(mapping.patch_tiles)
    ands = fullest_tile * planes * bits * row
    summed = max(mapping.summed_planes)
    sums = summed * clock.sense_row(phases, read_pace) if options.sums_activations else 0.0
    first = fresh = 0.0
    if options.count_input_writes:
        first = summed * clock.write_row(segments * length)
        fresh = summed * clock.write_row(segments * mapping.fresh_cells(length))

    patches = larger(
        shared.buffer_read, clock.sent(traffic.input_bits, mapping, ceil(tiles_per_patch(mapping)))
    )
    leave = larger(
        shared.buffer_write,
        clock.sent(traffic.output_bits, mapping),
        shared.digital,
        shared.off_chip,
    )
    if mapping.weights_stay:
        rows = ceil(mapping.streams / mapping.positions_per_row)
        steps = ceil(rows / mapping.copies) * mapping.steps
        write = (first + (mapping.steps - 1) * fresh) / mapping.steps
        sum_pass, fetch, filled = sums, patches, 0.0
    else:
        steps = mapping.rounds * mapping.layer.kernels_per_group
        write = bits * clock.write_row(segments * length)
        sum_pass, fetch = 0.0, kernel_time(clock, mapping, traffic)
        filled = larger(mapping.rounds * max(mapping.patch_tiles) * (first + sums), patches)
    outside = larger(fetch, leave) / steps
    inside = larger(write, sum_pass + ands) if mapping.buffers == 2 else write + sum_pass + ands
    filling = fetch / steps + (write if mapping.buffers == 2 else 0.0)
    draining = count + accumulate + leave / steps
    loaded = larger(loading.longest, load_share(options) * _loading(clock, mapping, traffic))
    total = filled + steps * larger(inside, outside) + filling + draining + loaded
    fill = filled / mapping.rounds if mapping.rounds else 0.0
    return LayerTime(mapping.rounds, fill, steps, write, sum_pass, ands, outside, loaded, total)


def kernel_time(clock: Clock, mapping: Mapping, traffic: Traffic) -> float:
    """Bring the kernels that come, from the layer's own stores or the chip's root (s)."""
    bits, spread = traffic.kernel_bits, mapping.kernel_spread
    if not mapping.stores:
        return clock.sent(bits, mapping, spread)
    region = Beats(clock.tree.links(mapping.subarrays + mapping.stores), clock.prices)
    return larger(
        clock.read(traffic.store_reads, mapping.stores),
        region.sent(bits, mapping.subarrays, spread),
    )


def _without_subarrays(shared: SharedTime) -> LayerTime:
    """A layer whose weights are all zero writes its constant outputs."""
    return LayerTime(0, 0.0, 1, 0.0, 0.0, 0.0, shared.longest, 0.0, shared.longest)


def shared_time(clock: Clock, mapping: Mapping, traffic: Traffic, options: Options) -> SharedTime:
    """What a layer on sub-arrays needs of buffer, wires, digital unit and memory outside."""
    layer = mapping.layer
    width = mapping.full_bits + 1
    rounds = max(traffic.adders / layer.output_elements / width, 1)
    return SharedTime(
        clock.buffer_read(traffic.buffer_reads),
        clock.buffer_write(traffic.buffer_writes),
        clock.root(traffic.input_bits + traffic.kernel_bits - traffic.store_reads),
        clock.root(traffic.output_bits),
        clock.digital(layer.output_elements, round(rounds), width),
        clock.off_chip(traffic.off_chip_bits, options),
    )


def loading_time(clock: Clock, traffic: Traffic, options: Options) -> SharedTime:
    """What an image's share of loading the weights needs of wires and memory outside."""
    share = load_share(options)
    return SharedTime(
        0.0,
        0.0,
        share * clock.root(traffic.weight_bits),
        0.0,
        0.0,
        share * clock.off_chip(traffic.off_chip_weights, options),
    )


def _loading(clock: Clock, mapping: Mapping, traffic: Traffic) -> float:
    """Write the fullest sub-array's weights, all sub-arrays at once, or all stores at once (s)."""
    mapping = mapping.installed
    if not mapping.weights_stay:
        return clock.write(traffic.store_writes, mapping.stores) if mapping.stores else 0.0
    rows = fullest(mapping) * max(mapping.plane_groups) * mapping.rotations
    return rows * clock.write_row(mapping.segments_per_row * longest(mapping))


def table_shared_time(clock: Clock, traffic: Traffic, options: Options) -> SharedTime:
    """What an embedding needs: its entries leave its table for the buffer."""
    return SharedTime(
        0.0,
        clock.buffer_write(traffic.buffer_writes),
        0.0,
        clock.root(traffic.output_bits),
        0.0,
        clock.off_chip(traffic.off_chip_bits, options),
    )


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
