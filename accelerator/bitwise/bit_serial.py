"""The bit-wise path: prepare what the compiled kernel needs, and run it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelerator.bitwise.encodings import Levels
from accelerator.bitwise.geometry import Geometry
from accelerator.bitwise.weights import PackedWeights

Integers = NDArray[np.int64]

_WORTH_SHARING = 2**24
"""ANDs below which a second thread costs more than it brings (some 20 microseconds)."""


@lru_cache(maxsize=64)
def schedule(activation: Levels, weight: Levels) -> Integers:
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
    return _frozen(np.array(rows, np.int64))


@dataclass(frozen=True)
class Layout:
    """Where the kernel finds and leaves its operands, in words of a padded plane."""

    taps: Integers
    """Offset of each kernel tap."""
    sources: Integers
    """Offset of each patch, over images and positions, in the planes."""
    targets: Integers
    """Offset of each patch's result of kernel 0."""
    borders: Integers
    """Class of each patch: patches with the same taps on the input share one, and
    class 0 has the most patches."""
    tap_ranges: Integers
    """By class: top, bottom, left, right of the half-open ranges of those taps."""


@lru_cache(maxsize=64)
def layout(shape: Geometry, activation_planes: int) -> Layout:
    """The layout for activations of so many planes."""
    rows, columns = shape.rows, shape.columns
    y = np.arange(rows.kernel) * rows.dilation
    x = np.arange(columns.kernel) * columns.dilation
    down = np.arange(rows.outputs) * rows.stride
    across = np.arange(columns.outputs) * columns.stride
    positions = (down[:, None] * columns.padded + across).reshape(-1)
    images = np.arange(shape.batch)[:, None]
    plane_words = -(-shape.group_channels // 64) * rows.padded * columns.padded
    row_ranges = np.repeat(rows.tap_ranges, columns.outputs, axis=0)
    column_ranges = np.tile(columns.tap_ranges, (rows.outputs, 1))
    ranges, borders, sizes = np.unique(
        np.hstack([row_ranges, column_ranges]), axis=0, return_inverse=True, return_counts=True
    )
    order = np.argsort(-sizes, kind="stable")
    return Layout(
        taps=_frozen((y[:, None] * columns.padded + x).reshape(-1)),
        sources=_frozen(
            (images * shape.groups * activation_planes * plane_words + positions).reshape(-1)
        ),
        targets=_frozen(
            (images * shape.kernels * shape.positions + np.arange(shape.positions)).reshape(-1)
        ),
        borders=_frozen(np.tile(np.argsort(order)[borders.reshape(-1)], shape.batch)),
        tap_ranges=_frozen(ranges[order]),
    )


@lru_cache(maxsize=64)
def _no_borders(shape: Geometry) -> tuple[Integers, Integers]:
    patches = shape.batch * shape.positions
    return _frozen(np.zeros((shape.kernels, 1), np.int64)), _frozen(np.zeros(patches, np.int64))


def border_sums(activation: Levels, packed: PackedWeights, tap_ranges: Integers) -> Integers:
    """Kernels x classes: the sum-of-weights pass, masked where taps fall on padding."""
    top, bottom, left, right = tap_ranges.T
    sums = packed.tap_sums
    inside = (
        sums[:, bottom, right] - sums[:, top, right] - sums[:, bottom, left] + sums[:, top, left]
    )
    return activation.constant * np.ascontiguousarray(inside)


def bit_planes(
    activations: NDArray[Any], activation: Levels, shape: Geometry
) -> NDArray[np.uint64]:
    """Images x groups x planes x words of 64 channels x padded rows x padded columns.

    An odd value 2q - (2^b - 1) is 2(q - 2^(b-1)) + 1, so the bits of q are those of
    the integer above its lowest, the most significant one inverted.
    """
    from accelerator.bitwise.planes import pack_images

    odd = activation.step - 1
    masks = _masks(activation)
    planes = np.zeros(
        (
            shape.batch,
            shape.groups,
            activation.bits,
            -(-shape.group_channels // 64),
            shape.rows.padded,
            shape.columns.padded,
        ),
        np.uint64,
    )
    pack_images(
        np.ascontiguousarray(activations.astype(masks.dtype, copy=False)),
        masks,
        activation.bits - 1 if odd else -1,
        shape.groups,
        shape.rows.before,
        shape.columns.before,
        planes,
        0,
        shape.batch,
    )
    return planes


@lru_cache(maxsize=64)
def _masks(activation: Levels) -> NDArray[Any]:
    """The bit of the integer behind each plane, in a type that is wide enough."""
    masks = 1 << (np.arange(activation.bits) + activation.step - 1)
    return masks.astype(np.uint8 if masks[-1] < 256 else np.uint32)


def convolve_bit_serial(
    activations: NDArray[Any], activation: Levels, packed: PackedWeights, shape: Geometry
) -> NDArray[np.int64]:
    """The exact convolution by AND, bit-count, shift and accumulate."""
    from accelerator.bitwise.blocks import convolve
    from accelerator.bitwise.threads import share

    planes = bit_planes(activations, activation, shape)
    where = layout(shape, activation.bits)
    if activation.zero_is_a_level:
        corrections, borders = _no_borders(shape)
    else:
        corrections = border_sums(activation, packed, where.tap_ranges)
        borders = where.borders
    area = shape.rows.padded * shape.columns.padded
    words = planes.shape[3] * area
    strides = (activation.bits * words, words, area, activation.bits)
    result = np.empty(shape.output_shape, np.int64)
    flat_planes, flat_result = planes.reshape(-1), result.reshape(-1)

    def work(first: int, last: int) -> None:
        convolve(
            flat_planes,
            strides,
            shape.group_channels,
            where.taps,
            where.sources,
            where.targets,
            packed.planes,
            schedule(activation, packed.levels),
            schedule(activation, Levels("unsigned", 1)),
            packed.levels.constant,
            corrections,
            borders,
            flat_result,
            shape.positions,
            shape.groups,
            first,
            last,
        )

    total = where.sources.size
    ands = shape.macs * activation.bits * packed.levels.bits
    share(work, total, grain=24 if ands > _WORTH_SHARING else max(total, 1))
    return result


def _frozen(array: NDArray[Any]) -> Integers:
    integers = np.ascontiguousarray(array, np.int64)
    integers.flags.writeable = False
    return integers
