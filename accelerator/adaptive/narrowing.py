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
    last = network.mapped[-1]
    first = network.mapped[0]
    layers: list[Layer] = []
    whole, part = network.input_shape[0], network.input_shape[0]
    for layer in network.layers:
        # A shortcut's input is that of its block, whose channels are narrowed alike.
        own = part if layer is first else channels_at(width, layer.in_channels)
        if layer.operation is Operation.PRODUCT and layer.in_channels != whole:
            own = part * (layer.in_channels // whole)
        out = layer.out_channels if layer is last else channels_at(width, layer.out_channels)
        if layer is not first and not layer.mapped and not layers:
            own = out = layer.in_channels
        layers.append(_narrowed(network, layer, own, out))
        whole, part = layer.out_channels, out
    return replace(network, layers=tuple(layers), source=f"{network.source}, width {width:g}")


def _narrowed(network: Network, layer: Layer, channels: int, out: int) -> Layer:
    groups = layer.groups
    if groups == layer.in_channels:
        groups = channels
    if channels % groups or out % groups:
        raise EstimateError(
            f"{network.name}: {layer.name} has {groups} groups, which {channels} channels to "
            f"{out} do not share out; give another width"
        )
    return replace(layer, in_channels=channels, out_channels=out, groups=groups)
