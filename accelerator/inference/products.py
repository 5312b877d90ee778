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
from accelerator.inference.grid import Array, Coded, Grid, OffGridError, coded

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
    """Integers of a layer (kernels, channels / groups, height, width), packed for sub-arrays."""

    stored: Coded
    window: Window

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
    stored = coded(grid.integers(values), grid, "weight", may_shift=False, may_split=True)
    if stored is None:
        raise ProductError(f"weights from {grid.low} to {grid.high}, wider than 16 bits")
    return Weights(stored, window)


def code_activations(values: Array, grid: Grid) -> Coded:
    """Activations on their grid as what is stored.

    Raises ProductError where they need too many bits or have a scale for each channel.
    """
    if not grid.scalar:
        raise ProductError("inputs with a scale for each channel")
    stored = coded(grid.integers(values), grid, "activation", may_shift=True)
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
    """Convolve exactly; what the offset of the stored activations adds is a constant."""
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
    results = bitwise_conv2d(
        activations.codes,
        weights.packed,
        activation_bits=levels.bits,
        activation_encoding=levels.encoding,
        **geometry,
    )
    if activations.offset:
        inside = np.ones((1, *activations.codes.shape[1:]), np.int64)
        taps = bitwise_conv2d(inside, weights.packed, activation_bits=1, **geometry)
        results = results + activations.offset * taps
    return LayerRun(name, operator, activations, weights, results)
