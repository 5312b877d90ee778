"""The compiled direct convolution: whole planes, shifted by a tap, scaled and added."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from accelerator.bitwise.compilation import compiled


@compiled
def add_shifted(
    planes: NDArray[np.int32],
    weights: NDArray[np.int32],
    taps: NDArray[np.int64],
    groups: int,
    row_distance: int,
    column_distance: int,
    result: NDArray[np.int64],
) -> None:
    """Add up the planes of each kernel's channels.

    planes : images x channels x padded pixels
    weights : kernels x taps x channels of a group
    taps : offset of each tap in a plane
    row_distance, column_distance : of neighbouring outputs in a plane
    result : images x kernels x rows x columns
    """
    images, kernels, rows, columns = result.shape
    # One pass over the plane from the first output to the last, with the pixels in
    # between that belong to none: long vectors outweigh them.
    reach = (rows - 1) * row_distance + (columns - 1) * column_distance + 1
    sums = np.empty(reach, np.int32)
    group_channels, group_kernels = weights.shape[2], kernels // groups
    for image in range(images):
        for kernel in range(kernels):
            sums[:] = 0
            for channel in range(group_channels):
                plane = planes[image, kernel // group_kernels * group_channels + channel]
                for tap in range(taps.size):
                    weight = weights[kernel, tap, channel]
                    shifted = plane[taps[tap] : taps[tap] + reach]
                    for pixel in range(reach):
                        sums[pixel] += np.int32(weight * shifted[pixel])
            for row in range(rows):
                line, source = result[image, kernel, row], sums[row * row_distance :]
                for column in range(columns):
                    line[column] = source[column * column_distance]
