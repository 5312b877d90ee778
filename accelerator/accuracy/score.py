"""The share of right answers, with an interval for the images that happened to be asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from accelerator.errors import EstimateError

_DRAWS = 40_000


@dataclass(frozen=True)
class Score:
    """Accuracy [1] with its interval of 95 %, and its spread [1] from one repeat to the next."""

    accuracy: float
    low: float
    high: float
    spread: float
    images: int
    repeats: int


def right_answers(outputs: NDArray[np.generic], labels: NDArray[np.int64]) -> int:
    """How many of the highest scores (n, classes) are those of the labels (n,).

    Raises EstimateError where there is no score for each class of each image.
    """
    flat = np.asarray(outputs).reshape(len(outputs), -1)
    if len(flat) != len(labels) or flat.shape[1] <= labels.max(initial=0):
        raise EstimateError(
            f"the network gives {np.shape(outputs)}, which are no scores of {len(labels)} images "
            f"in {labels.max(initial=0) + 1} classes"
        )
    return int((flat.argmax(axis=1) == labels).sum())


def score(right: Sequence[int], images: int) -> Score:
    """The accuracy from the numbers of right answers, one for each repeat of the same images.

    The interval is that of a mixture: each repeat's share has Jeffreys' distribution, Beta(k +
    1/2, n - k + 1/2), over other images of the same kind (L. D. Brown, T. T. Cai, A. DasGupta,
    Stat. Sci. 16, 101 (2001)); the repeats differ in what was drawn for them.
    """
    counts = np.asarray(right, dtype=float)
    generator = np.random.default_rng(0)
    each = -(-_DRAWS // len(counts))
    draws = generator.beta(np.repeat(counts, each) + 0.5, np.repeat(images - counts, each) + 0.5)
    low, high = np.quantile(draws, (0.025, 0.975))
    shares = counts / images
    spread = float(shares.std(ddof=1)) if len(shares) > 1 else 0.0
    mean = sum(right) / (images * len(counts))
    # Where all answers are right, or wrong, the interval reaches that end.
    low, high = (min(float(low), mean), max(float(high), mean))
    return Score(mean, low, high, spread, images, len(counts))
