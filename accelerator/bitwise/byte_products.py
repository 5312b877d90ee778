"""The path for operands of some bits: dot products of bytes, where the processor has them.

The codes of activations are one or two unsigned bytes; those of weights, less an
offset, one or two signed ones. Each pair of bytes is a convolution whose sums of 32
bits are exact within the bound of `fits`; shifted, they add up to the result.
"""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelerator.bitwise.encodings import Levels
from accelerator.bitwise.execution import execute, operand
from accelerator.bitwise.geometry import Geometry
from accelerator.bitwise.placement import schedule
from accelerator.bitwise.weights import PackedWeights


def byte_pairs(activation: Levels, weight: Levels) -> int:
    """Convolutions of bytes that make the result."""
    return -(-activation.bits // 8) * -(-weight.bits // 8)


def fits(shape: Geometry, activation: Levels, weight: Levels) -> bool:
    """Whether no sum leaves 32 bits."""
    greatest = 2 ** min(activation.bits, 8) * 2 ** (min(weight.bits, 8) - 1)
    return bool(shape.patch_length * greatest * activation.step * weight.step < 2**31)


@cache
def bytes_available() -> bool:
    """Whether the processor multiplies and adds bytes in one instruction (AVX-512 VNNI)."""
    from accelerator.bitwise.vectors import processor_has

    return processor_has("avx512vnni")


def convolve_by_bytes(
    activations: NDArray[Any], activation: Levels, packed: PackedWeights, shape: Geometry
) -> NDArray[np.int64]:
    """The exact convolution where `fits` and `bytes_available`."""
    weight = packed.levels
    planes = [
        operand(byte_planes(activations, activation, shape, byte), 8, shape)
        for byte in range(-(-activation.bits // 8))
    ]
    total: NDArray[np.int64] | None = None
    for (first, plane), (second, words) in product(enumerate(planes), enumerate(packed.byte_words)):
        # Constants contribute once: the weights' to each byte of the activations.
        sums = execute(
            plane,
            words,
            schedule((activation.step,), (weight.step,)),
            schedule((activation.step,), (1,)),
            one=0x01010101,
            activation_constant=0 if first or second else activation.lowest,
            weight_constant=0 if second else weight.lowest + weight.step * packed.byte_offset,
            packed=packed,
            shape=shape,
        )
        total = sums if total is None else total + (sums << 8 * (first + second))
    assert total is not None
    return total


def byte_planes(
    activations: NDArray[Any], activation: Levels, shape: Geometry, byte: int
) -> NDArray[np.uint32]:
    """Images x groups x 1 x words of 4 channels x padded rows x padded columns."""
    from accelerator.bitwise.packing import pack_bytes

    planes = np.zeros(
        (
            shape.batch,
            shape.groups,
            1,
            -(-shape.group_channels // 4),
            shape.rows.padded,
            shape.columns.padded,
        ),
        np.uint32,
    )
    narrow = np.uint8 if activation.step == 1 and activation.bits <= 8 else np.uint32
    pack_bytes(
        np.ascontiguousarray(activations.astype(narrow, copy=False)),
        -activation.lowest,
        activation.step - 1 + 8 * byte,
        shape.groups,
        shape.rows.before,
        shape.columns.before,
        planes,
    )
    return planes
