"""The path for kernels that see few channels: products summed in place, tap by tap.

Depth-wise convolution has few products for each activation, so gathering patches
would cost more than the products themselves. Sums of 32 bits are exact within the
bound of `fits_directly`.
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
    return shape.patch_length * activation.magnitude * weight.magnitude < 2**31


def convolve_directly(
    activations: NDArray[Any], activation: Levels, packed: PackedWeights, shape: Geometry
) -> NDArray[np.int64]:
    """The exact convolution where `fits_directly`."""
    from accelerator.bitwise.shifting import add_shifted

    assert fits_directly(shape, activation, packed.levels)
    rows, columns = shape.rows, shape.columns
    padded = np.zeros((shape.batch, shape.channels, rows.padded, columns.padded), np.int32)
    padded[
        :,
        :,
        rows.before : rows.before + rows.size,
        columns.before : columns.before + columns.size,
    ] = activations
    result = np.empty(shape.output_shape, np.int64)
    add_shifted(
        padded.reshape(shape.batch, shape.channels, -1),
        packed.matrix.astype(np.int32).reshape(shape.kernels, shape.taps, shape.group_channels),
        placement(shape).taps,
        shape.groups,
        columns.padded * rows.stride,
        columns.stride,
        result,
    )
    return result
