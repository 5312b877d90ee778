"""The steps of a residual network, its blocks as `networks.residual` names them."""

from __future__ import annotations

from itertools import groupby

from accelerator.networks.layers import Layer, Network, Operation
from accelerator.training.errors import TrainingError
from accelerator.training.graph import (
    INPUT,
    Activate,
    Add,
    Graph,
    Normalize,
    Pool,
    Product,
    Quantize,
    Widths,
)


def residual_graph(network: Network, widths: Widths, *, input_bits: int, highest: int) -> Graph:
    """Every convolution is normalized and quantized, and so is every sum.

    What is added is quantized before, as it is where it leaves a sub-array: a block's last
    convolution and its shortcut to signed levels. The last product is normalized only.

    Raises TrainingError for a network with other layers, or activations of 1 bit, which has no
    signed levels.
    """
    if widths.activations < 2:
        raise TrainingError("sums need signed activations, which 1 bit does not have; give 2 bits")
    builder = _Builder(network, widths)
    last = builder.graph.add(Quantize(INPUT, input_bits, highest))
    for block, layers in groupby(network.layers, lambda layer: layer.name.rpartition(".")[0]):
        if block:
            last = builder.block(list(layers), last)
        else:
            for layer in layers:
                last = builder.plain(layer, last)
    return builder.graph


class _Builder:
    def __init__(self, network: Network, widths: Widths) -> None:
        self.graph = Graph(network.name, network.input_shape)
        self.mapped, self.widths = network.mapped, widths

    def block(self, layers: list[Layer], entry: int) -> int:
        """Its branch and its shortcut, added."""
        *convolutions, addition = layers
        if addition.operation is not Operation.ADDITION or len(layers) < 2:
            raise self._refused(addition)
        branch = [layer for layer in convolutions if not layer.name.endswith(".shortcut")]
        last = entry
        for layer in branch:
            last = self._product(layer, last, signed=layer is branch[-1])
        for layer in convolutions:
            if layer not in branch:
                entry = self._product(layer, entry, signed=True)
        last = self.graph.add(Add(last, entry, addition.name))
        return self.graph.add(Activate(last, self.widths.activations))

    def plain(self, layer: Layer, source: int) -> int:
        """A layer outside blocks."""
        if layer.mapped:
            return self._product(layer, source)
        if layer.operation not in (Operation.MAX_POOL, Operation.AVERAGE_POOL):
            raise self._refused(layer)
        last = self.graph.add(Pool(source, layer))
        if layer.operation is Operation.AVERAGE_POOL:
            # Means lie between the levels.
            last = self.graph.add(Activate(last, self.widths.activations))
        return last

    def _product(self, layer: Layer, source: int, *, signed: bool = False) -> int:
        if not layer.mapped:
            raise self._refused(layer)
        at_end = layer in (self.mapped[0], self.mapped[-1])
        bits = self.widths.ends if at_end else self.widths.weights
        last = self.graph.add(Product(source, layer, bits))
        last = self.graph.add(Normalize(last, layer.out_channels))
        if layer is self.mapped[-1]:
            return last
        return self.graph.add(Activate(last, self.widths.activations, signed))

    def _refused(self, layer: Layer) -> TrainingError:
        return TrainingError(
            f"{self.graph.name}: {layer.name} is no layer of a residual network of convolutions, "
            "sums and pools, and cannot be trained here"
        )
