"""Convolutions and matrix products of a graph, as integers on sub-arrays.

A matrix product is a convolution with a window of one over the rows of its left operand. The
integers are exact; what they are multiplied by afterwards is done in the digital unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelerator.bitwise.convolution import bitwise_conv2d
from accelerator.bitwise.weights import PackedWeights, pack_weights
from accelerator.inference.grid import Array, Coded, Grid, OffGridError, coded

Integers = NDArray[np.int64]


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


def code_activations(values: Array, grid: Grid, *, may_shift: bool = True) -> Coded:
    """Activations on their grid as what is stored, from the lowest one on if they may be shifted.

    Raises ProductError where they need too many bits.
    """
    stored = coded(grid.integers(values), grid, "activation", may_shift=may_shift)
    if stored is None:
        raise ProductError(f"inputs from {grid.low} to {grid.high}, wider than 16 bits")
    return stored


def multiply(name: str, operator: str, activations: Coded, weights: Weights) -> LayerRun:
    """Convolve exactly; what the offset of the stored activations adds is a constant."""
    window, levels = weights.window, activations.levels
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
