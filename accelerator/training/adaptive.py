"""One set of weights trained at several widths at once, the widest teaching the others.

J. Yu et al., "Slimmable Neural Networks", ICLR 2019: a width w uses the first ceil(w C) channels
of each layer and has batch normalization of its own. S. Yang, S. Angizi, D. Fan, ASP-DAC 2020,
add distillation: with p the classes' probabilities,

    loss = CE(1) + sum over w < 1 of  lambda KL(p_1 || p_w) + (1 - lambda) CE(w)

Weights are quantized once, over the whole layer: every width computes with the same codes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from accelerator.datasets import Dataset
from accelerator.training.errors import TrainingError
from accelerator.training.graph import Graph, Normalize, Product
from accelerator.training.model import compute, weight_shape
from accelerator.training.quantizers import quantized_weights
from accelerator.training.recipe import Progress, Recipe
from accelerator.training.train import fit, seeded


class Narrow:
    """The network at one width: what `export` and `accuracy` take of a model."""

    def __init__(self, model: AdaptiveModel, width: float) -> None:
        self.graph = model.graphs[width]
        self.norms: Mapping[str, nn.Module] = model.norms_at(width)
        self._model = model

    def quantized(self, number: int) -> Tensor:
        """The first channels of the shared weights of step `number`, on their levels."""
        return self._model.sliced(self._model.quantized(number), self.graph, number)

    def learnt(self, number: int) -> Tensor:
        """The same of the real weights that gradients move."""
        return self._model.sliced(self._model.weights[str(number)], self.graph, number)

    def __call__(self, images: Tensor) -> Tensor:
        """Scores (n, classes)."""
        return compute(self.graph, images, self.quantized, self.norms)


class AdaptiveModel(nn.Module):
    """Shared weights of the widest graph, and normalizations for each width."""

    def __init__(self, graphs: Mapping[float, Graph]) -> None:
        super().__init__()
        self.graphs = dict(sorted(graphs.items()))
        self.weights = nn.ParameterDict()
        self.norms = nn.ModuleDict()
        for number, step in enumerate(self.graphs[self.widest].steps):
            if isinstance(step, Product):
                weight = torch.empty(weight_shape(step.layer))
                nn.init.kaiming_normal_(weight.reshape(len(weight), -1), nonlinearity="linear")
                self.weights[str(number)] = nn.Parameter(weight)
        for place, graph in enumerate(self.graphs.values()):
            for number, step in enumerate(graph.steps):
                if isinstance(step, Normalize):
                    self.norms[f"{place}_{number}"] = nn.BatchNorm1d(step.channels)

    @property
    def widest(self) -> float:
        """The largest width."""
        return max(self.graphs)

    def at(self, width: float) -> Narrow:
        """The network at a width that it was trained for; KeyError for another."""
        return Narrow(self, width)

    def norms_at(self, width: float) -> dict[str, nn.Module]:
        """Normalizations of a width by step."""
        place = list(self.graphs).index(width)
        own = (name.split("_") for name in self.norms)
        return {number: self.norms[f"{p}_{number}"] for p, number in own if int(p) == place}

    def quantized(self, number: int) -> Tensor:
        """All weights of step `number` on their levels, the same for every width."""
        step = self.graphs[self.widest].steps[number]
        assert isinstance(step, Product), "only products have weights"
        return quantized_weights(self.weights[str(number)], step.bits)

    def sliced(self, weights: Tensor, graph: Graph, number: int) -> Tensor:
        """What of a step's weights a narrower graph uses: its first kernels and channels."""
        step = graph.steps[number]
        assert isinstance(step, Product), "only products have weights"
        kernels, channels = weight_shape(step.layer)[:2]
        return weights[:kernels, :channels]

    def forward(self, images: Tensor) -> dict[float, Tensor]:
        """Scores (n, classes) at every width; weights are quantized once for all."""
        shared = {int(number): self.quantized(int(number)) for number in self.weights}

        def part(graph: Graph) -> Callable[[int], Tensor]:
            return lambda number: self.sliced(shared[number], graph, number)

        return {
            width: compute(graph, images, part(graph), self.norms_at(width))
            for width, graph in self.graphs.items()
        }


def distillation(mixture: float) -> Callable[[AdaptiveModel, Tensor, Tensor], Tensor]:
    """The loss over all widths; `mixture` is lambda.

    Raises TrainingError unless it is from 0 to 1.
    """
    if not 0 <= mixture <= 1:
        raise TrainingError(f"a mixture of {mixture:g} is no share; give lambda from 0 to 1")

    def loss(model: AdaptiveModel, images: Tensor, labels: Tensor) -> Tensor:
        scores = model(images)
        widest = scores.pop(model.widest)
        total = functional.cross_entropy(widest, labels)
        # The teacher does not follow its pupils.
        taught = functional.softmax(widest.detach(), dim=1)
        for narrower in scores.values():
            told = functional.log_softmax(narrower, dim=1)
            distance = functional.kl_div(told, taught, reduction="batchmean")
            own = functional.cross_entropy(narrower, labels)
            total = total + mixture * distance + (1 - mixture) * own
        return total

    return loss


def train_adaptive(
    graphs: Mapping[float, Graph],
    data: Dataset,
    recipe: Recipe,
    mixture: float,
    told: Callable[[Progress], None] | None = None,
) -> AdaptiveModel:
    """Fit one set of weights at all widths; with one width it is a network trained alone.

    Raises TrainingError where images or options do not fit.
    """
    model = seeded(lambda: AdaptiveModel(graphs), recipe.seed)
    shape = model.graphs[model.widest].input_shape
    if data.codes.shape[1:] != shape:
        raise TrainingError(
            f"the network takes images of {shape}, those of {data.name} are {data.codes.shape[1:]}"
        )
    fit(model, data, recipe, loss_of=distillation(mixture), told=told)
    return model
