"""The tiles of a layer: what one sub-array holds of its weights, so what is pruned as a whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from accelerator.array import Array
from accelerator.cutting import map_layer
from accelerator.errors import EstimateError
from accelerator.mapping import Mapping, ranges
from accelerator.networks.layers import Layer
from accelerator.options import Options


@dataclass(frozen=True)
class Tiles:
    """A layer's weights, kernels x elements of a patch, cut into rectangles.

    kernels, elements: sizes of the pieces along both sides; a patch is channels x height x width.
    """

    kernels: tuple[int, ...]
    elements: tuple[int, ...]

    @classmethod
    def of(cls, mapping: Mapping) -> Tiles:
        """Those that the accelerator cuts a layer into, one for each sub-array of a copy.

        Raises:
            EstimateError: a layer of several groups, whose sub-arrays may hold parts of each.
        """
        if mapping.layer.groups > 1 or len(mapping.plane_groups) > 1:
            raise EstimateError(
                f"layer {mapping.layer.name} has {mapping.layer.groups} groups and "
                f"{len(mapping.plane_groups)} parts of planes: tiles to prune are those of layers "
                "with one group in sub-arrays that hold all planes of a kernel"
            )
        return cls(mapping.kernel_tiles, mapping.column_tiles)

    @property
    def shape(self) -> tuple[int, int]:
        """Tiles along both sides."""
        return len(self.kernels), len(self.elements)

    def sizes(self) -> NDArray[np.int64]:
        """Weights of each tile."""
        return np.outer(self.kernels, self.elements)

    def held(self, nonzero: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which tiles have a weight that is not zero; weights in any shape, kernels first."""
        weights = nonzero.reshape(sum(self.kernels), sum(self.elements))
        starts = [[one.start for one in ranges(sizes)] for sizes in (self.kernels, self.elements)]
        held = np.logical_or.reduceat(weights, starts[0], axis=0)
        return np.asarray(np.logical_or.reduceat(held, starts[1], axis=1), dtype=bool)

    def spread(self, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """What is told of tiles, told of each of their weights: kernels x elements."""
        return np.repeat(np.repeat(kept, self.kernels, axis=0), self.elements, axis=1)


def tiles_of(layer: Layer, weight_bits: int, activation_bits: int, array: Array) -> Tiles:
    """The tiles of a layer with these widths on sub-arrays like `array`."""
    return Tiles.of(map_layer(layer, weight_bits, activation_bits, array, Options()))
