"""Quantizers: those of QONNX, bit by bit as its executor has them, and ONNX's own.

QONNX: A. Pappalardo et al., "QONNX: Representing Arbitrary-Precision Quantized Neural
Networks", arXiv 2206.07527. `Quant` of one signed bit gives -1 and +1, as `BipolarQuant`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from accelerator.inference.grid import Array, Grid, Tensor, integer_range

ROUNDINGS: dict[str, Callable[[Array], Array]] = {
    "ROUND": np.round,
    "HALF_EVEN": np.round,
    "CEIL": np.ceil,
    "FLOOR": np.floor,
    "UP": lambda x: np.sign(x) * np.ceil(np.abs(x)),
    "DOWN": np.fix,
    "HALF_UP": lambda x: np.sign(x) * np.floor(np.abs(x) + 0.5),
    "HALF_DOWN": lambda x: np.sign(x) * np.ceil(np.abs(x) - 0.5),
}
_LARGEST_WIDTH = 32


class QuantizerError(ValueError):
    """A quantizer whose inputs make no sense; the text is part of a sentence."""


def quant(
    values: Array, scale: Array, zero: Array, bits: Array, *, signed: bool, narrow: bool, mode: str
) -> Tensor:
    """`Quant`: round(values / scale + zero) clipped to the width, and back to reals."""
    check_scale(scale)
    width = _width(bits)
    if signed and width == 1:
        signs = np.where(values / scale + zero >= 0, np.float32(1), np.float32(-1))
        grid = _grid(scale, zero, -1, 1)
        two = None if grid is None or grid.step != 1 else replace(grid, step=2)
        return Tensor(np.asarray((signs - zero) * scale, values.dtype), two)
    low, high = limits(width, signed=signed, narrow=narrow)
    codes = np.clip(values / scale + zero, np.float32(low), np.float32(high))
    codes = rounding(mode)(codes)
    real = (codes - zero) * scale
    return Tensor(np.asarray(real, values.dtype), _grid(scale, zero, low, high))


def bipolar(values: Array, scale: Array) -> Tensor:
    """`BipolarQuant`: plus or minus the scale, zero counting as positive."""
    check_scale(scale)
    signs = np.where(values >= 0, np.float32(1), np.float32(-1))
    real = np.asarray(signs * scale, values.dtype)
    return Tensor(real, Grid(np.asarray(scale, np.float64), -1, 1, 2))


def trunc(source: Tensor, inputs: list[Array], *, signed: bool, narrow: bool, mode: str) -> Tensor:
    """`Trunc`: drop the lowest bits.

    `inputs` are scale, zero point, width before and width after (version 1), or scale, zero
    point, width before, scale after and width after (version 2, which clips).
    """
    values, (scale, zero, bits_in) = source.values, inputs[:3]
    check_scale(scale)
    second = len(inputs) == 5
    if second:
        out_scale, out_bits = inputs[3:]
        check_scale(out_scale)
        factor = np.asarray(np.float32(2) ** np.round(np.log2(out_scale / scale)))
    else:
        out_scale, out_bits = scale, inputs[3]
        factor = np.asarray(2.0 ** (_width(bits_in) - _width(out_bits)), np.float32)
    turn = rounding(mode)
    codes = np.round(values / scale + zero) / factor
    if second:
        low, high = limits(_width(out_bits), signed=signed, narrow=narrow)
        codes = np.clip(codes, np.float32(low), np.float32(high))
    codes = turn(codes)
    out_zero = zero / factor if second else zero
    real = np.asarray((codes - out_zero) * out_scale, values.dtype)
    if second:
        return Tensor(real, _grid(out_scale, out_zero, low, high))
    grid = source.grid
    if grid is None or grid.step != 1 or np.any(zero):
        return Tensor(real)
    ends = turn(np.array([grid.low, grid.high]) / factor)
    return Tensor(real, Grid(np.asarray(out_scale, np.float64), int(ends[0]), int(ends[1])))


def quantize_linear(values: Array, scale: Array, zero: Array, axis: int) -> Tensor:
    """ONNX `QuantizeLinear`: codes of the zero point's integer type, halves to even."""
    check_scale(scale)
    saturated = integer_range(zero.dtype)
    scale, zero = (along(entry, axis, values.shape) for entry in (scale, zero))
    codes = np.rint(values / scale) + zero.astype(np.float32)
    codes = np.clip(codes, *saturated).astype(zero.dtype)
    return Tensor(codes, Grid(np.ones(()), *saturated))


def dequantize_linear(source: Tensor, scale: Array, zero: Array | None, axis: int) -> Tensor:
    """ONNX `DequantizeLinear`: scale * (code - zero)."""
    check_scale(scale)
    values = source.values
    scale = along(scale, axis, values.shape)
    shift = np.zeros((), np.int64)
    if zero is not None:
        shift = along(zero, axis, values.shape).astype(np.int64)
    real = ((values.astype(np.int64) - shift).astype(np.float32) * scale).astype(scale.dtype)
    codes = source.grid or of_integers(values)
    low, high = codes.low - int(shift.max()), codes.high - int(shift.min())
    lows = codes.low - shift if low + codes.high - codes.low < high else None
    return Tensor(real, Grid(np.asarray(scale, np.float64), low, high, lows=lows))


def of_integers(values: Array) -> Grid:
    """The grid of an integer tensor: the range of its type."""
    return Grid(np.ones(()), *integer_range(values.dtype))


def limits(bits: int, *, signed: bool, narrow: bool) -> tuple[int, int]:
    """Least and greatest code of a width; `narrow` leaves out one at the end."""
    if signed:
        return -(1 << bits - 1) + narrow, (1 << bits - 1) - 1
    return 0, (1 << bits) - 1 - narrow


def rounding(mode: str) -> Callable[[Array], Array]:
    """The rounding of a QONNX mode.

    Raises QuantizerError for a mode that there is not.
    """
    found = ROUNDINGS.get(mode.upper())
    if found is None:
        raise QuantizerError(f"the rounding mode {mode!r}, not one of {', '.join(ROUNDINGS)}")
    return found


def _grid(scale: Array, zero: Array, low: int, high: int) -> Grid | None:
    """Integers about a zero point; those about a half lie on the odd ones."""
    scale = np.asarray(scale, np.float64)
    if np.size(zero) != 1:
        return None
    twice = 2 * float(np.ravel(zero)[0])
    if twice != round(twice):
        return None
    shift = round(twice)
    if shift % 2:
        return Grid(scale / 2, 2 * low - shift, 2 * high - shift, 2)
    return Grid(scale, low - shift // 2, high - shift // 2)


def _width(bits: Array) -> int:
    width = np.unique(bits)
    if width.size != 1 or width[0] != round(float(width[0])):
        raise QuantizerError(f"widths of {', '.join(f'{one:g}' for one in width)} bits")
    if not 1 <= width[0] <= _LARGEST_WIDTH:
        raise QuantizerError(f"a width of {width[0]:g} bits, not 1 to {_LARGEST_WIDTH}")
    return int(width[0])


def check_scale(scale: Array) -> None:
    """Raise QuantizerError for scales that are not positive and finite."""
    if scale.size == 0 or not np.all(np.isfinite(scale)) or np.any(scale <= 0):
        raise QuantizerError("a scale that is not positive and finite")


def along(entry: Array, axis: int, sizes: tuple[int, ...]) -> Array:
    """A number as it is; one for each channel in the shape that broadcasts along the axis.

    Raises QuantizerError where there are several, but not as many as the axis has.
    """
    if entry.size == 1:
        return entry.reshape(())
    rank = len(sizes)
    if not -rank <= axis < rank or entry.ndim != 1 or entry.size != sizes[axis]:
        there = f"which has {sizes[axis]}" if -rank <= axis < rank else "which is not there"
        raise QuantizerError(
            f"{entry.size} scales along axis {axis}, {there}; there must be one scale, or one "
            "for each place along the axis"
        )
    shape = [1] * rank
    shape[axis] = entry.size
    return entry.reshape(shape)
