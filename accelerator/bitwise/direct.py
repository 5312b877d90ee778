"""The path for kernels that see few channels: products summed in place, tap by tap.

Depth-wise convolution has few products for each activation, so gathering patches
would cost more than the products themselves. Sums are of 16 bits where none can leave
them, else of 32, within the bound of `fits_directly`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelerator.bitwise.encodings import Levels
from accelerator.bitwise.geometry import Geometry
from accelerator.bitwise.placement import placement
from accelerator.bitwise.weights import PackedWeights


def fits_directly(shape: Geometry, activation: Levels, weight: Levels) -> bool:
    """Whether no sum leaves 32 bits."""
    return _greatest(shape, activation, weight) < 2**31


def _greatest(shape: Geometry, activation: Levels, weight: Levels) -> int:
    return shape.patch_length * activation.magnitude * weight.magnitude


def convolve_directly(
    activations: NDArray[Any], activation: Levels, packed: PackedWeights, shape: Geometry
) -> NDArray[np.int64]:
    """The exact convolution where `fits_directly`."""
    from accelerator.bitwise.shifting import TAPS_AT_ONCE, add_shifted

    greatest = _greatest(shape, activation, packed.levels)
    assert greatest < 2**31
    kind = np.int16 if greatest < 2**15 else np.int32
    rows, columns = shape.rows, shape.columns
    # Taps are filled up with weights of zero.
    missing = -shape.taps % TAPS_AT_ONCE
    weights = np.zeros((shape.kernels, shape.group_channels, shape.taps + missing), kind)
    matrix = packed.matrix.reshape(shape.kernels, shape.taps, shape.group_channels)
    weights[:, :, : shape.taps] = matrix.transpose(0, 2, 1)
    result = np.empty(shape.output_shape, np.int64)
    # Bytes are widened on the way; of other types the compiler is spared.
    values = activations if activations.itemsize == 1 else activations.astype(kind)
    add_shifted(
        np.ascontiguousarray(values),
        weights,
        np.concatenate([placement(shape).taps, np.zeros(missing, np.int64)]),
        shape.groups,
        (rows.padded, columns.padded, rows.before, columns.before),
        (columns.padded * rows.stride, columns.stride),
        result,
    )
    return result
