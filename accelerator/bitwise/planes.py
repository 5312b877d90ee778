"""Activations as bit-planes: 64 channels of one pixel and one plane in a word."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelerator.bitwise.compilation import compiled

Words = NDArray[np.uint64]


@compiled
def pack_images(
    values: NDArray[Any],
    constant: int,
    step_bits: int,
    groups: int,
    top: int,
    left: int,
    planes: Words,
    first: int,
    last: int,
) -> None:
    """Write the codes of images first .. last - 1 into `planes`.

    `values` is N,C,H,W; the code of a value is (value - constant) >> step_bits,
    whose low bits are also the two's complement. `planes` is images, groups,
    planes, words of 64 channels, padded rows, padded columns, and holds zeros.
    """
    _, channels, height, width = values.shape
    group_channels = channels // groups
    widths = planes.shape[2]
    one = np.uint64(1)
    for image in range(first, last):
        for channel in range(channels):
            group = channel // group_channels
            inside = channel - group * group_channels
            bit = np.uint64(inside & 63)
            for plane in range(widths):
                shift = step_bits + plane
                for y in range(height):
                    source = values[image, channel, y]
                    target = planes[image, group, plane, inside >> 6, y + top]
                    for x in range(width):
                        code = (np.int64(source[x]) - constant) >> shift
                        target[x + left] |= (np.uint64(code) & one) << bit
