"""Training of the study: at every number of bits and seed all widths together, and each alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from itertools import product
from pathlib import Path

from accelerator.adaptive.setting import Record, Setting, Trial
from accelerator.datasets import Dataset
from accelerator.training.adaptive import AdaptiveModel, train_adaptive
from accelerator.training.adaptive_export import export_adaptive
from accelerator.training.graph import Graph, Widths
from accelerator.training.recipe import Recipe
from accelerator.training.residual import residual_graph
from accelerator.training.train import accuracy


def recipe_of(setting: Setting, seed: int) -> Recipe:
    """How each network of a seed is fitted."""
    return Recipe(setting.epochs, setting.batch, setting.rate, setting.shift, seed)


def train_study(
    setting: Setting,
    learnt: Dataset,
    tested: Dataset,
    folder: Path,
    told: Callable[[int, int], None] | None = None,
) -> Record:
    """Train everything, write the first seed's files and the record into `folder`.

    `told` is called with the networks done and all there are. Raises TrainingError or
    DatasetError for what does not fit.
    """
    shape = (setting.image[0], setting.image[1], setting.image[1])
    learnt, tested = learnt.resized(shape), tested.resized(shape)
    done, total = 0, len(setting.bits) * len(setting.seeds) * (len(setting.widths) + 1)
    trials = []

    def fitted(graphs: dict[float, Graph], seed: int) -> AdaptiveModel:
        nonlocal done
        model = train_adaptive(graphs, learnt, recipe_of(setting, seed), setting.mixture)
        done += 1
        if told is not None:
            told(done, total)
        return model

    graphs = {
        bits: {
            width: residual_graph(
                setting.network(width),
                Widths(bits, bits, bits),
                input_bits=learnt.bits,
                highest=learnt.highest,
            )
            for width in setting.widths
        }
        for bits in setting.bits
    }
    for seed, bits in product(setting.seeds, setting.bits):
        model = fitted(graphs[bits], seed)
        if seed == setting.seeds[0]:
            export_adaptive(model, folder / setting.file(bits), _notes(setting, bits, seed))
        alone = {
            width: accuracy(fitted({1.0: graph}, seed).at(1.0), tested)
            for width, graph in graphs[bits].items()
        }
        together, known = (
            {width: accuracy(model.at(width), data) for width in setting.widths}
            for data in (tested, learnt)
        )
        trials.append(Trial(bits, seed, together, known, alone))
        # As far as it got, should it be stopped.
        record = Record(setting, len(learnt.labels), len(tested.labels), tuple(trials))
        record.write(folder)
    return record


def _notes(setting: Setting, bits: int, seed: int) -> dict[str, str]:
    """How a file was made, for its metadata."""
    made = {
        "network": setting.network().name,
        "dataset": setting.dataset,
        "bits": bits,
        "recipe": asdict(recipe_of(setting, seed)),
        "mixture": setting.mixture,
    }
    return {"training": json.dumps(made)}
