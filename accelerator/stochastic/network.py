"""A trained network in dynamic fixed point, run on stochastic or exact products.

Everything between image and scores is whole numbers: products are accumulated exactly, biases are
whole counts, and a layer hands on its sums shifted to the next layer's point, rectified and cut.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelerator.errors import EstimateError
from accelerator.networks.layers import Layer, Network, Operation
from accelerator.stochastic.fixed_point import FixedPoint, Reals, chosen_point, rescaled
from accelerator.stochastic.multiplier import Integers, remaining
from accelerator.stochastic.products import exact_products, stochastic_products

_AT_ONCE = 200
MULTIPLIERS = ("stochastic", "exact")


@dataclass(frozen=True)
class Parameters:
    """What training gave for one layer: weights as the layer's kernels (out, ...), bias (out,)."""

    weights: Reals
    bias: Reals


@dataclass(frozen=True)
class FixedLayer:
    """Codes of one layer with weights.

    `weights` (patch length, kernels); `bias` (kernels,) in units of the sums; `taken` and `kept`
    are the points of activations and weights.
    """

    layer: Layer
    weights: Integers
    bias: Reals
    taken: FixedPoint
    kept: FixedPoint

    def sums(self, patches: Integers, multiplier: str, dropped: int) -> tuple[Integers, int]:
        """Sums (n, kernels) and the bits that they have behind the point."""
        bits = self.taken.bits
        fraction = self.taken.fraction + self.kept.fraction
        if multiplier == "stochastic":
            found = stochastic_products(patches, self.weights, bits, dropped)
            fraction -= bits
        else:
            found = exact_products(patches, self.weights, bits, dropped)
        return found + np.rint(self.bias * 2.0**fraction).astype(np.int64), fraction


@dataclass(frozen=True)
class FixedNetwork:
    """A chain of layers on `bits` of magnitude."""

    network: Network
    bits: int
    layers: tuple[FixedLayer, ...]

    @classmethod
    def of(
        cls,
        network: Network,
        parameters: Sequence[Parameters],
        bits: int,
        taken: Sequence[FixedPoint],
    ) -> FixedNetwork:
        """With the point of each layer's weights chosen from these, those of activations given."""
        layers = []
        for layer, given, point in zip(network.mapped, parameters, taken, strict=True):
            kept = chosen_point(given.weights, bits)
            codes = kept.codes(given.weights.reshape(layer.out_channels, -1)).T
            layers.append(FixedLayer(layer, codes, given.bias, point, kept))
        return cls(network, bits, tuple(layers))

    def run(
        self, images: Reals, dropped: int | Sequence[int] = 0, multiplier: str = "stochastic"
    ) -> Integers:
        """Scores (n, classes) of images (n, channels, height, width) of reals from 0 to 1.

        `dropped` is one number for all layers with weights or one for each.
        """
        cuts = self.dropped_by_layer(dropped)
        if multiplier not in MULTIPLIERS:
            raise EstimateError(f"there is no multiplier {multiplier!r}: give stochastic or exact")
        if images.shape[1:] != self.network.input_shape:
            raise EstimateError(
                f"{self.network.name} takes images of {self.network.input_shape}, not of "
                f"{images.shape[1:]}: resize them"
            )
        parts = [
            self._run(images[start : start + _AT_ONCE], cuts, multiplier)
            for start in range(0, len(images), _AT_ONCE)
        ]
        return np.concatenate(parts)

    def dropped_by_layer(self, dropped: int | Sequence[int]) -> tuple[int, ...]:
        """One number of dropped bits for each layer with weights."""
        count = len(self.layers)
        cuts = (dropped,) * count if isinstance(dropped, int) else tuple(dropped)
        if len(cuts) != count:
            raise EstimateError(
                f"{len(cuts)} numbers of dropped bits for {count} layers with weights: give one "
                "for each"
            )
        for cut in cuts:
            remaining(self.bits, cut)
        return cuts

    def _run(self, images: Reals, cuts: tuple[int, ...], multiplier: str) -> Integers:
        codes = self.layers[0].taken.codes(images)
        fixed = iter(zip(self.layers, cuts, (*self.layers[1:], None), strict=True))

        def weighted(layer: Layer, codes: Integers) -> Integers:
            own, cut, following = next(fixed)
            patches = patches_of(layer, codes)
            sums, fraction = own.sums(patches.reshape(-1, layer.patch_length), multiplier, cut)
            if following is not None:
                sums = rescaled(sums, fraction - following.taken.fraction, following.taken.bits)
            return images_of(layer, sums, len(codes))

        return walked(self.network, codes, weighted)


def calibrated(
    network: Network, parameters: Sequence[Parameters], images: Reals, bits: int
) -> tuple[FixedPoint, ...]:
    """The points of what each layer with weights takes, from images in floating point."""
    points = []
    left = iter(parameters)

    def weighted(layer: Layer, values: Reals) -> Reals:
        points.append(chosen_point(values, bits))
        given = next(left)
        flat = given.weights.reshape(layer.out_channels, -1).T
        patches = patches_of(layer, values).reshape(-1, layer.patch_length)
        return images_of(layer, np.maximum(patches @ flat + given.bias, 0), len(values))

    walked(network, images, weighted)
    return tuple(points)


def narrower(points: Sequence[FixedPoint], bits: int) -> tuple[FixedPoint, ...]:
    """The same ranges kept in other widths."""
    return tuple(FixedPoint(bits, point.fraction - point.bits + bits) for point in points)


def walked(
    network: Network,
    values: NDArray[Any],
    weighted: Callable[[Layer, NDArray[Any]], NDArray[Any]],
) -> NDArray[Any]:
    """Values through all layers, those with weights by `weighted`."""
    for layer in network.layers:
        if layer.mapped:
            values = weighted(layer, values)
        elif layer.operation is Operation.MAX_POOL:
            values = _windows(layer, values).max(axis=(-1, -2))
        else:
            raise EstimateError(
                f"{network.name} has a layer of {layer.operation.value}: a stochastic network is "
                "a chain of convolutions, products and largest values of windows"
            )
    return values.reshape(len(values), -1)


def patches_of(layer: Layer, values: NDArray[Any]) -> NDArray[Any]:
    """Operands (n, positions, patch length) of images (n, channels, height, width)."""
    if layer.operation is Operation.PRODUCT:
        return values.reshape(len(values), 1, -1)
    windows = _windows(layer, values)
    moved = windows.transpose(0, 2, 3, 1, 4, 5)
    return moved.reshape(len(values), layer.positions, layer.patch_length)


def images_of(layer: Layer, sums: NDArray[Any], count: int) -> NDArray[Any]:
    """Sums (n positions, kernels) as images (n, kernels, height, width)."""
    shape = layer.out_size if len(layer.out_size) == 2 else (1, 1)
    return sums.reshape(count, *shape, layer.out_channels).transpose(0, 3, 1, 2)


def _windows(layer: Layer, values: NDArray[Any]) -> NDArray[Any]:
    """Windows (n, channels, height, width, kernel height, kernel width), padded with zeros."""
    if layer.groups != 1 or any(step != 1 for step in layer.dilation):
        raise EstimateError(
            f"{layer.name} has groups or dilation, which a stochastic network does not"
        )
    sides = zip(layer.pad_begin, layer.pad_end, strict=True)
    padded = np.pad(values, [(0, 0), (0, 0), *sides])
    windows = np.lib.stride_tricks.sliding_window_view(padded, layer.kernel, axis=(2, 3))
    down, across = layer.stride
    return windows[:, :, ::down, ::across]
