"""A layer of comparisons: which pixels lie in which lanes, what it gives, what it counts.

All channels of a step are compared at once: a lane is one position of one channel, channel after
channel, cut into rows as wide as a sub-array. A step writes the neighbours' planes, and those of
the pivots where they changed, compares them, and sends the map out of the columns' latches.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from accelerator.array import Array
from accelerator.comparator.comparison import compare_planes, compare_rows, plane_of
from accelerator.comparator.pattern import Pairs
from accelerator.comparator.subarray import LogicSubArray
from accelerator.comparator.tally import Tally
from accelerator.logic_counts import LogicCounts
from accelerator.subarray import segment_columns

Integers = NDArray[np.int64]
Maps = NDArray[np.uint8]


@dataclass(frozen=True)
class Step:
    """Operands of one map of every channel (images, channels, height, width)."""

    neighbours: Integers
    pivots: Integers
    new_pivots: bool


def steps(codes: Integers, pairs: Pairs, kernel: tuple[int, int]) -> Iterator[Step]:
    """The steps of images (n, channels, height, width); pixels outside are 0."""
    channels, height, width = codes.shape[1:]
    pads = [(0, 0), (0, 0), *((size // 2, size // 2) for size in kernel)]
    padded = np.pad(codes, pads)

    def shifted(taps: tuple[int, ...]) -> Integers:
        out = np.empty_like(codes)
        for channel, tap in enumerate(taps):
            y, x = divmod(tap, kernel[1])
            out[:, channel] = padded[:, channel, y : y + height, x : x + width]
        return out

    for number, fresh in enumerate(pairs.new_pivots(channels)):
        own = slice(number * channels, (number + 1) * channels)
        yield Step(shifted(pairs.neighbours[own]), shifted(pairs.pivots[own]), fresh)


def compare_maps(codes: Integers, pairs: Pairs, kernel: tuple[int, int]) -> Maps:
    """Maps (n, maps, height, width): 1 where the neighbour is larger than the pivot."""
    found = [step.neighbours > step.pivots for step in steps(codes, pairs, kernel)]
    return np.concatenate(found, axis=1).astype(np.uint8)


def count_comparisons(
    codes: Integers, pairs: Pairs, kernel: tuple[int, int], bits: int, array: Array
) -> LogicCounts:
    """Every event of comparing images (n, channels, height, width), summed over them."""
    tally = Tally(array)
    lanes = codes[0].size
    tiles = -(-lanes // array.columns)
    used = np.zeros((len(codes), tiles * array.columns), dtype=bool)
    used[:, :lanes] = True
    used = used.reshape(-1, array.columns)

    def rows(values: Integers) -> Integers:
        flat = np.zeros((len(codes), tiles * array.columns), dtype=np.int64)
        flat[:, :lanes] = values.reshape(len(codes), -1)
        return flat.reshape(-1, array.columns)

    for step in steps(codes, pairs, kernel):
        a, b = rows(step.neighbours), rows(step.pivots)
        for plane in range(bits):
            tally.write("input", plane_of(a, plane), used)
            if step.new_pivots:
                tally.write("input", plane_of(b, plane), used)
        compare_planes(tally, a, b, bits, used)
    return tally.counts


def execute_comparisons(
    image: Integers, pairs: Pairs, kernel: tuple[int, int], bits: int, array: Array
) -> tuple[Maps, LogicCounts]:
    """Maps (maps, height, width) and events of one image (channels, height, width), in cells."""
    counts = LogicCounts()
    lanes = image.size
    subarrays = [LogicSubArray(array, counts) for _ in range(0, lanes, array.columns)]
    first = array.reserved_rows
    a_rows, b_rows = (list(range(start, start + bits)) for start in (first, first + bits))
    maps = []
    for step in steps(image[None], pairs, kernel):
        a, b = step.neighbours.ravel(), step.pivots.ravel()
        found = np.empty(lanes, dtype=np.uint8)
        for tile, subarray in enumerate(subarrays):
            own = slice(tile * array.columns, min((tile + 1) * array.columns, lanes))
            columns = segment_columns(0, len(a[own]), array, len(a[own]))
            for plane, a_row, b_row in zip(reversed(range(bits)), a_rows, b_rows, strict=True):
                subarray.write("input", a_row, columns, plane_of(a[own], plane))
                if step.new_pivots:
                    subarray.write("input", b_row, columns, plane_of(b[own], plane))
            found[own], _, _ = compare_rows(subarray, a_rows, b_rows, columns)
        maps.append(found.reshape(image.shape))
    return np.concatenate(maps), counts
