"""Training all arms of the ablation by their seeds, and the files that are made of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from accelerator.array import Array
from accelerator.datasets import Dataset
from accelerator.pruning.recipe import ARMS, Arm, PruningRecipe
from accelerator.pruning.record import FORMAT, RECORD, SHOWN_IMAGES
from accelerator.pruning.tiles import Tiles, tiles_of
from accelerator.training.cifar_resnet import cifar_resnet_graph
from accelerator.training.errors import TrainingError
from accelerator.training.export import export_qonnx
from accelerator.training.graph import Activate, Graph, Pool, Product, Quantize
from accelerator.training.model import QuantizedModel
from accelerator.training.pruning import (
    Phases,
    PrunedModel,
    compression_of,
    prunable,
    rounded,
    trained_arm,
    warm_start,
)
from accelerator.training.recipe import Progress
from accelerator.training.train import accuracy


def train_study(
    folder: Path,
    learnt: Dataset,
    tested: Dataset,
    recipe: PruningRecipe,
    array: Array,
    seeds: Sequence[int],
    told: Callable[[str, Progress], None] | None = None,
) -> dict[str, Any]:
    """Train every arm with every seed, write the first seed's networks and the record.

    Args:
        folder: gets one ONNX file an arm and record.json.
        array: the sub-array whose tiles are the groups.
        told: hears of every epoch, with the name of what is trained.

    Returns:
        The record.

    Raises:
        TrainingError: no seed, or images that the network does not take.
    """
    if not seeds or len(set(seeds)) < len(seeds):
        raise TrainingError(f"seeds {list(seeds)} are none or not different; give each once")
    graph = cifar_resnet_graph(
        learnt.codes.shape[1:],
        blocks=recipe.blocks,
        channels=recipe.channels,
        classes=learnt.classes,
        activation_bits=recipe.activation_bits,
        input_bits=learnt.bits,
        highest=learnt.highest,
    )
    found: dict[str, dict[str, list[float]]] = {
        arm.name: {key: [] for key in ("accuracy", "real_accuracy", "structured", "total")}
        for arm in ARMS
    }
    for seed in seeds:

        def phases(name: str, seed: int = seed) -> Phases:
            heard = None if told is None else lambda p: told(f"{name}, seed {seed}", p)
            return Phases(learnt, recipe, seed, heard)

        start = warm_start(graph, phases("warm start"))
        for arm in ARMS:
            every = arm_tiles(arm, graph, recipe, array)
            model, real = _arm(arm, start, every, phases(arm.name), tested)
            compressed = compression_of(model, every)
            results = {
                "accuracy": accuracy(model, tested),
                "real_accuracy": real,
                "structured": compressed.structured,
                "total": compressed.total,
            }
            for key, value in results.items():
                found[arm.name][key].append(value)
            if seed == seeds[0]:
                notes = {"pruning": json.dumps({"arm": arm.name, "seed": seed, **results})}
                export_qonnx(model, folder / f"{arm.name}.onnx", notes)
    record = {
        "format": FORMAT,
        "network": graph.name,
        "dataset": learnt.name,
        "learnt": len(learnt.labels),
        "tested": len(tested.labels),
        "recipe": asdict(recipe),
        "seeds": list(seeds),
        "highest": tested.highest,
        "images": tested.codes[:SHOWN_IMAGES].tolist(),
        "arms": found,
    }
    (folder / RECORD).write_text(json.dumps(record) + "\n", encoding="utf-8")
    return record


def arm_tiles(arm: Arm, graph: Graph, recipe: PruningRecipe, array: Array) -> dict[int, Tiles]:
    """The tiles of all products at the widths of this arm."""
    products = {n: step for n, step in enumerate(graph.steps) if isinstance(step, Product)}
    ends = (min(products), max(products))
    found = {}
    for number, step in products.items():
        narrow = arm.ternary and (recipe.ends_like_others or number not in ends)
        bits = 2 if narrow else recipe.whole_bits
        found[number] = tiles_of(step.layer, bits, _width(graph, step.source), array)
    return found


def _width(graph: Graph, number: int) -> int:
    """Bits of the codes that a product reads: those of their quantizer, or of sums of them."""
    step = graph.steps[number]
    if isinstance(step, Pool):
        return (((1 << _width(graph, step.source)) - 1) * step.layer.taps).bit_length()
    if not isinstance(step, Quantize | Activate):
        raise TypeError(f"step {number} gives no codes")
    return step.bits


def _arm(
    arm: Arm, start: QuantizedModel, every: dict[int, Tiles], phases: Phases, tested: Dataset
) -> tuple[PrunedModel, float]:
    """The network as it is stored, and its accuracy (1) before real weights are rounded."""
    chosen = {number: every[number] for number in prunable(start.graph)}
    model = trained_arm(arm, start, chosen, phases)
    real = accuracy(model, tested)
    return rounded(model, phases.recipe.whole_bits), real
