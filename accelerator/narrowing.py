"""A layer of the first channels and kernels of a mapped one, in the cells where those are."""

from __future__ import annotations

from dataclasses import replace

from accelerator.errors import EstimateError
from accelerator.mapping import Mapping, shared_out
from accelerator.networks.layers import Layer


def narrow(mapping: Mapping, layer: Layer) -> Mapping:
    """The part of a mapping that `layer` uses: its first channels and its first kernels.

    Nothing moves. Raises EstimateError where the layer is no such part of the mapped one.
    """
    mapped = mapping.layer
    part = replace(layer, in_channels=mapped.in_channels, out_channels=mapped.out_channels)
    if (
        part != mapped
        or layer.patch_length > mapped.patch_length
        or layer.kernels_per_group > mapped.kernels_per_group
    ):
        raise EstimateError(
            f"{layer.name} is no part of the layer that is mapped: it may have fewer channels and "
            "kernels in each of the same groups, and nothing else may differ"
        )
    if not mapping.weights_stay or mapping.kept is not None:
        raise EstimateError(
            f"{layer.name} cannot use a part of a layer whose patches stay, or that has sub-arrays "
            "left out: map it weight stationary, with all its sub-arrays"
        )
    kernels = layer.kernels_per_group
    if mapping.spread:
        shares = shared_out(kernels, len(mapping.kernel_tiles))
        kernel_tiles = tuple(share for share in shares if share)
    else:
        kernel_tiles = _first(mapping.kernel_tiles, kernels)
    return replace(
        mapping,
        layer=layer,
        column_tiles=_first(mapping.column_tiles, layer.patch_length),
        kernel_tiles=kernel_tiles,
        wider=mapping,
    )


def _first(tiles: tuple[int, ...], total: int) -> tuple[int, ...]:
    """What of each tile lies among the first `total`; tiles behind are left out."""
    kept: list[int] = []
    for size in tiles:
        kept.append(min(size, total - sum(kept)))
    return tuple(size for size in kept if size)
