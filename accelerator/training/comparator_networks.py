"""All networks of the study of comparisons, trained by seed and written into a folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from accelerator.comparator.configuration import KINDS, Configuration
from accelerator.comparator.onnx_file import write_network
from accelerator.comparator.record import IMAGES, Record, Trained
from accelerator.datasets import Dataset
from accelerator.training.comparator import ComparatorNetwork
from accelerator.training.errors import TrainingError
from accelerator.training.recipe import Recipe
from accelerator.training.train import accuracy, fit, seeded

WIDTHS = (8,)
KEPT_IMAGES = 16
USUAL_RECIPE = Recipe(epochs=16, rate=6e-3)


def train_networks(
    learnt: Dataset,
    tested: Dataset,
    folder: Path,
    *,
    recipe: Recipe = USUAL_RECIPE,
    seeds: Sequence[int] = (0, 1, 2),
    widths: Sequence[int] = WIDTHS,
    configuration: Configuration | None = None,
    told: Callable[[int, int], None] | None = None,
) -> Record:
    """Train every kind at every width with every seed; the first seed's networks are written.

    Some of the images that are not learnt are written beside them.

    A seed sets the weights to start from, the order of images, and the pairs or fixed weights.
    `configuration` has the sizes; None takes those of the shipped networks, for the images'
    shape. `told` hears of networks done and all of them. Raises TrainingError, DatasetError or
    EstimateError for what does not fit.
    """
    if not seeds:
        raise TrainingError("no seed is given: give one or more")
    if configuration is None:
        channels, height, width = learnt.codes.shape[1:]
        configuration = Configuration("cmpnet", input_shape=(channels, height, width))
    learnt, tested = (data.resized(configuration.input_shape) for data in (learnt, tested))
    found = []
    done, total = 0, len(KINDS) * len(widths) * len(seeds)
    for bits in widths:
        for kind in KINDS:
            first = replace(configuration.of_kind(kind, bits), pattern_seed=seeds[0])
            train, test = [], []
            for seed in seeds:
                one = replace(first, pattern_seed=seed)
                model = _fitted(one, learnt, replace(recipe, seed=seed))
                train.append(accuracy(model, learnt))
                test.append(accuracy(model, tested))
                if seed == seeds[0]:
                    made = Trained(one, (seed,), tuple(train), tuple(test))
                    notes = {**asdict(made), "dataset": learnt.name, "recipe": asdict(recipe)}
                    write_network(
                        one, model.parameters_written(), folder / f"{one.name}.onnx",
                        {"training": json.dumps(notes)}, (learnt.bits, learnt.highest),
                    )  # fmt: skip
                done += 1
                if told is not None:
                    told(done, total)
            found.append(Trained(first, tuple(seeds), tuple(train), tuple(test)))
    kept = {name: value for name, value in asdict(recipe).items() if name != "seed"}
    record = Record(learnt.name, kept, tuple(found))
    record.write(folder)
    np.save(folder / IMAGES, tested.first(min(KEPT_IMAGES, len(tested.labels))).images)
    return record


def _fitted(one: Configuration, learnt: Dataset, recipe: Recipe) -> ComparatorNetwork:
    model = seeded(lambda: ComparatorNetwork(one, learnt.highest), recipe.seed)
    fit(model, learnt, recipe)
    return model
