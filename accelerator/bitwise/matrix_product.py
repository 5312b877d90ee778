"""The path for wide operands: one matrix product whose floating-point sums are exact.

Every partial sum of integers, in whatever order, is an integer of at most
patch length x greatest activation x greatest weight; below 2^24 (2^53) a 32-bit
(64-bit) float holds all of them.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelerator.bitwise.encodings import Levels
from accelerator.bitwise.geometry import Geometry
from accelerator.bitwise.weights import PackedWeights

_STRIP_BYTES = 8 * 2**20
"""Patches of some output rows that are multiplied at once."""


def greatest_sum(shape: Geometry, activation: Levels, weight: Levels) -> int:
    """Bound of every partial sum's absolute value."""
    return shape.patch_length * activation.magnitude * weight.magnitude


def exact_type(shape: Geometry, activation: Levels, weight: Levels) -> type[Any] | None:
    """The narrowest floating type that holds every partial sum exactly, or None."""
    bound = greatest_sum(shape, activation, weight)
    if bound <= 2**24:
        return np.float32
    return np.float64 if bound <= 2**53 else None


def convolve_by_products(
    activations: NDArray[Any], activation: Levels, packed: PackedWeights, shape: Geometry
) -> NDArray[np.int64]:
    """The exact convolution by matrix products; `exact_type` must not be None."""
    exact = exact_type(shape, activation, packed.levels)
    assert exact is not None
    rows, columns = shape.rows, shape.columns
    result = np.empty(shape.output_shape, np.int64)
    matrix = packed.matrix.astype(exact).reshape(shape.groups, shape.group_kernels, -1)
    padded = np.zeros((shape.channels, rows.padded, columns.padded), exact)
    inside = padded[
        :, rows.before : rows.before + rows.size, columns.before : columns.before + columns.size
    ]
    line_bytes = shape.patch_length * columns.outputs * padded.itemsize
    strips = -(-rows.outputs * line_bytes // _STRIP_BYTES)
    lines = -(-rows.outputs // min(strips, rows.outputs))
    patches = np.empty((shape.taps, shape.group_channels, lines, columns.outputs), exact)
    for image in range(shape.batch):
        inside[...] = activations[image]
        for group, first in product(range(shape.groups), range(0, rows.outputs, lines)):
            channel, kernel = group * shape.group_channels, group * shape.group_kernels
            strip = patches[:, :, : rows.outputs - first]
            last = strip.shape[2] - 1
            for tap, (i, j) in enumerate(product(range(rows.kernel), range(columns.kernel))):
                y, x = first * rows.stride + i * rows.dilation, j * columns.dilation
                strip[tap] = padded[
                    channel : channel + shape.group_channels,
                    y : y + last * rows.stride + 1 : rows.stride,
                    x : x + (columns.outputs - 1) * columns.stride + 1 : columns.stride,
                ]
            sums = matrix[group] @ strip.reshape(shape.patch_length, -1)
            target = result[image, kernel : kernel + shape.group_kernels, first : first + last + 1]
            target[...] = sums.reshape(target.shape)
    return result
