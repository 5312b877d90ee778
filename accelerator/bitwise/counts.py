"""How many bit operations a convolution takes, in closed form.

These are the operations of the mathematics, before any mapping: an AND for each
pair of bits, padding included (padded operands are stored as zeros, and an array
that reads them spends the operation); corrections apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accelerator.bitwise.encodings import levels
from accelerator.bitwise.geometry import Padding, Pair, geometry


@dataclass(frozen=True)
class BitCounts:
    """Operations of one convolution, all counted in single bits or single passes."""

    macs: int
    """Multiply-accumulates, those on padding included."""
    and_operations: int
    """ANDs of one activation bit with one weight bit: macs x W x A."""
    and_operations_on_padding: int
    """Those among them whose activation is padding."""
    bit_counts: int
    """Vectors whose ones are counted: one a result and pair of planes."""
    activation_sum_passes: int
    """Extra bit-counts of activations alone, for symmetric weights: one a patch
    and activation plane, shared by all kernels of the group."""
    activation_sum_bits: int
    """Bits that those passes count."""
    weight_sum_passes: int
    """Extra bit-counts of weights alone, for symmetric activations: one a kernel,
    weight plane and distinct non-empty set of taps on the input."""
    weight_sum_bits: int
    """Bits that those passes count: taps on padding are masked."""


def bit_counts(
    activations: Sequence[int],
    weights: Sequence[int],
    *,
    activation_bits: int,
    weight_bits: int,
    stride: Pair = 1,
    padding: Padding = 0,
    dilation: Pair = 1,
    groups: int = 1,
    activation_encoding: str = "unsigned",
    weight_encoding: str = "symmetric",
) -> BitCounts:
    """Count the bit operations of `bitwise_conv2d` on arrays of these shapes.

    Raises
    ------
    EstimateError
        As `bitwise_conv2d`.
    """
    activation = levels(activation_encoding, activation_bits, "activation")
    weight = levels(weight_encoding, weight_bits, "weight")
    shape = geometry(
        activations, weights, stride=stride, padding=padding, dilation=dilation, groups=groups
    )
    pairs = activation.bits * weight.bits
    on_input = shape.batch * shape.kernels * shape.group_channels * shape.taps_on_input
    sum_passes = 0 if weight.constant == 0 else shape.patches * activation.bits
    borders = {
        (row, column)
        for row in shape.rows.tap_ranges
        for column in shape.columns.tap_ranges
        if row[1] > row[0] and column[1] > column[0]
    }
    weight_planes = 0 if activation.constant == 0 else shape.kernels * weight.bits
    return BitCounts(
        macs=shape.macs,
        and_operations=shape.macs * pairs,
        and_operations_on_padding=(shape.macs - on_input) * pairs,
        bit_counts=shape.patches * shape.group_kernels * pairs,
        activation_sum_passes=sum_passes,
        activation_sum_bits=sum_passes * shape.patch_length,
        weight_sum_passes=weight_planes * len(borders),
        weight_sum_bits=weight_planes
        * shape.group_channels
        * sum((y1 - y0) * (x1 - x0) for (y0, y1), (x0, x1) in borders),
    )
