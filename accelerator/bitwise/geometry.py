"""Shapes of a convolution: where each kernel tap falls and how large the result is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from accelerator.errors import EstimateError

Pair = int | Sequence[int]
Padding = int | Sequence[int] | Sequence[Sequence[int]]


@dataclass(frozen=True)
class Axis:
    """One spatial axis of a convolution, in pixels."""

    size: int
    kernel: int
    stride: int
    before: int
    after: int
    dilation: int

    @cached_property
    def extent(self) -> int:
        """Pixels from a kernel's first tap to its last, both included."""
        return (self.kernel - 1) * self.dilation + 1

    @cached_property
    def padded(self) -> int:
        """Pixels of the input with its padding."""
        return self.size + self.before + self.after

    @cached_property
    def outputs(self) -> int:
        """Positions of the kernel."""
        return (self.padded - self.extent) // self.stride + 1

    @cached_property
    def tap_ranges(self) -> list[tuple[int, int]]:
        """For each position, the half-open range of taps on the input; (0, 0) if none are."""
        ranges = []
        for position in range(self.outputs):
            start = position * self.stride - self.before
            first = max(0, -(start // self.dilation))
            last = min(self.kernel, -((start - self.size) // self.dilation))
            ranges.append((first, last) if first < last else (0, 0))
        return ranges


@dataclass(frozen=True)
class Geometry:
    """A two-dimensional grouped convolution of N,C,H,W by O,C/g,kh,kw."""

    batch: int
    channels: int
    kernels: int
    groups: int
    rows: Axis
    columns: Axis

    @cached_property
    def group_channels(self) -> int:
        """Channels that one kernel sees."""
        return self.channels // self.groups

    @cached_property
    def group_kernels(self) -> int:
        """Kernels that share one group's patches."""
        return self.kernels // self.groups

    @cached_property
    def taps(self) -> int:
        """Positions inside a kernel."""
        return self.rows.kernel * self.columns.kernel

    @cached_property
    def patch_length(self) -> int:
        """Operand pairs of one result."""
        return self.taps * self.group_channels

    @cached_property
    def positions(self) -> int:
        """Results of one kernel on one image."""
        return self.rows.outputs * self.columns.outputs

    @cached_property
    def output_shape(self) -> tuple[int, int, int, int]:
        """N, O, output height, output width."""
        return self.batch, self.kernels, self.rows.outputs, self.columns.outputs

    @cached_property
    def patches(self) -> int:
        """Distinct vectors of activations that meet kernels."""
        return self.batch * self.groups * self.positions

    @cached_property
    def macs(self) -> int:
        """Multiply-accumulates, those on padding included."""
        return self.patches * self.group_kernels * self.patch_length

    @cached_property
    def taps_on_input(self) -> int:
        """Taps that fall on the input, summed over the positions of one image."""
        return sum(last - first for first, last in self.rows.tap_ranges) * sum(
            last - first for first, last in self.columns.tap_ranges
        )


def geometry(
    activations: Sequence[int],
    weights: Sequence[int],
    *,
    stride: Pair = 1,
    padding: Padding = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> Geometry:
    """The convolution of shapes N,C,H,W and O,C/g,kh,kw.

    `padding` is one number, a pair (rows, columns), four numbers (top, left,
    bottom, right, the order of ONNX) or ((top, bottom), (left, right)).

    Raises
    ------
    EstimateError
        If the shapes do not fit each other or an argument is not a whole number
        in its range.
    """
    return _geometry(
        tuple(activations),
        tuple(weights),
        _pair("stride", stride, 1),
        _padding(padding),
        _pair("dilation", dilation, 1),
        whole_number("groups", groups, 1),
    )


@lru_cache(maxsize=256)
def _geometry(
    activations: tuple[int, ...],
    weights: tuple[int, ...],
    stride: tuple[int, int],
    padding: tuple[tuple[int, int], tuple[int, int]],
    dilation: tuple[int, int],
    groups: int,
) -> Geometry:
    batch, channels, height, width = activations
    kernels, kernel_channels, kernel_height, kernel_width = weights
    if min(weights) < 1:
        raise EstimateError(f"weights have shape {weights}: no dimension may be empty")
    if kernels % groups:
        raise EstimateError(
            f"weights have {kernels} kernels, which {groups} groups do not divide: change groups"
        )
    if channels != kernel_channels * groups:
        raise EstimateError(
            f"activations have {channels} channels but weights of shape {weights} with "
            f"groups={groups} take {kernel_channels * groups}: make them equal"
        )
    (top, bottom), (left, right) = padding
    rows = Axis(height, kernel_height, stride[0], top, bottom, dilation[0])
    columns = Axis(width, kernel_width, stride[1], left, right, dilation[1])
    for name, axis in (("height", rows), ("width", columns)):
        if axis.size < 1 or axis.padded < axis.extent:
            raise EstimateError(
                f"activations of {name} {axis.size}, {axis.padded} with padding, are smaller than "
                f"the kernel's extent {axis.extent}: add padding or use a smaller kernel"
            )
    return Geometry(batch, channels, kernels, groups, rows, columns)


def whole_number(name: str, value: object, least: int) -> int:
    """`value` as an int of at least `least`.

    Raises
    ------
    EstimateError
        If it is not one.
    """
    if isinstance(value, int | np.integer) and not isinstance(value, bool) and value >= least:
        return int(value)
    raise EstimateError(f"{name} is {value!r}: give whole numbers of at least {least}")


def _pair(name: str, value: Pair, least: int) -> tuple[int, int]:
    if not isinstance(value, Sequence | np.ndarray):
        number = whole_number(name, value, least)
        return number, number
    if len(value) != 2:
        raise EstimateError(f"{name} is {value!r}: give one number or a pair (rows, columns)")
    return whole_number(name, value[0], least), whole_number(name, value[1], least)


def _padding(value: Padding) -> tuple[tuple[int, int], tuple[int, int]]:
    if isinstance(value, Sequence | np.ndarray):
        if len(value) == 4:
            top, left, bottom, right = (whole_number("padding", side, 0) for side in value)
            return (top, bottom), (left, right)
        if len(value) == 2 and all(isinstance(side, Sequence | np.ndarray) for side in value):
            vertical, horizontal = value
            return _pair("padding", vertical, 0), _pair("padding", horizontal, 0)
        if len(value) != 2:
            raise EstimateError(
                f"padding is {value!r}: give one number, (rows, columns), "
                "(top, left, bottom, right) or ((top, bottom), (left, right))"
            )
    rows, columns = _pair("padding", value, 0)  # type: ignore[arg-type]
    return (rows, rows), (columns, columns)
