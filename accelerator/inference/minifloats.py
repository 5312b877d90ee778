"""Numbers of few bits with an exponent: whole numbers times a power of two.

The least step is that of the subnormal numbers, 2 ** (1 - bias - mantissa bits), and every number
is a multiple of it; a product of two formats then is one of whole numbers. `FloatQuant` is bit by
bit as QONNX's executor has it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from accelerator.inference.grid import Array, Grid, Tensor
from accelerator.inference.quantizers import QuantizerError, check_scale, rounding

_STORED = {"float4_e2m1fn": (0.5, 6.0), "float8_e4m3fn": (2.0**-9, 448.0)}
"""Least step and greatest number of the types that ONNX stores codes in."""


def is_minifloat(kind: Any) -> bool:
    """Whether a type of codes is one of these."""
    return np.dtype(kind).name in _STORED


def minifloat_codes(values: Array, kind: Any) -> Array:
    """Numbers rounded to a type, halves to even, no greater than its greatest."""
    _, greatest = _STORED[np.dtype(kind).name]
    return np.clip(values, -greatest, greatest).astype(kind)


def minifloat_grid(kind: Any, scale: Array) -> Grid:
    """The grid of codes of a type times a scale."""
    step, greatest = _STORED[np.dtype(kind).name]
    count = round(greatest / step)
    return Grid(np.asarray(scale, np.float64) * step, -count, count)


def float_quant(values: Array, inputs: list[Array], *, mode: str, saturates: bool) -> Tensor:
    """`FloatQuant`: to the nearest number of so many exponent and mantissa bits, and back.

    `inputs` are scale, exponent bits, mantissa bits, and, as far as given, bias and greatest
    number. Raises QuantizerError where they make no sense or large values would become infinite.
    """
    scale, *numbers = inputs
    check_scale(scale)
    given = [np.unique(number) for number in numbers]
    if not 2 <= len(given) <= 4 or any(number.size != 1 for number in given):
        raise QuantizerError("numbers with several widths, biases or ends")
    exponent, mantissa, *more = (float(number[0]) for number in given)
    bias = more[0] if more else 2.0 ** (exponent - 1) - 1
    if not (1 <= exponent <= 8 and 0 <= mantissa <= 23) or exponent % 1 or mantissa % 1 or bias % 1:
        raise QuantizerError(f"{exponent:g} exponent and {mantissa:g} mantissa bits, bias {bias:g}")
    if not saturates:
        raise QuantizerError("a quantizer that makes large values infinite or no numbers")
    greatest = (2 - 2.0**-mantissa) * 2.0 ** (2**exponent - 1 - bias)
    if len(more) > 1:
        greatest = min(greatest, more[1])
    scaled = values / scale
    least = 1 - bias - mantissa
    tiny = np.finfo(scaled.dtype).tiny
    step = np.exp2(np.maximum(np.floor(np.log2(np.abs(scaled) + tiny)) - mantissa, least))
    codes = np.clip(step * rounding(mode)(scaled / step), -greatest, greatest)
    count = greatest / 2.0**least
    grid = None
    if count == round(count) and count < 2**53:
        grid = Grid(np.asarray(scale, np.float64) * 2.0**least, -round(count), round(count))
    return Tensor(np.asarray(codes * scale, values.dtype), grid)
