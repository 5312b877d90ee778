"""`bitwise_conv2d`: checks, and the choice of the fastest exact path."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelerator.bitwise.bit_serial import convolve_bit_serial, counts_in_vectors
from accelerator.bitwise.byte_products import (
    byte_pairs,
    bytes_available,
    convolve_by_bytes,
    fits,
)
from accelerator.bitwise.direct import convolve_directly, fits_directly
from accelerator.bitwise.encodings import Levels, integer_array, levels
from accelerator.bitwise.geometry import Geometry, Padding, Pair, geometry
from accelerator.bitwise.matrix_product import convolve_by_products, exact_type, greatest_sum
from accelerator.bitwise.weights import PackedWeights, pack_weights
from accelerator.errors import EstimateError

_PATHS = {
    "bits": convolve_bit_serial,
    "bytes": convolve_by_bytes,
    "direct": convolve_directly,
    "products": convolve_by_products,
}

_FEW_PRODUCTS = 8
"""Channels x kernels of a group up to which gathering patches costs more than products."""


def bitwise_conv2d(
    activations: object,
    weights: object,
    *,
    activation_bits: int,
    weight_bits: int,
    stride: Pair = 1,
    padding: Padding = 0,
    dilation: Pair = 1,
    groups: int = 1,
    activation_encoding: str = "unsigned",
    weight_encoding: str = "symmetric",
) -> NDArray[np.int64]:
    """Convolve integers exactly, as a sub-array does with AND and bit-count.

    result[n, o, y, x] is the sum over c, i, j of
    activations[n, c, y s + i d - p, x s + j d - p] * weights[o, c, i, j]
    for stride s, dilation d and padding p.

    Parameters
    ----------
    activations : integer array, N x C x H x W
    weights : integer array, O x C/groups x kh x kw, or the result of `pack_weights`
    activation_bits, weight_bits : widths, 1 to 16
    stride, dilation : one number, or a pair (rows, columns)
    padding : one number, a pair (rows, columns), four numbers (top, left, bottom,
        right) or ((top, bottom), (left, right)); padding is the integer zero, also
        where zero is not a level of the encoding
    groups : kernels are divided among as many groups of channels
    activation_encoding, weight_encoding : "unsigned" (0 .. 2^b - 1),
        "twos_complement" (-2^(b-1) .. 2^(b-1) - 1), "symmetric" (the odd levels
        2q - (2^b - 1), so -1 and +1 at one bit) or "ternary" (-1, 0 and 1 as a plane
        for each sign, two bits)

    Returns
    -------
    int64 array, N x O x output height x output width, exact. Few bits are
    computed as bits; wide operands, and depth-wise kernels, by whichever exact method
    is the fastest here.

    Raises
    ------
    EstimateError
        If a value is outside its encoding, the shapes do not fit, packed weights
        were packed for other arguments, or a sum could exceed 63 bits.
    """
    return convolve_by(
        None,
        activations,
        weights,
        activation_levels=levels(activation_encoding, activation_bits, "activation"),
        weight_levels=levels(weight_encoding, weight_bits, "weight"),
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )


def convolve_by(
    path: str | None,
    activations: object,
    weights: object,
    *,
    activation_levels: Levels,
    weight_levels: Levels,
    stride: Pair = 1,
    padding: Padding = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> NDArray[np.int64]:
    """`bitwise_conv2d` by a named path, or by the fastest where `path` is None."""
    values = integer_array(activations, "activations", "N, C, height, width")
    packed = _packed(weights, weight_levels, groups)
    shape = geometry(
        values.shape, packed.shape, stride=stride, padding=padding, dilation=dilation, groups=groups
    )
    activation_levels.check(values, "activations")
    if greatest_sum(shape, activation_levels, weight_levels) >= 2**63:
        raise EstimateError(
            f"a sum of {shape.patch_length} products of {activation_levels.bits} by "
            f"{weight_levels.bits} bits may not fit in 64 bits: narrow the codes"
        )
    if shape.batch == 0:
        return np.empty(shape.output_shape, np.int64)
    name = path or _fastest(shape, activation_levels, weight_levels)
    return _PATHS[name](values, activation_levels, packed, shape)


def _fastest(shape: Geometry, activation: Levels, weight: Levels) -> str:
    """The path with the least cost, counted in pairs of bit-planes that take as long.

    Measured on AlexNet's layers with VPOPCNTDQ and without (benchmarks/convolution.py).
    """
    few = shape.group_channels * shape.group_kernels <= _FEW_PRODUCTS
    if few and fits_directly(shape, activation, weight):
        return "direct"
    costs = {"bits": activation.bits * weight.bits}
    if fits(shape, activation, weight) and bytes_available():
        costs["bytes"] = 6 * byte_pairs(activation, weight)
    exact = exact_type(shape, activation, weight)
    if exact is not None:
        costs["products"] = (25 if counts_in_vectors() else 8) * (1 + (exact is np.float64))
    return min(costs, key=costs.__getitem__)


def _packed(weights: Any, wanted: Levels, groups: int) -> PackedWeights:
    if not isinstance(weights, PackedWeights):
        return pack_weights(
            weights, weight_bits=wanted.bits, weight_encoding=wanted.encoding, groups=groups
        )
    if weights.levels != wanted or weights.groups != groups:
        raise EstimateError(
            f"weights are packed for {weights.levels} and groups={weights.groups}, "
            f"not for {wanted} and groups={groups}: pack them again or give the same arguments"
        )
    return weights
