"""Convolutions and matrix products of a graph, as integers on sub-arrays.

A matrix product is a convolution with a window of one over the rows of its left operand. The
integers are exact; what they are multiplied by afterwards is done in the digital unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelerator.bitwise.convolution import bitwise_conv2d
from accelerator.bitwise.weights import PackedWeights, pack_weights
from accelerator.inference.grid import Array, Coded, Grid, OffGridError, coded, stored_as

Integers = NDArray[np.int64]
LARGEST_PADDED = 2**26
"""Elements of one image with its padding."""
LARGEST_PRODUCTS = 2**35
"""Of one layer for one image; the largest of VGG-16 has 2e9."""


class ProductError(OffGridError):
    """A product that sub-arrays cannot take; the text is part of a sentence."""


@dataclass(frozen=True)
class Window:
    """Geometry of a two-dimensional convolution; pads are top, left, bottom, right."""

    stride: tuple[int, int] = (1, 1)
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1


@dataclass(frozen=True)
class Weights:
    """Integers of a layer (kernels, channels / groups, height, width), packed for sub-arrays.

    `offsets` are what is added to the codes of each kernel, None where nothing is: codes about a
    zero point, which need the sum of the activations of each patch.
    """

    stored: Coded
    window: Window
    offsets: Integers | None = None

    @cached_property
    def bits(self) -> NDArray[np.uint16]:
        """As whole numbers whose bits are the planes."""
        return self.stored.bits

    @cached_property
    def packed(self) -> PackedWeights:
        """As bit-planes."""
        levels = self.stored.levels
        return pack_weights(
            self.stored.codes,
            weight_bits=levels.bits,
            weight_encoding=levels.encoding,
            groups=self.window.groups,
        )


@dataclass(frozen=True)
class LayerRun:
    """One layer as it was run: its operands as stored, and the exact results (images first)."""

    name: str
    operator: str
    activations: Coded
    weights: Weights
    results: Integers


def code_weights(values: Array, grid: Grid, window: Window) -> Weights:
    """Weights on their grid as what is stored.

    Raises ProductError where they need too many bits or a scale for each input channel.
    """
    if np.broadcast_to(grid.scale, values.shape).size and np.any(
        np.ptp(np.broadcast_to(grid.scale, values.shape).reshape(len(values), -1), axis=1)
    ):
        raise ProductError("weights with a scale for each input channel")
    integers = grid.integers(values)
    lows = np.full(len(values), grid.low, np.int64)
    if grid.lows is not None:
        every = np.broadcast_to(grid.lows, values.shape).reshape(len(values), -1)
        if np.any(np.ptp(every, axis=1)):
            raise ProductError("weights with a zero point for each input channel")
        lows = every[:, 0].astype(np.int64)
    ternary = bool(np.abs(integers).max(initial=0) <= 1)
    spread = int(np.ptp(lows)) if len(lows) else 0
    found = stored_as(grid, "weight", ternary=ternary, spread=spread)
    if found is None:
        raise ProductError(f"weights from {grid.low} to {grid.high}, wider than 16 bits")
    if not found.offset:
        return Weights(Coded(integers, found.levels, 0), window)
    codes = integers - lows.reshape(-1, *[1] * (values.ndim - 1))
    return Weights(Coded(codes, found.levels, 0), window, lows)


def code_activations(values: Array, grid: Grid) -> Coded:
    """Activations on their grid as what is stored.

    Raises ProductError where they need too many bits.
    """
    stored = coded(grid.integers(values), grid, "activation")
    if stored is None:
        raise ProductError(f"inputs from {grid.low} to {grid.high}, wider than 16 bits")
    return stored


def _require_room(images: tuple[int, ...], kernels: tuple[int, ...], window: Window) -> None:
    """Refuse a window that sees far more padding, or makes more products, than any network."""
    stride, pads, dilation = window.stride, window.pads, window.dilation
    padded = tuple(images[2 + axis] + pads[axis] + pads[2 + axis] for axis in (0, 1))
    outputs = [
        max((padded[axis] - (kernels[2 + axis] - 1) * dilation[axis] - 1) // stride[axis] + 1, 0)
        for axis in (0, 1)
    ]
    if prod(padded) * images[1] > LARGEST_PADDED:
        raise ProductError(f"an input that padding makes {padded[0]} x {padded[1]}")
    products = prod(kernels) * prod(outputs)
    if products > LARGEST_PRODUCTS:
        raise ProductError(
            f"{products:.2g} products for an image, more than {LARGEST_PRODUCTS:.2g}"
        )


def multiply(name: str, operator: str, activations: Coded, weights: Weights) -> LayerRun:
    """Convolve exactly.

    What the offset of the stored activations adds is a constant; what those of the weights add, a
    multiple of the sum of each patch's activations.
    """
    window, levels = weights.window, activations.levels
    _require_room(activations.codes.shape, weights.stored.codes.shape, window)
    geometry: dict[str, Any] = {
        "stride": window.stride,
        "padding": window.pads,
        "dilation": window.dilation,
        "groups": window.groups,
        "weight_bits": weights.stored.levels.bits,
        "weight_encoding": weights.stored.levels.encoding,
    }

    def product(codes: Integers, bits: int, encoding: str) -> Integers:
        common: dict[str, Any] = {"activation_bits": bits, "activation_encoding": encoding}
        found = bitwise_conv2d(codes, weights.packed, **common, **geometry)
        if weights.offsets is None:
            return found
        ones = np.ones((window.groups, *weights.stored.codes.shape[1:]), np.int64)
        one = {"weight_bits": 1, "weight_encoding": "unsigned"}
        sums = bitwise_conv2d(codes, ones, **common, **{**geometry, **one})
        sums = np.repeat(sums, len(weights.offsets) // window.groups, axis=1)
        return np.asarray(found + weights.offsets.reshape(1, -1, 1, 1) * sums)

    results = product(activations.codes, levels.bits, levels.encoding)
    if activations.offset:
        inside = np.ones((1, *activations.codes.shape[1:]), np.int64)
        results = results + activations.offset * product(inside, 1, "unsigned")
    return LayerRun(name, operator, activations, weights, results)
