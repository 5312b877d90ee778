"""Images with their classes and what is known of their levels, however they were given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelerator.datasets import Dataset
from accelerator.errors import EstimateError
from accelerator.inference import AndErrors, InputQuantizer, NetworkRun, QuantizedNetwork


@dataclass(frozen=True, kw_only=True)
class Images:
    """Images (n, ...) in the shape of a network's input, with a name for people.

    `lowest`, `highest` and `quantizer` are as in `QuantizedNetwork.run`.
    """

    name: str
    images: NDArray[Any]
    lowest: int = 0
    highest: int | None = None
    quantizer: InputQuantizer | None = None

    def run(
        self,
        network: QuantizedNetwork,
        errors: AndErrors | None = None,
        seed: int = 0,
        *,
        keep: bool = True,
    ) -> NetworkRun:
        """The images through a network; arguments as there."""
        return network.run(
            self.images, errors=errors, seed=seed, lowest=self.lowest, highest=self.highest,
            quantizer=self.quantizer, keep=keep,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Labelled(Images):
    """Images and their classes (n,) from 0.

    Raises EstimateError where the labels are not one for each image.
    """

    labels: NDArray[np.int64]

    def __post_init__(self) -> None:
        if len(self.images) != len(self.labels):
            raise EstimateError(
                f"{len(self.labels)} labels for {len(self.images)} images; give one for each"
            )

    @classmethod
    def of(cls, data: Dataset | Labelled, network: QuantizedNetwork) -> Labelled:
        """A data set in the size that the network takes; images of one's own as they are."""
        if isinstance(data, Labelled):
            return data
        fit = fitted(data, network)
        return cls(name=fit.name, images=fit.codes, labels=fit.labels, highest=fit.highest)

    def part_of(self, part: slice) -> Labelled:
        """Some of the images with their labels."""
        return replace(self, images=self.images[part], labels=self.labels[part])


def shaped(images: Dataset | Images, network: QuantizedNetwork) -> Images:
    """A data set in the size that the network takes; images of one's own as they are."""
    return Labelled.of(images, network) if isinstance(images, Dataset) else images


def as_labels(values: NDArray[Any]) -> NDArray[np.int64]:
    """Classes from 0 (n,) from whole numbers of any type, one for each image: (n,) or (n, 1).

    Raises EstimateError for anything else.
    """
    flat = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
    if flat.ndim != 1 or flat.dtype.kind not in "fiub":
        raise EstimateError(
            f"labels of the shape {values.shape}; give one whole number for each image"
        )
    whole = flat.astype(np.int64) if np.all(np.abs(flat.astype(float)) < 2**31) else None
    if whole is None or np.any(whole != flat) or np.any(whole < 0):
        raise EstimateError("labels are whole numbers from 0, the places of the highest scores")
    return whole


def fitted(data: Dataset, network: QuantizedNetwork) -> Dataset:
    """The images in the size that the network takes, as they are in training.

    A network whose sizes are free, or that takes no images, gets them as they are.
    """
    wanted = network.input_shape[1:]
    sizes = [size for size in wanted if size is not None]
    return data.resized(tuple(sizes)) if len(sizes) == len(wanted) == 3 else data
