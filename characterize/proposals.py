"""What importance sampling draws from: mixtures of normal laws bent towards failure regions.

For a hyperplane at distance b whose place is known to a scatter s the optimal density follows
the probability of failure; here phi(z) Phi((a . z - b) / s) / P, which is a normal law where a
hidden variable chooses the far side, so that drawing and normalizing are exact: metamodel-based
importance sampling, V. Dubourg et al., Probab. Eng. Mech. 33, 47 (2013), with a linear model.
A share of every region goes to a normal law about its most probable failure point, so that no
weight becomes large where the model is wrong: the defensive mixture of T. Hesterberg,
Technometrics 37, 185 (1995), and A. Owen and Y. Zhou, J. Am. Stat. Assoc. 95, 135 (2000).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from characterize.linear_limits import Region

Array = NDArray[np.float64]

DEFENSIVE_SHARE = 0.2
"""Share of the normal laws about the failure points: no weight exceeds theirs five-fold."""
LEAST_SCATTER = 0.1
"""Least scatter [sigma]: a hyperplane is not believed further than that."""
_LEAST_SHARE = 0.05
_NEGLIGIBLE = 1e-4


class Proposal:
    """A mixture over regions, to draw from and to weigh with, in any number of dimensions."""

    def __init__(self, regions: Sequence[Region]) -> None:
        from scipy.special import log_ndtr

        self._scatters = np.array([broadened(region.scatter) for region in regions])
        self._true = np.array([region.scatter for region in regions])
        self._distances = np.array([region.distance for region in regions])
        self._directions = np.array([region.direction for region in regions])
        self._centres = np.maximum(self._distances / (1 + self._true**2), 0.0)
        self._log_rates = log_ndtr(-self._distances / np.sqrt(1 + self._scatters**2))
        shares = np.exp(self._log_rates - self._log_rates.max())
        shares = np.where(shares > _NEGLIGIBLE, np.maximum(shares, _LEAST_SHARE), 0.0)
        self._shares = shares / shares.sum()

    @property
    def first_order(self) -> float:
        """Sum of the probabilities beyond the hyperplanes, broadened by their scatter."""
        from scipy.special import ndtr

        return float(ndtr(-self._distances / np.sqrt(1 + self._true**2)).sum())

    def draw(self, generator: np.random.Generator, count: int) -> Array:
        """Points (count, d)."""
        from scipy.special import ndtri_exp

        chosen = generator.choice(len(self._shares), size=count, p=self._shares)
        directions, scatters = self._directions[chosen], self._scatters[chosen]
        points = generator.standard_normal((count, directions.shape[1]))
        # The hidden variable: along . z plus the model's error, over its standard deviation.
        span = np.sqrt(1 + scatters**2)
        beyond = -ndtri_exp(np.log(generator.uniform(size=count)) + self._log_rates[chosen])
        along = (beyond + scatters * generator.standard_normal(count)) / span
        shifted = self._centres[chosen] + generator.standard_normal(count)
        along = np.where(generator.uniform(size=count) < DEFENSIVE_SHARE, shifted, along)
        move = along - np.einsum("ij,ij->i", points, directions)
        return np.asarray(points + move[:, None] * directions)

    def log_weights(self, points: Array) -> Array:
        """Logarithm (n,) of the standard normal density over that of the mixture."""
        from scipy.special import log_ndtr, logsumexp

        along = points @ self._directions.T
        bent = log_ndtr((along - self._distances) / self._scatters) - self._log_rates
        shifted = self._centres * (along - 0.5 * self._centres)
        with np.errstate(divide="ignore"):
            shares = np.log(self._shares)
        return -np.asarray(
            logsumexp(
                np.logaddexp(np.log1p(-DEFENSIVE_SHARE) + bent, np.log(DEFENSIVE_SHARE) + shifted)
                + shares,
                axis=1,
            )
        )


def broadened(scatter: float) -> float:
    """Width of a region's edge in the density that is drawn from."""
    # The best density follows the root of the probability of failure, whose edge is sqrt(2)
    # as wide: Y. Choe, E. Byon and N. Chen, Technometrics 57, 351 (2015).
    return max(math.sqrt(2) * scatter, LEAST_SCATTER)
