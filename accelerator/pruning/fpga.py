"""The same operations on an array of processing elements on an FPGA, beside the sub-arrays.

A group of weights, kernels x elements, is what the array takes in one cycle: it multiplies a piece
of a patch by all kernels of the group, adds each kernel's products up in a tree and the sum to its
partial sum in memory. A group's weights stay while all positions pass, so

    cycles = sum over layers of (positions x groups that are left) + the pipeline's depth
    multiply-accumulates = positions x weights in groups that are left

Ternary weights need no multiplier: a product is an operand, its negative or zero, and the trees
stand in look-up tables, one a bit of an adder. Weights of more bits take a DSP slice a product.
Wires beyond those in the cited ratio and memory outside the device are not counted.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from accelerator.assumptions import Assumption
from accelerator.networks.layers import Layer
from accelerator.pruning.tiles import Tiles


@dataclass(frozen=True, slots=True)
class Constants:
    """Constants of fpga.toml, each with its source."""

    clock: Assumption
    add_energy_per_bit: Assumption
    multiply_energy: Assumption
    memory_energy_per_bit: Assumption
    logic_energy_factor: Assumption
    hard_energy_factor: Assumption
    static_power: Assumption
    partial_sum_bits: Assumption
    memory_block_bits: Assumption


@cache
def load_constants() -> Constants:
    """The shipped constants."""
    text = files("accelerator.pruning").joinpath("fpga.toml").read_text(encoding="utf-8")
    return Constants(**{name: Assumption(**entry) for name, entry in tomllib.loads(text).items()})


@dataclass(frozen=True)
class Grouped:
    """A layer with its groups: which are left, and the widths of both operands."""

    layer: Layer
    tiles: Tiles
    held: NDArray[np.bool_]
    weight_bits: int
    activation_bits: int
    ternary: bool

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one image (1)."""
        return self.layer.positions * int(self.tiles.sizes()[self.held].sum())

    @property
    def group_cycles(self) -> int:
        """Groups that pass the array for one image (1)."""
        return self.layer.positions * int(self.held.sum())


@dataclass(frozen=True)
class FieldProgrammable:
    """One image on the array: cycles (1), time (s), energy by part (J), resources (1).

    skipped_cycles: what pruned groups would have taken.
    """

    kernels: int
    elements: int
    macs: int
    cycles: int
    skipped_cycles: int
    latency: float
    energy_by_part: dict[str, float]
    look_up_tables: int
    dsp_slices: int
    memory_blocks: int

    @property
    def energy(self) -> float:
        """Energy of one image (J)."""
        return sum(self.energy_by_part.values())


def tree_bits(inputs: int, width: int) -> int:
    """One-bit adders of a tree that adds `inputs` numbers of `width` bits with their signs (1)."""
    bits, level = 0, width + 1
    while inputs > 1:
        bits += inputs // 2 * level
        inputs, level = -(-inputs // 2), level + 1
    return bits


def cost_on_fpga(
    layers: Sequence[Grouped], constants: Constants | None = None
) -> FieldProgrammable:
    """One image through all layers, one after the other, on an array as large as the largest group.

    The array holds ternary layers in look-up tables and the others in DSP slices, which both exist
    if the network has both.
    """
    known = constants or load_constants()
    kernels = max(max(layer.tiles.kernels) for layer in layers)
    elements = max(max(layer.tiles.elements) for layer in layers)
    bit = known.add_energy_per_bit.value * known.logic_energy_factor.value
    memory = known.memory_energy_per_bit.value * known.hard_energy_factor.value
    multiply = known.multiply_energy.value * known.hard_energy_factor.value
    sums_width = int(known.partial_sum_bits.value)
    energy = dict.fromkeys(("multiply", "add", "activations", "partial_sums", "weights"), 0.0)
    tables = slices = cycles = skipped = stored = largest = 0
    for one in layers:
        width = one.activation_bits + (0 if one.ternary else one.weight_bits)
        for row, n_kernels in enumerate(one.tiles.kernels):
            for column, n_elements in enumerate(one.tiles.elements):
                if not one.held[row, column]:
                    skipped += one.layer.positions
                    continue
                positions, weights = one.layer.positions, n_kernels * n_elements
                products = 0 if one.ternary else weights
                # An operand is passed, negated or blanked beside the first addition.
                added = n_kernels * (tree_bits(n_elements, width) + sums_width)
                energy["multiply"] += positions * products * multiply
                energy["add"] += positions * added * bit
                energy["activations"] += positions * n_elements * one.activation_bits * memory
                energy["partial_sums"] += positions * n_kernels * 2 * sums_width * memory
                energy["weights"] += weights * one.weight_bits * memory
                stored += weights * one.weight_bits
                tables = max(tables, added)
                slices = max(slices, products)
        cycles += one.group_cycles + elements.bit_length() + 2
        inside = one.layer.input_elements + one.layer.output_elements
        largest = max(largest, inside * one.activation_bits)
        largest = max(largest, one.layer.output_elements * sums_width)
    energy["static"] = known.static_power.value * cycles / known.clock.value
    return FieldProgrammable(
        kernels,
        elements,
        sum(one.macs for one in layers),
        cycles,
        skipped,
        cycles / known.clock.value,
        energy,
        tables,
        slices,
        -(-(stored + largest) // int(known.memory_block_bits.value)),
    )
