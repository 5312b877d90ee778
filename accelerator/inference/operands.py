"""Which bits the operands of a layer really had, counted exactly and without single ANDs.

A bit-plane pair's ANDs of one and one, summed over all planes, are a product of the numbers of
ones in two codes; summed over positions and kernels, of two sums for each tap.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

import numpy as np
from numpy.typing import NDArray

from accelerator.inference.grid import Coded
from accelerator.inference.products import LayerRun, Window

Integers = NDArray[np.int64]

_ONES = np.array([code.bit_count() for code in range(1 << 16)], np.uint8)


@dataclass(frozen=True)
class OperandCounts:
    """Bits met in a layer, all images of a run together.

    `and_10` are ANDs of a weight bit 1 with an activation bit 0; padding holds zeros. The ones
    of inputs are counted once for every patch they are in, as they are written; those of
    weights once, as they are stored. `element_ones` is the share of ones among the activation
    bits that each element of a patch met, all groups in order.
    """

    images: int
    and_00: int
    and_01: int
    and_10: int
    and_11: int
    patch_bits: int
    patch_ones: int
    weight_bits: int
    weight_ones: int
    # Arrays have no one answer to being equal.
    element_ones: NDArray[np.float64] = field(compare=False)

    @property
    def ands(self) -> int:
        """All ANDs."""
        return self.and_00 + self.and_01 + self.and_10 + self.and_11

    def together(self, other: OperandCounts) -> OperandCounts:
        """With those of other images; the weights are stored once."""
        sums = (getattr(self, entry.name) + getattr(other, entry.name) for entry in fields(self))
        met = self.images * self.element_ones + other.images * other.element_ones
        return replace(
            OperandCounts(*sums),
            weight_bits=self.weight_bits,
            weight_ones=self.weight_ones,
            element_ones=met / (self.images + other.images),
        )


def ones(stored: Coded) -> NDArray[np.uint8]:
    """Bits that are one in the stored form of each code."""
    found: NDArray[np.uint8] = _ONES[stored.bits]
    return found


def count_operands(run: LayerRun) -> OperandCounts:
    """The operand bits of a layer that ran."""
    stored, window = run.weights.stored, run.weights.window
    kernels, channels, height, width = stored.codes.shape
    groups = window.groups
    weight_ones = ones(stored).astype(np.int64)
    by_tap = weight_ones.reshape(groups, kernels // groups, channels, height, width).sum(axis=1)
    rows, columns = run.results.shape[2:]
    seen = _seen(run.activations, window, (height, width), (rows, columns))
    seen = seen.reshape(groups, channels, height, width)
    images = len(run.activations.codes)
    patches = images * rows * columns
    wide, deep = run.activations.levels.bits, stored.levels.bits
    both = int((seen * by_tap).sum())
    weight = int(by_tap.sum()) * wide * patches
    activation = int(seen.sum()) * deep * (kernels // groups)
    total = stored.codes.size * wide * deep * patches
    return OperandCounts(
        images,
        total - weight - activation + both,
        activation - both,
        weight - both,
        both,
        groups * channels * height * width * wide * patches,
        int(seen.sum()),
        stored.codes.size * deep,
        int(weight_ones.sum()),
        seen.reshape(groups, -1) / (wide * patches),
    )


def _seen(
    activations: Coded, window: Window, kernel: tuple[int, int], size: tuple[int, int]
) -> Integers:
    """Ones that each tap of each channel meets over all positions and images."""
    top, left, bottom, right = window.pads
    pads = ((0, 0), (0, 0), (top, bottom), (left, right))
    padded = np.pad(ones(activations), pads)
    found = np.zeros((padded.shape[1], *kernel), np.int64)
    for row in range(kernel[0]):
        for column in range(kernel[1]):
            y, x = row * window.dilation[0], column * window.dilation[1]
            met = padded[
                :,
                :,
                y : y + (size[0] - 1) * window.stride[0] + 1 : window.stride[0],
                x : x + (size[1] - 1) * window.stride[1] + 1 : window.stride[1],
            ]
            found[:, row, column] = met.sum(axis=(0, 2, 3), dtype=np.int64)
    return found
