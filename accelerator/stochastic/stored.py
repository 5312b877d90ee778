"""Trained five-layer networks in one NumPy file, with how they were made."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from accelerator.errors import EstimateError
from accelerator.networks.chain import Chain
from accelerator.networks.layers import Network
from accelerator.networks.library import NETWORKS
from accelerator.stochastic.fixed_point import FixedPoint
from accelerator.stochastic.ladder import Rung
from accelerator.stochastic.network import FixedNetwork, Parameters, narrower
from files import read_npz, typed

FORMAT = "mramcim-stochastic/1"
BITS = 8
SHIPPED = Path(__file__).parents[1] / "trained" / "stochastic-digits.npz"


def small_digits() -> Network:
    """Two convolutions and three products for the 8 x 8 digits of scikit-learn; our own."""
    return (
        Chain(1, 8)
        .convolution("conv1", 8, 3, padding=1)
        .max_pool("pool1", 2, 2)
        .convolution("conv2", 16, 3, padding=1)
        .max_pool("pool2", 2, 2)
        .product("fc3", 48)
        .product("fc4", 32)
        .product("fc5", 10)
        .network("five-digits", "ours, for the 8 x 8 digits that come with scikit-learn")
    )


FIVE_LAYERS = {"digits": small_digits, "mnist": NETWORKS["lenet5"]}
"""The five-layer network of each data set; LeNet-5's third convolution sees one position."""


@dataclass(frozen=True)
class TrainedOnce:
    """One training: parameters of the layers with weights, and the points of what they take.

    accuracy: share (1) of the test images in floating point. rungs: in which order layers give up
    bits, see `ladder`.
    """

    seed: int
    parameters: tuple[Parameters, ...]
    taken: tuple[FixedPoint, ...]
    accuracy: float
    rungs: tuple[Rung, ...]

    def fixed(self, network: Network, bits: int = BITS) -> FixedNetwork:
        """The network on so many bits."""
        return FixedNetwork.of(network, self.parameters, bits, narrower(self.taken, bits))


@dataclass(frozen=True)
class StoredNetworks:
    """Trainings of one network on one data set.

    `training` says how: recipe, versions, whatever whoever made it wants to be known.
    """

    dataset: str
    trainings: tuple[TrainedOnce, ...]
    training: dict[str, Any] = field(default_factory=dict)

    @property
    def network(self) -> Network:
        """The layers' shapes."""
        return five_layers(self.dataset)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything; equal networks give equal files."""
        arrays: dict[str, Any] = {}
        for once in self.trainings:
            for layer, given in zip(self.network.mapped, once.parameters, strict=True):
                arrays[f"{once.seed}/{layer.name}/weights"] = given.weights.astype(np.float32)
                arrays[f"{once.seed}/{layer.name}/bias"] = given.bias.astype(np.float32)
        about = {
            "format": FORMAT,
            "dataset": self.dataset,
            "training": self.training,
            "seeds": [
                {
                    "seed": once.seed,
                    "accuracy": once.accuracy,
                    "fractions": [point.fraction for point in once.taken],
                    "rungs": once.rungs,
                }
                for once in self.trainings
            ],
        }
        with Path(path).open("wb") as file:
            np.savez_compressed(file, about=np.array(json.dumps(about)), **arrays)

    @classmethod
    def load(cls, path: str | os.PathLike[str] = SHIPPED) -> StoredNetworks:
        """Read a file that `save` wrote. Raises EstimateError for any other."""
        try:
            arrays: dict[str, Any] = dict(read_npz(Path(path), "file of networks", EstimateError))
            about = json.loads(str(arrays["about"]))
            if about["format"] != FORMAT or not about["seeds"]:
                raise ValueError
            typed(about["training"], dict[str, Any], f"{path}: training", EstimateError)
            layers = five_layers(about["dataset"]).mapped
            trainings = tuple(
                _training(entry, arrays, [e.name for e in layers]) for entry in about["seeds"]
            )
        except EstimateError as error:
            where = "" if Path(path).name in str(error) else f"{path}: "
            raise EstimateError(
                f"{where}{error}; `mramcim study stochastic --train` makes one"
            ) from None
        except (LookupError, ValueError, TypeError, AttributeError, RecursionError):
            raise EstimateError(
                f"{path} holds no stochastic networks of the format {FORMAT}: make it with "
                "mramcim study stochastic --train"
            ) from None
        return cls(about["dataset"], trainings, about["training"])


def _training(entry: dict[str, Any], arrays: dict[str, Any], names: Sequence[str]) -> TrainedOnce:
    seed = entry["seed"]
    parameters = tuple(
        Parameters(arrays[f"{seed}/{name}/weights"], arrays[f"{seed}/{name}/bias"])
        for name in names
    )
    fractions = typed(entry["fractions"], list[int], "fractions", EstimateError)
    taken = tuple(FixedPoint(BITS, fraction) for fraction in fractions)
    rungs = tuple(tuple(rung) for rung in typed(entry["rungs"], list[list[int]], "rungs"))
    accuracy = typed(entry["accuracy"], float, "accuracy", EstimateError)
    bits = [bit for rung in rungs for bit in rung]
    if len(taken) != len(names) or any(len(rung) != len(names) for rung in rungs):
        raise EstimateError(f"seed {seed} has points or rungs of another number of layers")
    if not rungs or not all(0 <= bit < BITS for bit in bits):
        raise EstimateError(f"seed {seed} has rungs that drop bits beyond {BITS - 1}")
    return TrainedOnce(seed, parameters, taken, accuracy, rungs)


def five_layers(dataset: str) -> Network:
    """The five-layer network for a data set."""
    if dataset not in FIVE_LAYERS:
        raise EstimateError(
            f"there is no five-layer network for {dataset!r}: give {' or '.join(FIVE_LAYERS)}"
        )
    return FIVE_LAYERS[dataset]()
