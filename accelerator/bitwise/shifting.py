"""The compiled direct convolution: whole planes, shifted by a tap, scaled and added."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelerator.bitwise.compilation import compiled

TAPS_AT_ONCE = 5
"""Taps added in one pass over the sums: 3 x 3 takes two, 5 x 5 five, the rest being nil."""
WHOLE = 128
"""Sums of four vectors of 16 bits."""


@compiled
def add_shifted(
    values: NDArray[Any],
    weights: NDArray[Any],
    taps: NDArray[np.int64],
    groups: int,
    padding: tuple[int, int, int, int],
    distances: tuple[int, int],
    result: NDArray[np.int64],
) -> None:
    """Add up the planes of each kernel's channels.

    values : images x channels x rows x columns
    weights : kernels x channels of a group x taps, a multiple of TAPS_AT_ONCE of them; their type
        holds any sum
    taps : offset of each tap in a padded plane
    padding : rows of a padded plane, its columns, and the first that the image fills
    distances : of neighbouring outputs in a padded plane, rows and columns
    result : images x kernels x rows x columns
    """
    images, kernels, rows, columns = result.shape
    padded_rows, padded_columns, top, left = padding
    row_distance, column_distance = distances
    height, width = values.shape[2:]
    plane_size = padded_rows * padded_columns
    group_channels, group_kernels = weights.shape[1], kernels // groups
    # One pass over the plane from the first output to the last, with the pixels in
    # between that belong to none: long vectors outweigh them.
    reach = (rows - 1) * row_distance + (columns - 1) * column_distance + 1
    # In whole vectors, as the compiler unrolls them: what is left over would go one by one.
    reach = (reach + WHOLE - 1) // WHOLE * WHOLE
    sums = np.empty(reach, weights.dtype)
    # Padded here, a group's planes stay in the first cache level.
    planes = np.zeros((group_channels, taps.max() + max(reach, plane_size)), weights.dtype)
    for image in range(images):
        for group in range(groups):
            for channel in range(group_channels):
                source = values[image, group * group_channels + channel]
                for row in range(height):
                    place = (top + row) * padded_columns + left
                    target = planes[channel, place : place + width]
                    line = source[row]
                    for column in range(width):
                        target[column] = line[column]
            for kernel in range(group * group_kernels, (group + 1) * group_kernels):
                sums[:] = 0
                for channel in range(group_channels):
                    plane, weight = planes[channel], weights[kernel, channel]
                    for tap in range(0, taps.size, 5):
                        w0, w1, w2 = weight[tap], weight[tap + 1], weight[tap + 2]
                        w3, w4 = weight[tap + 3], weight[tap + 4]
                        p0, p1, p2 = (
                            plane[taps[tap] :],
                            plane[taps[tap + 1] :],
                            plane[taps[tap + 2] :],
                        )
                        p3, p4 = plane[taps[tap + 3] :], plane[taps[tap + 4] :]
                        for i in range(reach):
                            sums[i] += (
                                w0 * p0[i] + w1 * p1[i] + w2 * p2[i] + w3 * p3[i] + w4 * p4[i]
                            )
                for row in range(rows):
                    line, source = result[image, kernel, row], sums[row * row_distance :]
                    if column_distance == 1:
                        # A distance known to the compiler lets it store whole vectors.
                        for column in range(columns):
                            line[column] = source[column]
                    else:
                        for column in range(columns):
                            line[column] = source[column * column_distance]
