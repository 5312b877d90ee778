"""The files that training the ablation leaves: a network an arm, and how all were made."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelerator.errors import EstimateError
from accelerator.pruning.recipe import ARMS, PruningRecipe
from files import read_json, typed

FORMAT = "mramcim-pruning/1"
RECORD = "record.json"
SHOWN_IMAGES = 16
"""Test images kept in the record, of which a mean one is costed."""
_SHARES = ("accuracy", "real_accuracy", "structured", "total")
_KINDS = {
    "network": str, "dataset": str, "learnt": int, "tested": int, "recipe": PruningRecipe,
    "seeds": list[int], "highest": int, "arms": dict[str, dict[str, list[float]]],
}  # fmt: skip
SHIPPED = Path(__file__).parents[1] / "trained" / "pruning"


@dataclass(frozen=True)
class Spread:
    """Mean and sample deviation over seeds; one seed has no deviation."""

    mean: float
    deviation: float | None

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        """Over the seeds."""
        return cls(mean(values), stdev(values) if len(values) > 1 else None)


@dataclass(frozen=True)
class Record:
    """What a folder's record says."""

    folder: Path
    content: dict[str, Any]

    @cached_property
    def recipe(self) -> PruningRecipe:
        """How the networks were trained."""
        found: PruningRecipe = typed(
            self.content["recipe"], PruningRecipe, f"{RECORD}: recipe", EstimateError
        )
        return found

    @property
    def images(self) -> NDArray[np.float32]:
        """Some test images from 0 to 1."""
        codes = np.array(self.content["images"], np.float32)
        return codes / np.float32(self.content["highest"])

    def path(self, arm: str) -> Path:
        """The network of an arm, of the first seed."""
        return self.folder / f"{arm}.onnx"

    def spread(self, arm: str, key: str) -> Spread:
        """Of "accuracy", "real_accuracy", "structured" or "total" over the seeds."""
        return Spread.of(self.content["arms"][arm][key])


def read_record(folder: Path | None = None) -> Record:
    """The record of a folder that `mramcim study pruning --train` wrote; None is the shipped one.

    Raises:
        EstimateError: there is none, or it is of another format.
    """
    folder = folder or SHIPPED
    path = folder / RECORD
    try:
        content = read_json(path, "record of this study", error=EstimateError)
    except EstimateError as error:
        raise EstimateError(
            f"{error}; `mramcim study pruning --train` makes a folder with one"
        ) from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise EstimateError(f"{path} is no record of format {FORMAT!r}: train the networks again")
    missing = [arm.name for arm in ARMS if not (folder / f"{arm.name}.onnx").is_file()]
    if missing:
        raise EstimateError(f"{folder} lacks the networks {', '.join(missing)}: train them again")
    found = Record(folder, content)
    _check(found, path)
    return found


def _check(record: Record, path: Path) -> None:
    """Refuse a record whose parts are of other kinds than they are used as."""
    for key, kind in _KINDS.items():
        typed(record.content.get(key), kind, f"{path}: {key}", EstimateError)
    try:
        shape = record.images.shape
        whole = len(shape) == 4 and bool(np.isfinite(record.images).all()) and 0 not in shape
    except (ValueError, TypeError, ArithmeticError):
        whole = False
    seeds = len(record.content["seeds"])
    lists = [record.content["arms"].get(arm.name, {}).get(key) for arm in ARMS for key in _SHARES]
    if not whole or not seeds or any(values is None or not values for values in lists):
        raise EstimateError(f"{path} lacks images or shares of an arm: train the networks again")
