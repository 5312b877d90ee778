"""A weighted ensemble: walkers that carry probability, so that rare places stay populated.

Walkers lie in bins of a progress coordinate, u = ln tan(theta/2) with theta the angle to the
direction where they began. Every few picoseconds each bin that holds probability is drawn
anew with a fixed number of walkers of equal weight, in proportion to the weights it had. The
total of every bin, and the expectation of everything after, is unchanged, for any dynamics
(G. A. Huber and S. Kim, Biophys. J. 70, 97 (1996)).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from characterize.stochastic import Integrator

Array = NDArray[np.float64]

INTERVAL = 10e-12
"""Time [s] between two redistributions."""
LOWEST, HIGHEST, BIN = -6.0, 5.0, 0.25
"""Range and width of the bins of u: 5 mrad from the start, 13 mrad from its opposite."""


@dataclass
class Ensemble:
    """Directions `m` of shape (n, 3) and their weights of shape (n,), which sum to one."""

    m: Array
    weights: Array
    axis: Array
    per_bin: int
    generator: np.random.Generator

    def copy(self) -> Ensemble:
        """The same walkers, to be moved on independently; the generator is shared."""
        return Ensemble(self.m.copy(), self.weights.copy(), self.axis, self.per_bin, self.generator)

    def advance(self, integrator: Integrator, currents: Array) -> None:
        """Move through the steps of `currents` [A], redistributing on the way."""
        chunk = max(1, round(INTERVAL / integrator.step))
        for first in range(0, len(currents) - 1, chunk):
            piece = currents[first : first + chunk + 1]
            integrator.advance(self.m, piece, int(self.generator.integers(2**31)))
            self.redistribute()

    def redistribute(self) -> None:
        """Draw every occupied bin anew with `per_bin` walkers of equal weight."""
        cosine = np.clip(self.m @ self.axis, -1 + 1e-15, 1 - 1e-15)
        progress = 0.5 * np.log((1 - cosine) / (1 + cosine))
        bins = np.floor((np.clip(progress, LOWEST, HIGHEST) - LOWEST) / BIN).astype(np.int64)
        order = np.argsort(bins, kind="stable")
        edges = np.flatnonzero(np.diff(bins[order])) + 1
        chosen, weights = [], []
        for members in np.split(order, edges):
            total = self.weights[members].sum()
            if total <= 0:
                continue
            # Systematic resampling: one random offset, evenly spaced marks.
            marks = (self.generator.random() + np.arange(self.per_bin)) * (total / self.per_bin)
            picked = np.searchsorted(np.cumsum(self.weights[members]), marks, side="right")
            chosen.append(members[np.minimum(picked, len(members) - 1)])
            weights.append(np.full(self.per_bin, total / self.per_bin))
        taken = np.concatenate(chosen)
        self.m = np.ascontiguousarray(self.m[taken])
        self.weights = np.concatenate(weights)


def thermal_ensemble(
    integrator: Integrator, per_bin: int, seed: int, duration: float = 2e-9
) -> Ensemble:
    """Walkers at rest in the well of the easy axis, after `duration` [s] of thermal motion."""
    generator = np.random.default_rng(seed)
    axis = integrator.magnet.easy_axis
    m = np.tile(axis, (per_bin * 4, 1))
    ensemble = Ensemble(m, np.full(len(m), 1 / len(m)), axis, per_bin, generator)
    steps = max(1, round(duration / integrator.step))
    ensemble.advance(integrator, np.zeros(steps + 1))
    return ensemble
