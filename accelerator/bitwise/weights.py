"""Weights packed once into bit-planes, with the sums that corrections need."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelerator.bitwise.encodings import Levels, integer_array, levels
from accelerator.bitwise.geometry import whole_number
from accelerator.errors import EstimateError


@dataclass(frozen=True, eq=False)
class PackedWeights:
    """Weights of one convolution, checked and packed; made by `pack_weights`.

    Immutable: its arrays are its own and read-only. Further layouts are derived
    from the values when a path first needs them.
    """

    levels: Levels
    groups: int
    values: NDArray[Any] = field(repr=False)
    """Read-only copy, O,C/g,kh,kw, in the narrowest integer type."""

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """O, C/g, kernel height, kernel width."""
        kernels, channels, height, width = self.values.shape
        return kernels, channels, height, width

    @cached_property
    def matrix(self) -> NDArray[Any]:
        """Kernels x patch length: taps row by row, the channels of a tap together."""
        return _frozen(self.values.transpose(0, 2, 3, 1).reshape(self.shape[0], -1))

    @cached_property
    def planes(self) -> NDArray[np.uint64]:
        """Kernels x planes x words of 64 bits, in the order of `matrix`."""
        codes = self.levels.stored(self.matrix)
        kernels, length = codes.shape
        bits = np.zeros((kernels, self.levels.bits, -(-length // 64) * 64), np.uint8)
        for plane in range(self.levels.bits):
            bits[:, plane, :length] = (codes >> plane) & 1
        packed = np.packbits(bits, axis=-1, bitorder="little").view("<u8")
        return _frozen(packed.astype(np.uint64))

    @cached_property
    def byte_offset(self) -> int:
        """What is taken from a code so that one or two signed bytes hold it."""
        half = 1 << (self.levels.bits - 1)
        # Two signed bytes reach from -128 * 257 to 127 * 257.
        return half if self.levels.bits <= 8 else half + 128

    @cached_property
    def byte_words(self) -> tuple[NDArray[np.uint32], ...]:
        """By signed byte of the codes, low one first: kernels x 1 x words of 4 bytes.

        In the order of `matrix`; the code is the sum of 256^place * byte, and the offset.
        """
        codes = (self.matrix.astype(np.int64) - self.levels.lowest) >> (self.levels.step - 1)
        rest = codes - self.byte_offset
        kernels, length = rest.shape
        words = []
        for _ in range(-(-self.levels.bits // 8)):
            signed = np.zeros((kernels, 1, -(-length // 4) * 4), np.int8)
            signed[:, 0, :length] = (rest + 128) % 256 - 128
            rest = (rest - signed[:, 0, :length]) // 256
            words.append(_frozen(signed.view("<u4").astype(np.uint32)))
        return tuple(words)

    @cached_property
    def tap_sums(self) -> NDArray[np.int64]:
        """Kernels x (kh + 1) x (kw + 1): sum of the weights above and left of a tap."""
        kernels, _, height, width = self.shape
        sums = np.zeros((kernels, height + 1, width + 1), np.int64)
        sums[:, 1:, 1:] = self.values.sum(axis=1, dtype=np.int64).cumsum(1).cumsum(2)
        return _frozen(sums)


def pack_weights(
    weights: object,
    *,
    weight_bits: int,
    weight_encoding: str = "symmetric",
    groups: int = 1,
) -> PackedWeights:
    """Pack integer weights of shape O,C/g,kh,kw for `bitwise_conv2d`.

    Raises
    ------
    EstimateError
        If a weight is outside its encoding, the array is not one of integers with
        four dimensions, or `groups` does not divide the kernels.
    """
    weight_levels = levels(weight_encoding, weight_bits, "weight")
    array = integer_array(weights, "weights", "O, C/groups, kernel height, kernel width")
    whole_number("groups", groups, 1)
    if array.size == 0:
        raise EstimateError(f"weights have shape {array.shape}: no dimension may be empty")
    if array.shape[0] % groups:
        raise EstimateError(
            f"weights have {array.shape[0]} kernels, which {groups} groups do not divide: "
            "change groups"
        )
    weight_levels.check(array, "weights")
    narrow = np.result_type(
        np.min_scalar_type(weight_levels.lowest), np.min_scalar_type(weight_levels.highest)
    )
    return PackedWeights(weight_levels, groups, _frozen(array.astype(narrow, order="C", copy=True)))


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    contiguous = np.ascontiguousarray(array)
    contiguous.flags.writeable = False
    return contiguous
