"""How much smaller a network is, counted in two ways.

The published rate of 21 is read as that of the structure alone; it may be meant otherwise, so
both are told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from accelerator.pruning.tiles import Tiles

DENSE_BITS = 32
"""Of a weight of the network that is compressed."""


@dataclass(frozen=True)
class Compression:
    """Weights of all layers, those in tiles that are left, and the bits that hold these.

    groups, kept_groups: tiles, and those with a weight that is not zero.
    """

    weights: int = 0
    kept_weights: int = 0
    stored_bits: int = 0
    groups: int = 0
    kept_groups: int = 0

    @property
    def structured(self) -> float:
        """All weights over those in tiles that are left (1)."""
        return self.weights / self.kept_weights

    @property
    def total(self) -> float:
        """Bits of the dense network at 32 a weight over those that are stored (1)."""
        return DENSE_BITS * self.weights / self.stored_bits

    def __add__(self, other: Compression) -> Compression:
        return Compression(
            self.weights + other.weights,
            self.kept_weights + other.kept_weights,
            self.stored_bits + other.stored_bits,
            self.groups + other.groups,
            self.kept_groups + other.kept_groups,
        )


def layer_compression(tiles: Tiles, nonzero: NDArray[np.bool_], bits: int) -> Compression:
    """A layer whose weights are stored with `bits` each, in the tiles that are left."""
    held, sizes = tiles.held(nonzero), tiles.sizes()
    kept = int(sizes[held].sum())
    return Compression(int(sizes.sum()), kept, kept * bits, held.size, int(held.sum()))


def together(layers: Iterable[Compression]) -> Compression:
    """A whole network."""
    return sum(layers, Compression())
