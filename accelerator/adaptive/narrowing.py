"""A network with the first channels of each layer only."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import ceil

from accelerator.errors import EstimateError
from accelerator.networks.layers import Layer, Network, Operation

WIDTHS = (0.25, 0.5, 0.75, 1.0)


def channels_at(width: float, channels: int) -> int:
    """ceil(w C): the first so many of C channels take part (1)."""
    # As the decimal that was written: 0.1 x 10 is one channel.
    return ceil(Fraction(str(width)) * channels)


def checked_widths(widths: tuple[float, ...]) -> tuple[float, ...]:
    """Widths in rising order.

    Raises EstimateError unless they are shares of the channels, the last one all of them.
    """
    found = tuple(sorted(set(widths)))
    if not found or found[0] <= 0 or found[-1] != 1:
        raise EstimateError(
            f"widths of {', '.join(f'{width:g}' for width in widths) or 'nothing'}: give shares "
            "of the channels above 0, the largest being 1"
        )
    return found


def narrowed(network: Network, width: float) -> Network:
    """The network at a width: ceil(w C) channels everywhere but in the image and the result.

    Products over several positions take their channels one after the other, so that the first
    channels are the first elements. Depthwise layers keep one group a channel.

    Raises EstimateError where groups do not allow it.
    """
    checked_widths((width, 1.0))
    first, last = (network.layers.index(network.mapped[end]) for end in (0, -1))
    layers = list(network.layers)
    for index in range(first, last + 1):
        layer = network.layers[index]
        # Elements of a product's input that one channel before it makes.
        flat = index and layer.operation is Operation.PRODUCT
        each = layer.in_channels // network.layers[index - 1].out_channels if flat else 1
        channels = channels_at(width, layer.in_channels // each) * each
        layers[index] = _narrowed(
            network,
            layer,
            layer.in_channels if index == first else channels,
            layer.out_channels if index == last else channels_at(width, layer.out_channels),
        )
    return replace(network, layers=tuple(layers), source=f"{network.source}, width {width:g}")


def _narrowed(network: Network, layer: Layer, channels: int, out: int) -> Layer:
    groups = channels if layer.groups == layer.in_channels > 1 else layer.groups
    if channels % groups or out % groups:
        raise EstimateError(
            f"{network.name}: {layer.name} has {groups} groups, which {channels} channels to "
            f"{out} do not share out; give another width"
        )
    return replace(layer, in_channels=channels, out_channels=out, groups=groups)
