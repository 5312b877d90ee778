"""CMPNET, LBCNN and a plain network of one configuration, trained alike.

A module spreads its channels into maps and gathers them by a pointwise convolution; its input is
added, and the sum is normalized and quantized. Comparisons pass the gradient on as that of the
difference, the straight-through estimator; so do ternary weights (F. Li et al., arXiv 1605.04711:
zero below 0.7 of the mean size, the others plus or minus their mean).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from accelerator.comparator.configuration import Configuration
from accelerator.training.quantizers import quantized_activations, quantized_weights

_ZERO_BELOW = 0.7
# What is clipped to 0 to 1 has no gradient: normalizations start with two standard deviations
# on each side of the middle inside.
_MIDDLE, _DEVIATION = 0.5, 0.25


class ComparatorNetwork(nn.Module):
    """Computes a configuration on images whose codes go up to `highest`."""

    def __init__(self, configuration: Configuration, highest: int) -> None:
        super().__init__()
        one = self.configuration = configuration
        self.highest = highest
        self.weights = nn.ParameterDict()
        self.norms = nn.ModuleDict()
        self.taps: list[tuple[Tensor, Tensor]] = []
        window = (one.kernel, one.kernel)
        self._learn("stem", (one.channels, one.input_shape[0], *window))
        for module in range(one.depth):
            name = f"module{module}"
            if one.kind == "cnn":
                self._learn(f"{name}_spread", (one.maps, one.channels, *window))
            elif one.kind == "lbcnn":
                self.register_buffer(f"{name}_fixed", torch.from_numpy(fixed_weights(one, module)))
                self.norms[f"{name}_spread"] = nn.BatchNorm1d(one.maps)
            else:
                pairs = one.pairs(module)
                self.taps.append((torch.tensor(pairs.neighbours), torch.tensor(pairs.pivots)))
            self._learn(f"{name}_gather", (one.channels, one.maps, 1, 1), normalized=False)
            self.norms[name] = nn.BatchNorm1d(one.channels)
        features = one.features
        if one.full:
            self._learn("full", (one.full, features))
            features = one.full
        self._learn("scores", (one.classes, features))
        for name, norm in self.norms.items():
            if name != "scores":
                nn.init.constant_(norm.weight, _DEVIATION)
                nn.init.constant_(norm.bias, _MIDDLE)

    def forward(self, images: Tensor) -> Tensor:
        """Scores (n, classes) of images (n, channels, height, width) from 0 to 1."""
        one = self.configuration
        pad = one.kernel // 2
        x = torch.round(images * self.highest) / self.highest
        x = self._activated("stem", functional.conv2d(x, self.levels("stem"), padding=pad))
        for module in range(one.depth):
            name = f"module{module}"
            if one.kind == "cmpnet":
                maps = self._compared(x, module)
                weight = _signs(self.weights[f"{name}_gather"])
            else:
                spread = (
                    getattr(self, f"{name}_fixed")
                    if one.kind == "lbcnn"
                    else self.levels(f"{name}_spread")
                )
                maps = functional.conv2d(x, spread, padding=pad)
                maps = self._activated(f"{name}_spread", maps)
                weight = self.levels(f"{name}_gather")
            x = self._activated(name, functional.conv2d(maps, weight) + x)
        x = functional.max_pool2d(x, one.pool).flatten(1)
        if one.full:
            x = self._activated("full", functional.linear(x, self.levels("full")))
        return self.norms["scores"](functional.linear(x, self.levels("scores")))

    def levels(self, name: str) -> Tensor:
        """Learned weights on their levels."""
        return quantized_weights(self.weights[name], self._bits(name))

    def parameters_written(self) -> dict[str, NDArray[Any]]:
        """What `accelerator.comparator.onnx_file` writes."""
        one, found = self.configuration, {}
        for key, weight in self.weights.items():
            name = key.replace("_", ".")
            if one.kind == "cmpnet" and name.endswith("gather"):
                signs = _signs(weight).detach().numpy()
                scale = np.abs(signs).max()
                found[name], found[f"{name}.scale"] = np.sign(signs), np.asarray(scale)
            else:
                highest = (1 << self._bits(key)) - 1
                levels = self.levels(key).detach().numpy()
                found[name] = np.rint((levels + 1) * highest / 2)
        if one.kind == "lbcnn":
            for module in range(one.depth):
                name = f"module{module}.spread"
                found[name] = getattr(self, f"module{module}_fixed").numpy()
                found[f"{name}.scale"] = np.ones(())
        for key, norm in self.norms.items():
            entries = (norm.weight, norm.bias, norm.running_mean, norm.running_var)
            found[f"{key.replace('_', '.')}.norm"] = np.stack(
                [entry.detach().numpy() for entry in entries]
            )
        return found

    def _bits(self, name: str) -> int:
        one = self.configuration
        return one.end_bits if name in ("stem", "full", "scores") else one.weight_bits

    def _learn(self, name: str, shape: tuple[int, ...], *, normalized: bool = True) -> None:
        weight = torch.empty(shape)
        nn.init.kaiming_normal_(weight.reshape(len(weight), -1), nonlinearity="linear")
        self.weights[name] = nn.Parameter(weight)
        if normalized:
            self.norms[name] = nn.BatchNorm1d(shape[0])

    def _activated(self, name: str, x: Tensor) -> Tensor:
        flat = self.norms[name](x.flatten(2) if x.dim() > 2 else x)
        return quantized_activations(flat.reshape(x.shape), self.configuration.activation_bits)

    def _compared(self, x: Tensor, module: int) -> Tensor:
        one = self.configuration
        windows = functional.unfold(x, one.kernel, padding=one.kernel // 2)
        windows = windows.reshape(len(x), one.channels, one.kernel**2, -1)
        channel = torch.arange(one.maps) % one.channels
        neighbours, pivots = (windows[:, channel, taps] for taps in self.taps[module])
        maps: Tensor = _Larger.apply(neighbours - pivots)
        return maps.reshape(len(x), one.maps, *one.size)


class _Larger(torch.autograd.Function):
    @staticmethod
    def forward(_: object, difference: Tensor) -> Tensor:
        return (difference > 0).to(difference.dtype)

    @staticmethod
    def backward(_: object, *gradients: Tensor) -> Tensor:
        return gradients[0]


class _Ternary(torch.autograd.Function):
    @staticmethod
    def forward(_: object, weights: Tensor) -> Tensor:
        size = weights.abs()
        kept = size > _ZERO_BELOW * size.mean()
        return torch.where(kept, weights.sign(), 0.0) * size[kept].mean()

    @staticmethod
    def backward(_: object, *gradients: Tensor) -> Tensor:
        return gradients[0]


def _signs(weights: Tensor) -> Tensor:
    """Weights of -1, 0 and 1 times their mean size."""
    found: Tensor = _Ternary.apply(weights)
    return found


def fixed_weights(one: Configuration, module: int) -> NDArray[np.float32]:
    """The weights of -1, 0 and 1 of an LBCNN module, drawn by the pattern's seed."""
    random = np.random.default_rng(one.pattern_seed * 10_000 + module)
    shape = (one.maps, one.channels, one.kernel, one.kernel)
    signs = random.choice([-1.0, 1.0], shape)
    return np.asarray(np.where(random.random(shape) < one.density, signs, 0.0), np.float32)
