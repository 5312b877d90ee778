"""What training the three networks gave, as it is kept beside their files."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelerator.comparator.configuration import Configuration
from accelerator.errors import EstimateError
from files import read_json, read_npy, short, typed

RECORD, IMAGES = "comparator.json", "images.npy"
FORMAT = "mramcim-comparator/1"
FOLDER = Path(__file__).parents[1] / "trained" / "comparator"
"""The networks that are shipped."""


@dataclass(frozen=True)
class Trained:
    """One network over its seeds: accuracies [1] on the images learnt and on the others.

    `configuration` is that of the first seed, whose network is in the file.
    """

    configuration: Configuration
    seeds: tuple[int, ...]
    train: tuple[float, ...]
    test: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean accuracy on images not learnt (1)."""
        return float(np.mean(self.test))

    @property
    def spread(self) -> float:
        """Standard deviation of it over the seeds (1); zero where there is one."""
        return float(np.std(self.test, ddof=1)) if len(self.test) > 1 else 0.0


@dataclass(frozen=True)
class Record:
    """All networks of one training, its data set and recipe."""

    dataset: str
    recipe: dict[str, Any]
    networks: tuple[Trained, ...]

    def find(self, kind: str, bits: int) -> Trained:
        """The network of a kind and a width.

        Raises:
            EstimateError: it was not trained.
        """
        for one in self.networks:
            if (one.configuration.kind, one.configuration.activation_bits) == (kind, bits):
                return one
        names = ", ".join(one.configuration.name for one in self.networks)
        raise EstimateError(f"no {kind} of {bits} bits was trained: there are {names}")

    def write(self, folder: Path) -> None:
        """Write the record into the networks' folder."""
        content = {"format": FORMAT, **asdict(self)}
        (folder / RECORD).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")

    @staticmethod
    def images(folder: Path = FOLDER) -> NDArray[np.float32]:
        """Images not learnt (n, channels, height, width) from 0 to 1, to cost a run with.

        Raises:
            EstimateError: there are none.
        """
        path = folder / IMAGES
        try:
            return read_npy(path, "file of images", EstimateError).astype(np.float32, copy=False)
        except EstimateError as error:
            raise EstimateError(
                f"{error}; `mramcim study comparator --train FOLDER` makes it"
            ) from None

    @classmethod
    def read(cls, folder: Path = FOLDER) -> Record:
        """The record in a folder.

        Raises:
            EstimateError: there is none, or it is not one of this format.
        """
        path = folder / RECORD
        try:
            content = read_json(path, "record of trained networks", error=EstimateError)
            if content["format"] != FORMAT:
                raise KeyError(content["format"])
            told = {key: value for key, value in content.items() if key != "format"}
            record: Record = typed(told, cls, str(path), EstimateError)
            if not all(one.seeds and one.train and one.test for one in record.networks):
                raise KeyError("a network without seeds")
            return record
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise EstimateError(
                f"{path} is no record of trained networks ({short(str(error))}): make one with "
                "`mramcim study comparator --train FOLDER`"
            ) from None
