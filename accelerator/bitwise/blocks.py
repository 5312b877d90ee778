"""The compiled bit-wise convolution: patches gathered block by block meet all kernels.

A block is up to 24 patches (output positions, of one or several images). Their
bits are gathered once a group into a buffer that stays in the first cache levels;
then four kernels at a time run over it, pair of planes by pair of planes.
Neighbouring lanes of a vector are neighbouring output positions, so results leave
as whole vectors.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from accelerator.bitwise.compilation import compiled
from accelerator.bitwise.planes import Words
from accelerator.bitwise.popcount import LANES, multiply_block

Integers = NDArray[np.int64]

KERNELS_AT_ONCE = 8
VECTORS_AT_ONCE = 3
TILE_WORDS = 20000
_WIDEST = VECTORS_AT_ONCE * LANES

_multiply_3xn = multiply_block(3, KERNELS_AT_ONCE)
_multiply_2xn = multiply_block(2, KERNELS_AT_ONCE)
_multiply_1xn = multiply_block(1, KERNELS_AT_ONCE)
_multiply_3x1 = multiply_block(3, 1)
_multiply_2x1 = multiply_block(2, 1)
_multiply_1x1 = multiply_block(1, 1)


@compiled
def block_vectors(patches: int) -> int:
    """Vectors of the next block where so many patches are left."""
    vectors = (patches + LANES - 1) // LANES
    # Four vectors are two and two: a block of one vector keeps few registers busy.
    return 2 if vectors == 4 else min(vectors, VECTORS_AT_ONCE)


@compiled
def gather(
    planes: Words,
    base: int,
    word_stride: int,
    channels: int,
    taps: Integers,
    sources: Integers,
    lanes: int,
    patches: Words,
    start: int,
) -> None:
    """Concatenate the channel bits of every tap into patches[start:], word by word.

    Tap t occupies bits t * channels .. (t + 1) * channels - 1 of a patch, so a
    patch has no gaps whatever the number of channels. `sources` are the lanes'
    positions in a plane; the buffer is words x lanes.
    """
    for tap in range(taps.size):
        for channel in range(0, channels, 64):
            bit = tap * channels + channel
            shift = bit & 63
            place = start + (bit >> 6) * lanes
            origin = base + (channel >> 6) * word_stride + taps[tap]
            if shift == 0:
                for lane in range(lanes):
                    patches[place + lane] = planes[origin + sources[lane]]
            elif shift + min(64, channels - channel) <= 64:
                for lane in range(lanes):
                    patches[place + lane] |= planes[origin + sources[lane]] << np.uint64(shift)
            else:
                for lane in range(lanes):
                    word = planes[origin + sources[lane]]
                    patches[place + lane] |= word << np.uint64(shift)
                    patches[place + lanes + lane] = word >> np.uint64(64 - shift)


@compiled
def sum_activations(
    vectors: int,
    steps: Integers,
    words: int,
    patches: Words,
    patch: int,
    ones: Words,
    zeros: Integers,
    factor: int,
    sums: Integers,
    place: int,
) -> None:
    """sums[place:] of a block of patches: its product with a kernel of ones, by `factor`."""
    # fmt: off
    if vectors == 3:
        _multiply_3x1(steps, words, patches, patch, ones, 0, 0, zeros, 0, zeros, 0, 0, sums, place, 0)  # noqa: E501
    elif vectors == 2:
        _multiply_2x1(steps, words, patches, patch, ones, 0, 0, zeros, 0, zeros, 0, 0, sums, place, 0)  # noqa: E501
    else:
        _multiply_1x1(steps, words, patches, patch, ones, 0, 0, zeros, 0, zeros, 0, 0, sums, place, 0)  # noqa: E501
    # fmt: on
    for lane in range(place, place + vectors * LANES):
        sums[lane] *= factor


@compiled
def convolve(
    planes: Words,
    plane_strides: tuple[int, int, int, int],
    channels: int,
    taps: Integers,
    sources: Integers,
    targets: Integers,
    weights: Words,
    steps: Integers,
    sum_steps: Integers,
    weight_constant: int,
    border_sums: Integers,
    borders: Integers,
    result: Integers,
    kernel_stride: int,
    groups: int,
    first: int,
    last: int,
) -> None:
    """Convolve the patches first .. last - 1, counted over images and positions.

    planes : flat; `plane_strides` of group, plane and channel word, and the number
        of planes
    taps : offset of each tap in a plane
    sources, targets : of each patch, its offset in `planes` and in `result`
    weights : kernels x planes x words
    steps : `bit_serial.schedule` of the operands; `sum_steps` that of the
        activations with one plane of ones, for the sum-of-activations pass
    weight_constant : factor of the sum of activations
    border_sums : kernels x borders, the activations' constant times the sum of the
        weights whose taps fall on the input; `borders` tells which for each patch,
        and border 0 is the most frequent
    kernel_stride : distance of two kernels in `result`
    """
    group_stride, plane_stride, word_stride, activation_planes = plane_strides
    kernels, weight_planes, words = weights.shape
    flat_weights = weights.reshape(-1)
    row_words = weight_planes * words
    group_kernels = kernels // groups
    patch_words = activation_planes * words
    tile = max(1, TILE_WORDS // (patch_words * _WIDEST)) * _WIDEST
    patches = np.empty(tile * patch_words + LANES, np.uint64)
    # Vectors that straddle two cache lines are loaded twice.
    start = (-(patches.ctypes.data >> 3)) & (LANES - 1)
    ones = np.full(words, ~np.uint64(0))
    sums = np.zeros(tile, np.int64)
    zeros = np.zeros(_WIDEST, np.int64)
    scattered = np.empty(KERNELS_AT_ONCE * _WIDEST, np.int64)
    lane_sources = np.empty(_WIDEST, np.int64)
    exceptions = np.empty(tile, np.int64)
    flat_steps, flat_sum_steps = steps.reshape(-1), sum_steps.reshape(-1)
    terms, classes = border_sums.reshape(-1), border_sums.shape[1]
    for tile_first in range(first, last, tile):
        tile_last = min(last, tile_first + tile)
        exceptional = 0
        for patch in range(tile_first, tile_last):
            if borders[patch] != 0:
                exceptions[exceptional] = patch
                exceptional += 1
        for group in range(groups):
            position = tile_first
            while position < tile_last:
                vectors = block_vectors(tile_last - position)
                lanes = vectors * LANES
                for lane in range(lanes):
                    lane_sources[lane] = sources[min(position + lane, tile_last - 1)]
                inside = position - tile_first
                block = start + inside * patch_words
                for plane in range(activation_planes):
                    base = group * group_stride + plane * plane_stride
                    place = block + plane * words * lanes
                    gather(
                        planes, base, word_stride, channels, taps,
                        lane_sources, lanes, patches, place,
                    )  # fmt: skip
                if weight_constant != 0:
                    sum_activations(
                        vectors, flat_sum_steps, words, patches, block,
                        ones, zeros, weight_constant, sums, inside,
                    )  # fmt: skip
                position += lanes
            kernel, stop = group * group_kernels, (group + 1) * group_kernels
            while kernel < stop:
                together = 1
                if group_kernels >= KERNELS_AT_ONCE:
                    # The last block overlaps the one before where they do not fit evenly.
                    together = KERNELS_AT_ONCE
                    kernel = min(kernel, stop - KERNELS_AT_ONCE)
                position = tile_first
                while position < tile_last:
                    vectors = block_vectors(tile_last - position)
                    lanes = vectors * LANES
                    end = min(position + lanes, tile_last) - 1
                    inside = position - tile_first
                    whole = end - position == targets[end] - targets[position] == lanes - 1
                    patch = start + inside * patch_words
                    weight, term = kernel * row_words, kernel * classes
                    target, place, distance = scattered, 0, lanes
                    if whole:
                        target = result
                        place = targets[position] + kernel * kernel_stride
                        distance = kernel_stride
                    # fmt: off
                    if together == 1:
                        if vectors == 3:
                            _multiply_3x1(flat_steps, words, patches, patch, flat_weights, weight, row_words, sums, inside, terms, term, classes, target, place, distance)  # noqa: E501
                        elif vectors == 2:
                            _multiply_2x1(flat_steps, words, patches, patch, flat_weights, weight, row_words, sums, inside, terms, term, classes, target, place, distance)  # noqa: E501
                        else:
                            _multiply_1x1(flat_steps, words, patches, patch, flat_weights, weight, row_words, sums, inside, terms, term, classes, target, place, distance)  # noqa: E501
                    elif vectors == 3:
                        _multiply_3xn(flat_steps, words, patches, patch, flat_weights, weight, row_words, sums, inside, terms, term, classes, target, place, distance)  # noqa: E501
                    elif vectors == 2:
                        _multiply_2xn(flat_steps, words, patches, patch, flat_weights, weight, row_words, sums, inside, terms, term, classes, target, place, distance)  # noqa: E501
                    else:
                        _multiply_1xn(flat_steps, words, patches, patch, flat_weights, weight, row_words, sums, inside, terms, term, classes, target, place, distance)  # noqa: E501
                    # fmt: on
                    if not whole:
                        for row in range(together):
                            column = (kernel + row) * kernel_stride
                            for lane in range(end + 1 - position):
                                place = targets[position + lane] + column
                                result[place] = scattered[row * lanes + lane]
                    position += lanes
                for row in range(kernel, kernel + together):
                    for each in range(exceptional):
                        patch = exceptions[each]
                        difference = border_sums[row, borders[patch]] - border_sums[row, 0]
                        result[targets[patch] + row * kernel_stride] += difference
                kernel += together
