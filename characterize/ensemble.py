"""A weighted ensemble: walkers that carry probability, so that rare places stay populated.

Every few picoseconds each bin that holds probability is drawn anew with walkers of equal
weight, in proportion to the weights it had. The total of every bin, and the expectation of
everything after, is unchanged, for any dynamics (G. A. Huber and S. Kim, Biophys. J. 70, 97
(1996)); bins only decide how much the result scatters.

In the old well a bin is a range of u = ln tan(theta/2) with sin^2(theta) the energy over that
of the saddle: for a uniaxial magnet theta is the polar angle, for any other it stays while m
turns about its well, as the polar angle does not. Everywhere else a bin is a range of the
logarithm of an importance, which a `Forecast` gives.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from characterize.forecast import cells_of
from characterize.stochastic import Integrator
from circuits.magnet import Magnet

Array = NDArray[np.float64]

INTERVAL = 20e-12
"""Time [s] between two redistributions."""
LOWEST, BIN = -4.0, 0.2
"""Lowest bound and width of the bins of u in the old well, which end at the saddle, u = 0."""
_WELL_BINS = round(-LOWEST / BIN)
_RATIO, _DEPTH = 2.0, 30
"""Importance from one bin to the next outside the well, and how many such bins there are."""
HEAVIEST = 1e-3
"""Largest weight of a walker, so that what most walkers do stays well sampled."""


@dataclass
class Ensemble:
    """Directions `m` of shape (n, 3) and their weights of shape (n,), which sum to one."""

    m: Array
    weights: Array
    magnet: Magnet
    per_bin: int
    generator: np.random.Generator

    @property
    def axis(self) -> Array:
        """Direction of the side where the walkers began."""
        return self.magnet.easy_axis

    def copy(self) -> Ensemble:
        """The same walkers, to be moved on independently; the generator is shared."""
        m, weights = self.m.copy(), self.weights.copy()
        return Ensemble(m, weights, self.magnet, self.per_bin, self.generator)

    def advance(
        self,
        integrator: Integrator,
        currents: Array,
        importance: Callable[[float], Array] | None = None,
    ) -> None:
        """Move through the steps of `currents` [A], redistributing on the way.

        `importance` gives that of the forecast's cells after a time [s] of this move.
        """
        chunk = max(1, round(INTERVAL / integrator.step))
        for first in range(0, len(currents) - 1, chunk):
            piece = currents[first : first + chunk + 1]
            integrator.advance(self.m, piece, int(self.generator.integers(2**31)))
            done = (first + len(piece) - 1) * integrator.step
            self.redistribute(None if importance is None else importance(done))

    def redistribute(self, importance: Array | None = None) -> None:
        """Draw every occupied bin anew: `per_bin` walkers, or as many as weigh `HEAVIEST`."""
        bins, place = self._bins(importance)
        taken, self.weights = drawn_anew(
            bins, self.weights, self.per_bin, self.generator, place=place, heaviest=HEAVIEST
        )
        self.m = np.ascontiguousarray(self.m[taken])

    def _bins(self, importance: Array | None) -> tuple[NDArray[np.int64], Array]:
        """Bins (n,) of the walkers and their places (n,) within them."""
        magnet = self.magnet
        bottom = float(magnet.energy_density(magnet.rest))
        share = (magnet.energy_density(self.m) - bottom) / (magnet.saddle_energy - bottom)
        inside = (self.m @ self.axis > 0) & (share < 1)
        sine = np.sqrt(np.clip(share, 1e-12, 1.0))
        u = np.log(sine / (1 + np.sqrt(1 - sine * sine)))
        well = np.floor((np.clip(u, LOWEST, -1e-9) - LOWEST) / BIN).astype(np.int64)
        cells = cells_of(self.axis, self.m)
        level = np.zeros(len(self.m), dtype=np.int64)
        if importance is not None:
            relative = importance[cells] / max(float(importance.max()), 1e-30)
            steps = -np.log(np.maximum(relative, 1e-30)) / math.log(_RATIO)
            level = np.minimum(steps, _DEPTH - 1).astype(np.int64)
        return np.where(inside, well, _WELL_BINS + level), np.where(inside, u, cells)


def drawn_anew(
    bins: NDArray[np.int64],
    weights: Array,
    per_bin: int,
    generator: np.random.Generator,
    *,
    place: Array | None = None,
    heaviest: float = 1.0,
) -> tuple[NDArray[np.intp], Array]:
    """Walkers to go on with and their weights: every occupied bin keeps its total.

    A bin gets `per_bin` walkers of equal weight, or as many as weigh `heaviest` each. Those of
    one bin are drawn in the order of their `place` (n,), which evens them out.
    """
    order = np.lexsort((bins,) if place is None else (place, bins))
    chosen, new = [], []
    for members in np.split(order, np.flatnonzero(np.diff(bins[order])) + 1):
        total = weights[members].sum()
        if total <= 0:
            continue
        count = max(per_bin, math.ceil(total / heaviest))
        # Systematic resampling: one random offset, evenly spaced marks.
        marks = (generator.random() + np.arange(count)) * (total / count)
        picked = np.searchsorted(np.cumsum(weights[members]), marks, side="right")
        chosen.append(members[np.minimum(picked, len(members) - 1)])
        new.append(np.full(count, total / count))
    return np.concatenate(chosen), np.concatenate(new)


def thermal_ensemble(
    integrator: Integrator, per_bin: int, seed: int, duration: float = 2e-9
) -> Ensemble:
    """Walkers at rest in the well of the easy axis, after `duration` [s] of thermal motion."""
    generator = np.random.default_rng(seed)
    magnet = integrator.magnet
    m = np.tile(magnet.easy_axis, (per_bin * 4, 1))
    ensemble = Ensemble(m, np.full(len(m), 1 / len(m)), magnet, per_bin, generator)
    steps = max(1, round(duration / integrator.step))
    ensemble.advance(integrator, np.zeros(steps + 1))
    return ensemble
