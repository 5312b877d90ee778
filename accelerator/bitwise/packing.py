"""Activations as words: 64 channels of one pixel and one bit-plane, or 4 channels of bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelerator.bitwise.compilation import compiled

RUN = 64
"""Pixels packed together: the bytes of one vector."""


@compiled
def pack_bits(
    values: NDArray[Any],
    masks: NDArray[Any],
    inverted: int,
    groups: int,
    top: int,
    left: int,
    planes: NDArray[np.uint64],
) -> None:
    """Write the bits of `values` into `planes`.

    values : N,C,H,W, unsigned views of the integers; `masks`, of the same type,
        select the bit of each plane
    inverted : the plane whose bits are inverted, or -1
    planes : images, groups, planes, words of 64 channels, padded rows, padded
        columns; holds zeros
    """
    images, channels, height, width = values.shape
    pixels = height * width
    group_channels = channels // groups
    padded = (pixels + RUN - 1) // RUN * RUN
    flat = values.reshape(images, channels, pixels)
    sources = np.zeros((8, padded), values.dtype)
    octet = np.empty(RUN, np.uint8)
    words = np.empty((masks.size, padded), np.uint64)
    for image in range(images):
        for group in range(groups):
            for word in range(planes.shape[3]):
                words[:] = 0
                begin = group * group_channels + word * 64
                end = min((group + 1) * group_channels, begin + 64)
                for channel in range(begin, end, 8):
                    together = min(8, end - channel)
                    for bit in range(together):
                        source, pixel_values = sources[bit], flat[image, channel + bit]
                        for pixel in range(pixels):
                            source[pixel] = pixel_values[pixel]
                    shift = np.uint64(channel - begin)
                    for plane in range(masks.size):
                        mask = masks[plane]
                        flipped = np.uint8((1 << together) - 1 if plane == inverted else 0)
                        for run in range(0, padded, RUN):
                            octet[:] = flipped
                            for bit in range(together):
                                one = np.uint8(1 << bit)
                                source = sources[bit, run : run + RUN]
                                for pixel in range(RUN):
                                    octet[pixel] ^= one if source[pixel] & mask else np.uint8(0)
                            target = words[plane, run : run + RUN]
                            for pixel in range(RUN):
                                target[pixel] |= np.uint64(octet[pixel]) << shift
                for plane in range(masks.size):
                    for y in range(height):
                        row = planes[image, group, plane, word, y + top]
                        packed = words[plane, y * width : (y + 1) * width]
                        for x in range(width):
                            row[left + x] = packed[x]


@compiled
def pack_bytes(
    values: NDArray[Any],
    offset: int,
    shift: int,
    groups: int,
    top: int,
    left: int,
    planes: NDArray[np.uint32],
) -> None:
    """Write a byte, (value + offset) >> shift, of each of `values` into `planes`.

    values : N,C,H,W, unsigned views of the integers
    planes : images, groups, 1, words of 4 channels, padded rows, padded columns;
        holds zeros
    """
    images, channels, height, width = values.shape
    group_channels = channels // groups
    flat = values.reshape(images, channels, height * width)
    words = np.empty(height * width, np.uint32)
    for image in range(images):
        for group in range(groups):
            for word in range(planes.shape[3]):
                words[:] = 0
                begin = group * group_channels + word * 4
                for channel in range(begin, min((group + 1) * group_channels, begin + 4)):
                    source, place = flat[image, channel], np.uint32((channel - begin) * 8)
                    for pixel in range(words.size):
                        code = (np.uint32(source[pixel]) + np.uint32(offset)) >> np.uint32(shift)
                        words[pixel] |= np.uint32(code & np.uint32(255)) << place
                for y in range(height):
                    row = planes[image, group, 0, word, y + top]
                    packed = words[y * width : (y + 1) * width]
                    for x in range(width):
                        row[left + x] = packed[x]


@compiled
def fold_taps(planes: NDArray[Any], taps: int, distance: int, tap_bits: int) -> None:
    """Put the bits of successive taps side by side in each word, in place.

    Word p of a plane becomes the concatenation of words p, p + distance, .. of
    `taps` taps; the last words of a plane, where no kernel begins, stay incomplete.
    planes : any number of planes x words
    """
    count, area = planes.shape
    folded = np.empty(area, planes.dtype)
    for plane in range(count):
        words = planes[plane]
        for place in range(area):
            folded[place] = words[place]
        for tap in range(1, taps):
            ahead, shift = words[tap * distance :], tap * tap_bits
            for place in range(ahead.size):
                folded[place] |= ahead[place] << shift
        for place in range(area):
            words[place] = folded[place]
