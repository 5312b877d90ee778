"""Subset sampling of OpenTURNS: a second opinion on a rare rate, at some ten times the cost.

It knows nothing of hyperplanes: it goes from likely failures to rare ones through levels, each
a tenth as likely as the one before (S.-K. Au and J. L. Beck, Probab. Eng. Mech. 16, 263
(2001)). OpenTURNS is the optional extra `statistics`.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass

import numpy as np

from characterize.errors import PlanError
from characterize.failure_search import Evaluate

_BLOCK = 50


@dataclass(frozen=True)
class SubsetEstimate:
    """A rate, the standard error over it as OpenTURNS gives it, and the evaluations."""

    rate: float
    coefficient_of_variation: float
    evaluations: int


def subset_estimate(
    evaluate: Evaluate, dimension: int, *, level_size: int = 1000, seed: int = 1
) -> SubsetEstimate:
    """The probability that the least limit state of a standard normal point is negative.

    Points without a result count as right. Raises PlanError where OpenTURNS is missing.
    """
    try:
        openturns = importlib.import_module("openturns")
    except ImportError:
        raise PlanError(
            "subset sampling needs OpenTURNS; install it with `pip install mramcim[statistics]`"
        ) from None

    def least(points: object) -> object:
        values = evaluate(np.asarray(points, dtype=float)).values.min(axis=1)
        return np.where(np.isfinite(values), values, np.inf).reshape(-1, 1)

    openturns.RandomGenerator.SetSeed(seed)
    function = openturns.PythonFunction(dimension, 1, func_sample=least)
    vector = openturns.CompositeRandomVector(
        function, openturns.RandomVector(openturns.Normal(dimension))
    )
    algorithm = openturns.SubsetSampling(openturns.ThresholdEvent(vector, openturns.Less(), 0.0))
    algorithm.setBlockSize(min(_BLOCK, level_size))
    algorithm.setMaximumOuterSampling(max(1, level_size // _BLOCK))
    algorithm.run()
    result = algorithm.getResult()
    return SubsetEstimate(
        float(result.getProbabilityEstimate()),
        float(result.getCoefficientOfVariation()),
        int(function.getEvaluationCallsNumber()),
    )
