"""Rare write errors of a domain wall: walkers that carry probability, in bins of the position.

Every few picoseconds each bin that holds probability is drawn anew with a fixed number of
walkers of equal weight. Each bin's total, and so the expectation of everything after, is
unchanged (G. A. Huber and S. Kim, Biophys. J. 70, 97 (1996)).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from characterize.ensemble import drawn_anew
from characterize.wall_errors import RELAXATION, STEP, propagate, settled
from characterize.write_errors import (
    ErrorRates,
    Pulse,
    error_curve,
    mean_rates,
    require_walkers,
)
from circuits.wall import Wall

FloatArray = NDArray[np.float64]

INTERVAL = 10e-12
"""Time [s] between two redistributions."""
BIN = 2e-9
"""Width [m] of a bin of the position, below the rms displacement in a well that holds a bit."""


def wall_error_rates(
    wall: Wall,
    pulse: Pulse,
    widths: FloatArray,
    *,
    side: int,
    seed: int,
    walkers: int = 40,
    repeats: int = 4,
    negligible: float = 0.0,
) -> ErrorRates:
    """The probability that a pulse leaves a wall on its `side`, against ascending widths [s].

    One ensemble of `walkers` in each bin follows the current; copies of it follow the falling
    edge and settle. `negligible` ends a curve early, as `error_curve` tells.
    """
    require_walkers(walkers, repeats)
    runs = [
        _curve(wall, pulse, widths, side, walkers, seed + 1000 * index, negligible)
        for index in range(repeats)
    ]
    return mean_rates(widths, np.array(runs))


Walkers = tuple[FloatArray, FloatArray, FloatArray]


def _curve(
    wall: Wall,
    pulse: Pulse,
    widths: FloatArray,
    side: int,
    walkers: int,
    seed: int,
    negligible: float,
) -> list[float]:
    generator = np.random.default_rng(seed)
    position, angle = settled(wall, 10 * walkers, seed=int(generator.integers(2**32)), side=side)
    state: Walkers = (position, angle, np.full(len(position), 1 / len(position)))
    reached = 0.0

    def rate_at(width: float) -> float:
        nonlocal state, reached
        state = _follow(wall, state, pulse.on(reached, width, STEP), walkers, generator)
        reached = width
        off = np.concatenate([pulse.falling(width, STEP), np.zeros(round(RELAXATION / STEP))])
        end, _, weights = _follow(wall, state, off, walkers, generator)
        return float(weights[end * side >= 0].sum())

    return error_curve(widths, rate_at, negligible)


def _follow(
    wall: Wall,
    state: Walkers,
    currents: FloatArray,
    walkers: int,
    generator: np.random.Generator,
) -> Walkers:
    position, angle, weights = state
    chunk = max(1, round(INTERVAL / STEP))
    for first in range(0, len(currents) - 1, chunk):
        piece = currents[first : first + chunk + 1]
        noise = int(generator.integers(2**32))
        position, angle = propagate(wall, position, angle, piece, seed=noise)
        bins = np.floor(position / BIN).astype(np.int64)
        taken, weights = drawn_anew(bins, weights, walkers, generator)
        position, angle = position[taken], angle[taken]
    return position, angle, weights
