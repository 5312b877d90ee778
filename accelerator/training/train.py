"""Fitting a quantized network to a data set, the same to the last digit for the same seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from accelerator.datasets import Dataset
from accelerator.training.errors import TrainingError
from accelerator.training.graph import Graph
from accelerator.training.model import QuantizedModel
from accelerator.training.recipe import Progress, Recipe

_EVALUATED_AT_ONCE = 500

Built = TypeVar("Built", bound=nn.Module)


def train(
    graph: Graph,
    data: Dataset,
    recipe: Recipe,
    told: Callable[[Progress], None] | None = None,
) -> QuantizedModel:
    """Fit the network to the images; it is returned as it computes after training.

    `told` is called after each epoch. Raises TrainingError where the images do not fit.
    """
    if data.codes.shape[1:] != graph.input_shape:
        raise TrainingError(
            f"{graph.name} takes images of {graph.input_shape}, those of {data.name} are "
            f"{data.codes.shape[1:]}"
        )
    model = seeded(lambda: QuantizedModel(graph), recipe.seed)
    fit(model, data, recipe, told=told)
    return model


def seeded(build: Callable[[], Built], seed: int) -> Built:
    """What `build` makes, its own draws following the seed; the caller's go on as they were."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build()


def _cross_entropy(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    return functional.cross_entropy(model(images), labels)


def fit(
    model: nn.Module,
    data: Dataset,
    recipe: Recipe,
    *,
    loss_of: Callable[[Built, Tensor, Tensor], Tensor] = _cross_entropy,
    told: Callable[[Progress], None] | None = None,
) -> None:
    """Fit any module to the images, leaving it in evaluation mode.

    `loss_of(model, images, labels)` is what a batch's gradients are taken of; `told` is called
    after each epoch.
    """
    generator = torch.Generator().manual_seed(recipe.seed)
    images, labels = torch.from_numpy(data.images), torch.from_numpy(data.labels)
    steps = recipe.epochs * max(len(labels) // recipe.batch, 1)
    optimizer = torch.optim.Adam(model.parameters(), recipe.rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for epoch in range(1, recipe.epochs + 1):
        model.train()
        order = torch.randperm(len(labels), generator=generator)
        losses = []
        # A remainder smaller than a batch waits for another epoch's order.
        for chosen in order.split(recipe.batch)[: max(len(labels) // recipe.batch, 1)]:
            batch = _shifted(images[chosen], recipe.shift, generator)
            loss = loss_of(model, batch, labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(float(loss.detach()))
        if told is not None:
            told(Progress(epoch, recipe.epochs, sum(losses) / len(losses)))
    model.eval()


def scores(model: nn.Module, data: Dataset) -> Tensor:
    """Scores (n, classes) of all images."""
    with torch.no_grad():
        parts = torch.from_numpy(data.images).split(_EVALUATED_AT_ONCE)
        return torch.cat([model(part) for part in parts])


def accuracy(model: nn.Module, data: Dataset) -> float:
    """Share [1] of the images whose highest score is that of their class."""
    right = scores(model, data).argmax(1) == torch.from_numpy(data.labels)
    return float(right.double().mean())


def _shifted(images: Tensor, most: int, generator: torch.Generator) -> Tensor:
    """Each image moved by up to `most` pixels both ways."""
    if most == 0:
        return images
    count, _, height, width = images.shape
    padded = functional.pad(images, [most] * 4)
    moves = torch.randint(0, 2 * most + 1, (2, count), generator=generator)
    rows = (moves[0][:, None] + torch.arange(height))[:, None, :, None]
    columns = (moves[1][:, None] + torch.arange(width))[:, None, None, :]
    number = torch.arange(count)[:, None, None, None]
    channel = torch.arange(images.shape[1])[None, :, None, None]
    return padded[number, channel, rows, columns]
