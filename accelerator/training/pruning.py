"""Pruning by tiles: group lasso, clipped or not, on real or ternary weights.

    loss = cross entropy + lambda sum_l sum_g min(||W_l,g||_2, delta_l)
    delta_l = a mean_g ||W_l,g||_2, or infinite without clipping

A group g is a tile, what one sub-array holds. Groups above delta_l feel no penalty, so that large
weights do not shrink. After that phase the groups whose norm is below `cut` times their layer's
mean are set to zero for good and the others trained on without penalty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from accelerator.datasets import Dataset
from accelerator.pruning.compression import Compression, layer_compression, together
from accelerator.pruning.recipe import Arm, PruningRecipe
from accelerator.pruning.tiles import Tiles
from accelerator.training.graph import Graph, Product, WeightLevels
from accelerator.training.model import QuantizedModel
from accelerator.training.recipe import Progress, Recipe
from accelerator.training.train import fit, seeded

_SMALLEST = 1e-12
"""Under the root of a group's norm, whose slope is infinite at zero."""
_GONE = 2e-6
"""Above the norm of a pruned group, which is the root of that."""


class PrunedModel(QuantizedModel):
    """A network whose weights in pruned tiles are zero.

    `tiles` are those of the steps that may lose some, by their number.
    """

    def __init__(self, graph: Graph, tiles: Mapping[int, Tiles]) -> None:
        super().__init__(graph)
        self.tiles = dict(tiles)
        for number, cut in tiles.items():
            weights = self.weights[str(number)]
            self.register_buffer(f"mask{number}", torch.ones_like(weights))
            for name, sizes in (("kernels", cut.kernels), ("elements", cut.elements)):
                pieces = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))
                member = functional.one_hot(pieces, len(sizes)).float()
                self.register_buffer(f"{name}{number}", member, persistent=False)

    def learnt(self, number: int) -> Tensor:
        """The real weights of step `number`, zero where they are pruned."""
        weights = self.weights[str(number)]
        return weights * self.get_buffer(f"mask{number}") if number in self.tiles else weights

    def norms_of_groups(self, number: int) -> Tensor:
        """||W_g||_2 of the tiles of step `number`, kernels x elements."""
        squares = self.learnt(number).flatten(1) ** 2
        kernels, elements = (self.get_buffer(f"{side}{number}") for side in ("kernels", "elements"))
        return torch.sqrt(kernels.T @ squares @ elements + _SMALLEST)

    def means(self) -> dict[int, tuple[Tensor, Tensor]]:
        """By step: the norms of its tiles and their mean over those that are not pruned."""
        found = {}
        for number in self.tiles:
            norms = self.norms_of_groups(number)
            found[number] = norms, norms[norms > _GONE].mean()
        return found

    def prune(self, share: float) -> None:
        """Set a share of the tiles that are left to zero for good.

        They are those of least norm over their layer's mean. The largest tile of a layer stays, so
        that no layer vanishes.
        """
        with torch.no_grad():
            norms = self.means()
            relative = {number: one / mean for number, (one, mean) in norms.items()}
            every = torch.cat([one[norms[number][0] > _GONE] for number, one in relative.items()])
            threshold = every.sort().values[min(round(share * len(every)), len(every) - 1)]
            for number, tiles in self.tiles.items():
                own = relative[number]
                kept = (own >= threshold) | (own == own.max())
                mask = self.get_buffer(f"mask{number}")
                mask *= torch.from_numpy(tiles.spread(kept.numpy())).reshape(mask.shape)


def penalty(model: PrunedModel, clip: float | None) -> Tensor:
    """sum_l sum_g min(||W_l,g||_2, clip mean_g ||W_l,g||_2); without `clip` the norms alone."""
    total = torch.zeros(())
    for norms, mean in model.means().values():
        if clip is not None:
            norms = torch.minimum(norms, clip * mean.detach())
        total = total + norms.sum()
    return total


@dataclass(frozen=True)
class Phases:
    """How the parts of a training follow each other; `told` hears of every epoch."""

    data: Dataset
    recipe: PruningRecipe
    seed: int
    told: Callable[[Progress], None] | None = None

    def run(
        self, model: nn.Module, epochs: int, rate: float, weight: float, clip: float | None
    ) -> None:
        """One phase: `weight` is lambda."""

        def loss_of(trained: PrunedModel, images: Tensor, labels: Tensor) -> Tensor:
            loss = functional.cross_entropy(trained(images), labels)
            return loss + weight * penalty(trained, clip) if weight else loss

        own = self.recipe
        made = Recipe(epochs=epochs, batch=own.batch, rate=rate, shift=own.shift, seed=self.seed)
        fit(model, self.data, made, loss_of=loss_of, told=self.told)


def with_levels(graph: Graph, levels: WeightLevels, ends: WeightLevels, bits: int) -> Graph:
    """The same network with other levels of weights; `ends` are the first and last layer's."""
    products = [n for n, step in enumerate(graph.steps) if isinstance(step, Product)]
    made = Graph(graph.name, graph.input_shape)
    for number, step in enumerate(graph.steps):
        if isinstance(step, Product):
            at_end = number in (products[0], products[-1])
            step = replace(step, levels=ends if at_end else levels, bits=bits)
        made.add(step)
    return made


def prunable(graph: Graph) -> list[int]:
    """Steps whose tiles may go: all products but the first and the last, without which the
    network has no input or no scores."""
    products = [number for number, step in enumerate(graph.steps) if isinstance(step, Product)]
    return products[1:-1]


def warm_start(graph: Graph, phases: Phases) -> QuantizedModel:
    """The dense network with real weights that every arm starts from."""
    real = with_levels(graph, WeightLevels.REAL, WeightLevels.REAL, phases.recipe.whole_bits)
    model = seeded(lambda: QuantizedModel(real), phases.seed)
    phases.run(model, phases.recipe.warm_epochs, phases.recipe.rate, 0.0, None)
    return model


def trained_arm(
    arm: Arm, start: QuantizedModel, tiles: Mapping[int, Tiles], phases: Phases
) -> PrunedModel:
    """Take a warm start through the arm's phases; all arms train for as many epochs."""
    recipe = phases.recipe
    levels = WeightLevels.TERNARY if arm.ternary else WeightLevels.REAL
    ends = levels if recipe.ends_like_others or not arm.ternary else WeightLevels.WHOLE
    graph = with_levels(start.graph, levels, ends, recipe.whole_bits)
    model = seeded(lambda: PrunedModel(graph, tiles), phases.seed)
    model.load_state_dict(start.state_dict(), strict=False)
    weight = recipe.penalty if arm.pruned else 0.0
    clip = recipe.clip if arm.clipped else None
    for _ in range(recipe.rounds):
        phases.run(model, recipe.penalty_epochs, recipe.penalty_rate, weight, clip)
        if arm.pruned:
            model.prune(recipe.share)
    phases.run(model, recipe.fine_epochs, recipe.fine_rate, 0.0, None)
    return model


def rounded(model: PrunedModel, bits: int) -> PrunedModel:
    """The network as it is stored: real weights rounded to `bits`, in place."""
    steps = model.graph.steps
    for number, step in enumerate(steps):
        if isinstance(step, Product) and step.levels is WeightLevels.REAL:
            steps[number] = replace(step, levels=WeightLevels.WHOLE, bits=bits)
    return model


def compression_of(model: PrunedModel, every: Mapping[int, Tiles]) -> Compression:
    """Of a rounded network; `every` has the tiles of all products."""
    found = []
    for number, tiles in every.items():
        step = model.graph.steps[number]
        assert isinstance(step, Product)
        codes = model.quantized(number).detach().numpy() != 0
        bits = 2 if step.levels is WeightLevels.TERNARY else step.bits
        found.append(layer_compression(tiles, np.asarray(codes), bits))
    return together(found)
