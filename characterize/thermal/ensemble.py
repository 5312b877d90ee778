"""A weighted ensemble: walkers that carry probability, so that rare places stay populated.

Every few picoseconds each bin that holds probability is drawn anew with a fixed number of
walkers of equal weight, in proportion to the weights it had. The total of every bin, and the
expectation of everything after, is unchanged, for any dynamics (G. A. Huber and S. Kim,
Biophys. J. 70, 97 (1996)); bins only decide how much the result scatters.

Below the edge between the sides a bin is a range of u = ln tan(theta/2), sin^2(theta) = E/E_edge:
for an uniaxial magnet theta is the polar angle, and for any other it stays while m turns
about its well, as the polar angle does not. Above the edge a bin is a range of the polar
angle itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from characterize.thermal.dynamics import Motion
from characterize.thermal.equilibrium import Well

FloatArray = NDArray[np.float64]

INTERVAL = 10e-12
"""Time [s] between two redistributions."""
_OLD_BINS = np.arange(-4.0, 0.0, 0.2)
"""Bounds in u on the old side; the first, 2 % of the way up in angle, is rarely left empty."""
_OVER_BINS = np.arange(-1.5, 1.75, 0.25)
"""Bounds in ln tan of half the polar angle, above the edge."""
_NEW_BINS = np.arange(0.5, 2.1, 0.5)
"""Bounds in u on the new side, where nothing rare happens."""
_COUNT = len(_OLD_BINS) + len(_OVER_BINS) + len(_NEW_BINS) + 3
_HEAVIEST = 1e-3
"""Largest weight of a walker, so that what most walkers do stays well sampled."""
_CANDIDATES = 20_000


@dataclass
class Ensemble:
    """Directions `m` (n, 3) and their weights (n,); `walkers` a bin after a redistribution."""

    motion: Motion
    well: Well
    m: FloatArray
    weights: FloatArray
    walkers: int
    generator: np.random.Generator
    negligible: float = 0.0
    """Weight up to which a bin is left out."""
    lost: float = 0.0
    """Weight left out so far."""

    @classmethod
    def at_rest(
        cls,
        motion: Motion,
        well: Well,
        walkers: int,
        generator: np.random.Generator,
        negligible: float = 0.0,
    ) -> Ensemble:
        """An ensemble in Boltzmann's distribution on the side where it begins."""
        m, weights = well.weighted(_CANDIDATES, generator)
        ensemble = cls(motion, well, m, weights, walkers, generator, negligible)
        ensemble.redistribute()
        return ensemble

    def copy(self) -> Ensemble:
        """The same walkers, to be moved on apart; the generator is shared."""
        return replace(self, m=self.m.copy(), weights=self.weights.copy())

    def take_out(self, leaving: NDArray[np.bool_]) -> float:
        """Remove some walkers and return their weight."""
        weight = float(self.weights[leaving].sum())
        self.m = np.ascontiguousarray(self.m[~leaving])
        self.weights = self.weights[~leaving]
        return weight

    def advance(self, currents: FloatArray) -> None:
        """Move through the steps of `currents` [A], given at their ends, redistributing."""
        chunk = max(1, self.motion.steps(INTERVAL))
        for first in range(0, len(currents) - 1, chunk):
            piece = currents[first : first + chunk + 1]
            self.motion.advance(self.m, piece, self.generator)
            self.redistribute()

    def redistribute(self) -> None:
        """Draw every occupied bin anew with `walkers` walkers of equal weight."""
        from characterize.thermal import kernel

        bins, coordinate = self._places()
        before = self.weights.sum()
        self.m, self.weights = kernel.redistribute(
            self.m,
            self.weights,
            np.lexsort((coordinate, bins)),
            bins,
            self.walkers,
            _HEAVIEST,
            self.generator.random(_COUNT),
            self.negligible,
        )
        self.lost += max(0.0, float(before - self.weights.sum()))

    def _places(self) -> tuple[NDArray[np.int64], FloatArray]:
        """Bins (n,) of the walkers, and a coordinate (n,) that orders them within a bin."""
        well, other = self.well, self.well.other
        along = np.clip(self.m @ well.axis, -1.0, 1.0)
        old = along > 0
        share = np.where(old, well.energy(self.m) / well.edge, other.energy(self.m) / other.edge)
        over = share >= 1
        sine = np.sqrt(np.clip(share, 1e-12, 1.0))
        u = np.log(sine / (1 + np.sqrt(1 - sine * sine)))
        polar = 0.5 * np.log((1 - along + 1e-15) / (1 + along + 1e-15))
        first_over = len(_OLD_BINS) + 1
        first_new = first_over + len(_OVER_BINS) + 1
        bins = np.where(
            over,
            first_over + np.searchsorted(_OVER_BINS, polar),
            np.where(
                old,
                np.searchsorted(_OLD_BINS, u),
                first_new + np.searchsorted(_NEW_BINS, -u),
            ),
        )
        return bins, np.where(over, polar, u)
