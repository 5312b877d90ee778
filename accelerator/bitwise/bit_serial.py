"""The bit-wise path: AND, bit-count, shift and accumulate over pairs of bit-planes."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelerator.bitwise.encodings import TERNARY, Levels
from accelerator.bitwise.execution import execute, operand
from accelerator.bitwise.geometry import Geometry
from accelerator.bitwise.placement import schedule
from accelerator.bitwise.weights import PackedWeights


def convolve_bit_serial(
    activations: NDArray[Any], activation: Levels, packed: PackedWeights, shape: Geometry
) -> NDArray[np.int64]:
    """The exact convolution, at every width."""
    return execute(
        operand(bit_planes(activations, activation, shape), 1, shape),
        packed.planes,
        schedule(activation.plane_weights, packed.levels.plane_weights),
        schedule(activation.plane_weights, (1,)),
        one=2**64 - 1,
        activation_constant=activation.constant,
        weight_constant=packed.levels.constant,
        packed=packed,
        shape=shape,
    )


@cache
def counts_in_vectors() -> bool:
    """Whether the processor counts the ones of a vector in one instruction."""
    from accelerator.bitwise.vectors import processor_has

    return processor_has("avx512vpopcntdq")


def bit_planes(
    activations: NDArray[Any], activation: Levels, shape: Geometry
) -> NDArray[np.uint64]:
    """Images x groups x planes x words of 64 channels x padded rows x padded columns.

    An odd value 2q - (2^b - 1) is 2(q - 2^(b-1)) + 1, so the bits of q are those of
    the integer above its lowest, the most significant one inverted.
    """
    from accelerator.bitwise.packing import pack_bits

    masks = _masks(activation)
    if activation.encoding == TERNARY:
        activations = activation.stored(activations)
    planes = np.zeros(
        (
            shape.batch,
            shape.groups,
            activation.bits,
            -(-shape.group_channels // 64),
            shape.rows.padded,
            shape.columns.padded,
        ),
        np.uint64,
    )
    pack_bits(
        np.ascontiguousarray(activations.astype(masks.dtype, copy=False)),
        masks,
        -1 if activation.zero_is_a_level else activation.bits - 1,
        shape.groups,
        shape.rows.before,
        shape.columns.before,
        planes,
    )
    return planes


@lru_cache(maxsize=64)
def _masks(activation: Levels) -> NDArray[Any]:
    """The bit of the integer behind each plane, in a type that is wide enough."""
    masks = 1 << (np.arange(activation.bits) + activation.step - 1)
    return masks.astype(np.uint8 if masks[-1] < 256 else np.uint32)
