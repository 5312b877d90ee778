"""What happens outside the sub-arrays: buffers, wires and the digital unit, counted."""

from __future__ import annotations

from dataclasses import dataclass, fields

from accelerator.counts import Counts
from accelerator.mapping import Mapping
from accelerator.networks.layers import Layer, Operation
from accelerator.stacks import added_parts, live_outputs, patch_cells


@dataclass(slots=True)
class Traffic:
    """Bits moved and digital operations of one layer and one image.

    buffer_reads, buffer_writes: bits read from and written to the buffer memory.
    transposed: bits through the registers that turn words into bit-planes.
    input_bits: bits sent from the buffer to the sub-arrays.
    partial_bits, output_bits: bits of partial sums and of outputs on wires.
    kernel_bits: bits of kernels that come to the sub-arrays, for every image.
    store_reads: those of them that are read from sub-arrays which only keep weights.
    store_writes: bits written there when the weights are loaded.
    weight_bits: bits of weights sent when the weights are loaded.
    off_chip_bits: bits that cross the chip's edge: of the image, of the result, and of kernels
        that come from outside.
    off_chip_weights: bits of the weights that come when they are loaded, once for all copies.
    adders, flip_flops: of the digital unit, one-bit operations.
    """

    buffer_reads: float = 0
    buffer_writes: float = 0
    transposed: float = 0
    input_bits: float = 0
    partial_bits: float = 0
    output_bits: float = 0
    kernel_bits: float = 0
    store_reads: float = 0
    store_writes: float = 0
    weight_bits: float = 0
    off_chip_bits: float = 0
    off_chip_weights: float = 0
    adders: float = 0
    flip_flops: float = 0

    def to_dict(self) -> dict[str, float]:
        """Name and number of every event."""
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}


def output_width(mapping: Mapping, sums: bool) -> int:
    """Bits of one finished output, its sign included, of the widest layer served (1)."""
    return mapping.full_bits + sums


def mapped_traffic(
    mapping: Mapping, counts: Counts, next_bits: int, sums: bool, first: bool, last: bool
) -> Traffic:
    """Around a layer on sub-arrays whose outputs are quantized to `next_bits` bits.

    Elements of padding are not fetched. Outputs are quantized with the batch normalization
    and activation folded in: `next_bits` comparisons of the output with a threshold, by
    bisection, each a subtraction (as many adders as a multiplication by a scale). The first
    layer's input comes from outside and is written into the buffer once; the last layer's
    outputs leave. Outputs that no sub-array adds to are constants that are written only. Kernels
    that come do so once for every round of patches, to all copies.
    """
    layer = mapping.layer
    outputs, live = layer.output_elements, live_outputs(mapping)
    width = output_width(mapping, sums)
    image = layer.input_elements * mapping.activation_bits if first else 0
    fetched = patch_cells(mapping) * mapping.written_valid_fraction
    weights = counts.weight_cells / (mapping.positions_per_row * mapping.rotations)
    kernels = mapping.rounds * layer.weights * mapping.weight_bits
    kept = layer.weights * mapping.weight_bits if mapping.stores else 0
    from_outside = 0 if mapping.stores else kernels
    return Traffic(
        buffer_reads=fetched,
        buffer_writes=outputs * next_bits + image,
        transposed=fetched,
        input_bits=fetched,
        partial_bits=added_parts(mapping) * (width - sums),
        output_bits=live * width,
        kernel_bits=kernels,
        store_reads=kernels - from_outside,
        store_writes=kept,
        weight_bits=weights + kept,
        off_chip_bits=image + from_outside + (outputs * next_bits if last else 0),
        off_chip_weights=weights / mapping.copies + kept,
        adders=live * width * next_bits,
        flip_flops=live * (width + next_bits),
    )


def digital_traffic(layer: Layer, bits: int, next_bits: int, last: bool) -> Traffic:
    """Around a layer of the digital unit, whose elements have `bits` bits.

    Every input is read once (windows overlap in line registers), every output written once.
    """
    outputs = layer.output_elements
    adders = outputs * _adders_per_output(layer, bits)
    return Traffic(
        buffer_reads=layer.operands * layer.input_elements * bits,
        buffer_writes=outputs * next_bits,
        off_chip_bits=outputs * next_bits if last else 0,
        adders=adders,
        flip_flops=layer.operands * layer.input_elements * bits + adders,
    )


def table_traffic(layer: Layer, bits: int, last: bool) -> Traffic:
    """Around an embedding: its entries go into the buffer, as they are, `bits` bits an element."""
    entries, held = layer.output_elements * bits, layer.table_elements * bits
    return Traffic(
        buffer_writes=entries,
        output_bits=entries,
        store_reads=entries,
        store_writes=held,
        weight_bits=held,
        off_chip_bits=entries if last else 0,
        off_chip_weights=held,
    )


def _adders_per_output(layer: Layer, bits: int) -> int:
    """One-bit full adders for one output of a layer of the digital unit (1)."""
    taps = layer.taps
    match layer.operation:
        case Operation.MAX_POOL:
            return (taps - 1) * bits
        case Operation.AVERAGE_POOL:
            width = bits + (taps - 1).bit_length()
            # A power of two divides by wiring, anything else by a multiplication.
            return (taps - 1) * width + (0 if taps & (taps - 1) == 0 else bits * width)
        # What follows is quantized again: one comparison for each bit of the result.
        case Operation.ADDITION:
            return (layer.operands - 1) * (bits + 1) + bits * (bits + 1)
        case Operation.MULTIPLICATION:
            return (layer.operands - 1) * bits * bits + bits * 2 * bits
        case _:
            return bits * (bits + 1)
