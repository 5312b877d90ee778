"""The bit-wise path: prepare what the compiled kernel needs, and run it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelerator.bitwise.encodings import Levels
from accelerator.bitwise.geometry import Geometry
from accelerator.bitwise.weights import PackedWeights

_WORTH_SHARING = 2**24
"""ANDs below which a second thread costs more than it brings (some 20 microseconds)."""


@lru_cache(maxsize=64)
def schedule(activation: Levels, weight: Levels) -> NDArray[np.int64]:
    """Shift and accumulate as one chain over all pairs of planes.

    Pairs run from the heaviest to the lightest; before each, the accumulator is
    shifted by the difference in weight, and changes its sign where exactly one of
    two successive pairs is negative (a sign plane of two's complement with any
    other plane). Rows: activation plane, weight plane, flip, shift; the last row
    brings the sum to its final sign and weight.
    """
    pairs = sorted(
        (
            (abs(first * second).bit_length() - 1, first * second < 0, plane, other)
            for plane, first in enumerate(activation.plane_weights)
            for other, second in enumerate(weight.plane_weights)
        ),
        reverse=True,
    )
    rows, exponent, negative = [], pairs[0][0], pairs[0][1]
    for power, is_negative, plane, other in pairs:
        rows.append((plane, other, -int(is_negative != negative), exponent - power))
        exponent, negative = power, is_negative
    rows.append((0, 0, -int(negative), exponent))
    return np.array(rows, np.int64)


@lru_cache(maxsize=64)
def layout(shape: Geometry) -> tuple[NDArray[np.int64], ...]:
    """Offsets of taps and patches in a padded plane, of results, and border classes.

    Patches whose kernel taps fall on the input in the same way share a class; the
    last array lists, by class, the first and last such tap of rows and columns.
    """
    rows, columns = shape.rows, shape.columns
    y = np.arange(rows.kernel) * rows.dilation
    x = np.arange(columns.kernel) * columns.dilation
    taps = (y[:, None] * columns.padded + x).reshape(-1)
    down = np.arange(rows.outputs) * rows.stride
    across = np.arange(columns.outputs) * columns.stride
    sources = (down[:, None] * columns.padded + across).reshape(-1)
    row_ranges, row_class = np.unique(rows.tap_ranges, axis=0, return_inverse=True)
    column_ranges, column_class = np.unique(columns.tap_ranges, axis=0, return_inverse=True)
    borders = (row_class[:, None] * len(column_ranges) + column_class).reshape(-1)
    ranges = np.hstack(
        [
            np.repeat(row_ranges, len(column_ranges), axis=0),
            np.tile(column_ranges, (len(row_ranges), 1)),
        ]
    )
    arrays = tuple(a.astype(np.int64) for a in (taps, sources, borders, ranges))
    for array in arrays:
        array.flags.writeable = False
    return arrays


def convolve_bit_serial(
    activations: NDArray[Any], activation: Levels, packed: PackedWeights, shape: Geometry
) -> NDArray[np.int64]:
    """The exact convolution by AND, bit-count, shift and accumulate."""
    from accelerator.bitwise.blocks import convolve
    from accelerator.bitwise.planes import pack_images
    from accelerator.bitwise.threads import share

    taps, positions, borders, ranges = layout(shape)
    words = -(-shape.group_channels // 64)
    area = shape.rows.padded * shape.columns.padded
    planes = np.zeros(
        (
            shape.batch,
            shape.groups,
            activation.bits,
            words,
            shape.rows.padded,
            shape.columns.padded,
        ),
        np.uint64,
    )
    values = (
        activations if activations.dtype in (np.uint8, np.int8) else activations.astype(np.int32)
    )
    pack_images(
        values, activation.constant, activation.step - 1, shape.groups,
        shape.rows.before, shape.columns.before, planes, 0, shape.batch,
    )  # fmt: skip

    images = np.arange(shape.batch)[:, None]
    image_stride = shape.groups * activation.bits * words * area
    sources = (images * image_stride + positions).reshape(-1)
    targets = (images * (shape.kernels * shape.positions) + np.arange(shape.positions)).reshape(-1)
    if activation.zero_is_a_level:
        weight_sums = np.zeros((shape.kernels, 1), np.int64)
        border_of = np.zeros(sources.size, np.int64)
    else:
        top, bottom, left, right = ranges.T
        sums = packed.tap_sums
        inside = (
            sums[:, bottom, right]
            - sums[:, top, right]
            - sums[:, bottom, left]
            + sums[:, top, left]
        )
        weight_sums = activation.constant * inside
        border_of = np.tile(borders, shape.batch)

    result = np.empty(shape.output_shape, np.int64)
    strides = (activation.bits * words * area, words * area, area, activation.bits)
    ands = shape.macs * activation.bits * packed.levels.bits

    def work(first: int, last: int) -> None:
        convolve(
            planes.reshape(-1), strides, shape.group_channels, taps, sources, targets,
            packed.planes, schedule(activation, packed.levels),
            np.array(activation.plane_weights, np.int64), packed.levels.constant,
            weight_sums, border_of, result.reshape(-1), shape.positions, shape.groups,
            first, last,
        )  # fmt: skip

    if ands < _WORTH_SHARING:
        work(0, sources.size)
    else:
        share(work, sources.size, 24)
    return result
