"""Counts times prices: the energy of a layer by component."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from accelerator.array import Array
from accelerator.assumptions import Assumptions
from accelerator.counts import Counts
from accelerator.hardware import decoder_levels
from accelerator.mapping import Mapping
from accelerator.options import Options
from accelerator.prices import SENSE_PARTS, Prices, SensePrice
from accelerator.stacks import parts_per_output, tiles_per_patch
from accelerator.traffic import Traffic
from accelerator.tree import Tree

COMPONENTS = (
    "sense_bias",
    "sense_reference",
    "sense_latch",
    "sense_clock",
    "sense_equalize",
    "unused_columns",
    "word_lines",
    "decoder",
    "input_write",
    "half_select",
    "weight_write",
    "weight_load",
    "bit_count",
    "shift_accumulate",
    "activation_sum",
    "logic_xor",
    "logic_and_or",
    "logic_read",
    "logic_mask",
    "result_write",
    "transpose",
    "buffers",
    "interconnect",
    "control_clock",
    "digital_unit",
    "off_chip",
    "leakage",
)
OFF_CHIP = "off_chip"

# Two neighbouring bits of a counter's result differ half the time, and half of the changes
# draw charge from the supply.
COUNTER_ACTIVITY = 0.25


@dataclass(frozen=True, slots=True)
class Pricing:
    """What turns counts into joules, the same for all layers."""

    prices: Prices
    array: Array
    options: Options
    assumptions: Assumptions
    tree: Tree
    buffers: int

    def sense_part(self, price: SensePrice, part: str, number: dict[str, float]) -> float:
        """Energy of one part of senses counted by operand values (J).

        Bias and reference currents come from a generator that takes its own share.
        """
        energy = sum(number[value] * price.energy[value][part] for value in number)
        if part in ("bias", "reference"):
            return energy / self.assumptions.bias_generator_efficiency.value
        return energy

    def sense(self, price: SensePrice, number: dict[str, float]) -> float:
        """Energy of senses counted by operand values, all parts (J)."""
        return sum(self.sense_part(price, part, number) for part in SENSE_PARTS)

    def idle_references(self, price: SensePrice, shares: float) -> float:
        """Energy of reference shares whose amplifiers do not fire (J)."""
        return shares * price.mean("reference") / self.assumptions.bias_generator_efficiency.value

    def adders(self, operations: float) -> float:
        """Energy of one-bit full additions (J)."""
        return operations * self.prices.full_adder.energy

    def flip_flops(self, clocked: float) -> float:
        """Energy of flip-flops clocked with data that change half the time (J)."""
        return clocked * self.prices.flip_flop.energy

    def wire(self, bits: float, distance: float, ones: float) -> float:
        """Energy of `bits` independent bits sent over `distance` m (J).

        A wire draws charge when a one follows a zero: p (1 - p) of the bits.
        """
        return bits * ones * (1 - ones) * distance * 1e3 * self.prices.wire.energy

    def sent(self, bits: float, subarrays: int, ones: float) -> float:
        """Energy of `bits` sent through a region of so many sub-arrays to one of them (J)."""
        if not bits:
            return 0.0
        registers: float = self.flip_flops(self.tree.stages(subarrays) * bits)
        return self.wire(bits, self.tree.span(subarrays), ones) + registers

    def control(self, cycles: float, subarrays: int = 1) -> float:
        """Controller of a mat, for each of `subarrays` that work together, and the clock line
        of a sub-array along both its sides, for `cycles` of a sub-array (J)."""
        prices, array = self.prices, self.array
        line = array.rows * prices.cell_height + array.columns * prices.cell_width
        sharing = self.tree.organisation.sharing(subarrays)
        flip_flops = self.assumptions.control_flip_flops.value / sharing
        one: float = self.flip_flops(flip_flops) + line * 1e3 * prices.wire.energy
        return cycles * one

    def decoding(self, selections: float) -> float:
        """Energy of selecting word lines (J)."""
        return selections * decoder_levels(self.array.rows) * self.prices.decoder_gate.energy

    def writing(self, zeros: float, ones: float) -> float:
        """Energy of cells written, by value (J)."""
        return zeros * self.prices.write.energy["0"] + ones * self.prices.write.energy["1"]


def layer_energy(
    pricing: Pricing, mapping: Mapping, counts: Counts, traffic: Traffic
) -> dict[str, float]:
    """Energy of a layer on sub-arrays by component (J), leakage left out."""
    prices, options = pricing.prices, pricing.options
    senses = {
        "00": counts.and_00,
        "01": counts.and_01,
        "10": counts.and_10,
        "11": counts.and_11,
    }
    out = {f"sense_{part}": pricing.sense_part(prices.and2, part, senses) for part in SENSE_PARTS}
    out["sense_reference"] += pricing.idle_references(prices.and2, counts.and_reference_idle)
    # Columns without operands hold the state they were made in, zero.
    out["unused_columns"] = pricing.sense(prices.and2, {"00": counts.and_unused}) + pricing.sense(
        prices.read, {"0": counts.read_unused}
    )

    written = counts.kernel_rows + (counts.input_rows if options.count_input_writes else 0)
    read_lines = 2 * counts.and_rows + counts.read_rows
    out["word_lines"] = read_lines * prices.read_line.energy + written * prices.write_line.energy
    out["decoder"] = pricing.decoding(read_lines + written)
    half_selected = counts.kernel_half_selected
    if options.count_input_writes:
        out["input_write"] = pricing.writing(counts.input_0, counts.input_1)
        half_selected += counts.input_half_selected
    out["half_select"] = half_selected * prices.write.half_selected
    out["weight_write"] = pricing.writing(counts.kernel_0, counts.kernel_1)
    out["weight_load"] = loading_energy(pricing, mapping, counts, traffic) * load_share(options)

    out["bit_count"] = pricing.adders(counts.bit_count_adders)
    out["shift_accumulate"] = pricing.adders(
        counts.accumulate_adders + counts.partial_adders
    ) + pricing.flip_flops(counts.accumulate_flip_flops + counts.partial_flip_flops)
    out["activation_sum"] = (
        pricing.sense(prices.read, {"0": counts.read_0, "1": counts.read_1})
        + pricing.idle_references(prices.read, counts.read_reference_idle)
        + pricing.adders(counts.sum_count_adders + counts.sum_adders)
        + pricing.flip_flops(counts.sum_flip_flops)
    )
    cycles = counts.and_cycles + counts.read_cycles + counts.kernel_pulses
    cycles += counts.input_pulses if options.count_input_writes else 0
    out["control_clock"] = pricing.control(cycles, mapping.subarrays)
    out["interconnect"] = _interconnect(pricing, mapping, traffic)
    out |= outside_energy(pricing, traffic)
    out["buffers"] += _memory(
        pricing, traffic.store_reads, 0, options.weight_density, mapping.stores
    )
    return {name: out.get(name, 0.0) for name in COMPONENTS}


def _interconnect(pricing: Pricing, mapping: Mapping, traffic: Traffic) -> float:
    """Patches, and kernels where they come, to the sub-arrays; sums and outputs back (J).

    Neighbouring sub-arrays take the same bits one after the other. Kernels come from the
    layer's own stores, or through the chip's root.
    """
    options, tree = pricing.options, pricing.tree
    source = mapping.subarrays + mapping.stores if mapping.stores else tree.subarrays
    parts = parts_per_output(mapping)
    collected = COUNTER_ACTIVITY * (
        traffic.partial_bits * sqrt(parts) * tree.pitch + traffic.output_bits * tree.root_to_leaf
    )
    return (
        pricing.sent(traffic.input_bits, tree.subarrays, options.activation_density)
        + pricing.wire(
            traffic.input_bits,
            (tiles_per_patch(mapping) - 1) * tree.pitch,
            options.activation_density,
        )
        + pricing.sent(traffic.kernel_bits, source, options.weight_density)
        + pricing.wire(
            traffic.kernel_bits,
            (mapping.kernel_spread - 1) * tree.pitch,
            options.weight_density,
        )
        + collected * 1e3 * pricing.prices.wire.energy
        + pricing.flip_flops(tree.stages(tree.subarrays) * traffic.output_bits)
    )


def outside_energy(pricing: Pricing, traffic: Traffic) -> dict[str, float]:
    """Energy of buffers, transposition, the digital unit and what is outside the chip (J)."""
    return {
        # In and out of the transposing registers.
        "transpose": 2 * pricing.flip_flops(traffic.transposed),
        "buffers": _memory(
            pricing,
            traffic.buffer_reads,
            traffic.buffer_writes,
            pricing.options.activation_density,
            pricing.buffers,
        ),
        "digital_unit": pricing.adders(traffic.adders) + pricing.flip_flops(traffic.flip_flops),
        OFF_CHIP: off_chip_energy(pricing, traffic),
    }


def off_chip_energy(pricing: Pricing, traffic: Traffic) -> float:
    """Energy of what crosses the chip's edge, an image's share of the weights included (J)."""
    if not pricing.options.off_chip:
        return 0.0
    bits = traffic.off_chip_bits + load_share(pricing.options) * traffic.off_chip_weights
    return bits * pricing.assumptions.off_chip_energy.value * 1e-12


def load_share(options: Options) -> float:
    """Share of one loading of the weights that an image pays (1)."""
    return {
        "off": 0.0,
        "each_image": 1.0,
        "amortized": 1 / options.images_per_load,
    }[options.weight_load]


def loading_energy(pricing: Pricing, mapping: Mapping, counts: Counts, traffic: Traffic) -> float:
    """Energy of writing all weights of a layer once, from the chip's edge (J)."""
    prices, tree, ones = pricing.prices, pricing.tree, pricing.options.weight_density
    return (
        pricing.writing(counts.weight_0, counts.weight_1)
        + counts.weight_half_selected * prices.write.half_selected
        + counts.weight_rows * prices.write_line.energy
        + pricing.decoding(counts.weight_rows)
        + pricing.control(counts.weight_pulses, mapping.subarrays)
        + pricing.sent(traffic.weight_bits, tree.subarrays, ones)
        + _memory(pricing, 0, traffic.store_writes, ones, 0)
    )


def table_energy(pricing: Pricing, traffic: Traffic, subarrays: int) -> dict[str, float]:
    """Energy of reading an embedding's entries, sending them to the buffer, and its loading (J)."""
    tree, ones = pricing.tree, pricing.options.weight_density
    loading = _memory(pricing, 0, traffic.store_writes, ones, 0)
    loading += pricing.sent(traffic.weight_bits, tree.subarrays, ones)
    return {
        "buffers": _memory(pricing, traffic.store_reads, 0, ones, subarrays),
        "interconnect": pricing.sent(traffic.output_bits, tree.subarrays, ones),
        "weight_load": loading * load_share(pricing.options),
    }


def _memory(pricing: Pricing, reads: float, writes: float, ones: float, subarrays: int) -> float:
    """Bits read and written in sub-arrays that only keep them, whole rows at a time (J).

    They are sent through the region that these sub-arrays are, if any is given.
    """
    if not (reads or writes):
        return 0.0
    prices, array = pricing.prices, pricing.array
    pulses = array.write_pulses(array.columns)
    half_selected = writes / array.columns * (pulses - 1) * array.columns
    cycles = (reads * array.columns_per_amplifier + writes * pulses) / array.columns
    return (
        pricing.sense(prices.read, {"0": reads * (1 - ones), "1": reads * ones})
        + pricing.writing(writes * (1 - ones), writes * ones)
        + half_selected * prices.write.half_selected
        + reads / array.columns * prices.read_line.energy
        + writes / array.columns * prices.write_line.energy
        + pricing.decoding((reads + writes) / array.columns)
        + pricing.control(cycles, subarrays)
        + (pricing.sent(reads + writes, subarrays, ones) if subarrays else 0.0)
    )
