"""The compiled convolution: patches gathered block by block meet all kernels.

A block is up to three registers of patches (output positions, of one or several
images). Blocks are gathered by tiles into a buffer that stays in the second cache
level; then eight kernels at a time run over the tile. Neighbouring lanes are
neighbouring output positions, so results leave as whole vectors.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelerator.bitwise.compilation import compiled
from accelerator.bitwise.multiplication import KERNELS_AT_ONCE, VECTORS_AT_ONCE, multiply_by
from accelerator.bitwise.vectors import REGISTER_BYTES, take

Integers = NDArray[np.int64]

_multiply = multiply_by((KERNELS_AT_ONCE, 1))
_multiply_by_one = multiply_by((1,))


@compiled
def block_vectors(patches: int, lanes: int) -> int:
    """Registers of the next block where so many patches are left."""
    vectors = (patches + lanes - 1) // lanes
    # Four are two and two: a block of one register has few sums to overlap.
    return 2 if vectors == 4 == VECTORS_AT_ONCE + 1 else min(vectors, VECTORS_AT_ONCE)


@compiled
def gather(
    planes: NDArray[Any],
    base: int,
    word_distance: int,
    tap_bits: int,
    taps: Integers,
    sources: Integers,
    patches: NDArray[Any],
    start: int,
) -> None:
    """Concatenate the bits of every tap into patches[start:], word by word.

    Tap t occupies bits t * tap_bits .. (t + 1) * tap_bits - 1 of a patch, so a patch
    has no gaps whatever the number of channels. `sources` are the lanes' positions
    in a plane; the buffer is words x lanes.
    """
    lanes = sources.size
    word_bits = patches.itemsize * 8
    for tap in range(taps.size):
        for bit in range(0, tap_bits, word_bits):
            target = tap * tap_bits + bit
            shift = target % word_bits
            place = start + target // word_bits * lanes
            origin = base + bit // word_bits * word_distance + taps[tap]
            if shift == 0:
                for lane in range(lanes):
                    patches[place + lane] = planes[origin + sources[lane]]
            elif shift + min(word_bits, tap_bits - bit) <= word_bits:
                for lane in range(lanes):
                    word = planes[origin + sources[lane]]
                    patches[place + lane] |= word << patches.dtype.type(shift)
            else:
                for lane in range(lanes):
                    word = planes[origin + sources[lane]]
                    patches[place + lane] |= word << patches.dtype.type(shift)
                    rest = word >> patches.dtype.type(word_bits - shift)
                    patches[place + lanes + lane] = rest


@compiled
def gather_tile(
    planes: NDArray[Any],
    base: int,
    plane_distances: tuple[int, int, int],
    tap_bits: int,
    taps: Integers,
    sources: Integers,
    ones: NDArray[Any],
    sum_steps: Integers,
    weight_constant: int,
    patches: NDArray[Any],
    start: int,
    sums: Integers,
) -> None:
    """Gather the patches at `sources` block by block into patches[start:].

    Also the sum-of-activations pass, which all kernels share: the patches' product
    with a kernel of ones, by the weights' constant, goes to `sums`.
    """
    activation_planes, plane_distance, word_distance = plane_distances
    words, register = ones.size, REGISTER_BYTES // patches.itemsize
    zeros = np.zeros(VECTORS_AT_ONCE * register, np.int64)
    lane_sources = np.empty(zeros.size, np.int64)
    position = 0
    while position < sources.size:
        vectors = block_vectors(sources.size - position, register)
        lanes = vectors * register
        for lane in range(lanes):
            lane_sources[lane] = sources[min(position + lane, sources.size - 1)]
        block = start + position * activation_planes * words
        for plane in range(activation_planes):
            gather(
                planes, base + plane * plane_distance, word_distance, tap_bits, taps,
                lane_sources[:lanes], patches, block + plane * words * lanes,
            )  # fmt: skip
        if weight_constant != 0:
            _multiply_by_one(
                vectors, 1, sum_steps, words, patches, block, ones, 0, 0,
                zeros, 0, zeros, 0, 0, sums, position, 0,
            )  # fmt: skip
            for lane in range(position, position + lanes):
                sums[lane] *= weight_constant
        position += lanes


@compiled
def multiply_tile(
    patches: NDArray[Any],
    start: int,
    patch_words: int,
    sums: Integers,
    weights: NDArray[Any],
    kernel: int,
    stop: int,
    steps: Integers,
    border_sums: Integers,
    borders: Integers,
    targets: Integers,
    result: Integers,
    kernel_distance: int,
) -> None:
    """Multiply a gathered tile by the kernels kernel .. stop - 1 and store the results."""
    weight_planes, words = weights.shape[1:]
    flat_weights, row_words = weights.reshape(-1), weight_planes * words
    terms, classes = border_sums.reshape(-1), border_sums.shape[1]
    register = REGISTER_BYTES // weights.itemsize
    scattered = np.empty(KERNELS_AT_ONCE * VECTORS_AT_ONCE * register, np.int64)
    together = KERNELS_AT_ONCE if stop - kernel >= KERNELS_AT_ONCE else 1
    for first in range(kernel, stop, together):
        # The last kernels overlap those before where they do not fit evenly.
        row = min(first, stop - together)
        position = 0
        while position < targets.size:
            vectors = block_vectors(targets.size - position, register)
            lanes = vectors * register
            end = min(position + lanes, targets.size) - 1
            whole = end - position == targets[end] - targets[position] == lanes - 1
            target, place, distance = scattered, 0, lanes
            if whole:
                target, distance = result, kernel_distance
                place = targets[position] + row * kernel_distance
            _multiply(
                vectors, together, steps, words, patches, start + position * patch_words,
                flat_weights, row * row_words, row_words, sums, position,
                terms, row * classes, classes, target, place, distance,
            )  # fmt: skip
            if not whole:
                for each in range(together):
                    column = (row + each) * kernel_distance
                    for lane in range(end + 1 - position):
                        place = targets[position + lane] + column
                        result[place] = scattered[each * lanes + lane]
            position += lanes
    for patch in range(targets.size):
        if borders[patch] != 0:
            for row in range(kernel, stop):
                difference = border_sums[row, borders[patch]] - border_sums[row, 0]
                result[targets[patch] + row * kernel_distance] += difference


@compiled
def convolve(
    images: int,
    planes: NDArray[Any],
    group_distance: int,
    plane_distances: tuple[int, int, int],
    tap_bits: int,
    taps: Integers,
    positions: Integers,
    weights: NDArray[Any],
    ones: NDArray[Any],
    steps: Integers,
    sum_steps: Integers,
    weight_constant: int,
    border_sums: Integers,
    borders: Integers,
    result: Integers,
    groups: int,
    tile: int,
    parts: int,
    counter: Integers,
) -> None:
    """Convolve tiles of patches, counted over images and positions, until none is left.

    planes : flat, with the distance of two groups in it
    plane_distances : number of planes, distance of two planes and of two words
    tap_bits : bits of one tap in a plane
    taps : offset of each tap in a plane
    positions : offset of the patch of each output position in a plane
    weights : kernels x planes x words; `ones` is a kernel of ones
    steps : `placement.schedule` of the operands; `sum_steps` that of the activations
        with ones
    weight_constant : factor of the sum of activations
    border_sums : kernels x borders, the activations' constant times the sum of the
        weights whose taps fall on the input; `borders` tells which for each position,
        and border 0 is the most frequent
    tile : patches of a tile; `parts` divides each group's kernels among threads
    counter : the next pair of tile and part, shared by all threads
    """
    kernels, _, words = weights.shape
    group_kernels = kernels // groups
    patch_words = plane_distances[0] * words
    register = REGISTER_BYTES // weights.itemsize
    room = tile + VECTORS_AT_ONCE * register
    patches = np.empty(room * patch_words + register, weights.dtype)
    # Vectors that straddle two cache lines are loaded twice.
    start = -(patches.ctypes.data // weights.itemsize) % register
    sums = np.zeros(room, np.int64)
    sources, targets = np.empty(tile, np.int64), np.empty(tile, np.int64)
    tile_borders = np.empty(tile, np.int64)
    patch_count = images * positions.size
    tiles = (patch_count + tile - 1) // tile
    while True:
        item = take(counter)
        if item >= tiles * parts:
            break
        first, part = item // parts * tile, item % parts
        size = min(patch_count - first, tile)
        for patch in range(size):
            image, position = divmod(first + patch, positions.size)
            sources[patch] = image * groups * group_distance + positions[position]
            targets[patch] = image * kernels * positions.size + position
            tile_borders[patch] = borders[position]
        for group in range(groups):
            gather_tile(
                planes, group * group_distance, plane_distances, tap_bits, taps,
                sources[:size], ones, sum_steps, weight_constant, patches, start, sums,
            )  # fmt: skip
            kernel = group * group_kernels
            multiply_tile(
                patches, start, patch_words, sums, weights,
                kernel + group_kernels * part // parts,
                kernel + group_kernels * (part + 1) // parts,
                steps, border_sums, tile_borders[:size], targets[:size],
                result, positions.size,
            )  # fmt: skip
