"""Convolutions of one to three dimensions, transposed ones too, as those of two that run.

A transposed convolution is one of its input with zeros between the elements, its kernels turned
round. One of three dimensions is, for each plane of its output, one of two whose channels are
those of all the planes that its windows see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from accelerator.inference.grid import Array
from accelerator.inference.products import ProductError, Window
from accelerator.networks.onnx_attributes import integer, integers, padding
from accelerator.networks.onnx_transposed import stuffing


@dataclass(frozen=True)
class Convolution:
    """Geometry of a node over an input of some sizes.

    `between` zeros stand between the elements of each dimension, `begin` and `end` around them;
    less than none cuts elements off.
    """

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    begin: tuple[int, ...]
    end: tuple[int, ...]
    groups: int
    between: tuple[int, ...]
    transposed: bool

    @property
    def window(self) -> Window:
        """Of the convolution of two dimensions that runs; the first of three is done before."""
        stride, dilation, begin, end = self.stride, self.dilation, self.begin, self.end
        if len(self.kernel) == 1:
            stride, dilation, begin, end = (1, *stride), (1, *dilation), (0, *begin), (0, *end)
        top, left = (max(pad, 0) for pad in begin[-2:])
        bottom, right = (max(pad, 0) for pad in end[-2:])
        return Window(
            (stride[-2], stride[-1]), (top, left, bottom, right), (dilation[-2], dilation[-1]),
            self.groups,
        )  # fmt: skip

    @property
    def stuffs(self) -> bool:
        """Whether there are zeros that the input has not, beside what the window pads."""
        deep = len(self.kernel) == 3 and max(self.begin[0], self.end[0]) > 0
        return any(self.between) or deep

    def planes(self, values: Array) -> Array:
        """Integers (images, channels, sizes) as the convolution of two dimensions takes them."""
        for place, zeros in enumerate(self.between):
            if zeros:
                axis = place + 2
                length = values.shape[axis]
                sizes = [*values.shape]
                sizes[axis] = (length - 1) * (zeros + 1) + 1
                apart = np.zeros(sizes, values.dtype)
                apart[(slice(None),) * axis + (slice(None, None, zeros + 1),)] = values
                values = apart
        cut = tuple(
            slice(max(-begin, 0), length - max(-end, 0))
            for begin, end, length in zip(self.begin, self.end, values.shape[2:], strict=True)
        )
        values = values[(slice(None), slice(None), *cut)]
        if len(self.kernel) == 1:
            return values[:, :, None]
        return self._deep(values) if len(self.kernel) == 3 else values

    def _deep(self, values: Array) -> Array:
        """For each plane of the output, the planes that its windows see, as channels."""
        around = (max(self.begin[0], 0), max(self.end[0], 0))
        padded = np.pad(values, [(0, 0), (0, 0), around, (0, 0), (0, 0)])
        reach = (self.kernel[0] - 1) * self.dilation[0] + 1
        count = (padded.shape[2] - reach) // self.stride[0] + 1
        if count < 1:
            raise ProductError(f"a window of {self.kernel} over an input of {values.shape[2:]}")
        seen = [
            padded[:, :, first : first + reach : self.dilation[0]]
            for first in range(0, count * self.stride[0], self.stride[0])
        ]
        images, channels, _, height, width = padded.shape
        together = np.stack(seen, axis=1)
        return together.reshape(images * count, channels * self.kernel[0], height, width)

    def kernels(self, values: Array) -> Array:
        """Weights as kernels x channels x height x width."""
        if self.transposed:
            inner, outer = values.shape[:2]
            parts = values.reshape(self.groups, inner // self.groups, outer, *self.kernel)
            values = np.swapaxes(parts, 1, 2).reshape(-1, inner // self.groups, *self.kernel)
            values = np.flip(values, tuple(range(2, values.ndim)))
        if len(self.kernel) == 1:
            return values[:, :, None]
        if len(self.kernel) == 3:
            return values.reshape(len(values), -1, *self.kernel[1:])
        return values

    def shaped(self, results: Array, images: int) -> Array:
        """Results in the shape of the node's output."""
        if len(self.kernel) == 1:
            return results[:, :, 0]
        if len(self.kernel) == 2:
            return results
        kernels, *size = results.shape[1:]
        return np.moveaxis(results.reshape(images, -1, kernels, *size), 1, 2)


def convolution(node: Any, size: tuple[int, ...], kernel: tuple[int, ...]) -> Convolution:
    """The geometry of a node with a window over an input of these sizes.

    Raises ProductError where they do not fit.
    """
    rank = len(kernel)
    if not 1 <= rank <= 3 or len(size) != rank:
        raise ProductError(f"a window of {rank} dimensions over {len(size)}")
    groups = integer(node, "group", 1)
    if node.op_type == "ConvTranspose":
        put = stuffing(node, size, kernel)
        return Convolution(
            kernel, (1,) * rank, put.dilation, put.begin, put.end, groups, put.between, True
        )
    ones = (1,) * rank
    stride, dilation = integers(node, "strides", ones), integers(node, "dilations", ones)
    # What "same" pads follows from the size of the output, one for each stride begun.
    target = tuple(-(-s // step) for s, step in zip(size, stride, strict=True))
    begin, end = padding(node, size, target, kernel, stride, dilation)
    return Convolution(kernel, stride, dilation, begin, end, groups, (0,) * rank, False)
