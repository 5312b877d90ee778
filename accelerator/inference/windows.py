"""Pooling windows, one tap at a time over whole tensors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from accelerator.inference.grid import Array
from accelerator.networks.onnx_attributes import integer, integers, padding


@dataclass(frozen=True)
class Windows:
    """Windows over an input of some sizes: what is padded around it, and where each begins.

    `asked` is the padding that the node asks for, `pads` what its windows reach.
    """

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    pads: tuple[tuple[int, int], ...]
    asked: tuple[tuple[int, int], ...]
    target: tuple[int, ...]

    def taps(self, values: Array, padded_by: Any) -> Iterator[Array]:
        """For each tap, the values that the windows see there, in the order of the kernel.

        `values` have these sizes last; `padded_by` stands around them.
        """
        ahead = [(0, 0)] * (values.ndim - len(self.kernel))
        padded = np.pad(values, [*ahead, *self.pads], constant_values=padded_by)
        for tap in np.ndindex(*self.kernel):
            chosen: tuple[Any, ...] = tuple(
                slice(place * apart, place * apart + (count - 1) * step + 1, step)
                for place, apart, count, step in zip(
                    tap, self.dilation, self.target, self.stride, strict=True
                )
            )
            yield padded[..., *chosen]


def windows_of(node: Any, size: tuple[int, ...]) -> Windows | None:
    """The windows of a pooling node over an input of these sizes; None where it has none."""
    kernel = integers(node, "kernel_shape", ())
    ones = (1,) * len(kernel)
    stride, dilation = integers(node, "strides", ones), integers(node, "dilations", ones)
    if not kernel or {len(size), len(stride), len(dilation)} != {len(kernel)}:
        return None
    same = tuple(-(-length // step) for length, step in zip(size, stride, strict=True))
    begin, end = padding(node, size, same, kernel, stride, dilation)
    up = integer(node, "ceil_mode", 0)
    target, pads = [], []
    for place, length in enumerate(size):
        reach = (kernel[place] - 1) * dilation[place] + 1
        room = length + begin[place] + end[place] - reach
        outputs = (-(-room // stride[place]) if up else room // stride[place]) + 1
        # A window that would begin beyond the input and its padding is left out.
        outputs -= bool(up and (outputs - 1) * stride[place] >= length + begin[place])
        if outputs < 1:
            return None
        target.append(outputs)
        wanted = (outputs - 1) * stride[place] + reach
        pads.append((begin[place], max(wanted - length - begin[place], 0)))
    asked = tuple(zip(begin, end, strict=True))
    return Windows(kernel, stride, dilation, tuple(pads), asked, tuple(target))


def greatest(values: Array, windows: Windows) -> Array:
    """The greatest value in each window; padding is less than any."""
    kind = values.dtype
    least = -np.inf if kind.kind == "f" else np.iinfo(kind).min
    taps = windows.taps(values, least)
    found = next(taps).copy()
    for tap in taps:
        np.maximum(found, tap, out=found)
    return found


def means(values: Array, windows: Windows, *, with_padding: bool, lacking: bool = True) -> Array:
    """The mean of each window in single precision, its values added one after the other.

    Padding counts as zeros `with_padding` and not at all without; what a last window lacks
    beyond the padding counts with it, unless not `lacking`.
    """
    total = np.zeros((*values.shape[: -len(windows.kernel)], *windows.target), np.float32)
    for tap in windows.taps(values.astype(np.float32, copy=False), 0):
        total += tap
    if with_padding and lacking:
        return np.asarray(total / np.float32(prod(windows.kernel)))
    inside = np.ones(values.shape[-len(windows.kernel) :], np.float32)
    if with_padding:
        inside = np.pad(inside, windows.asked, constant_values=1)
        beyond = tuple(
            (0, max(end - asked, 0))
            for (_, end), (_, asked) in zip(windows.pads, windows.asked, strict=True)
        )
        windows = replace(windows, pads=beyond)
    return np.asarray(total / sum(windows.taps(inside, 0)))


def powers(values: Array, windows: Windows, power: int) -> Array:
    """The norm of this power of each window; padding counts as zeros."""
    total = sum(windows.taps(np.abs(values) ** power, 0))
    return np.asarray(np.asarray(total) ** (1 / power)).astype(values.dtype)
