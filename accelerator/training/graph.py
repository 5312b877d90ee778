"""A trainable network as steps, each reading the results of earlier ones.

The same steps are computed with gradients (`model`) and written as QONNX (`export`), so that
what is trained is what runs on sub-arrays.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from accelerator.networks.layers import Layer, Network, Operation
from accelerator.options import LARGEST_WIDTH
from accelerator.training.errors import TrainingError

INPUT = -1
"""The step that stands for the image."""


@dataclass(frozen=True)
class Widths:
    """Bits of weights and activations, and those of the first and the last layer's weights.

    The papers leave the first and last layer in floating point; here every layer runs on
    sub-arrays, so that these two are as wide as costs little accuracy.
    """

    weights: int
    activations: int
    ends: int = 8

    def __post_init__(self) -> None:
        for what, bits, most in (
            ("weights", self.weights, LARGEST_WIDTH),
            ("activations", self.activations, LARGEST_WIDTH),
            ("the first and last layer's weights", self.ends, LARGEST_WIDTH),
        ):
            if not 1 <= bits <= most:
                raise TrainingError(f"{bits} bits for {what} cannot be trained; give 1 to {most}")


class WeightLevels(StrEnum):
    """What weights are rounded to.

    dorefa: DoReFa-Net's levels of so many bits, none of them zero; ternary: -a, 0 and a;
    whole: whole numbers of so many bits, in two's complement, times a scale; real: not at all.
    """

    DOREFA = "dorefa"
    TERNARY = "ternary"
    WHOLE = "whole"
    REAL = "real"


@dataclass(frozen=True)
class Quantize:
    """The image on its own codes: `highest` + 1 levels from 0 to 1."""

    source: int
    bits: int
    highest: int


@dataclass(frozen=True)
class Product:
    """A convolution or a fully connected layer without bias, its weights quantized."""

    source: int
    layer: Layer
    bits: int
    levels: WeightLevels = WeightLevels.DOREFA


@dataclass(frozen=True)
class Add:
    """The sum of two results of equal shape, in the digital unit."""

    source: int
    other: int
    name: str = ""


@dataclass(frozen=True)
class Normalize:
    """Batch normalization of each channel, in the digital unit."""

    source: int
    channels: int


@dataclass(frozen=True)
class Activate:
    """Clip to 0 to 1 and round to 2^bits levels.

    `signed` clips to -1 to 1, on 2^bits - 1 levels of which zero is one: what is added to a
    shortcut may be negative.
    """

    source: int
    bits: int
    signed: bool = False


@dataclass(frozen=True)
class Pool:
    """Largest or mean value of each window."""

    source: int
    layer: Layer


Step = Quantize | Product | Add | Normalize | Activate | Pool


@dataclass
class Graph:
    """Steps in order; the last one's result are the scores of the classes."""

    name: str
    input_shape: tuple[int, ...]
    steps: list[Step] = field(default_factory=list)

    def add(self, step: Step) -> int:
        """Append a step and return its number, by which later ones read it."""
        self.steps.append(step)
        return len(self.steps) - 1


def graph_of(network: Network, widths: Widths, *, input_bits: int, highest: int) -> Graph:
    """The steps of a chain of convolutions, products and pools.

    Every layer but the last is normalized and quantized, the last is normalized only; means
    are quantized again. Raises TrainingError for a network with other layers.
    """
    mapped = network.mapped
    if not mapped or network.layers[-1] is not mapped[-1]:
        raise TrainingError(f"{network.name} does not end in a product; it has no class scores")
    graph = Graph(network.name, network.input_shape)
    last = graph.add(Quantize(INPUT, input_bits, highest))
    for layer in network.layers:
        if layer.mapped:
            at_end = layer in (mapped[0], mapped[-1])
            last = graph.add(Product(last, layer, widths.ends if at_end else widths.weights))
            last = graph.add(Normalize(last, layer.out_channels))
            if layer is not mapped[-1]:
                last = graph.add(Activate(last, widths.activations))
        elif layer.operation in (Operation.MAX_POOL, Operation.AVERAGE_POOL):
            last = graph.add(Pool(last, layer))
            if layer.operation is Operation.AVERAGE_POOL:
                # Means lie between the levels.
                last = graph.add(Activate(last, widths.activations))
        else:
            raise TrainingError(
                f"{network.name}: {layer.name} is no convolution, product or pool; networks with "
                "other layers cannot be trained here"
            )
    return graph
