"""From a data set's name to a trained QONNX file."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from accelerator.datasets import Dataset
from accelerator.errors import EstimateError
from accelerator.networks.library import NETWORKS
from accelerator.training.errors import need_torch
from accelerator.training.graph import Widths, graph_of
from accelerator.training.recipe import Progress, Recipe

USUAL_NETWORKS = {
    "digits": "digits",
    "mnist": "lenet5",
    "svhn": "svhn",
    "cifar10": "vgg-small",
}
"""The network that is trained for a data set where none is named."""


@dataclass(frozen=True)
class Trained:
    """What training gave: accuracies [1] on both parts, as the trained network computes them."""

    network: str
    dataset: str
    widths: Widths
    recipe: Recipe
    train_accuracy: float
    test_accuracy: float


def train_network(
    learnt: Dataset,
    tested: Dataset,
    path: str | os.PathLike[str],
    *,
    network: str | None = None,
    widths: Widths,
    recipe: Recipe,
    told: Callable[[Progress], None] | None = None,
) -> Trained:
    """Train a built-in network on a data set and write it as QONNX.

    The file's metadata say how it was made. Images of another size are interpolated to the
    network's. Raises TrainingError, DatasetError or EstimateError for what does not fit.
    """
    need_torch()
    from accelerator.training.export import export_qonnx
    from accelerator.training.train import accuracy, train

    name = network or USUAL_NETWORKS[learnt.name]
    if name not in NETWORKS:
        raise EstimateError(f"there is no network {name!r}; there are {', '.join(NETWORKS)}")
    chosen = NETWORKS[name]()
    learnt, tested = (data.resized(chosen.input_shape) for data in (learnt, tested))
    graph = graph_of(chosen, widths, input_bits=learnt.bits, highest=learnt.highest)
    model = train(graph, learnt, recipe, told)
    found = Trained(
        name, learnt.name, widths, recipe, accuracy(model, learnt), accuracy(model, tested)
    )
    export_qonnx(model, Path(path), {"training": json.dumps(asdict(found))})
    return found
