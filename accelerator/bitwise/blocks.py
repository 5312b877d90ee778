"""The compiled bit-wise convolution: patches gathered block by block meet all kernels.

A block is up to 24 patches (output positions, of one or several images). Their
bits are gathered once a group into a buffer that stays in the first cache levels;
then four kernels at a time run over it, plane by plane. Neighbouring lanes of a
vector are neighbouring output positions, so results leave as whole vectors.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from accelerator.bitwise.compilation import compiled
from accelerator.bitwise.planes import Words
from accelerator.bitwise.popcount import LANES, and_count, bit_count

Integers = NDArray[np.int64]

KERNELS_AT_ONCE = 4
VECTORS_AT_ONCE = 3

_and_count_3x4 = and_count(3, KERNELS_AT_ONCE)
_and_count_2x4 = and_count(2, KERNELS_AT_ONCE)
_and_count_1x4 = and_count(1, KERNELS_AT_ONCE)
_and_count_3x1 = and_count(3, 1)
_and_count_2x1 = and_count(2, 1)
_and_count_1x1 = and_count(1, 1)


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
    words = (taps.size * channels + 63) // 64
    patches[start : start + words * lanes] = 0
    for tap in range(taps.size):
        for channel in range(0, channels, 64):
            bit = tap * channels + channel
            shift = bit & 63
            place = start + (bit >> 6) * lanes
            origin = base + (channel >> 6) * word_stride + taps[tap]
            if shift == 0:
                for lane in range(lanes):
                    patches[place + lane] |= planes[origin + sources[lane]]
            else:
                spills = shift + min(64, channels - channel) > 64
                up, down = np.uint64(shift), np.uint64(64 - shift)
                for lane in range(lanes):
                    word = planes[origin + sources[lane]]
                    patches[place + lane] |= word << up
                    if spills:
                        patches[place + lanes + lane] |= word >> down


@compiled
def activation_sums(
    patches: Words, words: int, lanes: int, plane_weights: Integers, sums: Integers
) -> None:
    """Sum of the activations' weighted planes in each lane's patch, shared by all kernels."""
    sums[:lanes] = 0
    for plane in range(plane_weights.size):
        start = plane * words * lanes
        for word in range(words):
            for lane in range(lanes):
                ones = np.int64(bit_count(patches[start + word * lanes + lane]))
                sums[lane] += ones * plane_weights[plane]


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
    plane_weights: Integers,
    weight_constant: int,
    weight_sums: Integers,
    borders: Integers,
    result: Integers,
    kernel_stride: int,
    groups: int,
    first: int,
    last: int,
) -> None:
    """Convolve the patches first .. last - 1 (counted over images and positions).

    planes : flat; `plane_strides` of group, plane, channel word, and the number of
        planes last
    taps : offset of each tap in a plane
    sources, targets : of each patch, its offset in `planes` and in `result`
    weights : kernels x planes x words
    steps : of each pair of planes in the order of execution: activation plane,
        weight plane, flip (0 or -1), shift; a last row holds the final flip and shift
    plane_weights : of the activations, for the sum-of-activations pass
    weight_sums : kernels x borders, the activations' constant times the sum of the
        weights whose taps fall on the input; `borders` of each patch tells which
    kernel_stride : distance of two kernels in `result`
    """
    group_stride, plane_stride, word_stride, activation_planes = plane_strides
    kernels, weight_planes, words = weights.shape
    flat_weights = weights.reshape(-1)
    group_kernels = kernels // groups
    widest = VECTORS_AT_ONCE * LANES
    patches = np.empty(activation_planes * words * widest, np.uint64)
    accumulators = np.empty(KERNELS_AT_ONCE * widest, np.int64)
    lane_sources = np.empty(widest, np.int64)
    sums = np.zeros(widest, np.int64)
    final_flip, final_shift = steps[-1, 2], steps[-1, 3]
    position = first
    while position < last:
        remaining = (last - position + LANES - 1) // LANES
        # Four vectors are two and two: a block of one vector keeps few registers busy.
        vectors = 2 if remaining == 4 else min(remaining, VECTORS_AT_ONCE)
        lanes = vectors * LANES
        used = min(lanes, last - position)
        for lane in range(lanes):
            lane_sources[lane] = sources[position + min(lane, used - 1)]
        contiguous = targets[position + used - 1] - targets[position] == used - 1
        for group in range(groups):
            for plane in range(activation_planes):
                base = group * group_stride + plane * plane_stride
                start = plane * words * lanes
                gather(
                    planes, base, word_stride, channels, taps, lane_sources, lanes, patches, start
                )
            if weight_constant != 0:
                activation_sums(patches, words, lanes, plane_weights, sums)
                for lane in range(lanes):
                    sums[lane] *= weight_constant
            kernel, stop = group * group_kernels, (group + 1) * group_kernels
            while kernel < stop:
                together = KERNELS_AT_ONCE if stop - kernel >= KERNELS_AT_ONCE else 1
                accumulators[: together * lanes] = 0
                for step in range(steps.shape[0] - 1):
                    patch = steps[step, 0] * words * lanes
                    weight = (kernel * weight_planes + steps[step, 1]) * words
                    stride = weight_planes * words
                    flip, shift = steps[step, 2], steps[step, 3]
                    if together == KERNELS_AT_ONCE:
                        if vectors == 3:
                            _and_count_3x4(
                                accumulators, patches, patch, flat_weights, weight, stride, words,
                                flip, shift,
                            )  # fmt: skip
                        elif vectors == 2:
                            _and_count_2x4(
                                accumulators, patches, patch, flat_weights, weight, stride, words,
                                flip, shift,
                            )  # fmt: skip
                        else:
                            _and_count_1x4(
                                accumulators, patches, patch, flat_weights, weight, stride, words,
                                flip, shift,
                            )  # fmt: skip
                    elif vectors == 3:
                        _and_count_3x1(
                            accumulators, patches, patch, flat_weights, weight, stride, words,
                            flip, shift,
                        )  # fmt: skip
                    elif vectors == 2:
                        _and_count_2x1(
                            accumulators, patches, patch, flat_weights, weight, stride, words,
                            flip, shift,
                        )  # fmt: skip
                    else:
                        _and_count_1x1(
                            accumulators, patches, patch, flat_weights, weight, stride, words,
                            flip, shift,
                        )  # fmt: skip
                for row in range(together):
                    column = (kernel + row) * kernel_stride
                    corrections = weight_sums[kernel + row]
                    from_row = row * lanes
                    if contiguous:
                        begin = targets[position] + column
                        for lane in range(used):
                            counted = (accumulators[from_row + lane] ^ final_flip) - final_flip
                            result[begin + lane] = (
                                (counted << final_shift)
                                + sums[lane]
                                + corrections[borders[position + lane]]
                            )
                    else:
                        for lane in range(used):
                            counted = (accumulators[from_row + lane] ^ final_flip) - final_flip
                            result[targets[position + lane] + column] = (
                                (counted << final_shift)
                                + sums[lane]
                                + corrections[borders[position + lane]]
                            )
                kernel += together
        position += used
