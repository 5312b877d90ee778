"""Training of the five-layer networks that run on stochastic multipliers, in floating point."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from accelerator.datasets import Dataset
from accelerator.networks.layers import Layer, Network, Operation
from accelerator.stochastic.ladder import ladder
from accelerator.stochastic.network import FixedNetwork, Parameters, calibrated
from accelerator.stochastic.stored import BITS, StoredNetworks, TrainedOnce, five_layers
from accelerator.training.recipe import Progress, Recipe
from accelerator.training.train import accuracy, fit, seeded

CALIBRATION_IMAGES = 300
"""So many of those that are learnt from choose points and the order in which bits are given up."""
SEEDS = (0, 1, 2, 3, 4)
RECIPES = {
    "digits": Recipe(epochs=100, rate=4e-3, shift=0),
    "mnist": Recipe(epochs=10, rate=2e-3, shift=1),
}


class FiveLayers(nn.Module):
    """A chain of convolutions, products and largest values, with biases and rectifiers."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        self.weighted = nn.ModuleList([_module(layer) for layer in network.mapped])

    def forward(self, images: Tensor) -> Tensor:
        """Scores (n, classes) of images (n, channels, height, width)."""
        values, modules = images, iter(self.weighted)
        last = self.network.layers[-1]
        for layer in self.network.layers:
            if layer.operation is Operation.MAX_POOL:
                values = functional.max_pool2d(values, layer.kernel, layer.stride)
                continue
            module = next(modules)
            values = module(values.flatten(1) if layer.operation is Operation.PRODUCT else values)
            if layer is not last:
                values = functional.relu(values)
        return values

    def parameters_by_layer(self) -> tuple[Parameters, ...]:
        """Weights and biases as arrays."""
        return tuple(
            Parameters(module.weight.detach().numpy(), module.bias.detach().numpy())
            for module in self.weighted
        )


def _module(layer: Layer) -> nn.Module:
    if layer.operation is Operation.PRODUCT:
        return nn.Linear(layer.patch_length, layer.out_channels)
    return nn.Conv2d(
        layer.in_channels, layer.out_channels, layer.kernel, layer.stride, layer.pad_begin
    )


def train_stochastic(
    learnt: Dataset,
    tested: Dataset,
    seeds: Sequence[int],
    recipe: Recipe,
    told: Callable[[Progress], None] | None = None,
) -> StoredNetworks:
    """Train the data set's five-layer network once for each seed.

    Points of activations and the ladder come from the first images that it learns from.
    """
    network = five_layers(learnt.name)
    learnt, tested = (data.resized(network.input_shape) for data in (learnt, tested))
    trainings = []
    for seed in seeds:
        model = seeded(lambda: FiveLayers(network), seed)
        fit(model, learnt, replace(recipe, seed=seed), told=told)
        parameters = model.parameters_by_layer()
        images = np.asarray(learnt.images[:CALIBRATION_IMAGES], np.float64)
        taken = calibrated(network, parameters, images, BITS)
        fixed = FixedNetwork.of(network, parameters, BITS, taken)
        rungs = ladder(fixed, images)
        trainings.append(TrainedOnce(seed, parameters, taken, accuracy(model, tested), rungs))
    how = {**asdict(recipe), "calibration_images": CALIBRATION_IMAGES, "torch": torch.__version__}
    del how["seed"]
    return StoredNetworks(learnt.name, tuple(trainings), how)
