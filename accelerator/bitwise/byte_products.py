"""The path for operands of up to eight bits: dot products of bytes, where the processor has them.

The codes of activations are unsigned bytes; those of weights, less half their
range, signed ones. Sums of 32 bits are exact within the bound of `fits`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelerator.bitwise.encodings import Levels
from accelerator.bitwise.execution import execute
from accelerator.bitwise.geometry import Geometry
from accelerator.bitwise.placement import schedule
from accelerator.bitwise.weights import PackedWeights


def fits(shape: Geometry, activation: Levels, weight: Levels) -> bool:
    """Whether operands are bytes and no sum leaves 32 bits."""
    widest_byte = 2**activation.bits * 2 ** (weight.bits - 1)
    greatest = shape.patch_length * widest_byte * activation.step * weight.step
    return activation.bits <= 8 and weight.bits <= 8 and greatest < 2**31


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
    return execute(
        byte_planes(activations, activation, shape),
        packed.byte_words,
        schedule((activation.step,), (weight.step,)),
        schedule((activation.step,), (1,)),
        one=0x01010101,
        tap_bits=8 * shape.group_channels,
        activation_constant=activation.lowest,
        weight_constant=weight.lowest + weight.step * 2 ** (weight.bits - 1),
        packed=packed,
        shape=shape,
    )


def byte_planes(
    activations: NDArray[Any], activation: Levels, shape: Geometry
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
    narrow = np.uint8 if activation.step == 1 else np.uint32
    pack_bytes(
        np.ascontiguousarray(activations.astype(narrow, copy=False)),
        -activation.lowest,
        activation.step - 1,
        shape.groups,
        shape.rows.before,
        shape.columns.before,
        planes,
    )
    return planes
