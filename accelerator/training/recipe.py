"""How a network is fitted."""

from __future__ import annotations

from dataclasses import dataclass

from accelerator.training.errors import TrainingError


@dataclass(frozen=True)
class Recipe:
    """How a network is fitted: Adam with a rate that falls along half a cosine.

    `shift` moves each training image by up to so many pixels, its edge filled with zeros.
    """

    epochs: int = 40
    batch: int = 64
    rate: float = 2e-3
    shift: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch < 2 or not self.rate > 0 or self.shift < 0:
            raise TrainingError(
                f"{self.epochs} epochs of batches of {self.batch} at a rate of {self.rate:g} "
                "train nothing; give 1 epoch, a batch of 2 and a rate above 0, or more"
            )


@dataclass(frozen=True)
class Progress:
    """One epoch: its number from 1 and the mean loss of its batches."""

    epoch: int
    epochs: int
    loss: float
