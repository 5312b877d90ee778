"""Where the kernels find and leave their operands, and how bit products add up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelerator.bitwise.geometry import Geometry
from accelerator.bitwise.weights import PackedWeights

Integers = NDArray[np.int64]


@lru_cache(maxsize=128)
def schedule(activation_planes: tuple[int, ...], weight_planes: tuple[int, ...]) -> Integers:
    """Shift and accumulate as one chain over all pairs of planes with these weights.

    Pairs run from the heaviest to the lightest; before each, the accumulator is
    shifted by the difference in weight, and changes its sign where exactly one of
    two successive pairs is negative (a sign plane of two's complement with any
    other plane). Rows, flat: activation plane, weight plane, flip (0 or -1), shift;
    the last row brings the sum to its final sign and weight.
    """
    pairs = sorted(
        (
            (abs(first * second).bit_length() - 1, first * second < 0, plane, other)
            for plane, first in enumerate(activation_planes)
            for other, second in enumerate(weight_planes)
        ),
        reverse=True,
    )
    rows, exponent, negative = [], pairs[0][0], pairs[0][1]
    for power, is_negative, plane, other in pairs:
        rows.append((plane, other, -int(is_negative != negative), exponent - power))
        exponent, negative = power, is_negative
    rows.append((0, 0, -int(negative), exponent))
    return _frozen(np.array(rows).reshape(-1))


@dataclass(frozen=True)
class Placement:
    """Offsets in a padded plane, and classes of output positions."""

    taps: Integers
    """Offset of each kernel tap."""
    positions: Integers
    """Offset of each output position's patch."""
    borders: Integers
    """Class of each position: those with the same taps on the input share one, and
    class 0 is the most frequent."""
    tap_ranges: Integers
    """By class: top, bottom, left, right of the half-open ranges of those taps."""
    no_borders: Integers
    """A single class, for encodings that need no correction at borders."""


@lru_cache(maxsize=32)
def placement(shape: Geometry) -> Placement:
    """The placement of a convolution, the same for each of its images."""
    rows, columns = shape.rows, shape.columns
    y = np.arange(rows.kernel) * rows.dilation
    x = np.arange(columns.kernel) * columns.dilation
    down = np.arange(rows.outputs) * rows.stride
    across = np.arange(columns.outputs) * columns.stride
    row_ranges = np.repeat(rows.tap_ranges, columns.outputs, axis=0)
    column_ranges = np.tile(columns.tap_ranges, (rows.outputs, 1))
    ranges, borders, sizes = np.unique(
        np.hstack([row_ranges, column_ranges]), axis=0, return_inverse=True, return_counts=True
    )
    order = np.argsort(-sizes, kind="stable")
    return Placement(
        taps=_frozen((y[:, None] * columns.padded + x).reshape(-1)),
        positions=_frozen((down[:, None] * columns.padded + across).reshape(-1)),
        borders=_frozen(np.argsort(order)[borders.reshape(-1)]),
        tap_ranges=_frozen(ranges[order]),
        no_borders=_frozen(np.zeros(shape.positions)),
    )


def border_sums(packed: PackedWeights, tap_ranges: Integers) -> Integers:
    """Kernels x classes: sums of the weights whose taps fall on the input."""
    top, bottom, left, right = tap_ranges.T
    sums = packed.tap_sums
    return np.ascontiguousarray(
        sums[:, bottom, right] - sums[:, top, right] - sums[:, bottom, left] + sums[:, top, left]
    )


def _frozen(array: NDArray[Any]) -> Integers:
    integers = np.ascontiguousarray(array, np.int64)
    integers.flags.writeable = False
    return integers
