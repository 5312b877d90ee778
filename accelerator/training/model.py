"""The steps of a graph as a PyTorch module."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from accelerator.networks.layers import Layer, Operation
from accelerator.training.graph import (
    Activate,
    Add,
    Graph,
    Normalize,
    Pool,
    Product,
    Quantize,
    WeightLevels,
)
from accelerator.training.quantizers import (
    quantized_activations,
    quantized_weights,
    signed_activations,
    ternary_weights,
    whole,
)


class QuantizedModel(nn.Module):
    """Computes a graph; `weights[n]` and `norms[n]` belong to step n."""

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self.graph = graph
        self.weights = nn.ParameterDict()
        self.norms = nn.ModuleDict()
        for number, step in enumerate(graph.steps):
            if isinstance(step, Product):
                weight = torch.empty(weight_shape(step.layer))
                nn.init.kaiming_normal_(weight.reshape(len(weight), -1), nonlinearity="linear")
                self.weights[str(number)] = nn.Parameter(weight)
            elif isinstance(step, Normalize):
                self.norms[str(number)] = nn.BatchNorm1d(step.channels)

    def forward(self, images: Tensor) -> Tensor:
        """Scores (n, classes) of images (n, channels, height, width) from 0 to 1."""
        return compute(self.graph, images, self.quantized, self.norms)

    def quantized(self, number: int) -> Tensor:
        """The weights of step `number` as they are stored, in the shape of the layer's kernels."""
        step = self.graph.steps[number]
        assert isinstance(step, Product), "only products have weights"
        weights = self.learnt(number)
        match step.levels:
            case WeightLevels.DOREFA:
                return quantized_weights(weights, step.bits)
            case WeightLevels.TERNARY:
                return ternary_weights(weights)
            case WeightLevels.WHOLE:
                rounded, scale = whole(weights, step.bits)
                return rounded * scale
            case WeightLevels.REAL:
                return weights
        raise TypeError(f"unknown levels {step.levels!r}")

    def learnt(self, number: int) -> Tensor:
        """The real weights of step `number` that gradients move."""
        return self.weights[str(number)]


def compute(
    graph: Graph,
    images: Tensor,
    quantized: Callable[[int], Tensor],
    norms: Mapping[str, nn.Module],
) -> Tensor:
    """Scores of images; `quantized` gives a step's weights, `norms` its normalization."""
    made: list[Tensor] = []
    for number, step in enumerate(graph.steps):
        x = images if step.source < 0 else made[step.source]
        match step:
            case Quantize(highest=highest):
                out = torch.round(x * highest) / highest
            case Product(layer=layer):
                out = _product(x, quantized(number), layer)
            case Normalize():
                norm = norms[str(number)]
                out = norm(x.flatten(2)).reshape(x.shape) if x.dim() > 2 else norm(x)
            case Activate(bits=bits, signed=signed):
                out = signed_activations(x, bits) if signed else quantized_activations(x, bits)
            case Pool(layer=layer):
                out = _pool(x, layer)
            case Add(other=other):
                out = x + made[other]
        made.append(out)
    return made[-1]


def weight_shape(layer: Layer) -> tuple[int, ...]:
    """(kernels, channels of a group, height, width) of a convolution, (out, in) of a product."""
    if layer.operation is Operation.PRODUCT:
        return layer.out_channels, layer.patch_length
    return layer.out_channels, layer.in_channels // layer.groups, *layer.kernel


def _product(x: Tensor, weight: Tensor, layer: Layer) -> Tensor:
    if layer.operation is Operation.PRODUCT:
        return functional.linear(x.flatten(1), weight)
    padded = functional.pad(x, _pads(layer))
    return functional.conv2d(
        padded, weight, stride=layer.stride, dilation=layer.dilation, groups=layer.groups
    )


def _pool(x: Tensor, layer: Layer) -> Tensor:
    if layer.operation is Operation.MAX_POOL:
        # Activations are not below zero, so that padding with zeros never wins over one.
        return functional.max_pool2d(functional.pad(x, _pads(layer)), layer.kernel, layer.stride)
    return functional.avg_pool2d(x, layer.kernel, layer.stride)


def _pads(layer: Layer) -> list[int]:
    """Padding as PyTorch orders it: the last dimension first, before and after."""
    pairs = zip(reversed(layer.pad_begin), reversed(layer.pad_end), strict=True)
    return [size for pair in pairs for size in pair]
