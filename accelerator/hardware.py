"""How many blocks of each kind stand on the chip; their area and idle power."""

from __future__ import annotations

from dataclasses import dataclass, fields
from operator import add, attrgetter

from accelerator.array import Array
from accelerator.assumptions import Assumptions
from accelerator.elementwise import larger
from accelerator.logic_widths import bit_count_adders, largest_bits
from accelerator.mapping import Mapping
from accelerator.networks.layers import Layer
from accelerator.options import Options
from accelerator.organisation import Organisation
from accelerator.prices import Prices
from accelerator.stacks import joined, longest, stacks
from accelerator.tree import Tree


@dataclass(frozen=True, slots=True)
class Hardware:
    """Numbers of blocks. `leaves` are ends of the tree of wires: sub-arrays.

    Paired amplifiers are two sub-amplifiers and a gate, which XOR needs.
    """

    cells: int = 0
    amplifiers: int = 0
    write_drivers: int = 0
    wordline_drivers: int = 0
    decoder_gates: int = 0
    full_adders: int = 0
    flip_flops: float = 0
    leaves: int = 0
    paired_amplifiers: int = 0

    def __add__(self, other: Hardware) -> Hardware:
        return Hardware(*map(add, _numbers(self), _numbers(other)))

    def times(self, number: int) -> Hardware:
        """`number` of these."""
        return Hardware(*(one * number for one in _numbers(self)))


_numbers = attrgetter(*(entry.name for entry in fields(Hardware)))


def decoder_levels(rows: int) -> int:
    """Gates that switch when one word line is selected (1).

    Address bits are decoded in pairs and the pairs' outputs joined in a last gate.
    """
    return -(-(rows - 1).bit_length() // 2) + 1


def memory(array: Array) -> Hardware:
    """A sub-array that stores and reads, without logic for counting.

    Two read rows and one write row are decoded independently: three last gates a row, and
    for each a predecoder of four gates for every pair of address bits.
    """
    return Hardware(
        cells=array.rows * array.columns,
        amplifiers=array.amplifiers,
        write_drivers=array.columns,
        wordline_drivers=array.rows,
        decoder_gates=3 * (array.rows + 4 * (decoder_levels(array.rows) - 1)),
        leaves=1,
    )


def layer_hardware(
    mapping: Mapping, array: Array, options: Options, assumptions: Assumptions
) -> Hardware:
    """The sub-arrays that a layer uses with their counters, and what combines and feeds them.

    They are made for the widest layer that they serve.
    """
    used, mapping = mapping.subarrays, mapping.installed
    length, planes = longest(mapping), max(mapping.plane_groups)
    segments = mapping.segments_per_row
    registers = mapping.result_bits(length, planes, 1)
    registers += mapping.result_bits(length, planes, mapping.coming_bits)
    sums = largest_bits(length, 1, max(mapping.summed_planes)) if options.sums_activations else 0
    logic = bit_count_adders(array.amplifiers) + segments * (registers + sums)
    mats = Organisation.of(assumptions).mats(mapping.subarrays)
    control = mats / max(mapping.subarrays, 1) * assumptions.control_flip_flops.value
    subarray = memory(array) + Hardware(
        full_adders=logic, flip_flops=segments * (registers + sums) + control
    )

    width = mapping.full_bits
    combined = 0
    for join, times in joined(mapping).items():
        parts = join.column_tiles * len(mapping.plane_groups)
        each = (parts - 1) * width + (width + 1 if options.sums_activations else 0)
        combined += each * segments * -(-times // mapping.folds)
    # Sums of patches that stay are kept for all kernels that come; of others there is one row.
    kept = (max(mapping.patch_tiles) - 1) * width if mapping.rounds else 0
    kept *= mapping.group_tiles * segments if options.sums_activations else 0
    shared = Hardware(full_adders=combined, flip_flops=combined + kept)
    everything = subarray.times(used) + shared.times(mapping.copies)
    return everything + memory(array).times(mapping.stores) if mapping.stores else everything


def patch_bits(mapping: Mapping) -> int:
    """Bits of the patches that a layer works on at once (1)."""
    lengths = sum(s.length * -(-times // mapping.folds) for s, times in stacks(mapping).items())
    return mapping.copies * mapping.segments_per_row * lengths * mapping.activation_bits


def transposer(needed: list[int], options: Options) -> Hardware:
    """Registers that take patches in words and give them out in planes, for any layer.

    `needed` are the bits of each layer. Pipelined layers, which all work at once, have
    registers of their own.
    """
    return Hardware(flip_flops=sum(needed) if options.pipelined else max(needed))


def digital_unit(width: int, activation_bits: int, assumptions: Assumptions) -> Hardware:
    """Lanes that compare `width` bits with a threshold, one bit of the result after another."""
    lane = Hardware(full_adders=width, flip_flops=width + activation_bits)
    return lane.times(int(assumptions.digital_unit_lanes.value))


def buffer_subarrays(layers: list[tuple[Layer, int, int]], array: Array, options: Options) -> int:
    """Sub-arrays that hold the largest layer's input and output (1).

    Pipelined, they hold every layer's input and the result twice: one is written while the
    other is read. `layers` are layers with the widths of their inputs and outputs.
    """
    inputs = [layer.operands * layer.input_elements * bits for layer, bits, _ in layers]
    outputs = [layer.output_elements * bits for layer, _, bits in layers]
    needed = 2 * (sum(inputs) + outputs[-1])
    if not options.pipelined:
        needed = max(read + written for read, written in zip(inputs, outputs, strict=True))
    return -(-needed // (array.rows * array.columns))


@dataclass(frozen=True, slots=True)
class Floorplan:
    """Area of one kind of hardware by component (m2), and its idle power (W)."""

    area: dict[str, float]
    leakage_power: float

    @property
    def total_area(self) -> float:
        """Sum over the components (m2)."""
        return sum(self.area.values())


def floorplan(
    hardware: Hardware, tree: Tree | None, prices: Prices, assumptions: Assumptions
) -> Floorplan:
    """Area and idle power of `hardware`, and of its share of the tree where that is given."""
    periphery = assumptions.periphery_utilisation.value
    amplifier_area = larger(prices.and2.area, prices.read.area)
    amplifier_leakage = larger(prices.and2.leakage_power, prices.read.leakage_power)
    wire = hardware.leaves * (tree.bits_per_leaf if tree else 0.0) * 1e3  # mm
    registers = hardware.leaves * (tree.registers_per_leaf if tree else 0.0)
    blocks = {
        "amplifiers": (hardware.amplifiers, amplifier_area, amplifier_leakage),
        "write_drivers": (hardware.write_drivers, prices.write.area, prices.write.leakage_power),
        "wordline_drivers": (
            hardware.wordline_drivers,
            prices.read_line.area + prices.write_line.area,
            prices.read_line.leakage_power + prices.write_line.leakage_power,
        ),
        "decoders": (
            hardware.decoder_gates,
            prices.decoder_gate.area,
            prices.decoder_gate.leakage_power,
        ),
        "full_adders": (
            hardware.full_adders,
            prices.full_adder.area,
            prices.full_adder.leakage_power,
        ),
        "flip_flops": (
            hardware.flip_flops + registers,
            prices.flip_flop.area,
            prices.flip_flop.leakage_power,
        ),
        "interconnect": (wire, prices.wire.area, prices.wire.leakage_power),
    }
    area = {"cells": hardware.cells * prices.cell_area / assumptions.array_utilisation.value}
    if prices.xor2 is not None:
        blocks["paired_amplifiers"] = (
            hardware.paired_amplifiers,
            prices.xor2.area,
            prices.xor2.leakage_power,
        )
    area |= {name: number * one / periphery for name, (number, one, _) in blocks.items()}
    return Floorplan(area, sum(number * power for number, _, power in blocks.values()))
