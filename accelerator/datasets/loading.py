"""Labelled images by name: where they come from, how they are split, what their codes mean."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from accelerator.datasets.errors import DatasetError
from accelerator.datasets.files import cifar10, mnist, svhn

Codes = NDArray[np.uint8]
Labels = NDArray[np.int64]
PARTS = ("train", "test")


@dataclass(frozen=True)
class Dataset:
    """Images as whole codes from 0 to `highest`, and their classes.

    `codes` (n, channels, height, width), `labels` (n,) from 0 to `classes` - 1.
    """

    name: str
    part: str
    codes: Codes
    labels: Labels
    highest: int
    classes: int = 10

    @property
    def images(self) -> NDArray[np.float32]:
        """Reals from 0 to 1 (n, channels, height, width), what a network takes."""
        return self.codes.astype(np.float32) / np.float32(self.highest)

    def part_of(self, part: slice) -> Dataset:
        """Some of the images with their labels."""
        return replace(self, codes=self.codes[part], labels=self.labels[part])

    def resized(self, shape: tuple[int, ...]) -> Dataset:
        """The same images on another height and width (channels, height, width), bilinearly.

        Raises DatasetError where the channels are others.
        """
        if tuple(self.codes.shape[1:]) == tuple(shape):
            return self
        if len(shape) != 3 or shape[0] != self.codes.shape[1]:
            raise DatasetError(
                f"images of {self.name} have the shape {self.codes.shape[1:]} and cannot become "
                f"{tuple(shape)}; give a network for {self.codes.shape[1]} channels"
            )
        rows, columns = (
            _bilinear(old, new) for old, new in zip(self.codes.shape[2:], shape[1:], strict=True)
        )
        made = np.empty((len(self.codes), *shape), np.uint8)
        for number, image in enumerate(self.codes):
            made[number] = np.rint(rows @ image @ columns.T)
        return replace(self, codes=made)

    @property
    def bits(self) -> int:
        """Width that holds every code."""
        return self.highest.bit_length()

    def first(self, count: int | None) -> Dataset:
        """The first `count` images; all of them where it is None."""
        if count is None:
            return self
        if count < 1:
            raise DatasetError(f"{count} images of {self.name} are none; give 1 or more")
        return self.part_of(slice(count))


def _digits(_: Path | None, part: str) -> tuple[Codes, Labels]:
    """Optical digits of E. Alpaydin and C. Kaynak (UCI, CC BY 4.0), 8 x 8, codes 0 to 16.

    Those to test are shipped; those to learn come with scikit-learn, from which both are.
    """
    if part == "test":
        with files("accelerator.datasets").joinpath("digits_test.npz").open("rb") as opened:
            kept = np.load(opened)
            return kept["codes"][:, None], kept["labels"].astype(np.int64)
    return scikit_digits(part)


def scikit_digits(part: str) -> tuple[Codes, Labels]:
    """The digits of one part as scikit-learn has them. Raises DatasetError where it is missing."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise DatasetError(
            "the digits to learn come with scikit-learn, which is not installed: "
            "pip install 'mramcim[training]'"
        ) from None
    found = load_digits()
    # Every fifth one: no part of the file, whose order is unknown, is kept from either.
    test = np.arange(len(found.target)) % 5 == 0
    chosen = test if part == "test" else ~test
    codes = found.images[chosen].astype(np.uint8)[:, None]
    return codes, found.target[chosen].astype(np.int64)


_Source = Callable[[Path | None, str], tuple[Codes, Labels]]
DATASETS: dict[str, tuple[_Source, int]] = {
    "digits": (_digits, 16),
    "mnist": (mnist, 255),
    "svhn": (svhn, 255),
    "cifar10": (cifar10, 255),
}
"""Names, with what reads them and the highest code."""


def load_dataset(
    name: str, part: str = "test", folder: str | os.PathLike[str] | None = None
) -> Dataset:
    """One part ("train" or "test") of a data set.

    `folder` holds the files of those that are not embedded: MNIST's IDX files, SVHN's .mat
    files, CIFAR-10's binary version or its Python batches; each file may be packed (.gz).
    Raises DatasetError where they are missing or damaged.
    """
    if name not in DATASETS:
        raise DatasetError(f"there is no data set {name!r}; there are {', '.join(DATASETS)}")
    if part not in PARTS:
        raise DatasetError(f"there is no part {part!r} of a data set; there are {', '.join(PARTS)}")
    read, highest = DATASETS[name]
    codes, labels = read(None if folder is None else Path(folder), part)
    if len(codes) != len(labels) or not len(codes):
        raise DatasetError(f"{name}, {part}: {len(codes)} images but {len(labels)} labels")
    if labels.min() < 0 or labels.max() > 9:
        raise DatasetError(f"{name}, {part}: labels from {labels.min()} to {labels.max()}")
    return Dataset(name, part, codes, labels, highest)


def _bilinear(old: int, new: int) -> NDArray[np.float64]:
    """Weights (new, old) of interpolation between the centres of pixels."""
    centres = (np.arange(new) + 0.5) * old / new - 0.5
    below = np.clip(np.floor(centres), 0, old - 1).astype(int)
    above = np.minimum(below + 1, old - 1)
    share = np.clip(centres - below, 0.0, 1.0)
    weights = np.zeros((new, old))
    weights[np.arange(new), below] += 1 - share
    weights[np.arange(new), above] += share
    return weights
