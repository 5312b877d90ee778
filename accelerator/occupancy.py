"""What is known of a layer's weights before it is mapped: which of them are zero.

Where all weights that a sub-array would hold are zero, it is left out of the mapping.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from accelerator.errors import EstimateError
from accelerator.mapping import Kept, Mapping, ranges
from accelerator.seen import Seen


class Occupancy(Protocol):
    """Says which sub-arrays of a mapping hold something, and what their operands were."""

    def kept(self, mapping: Mapping) -> Kept | None:
        """By group tile, column tile and kernel tile; None where all are kept."""

    def seen(self, mapping: Mapping, seen: Seen) -> Seen:
        """What was seen of all operands, for those in the sub-arrays that are kept."""


@dataclass(frozen=True, eq=False)
class WeightOccupancy:
    """Weights by being zero or not, and how often each element of a patch held ones.

    nonzero: kernels of all groups by elements of a patch, in any shape of that size.
    ones: share of ones among the bits of each element, of all groups in order; None where the
        layer did not run.
    """

    nonzero: NDArray[np.bool_]
    ones: NDArray[np.float64] | None = None

    def kept(self, mapping: Mapping) -> Kept | None:
        """The sub-arrays with a weight that is not zero."""
        layer = mapping.layer
        if self.nonzero.size != layer.weights:
            raise EstimateError(
                f"layer {layer.name} has {layer.weights} weights, {self.nonzero.size} are given "
                "as zero or not: give those of this layer"
            )
        weights = self.nonzero.reshape(layer.groups, layer.kernels_per_group, layer.patch_length)
        weights = weights[:, [kernel for tile in mapping.tile_kernels for kernel in tile]]
        held = np.logical_or.reduceat(weights, _starts(mapping.column_tiles), axis=2)
        held = np.logical_or.reduceat(held, _starts(mapping.kernel_tiles), axis=1)
        starts = np.arange(0, layer.groups, mapping.groups_per_row)
        held = np.logical_or.reduceat(held, starts, axis=0)
        return as_kept(held.transpose(0, 2, 1))

    def seen(self, mapping: Mapping, seen: Seen) -> Seen:
        """Shares of operand values among the ANDs that are left, exact.

        ANDs with a weight bit of one are all left, those with a zero are what they are with.
        """
        if mapping.kept is None or self.ones is None:
            return seen
        layer = mapping.layer
        ones = self.ones.reshape(layer.groups, layer.patch_length)
        kernels = np.zeros_like(ones)  # that meet each element
        tiles = np.zeros_like(ones)  # sub-arrays that each element is written into
        for group in range(layer.groups):
            kept = np.array(mapping.kept[group // mapping.groups_per_row])
            for elements, row in zip(ranges(mapping.column_tiles), kept, strict=True):
                kernels[group, elements] = row @ np.array(mapping.kernel_tiles)
                tiles[group, elements] = row.sum()
        every = layer.out_channels * layer.patch_length
        left = kernels.sum() / every
        if not left:
            return replace(seen, ands=(1.0, 0.0, 0.0, 0.0), patch_ones=0.0, weight_ones=0.0)
        with_0, with_1 = (share / left for share in seen.ands[2:])
        ones_met = float((kernels * ones).sum() / kernels.sum())
        at_01 = max(ones_met - with_1, 0.0)
        return replace(
            seen,
            ands=(max(1 - with_0 - with_1 - at_01, 0.0), at_01, with_0, with_1),
            patch_ones=float((tiles * ones).sum() / tiles.sum()),
            weight_ones=seen.weight_ones / left,
        )


@dataclass(frozen=True)
class KeptTiles:
    """The sub-arrays that are kept, told one by one, and what is seen told of them already."""

    tiles: Kept

    def kept(self, mapping: Mapping) -> Kept | None:
        """These, where they are those of this mapping.

        Raises:
            EstimateError: the layer is cut into other tiles.
        """
        found = np.array(self.tiles, dtype=bool)
        sizes = mapping.group_tiles, len(mapping.column_tiles), len(mapping.kernel_tiles)
        if found.shape != sizes:
            raise EstimateError(
                f"layer {mapping.layer.name} has group, column and kernel tiles {sizes}, "
                f"{found.shape} are told to be kept or not: tell of this mapping"
            )
        return as_kept(found)

    def seen(self, mapping: Mapping, seen: Seen) -> Seen:  # noqa: ARG002
        """As it was told."""
        return seen


def as_kept(held: NDArray[np.bool_]) -> Kept | None:
    """An array by group tile, column tile and kernel tile as tuples; None where all are kept."""
    if held.all():
        return None
    return tuple(tuple(tuple(map(bool, row)) for row in tile) for tile in held)


def _starts(sizes: tuple[int, ...]) -> list[int]:
    return [one.start for one in ranges(sizes)]
