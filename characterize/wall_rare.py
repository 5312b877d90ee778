"""Rare write errors of a domain wall: walkers that carry probability, in bins of the position.

Every few picoseconds each bin that holds probability is drawn anew with a fixed number of
walkers of equal weight. Each bin's total, and so the expectation of everything after, is
unchanged (G. A. Huber and S. Kim, Biophys. J. 70, 97 (1996)).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from characterize.errors import PlanError
from characterize.wall_errors import STEP, propagate, settled, waveform
from characterize.write_errors import NEGLIGIBLE, ErrorRates, Pulse, done, hopeless, mean_rates
from circuits.wall import Wall

FloatArray = NDArray[np.float64]

INTERVAL = 10e-12
"""Time [s] between two redistributions."""
CURVE_REST = 1e-9
"""Time [s] after a pulse in which a wall returns to rest, damped within 0.1 ns."""
BIN = 2e-9
"""Width [m] of a bin of the position, below the rms displacement in a well that holds a bit."""


@dataclass(frozen=True)
class RareErrors:
    """An error rate from independent repeats, with the 95 % interval of their mean."""

    rate: float
    low: float
    high: float
    repeats: tuple[float, ...]


def rare_write_errors(
    wall: Wall,
    times: ArrayLike,
    currents: ArrayLike,
    *,
    seed: int,
    side: int = -1,
    walkers: int = 40,
    repeats: int = 4,
    step: float = STEP,
) -> RareErrors:
    """The probability that a waveform leaves a wall on the side where it began.

    As `write_errors`, by a weighted ensemble of `walkers` in each bin. The interval is that
    of Student's t over the `repeats`; a rate of zero says that no walker stayed behind.
    """
    if walkers < 2 or repeats < 2:
        raise PlanError(
            f"{walkers} walkers and {repeats} repeats give no interval; take 2 or more of each"
        )
    sampled = waveform(times, currents, step)
    rates = [_run(wall, sampled, seed + 1000 * i, side, walkers, step) for i in range(repeats)]
    from scipy.special import stdtrit

    mean, spread = float(np.mean(rates)), float(np.std(rates, ddof=1))
    half = float(stdtrit(repeats - 1, 0.975)) * spread / math.sqrt(repeats)
    return RareErrors(mean, max(0.0, mean - half), min(1.0, mean + half), tuple(rates))


def _run(wall: Wall, sampled: FloatArray, seed: int, side: int, walkers: int, step: float) -> float:
    generator = np.random.default_rng(seed)
    count = 10 * walkers
    position, angle = settled(wall, count, seed=int(generator.integers(2**32)), side=side)
    weights = np.full(count, 1 / count)
    chunk = max(1, round(INTERVAL / step))
    for first in range(0, len(sampled) - 1, chunk):
        piece = sampled[first : first + chunk + 1]
        noise = int(generator.integers(2**32))
        position, angle = propagate(wall, position, angle, piece, seed=noise, step=step)
        taken, weights = _redistributed(position, weights, walkers, generator)
        position, angle = position[taken], angle[taken]
    return float(weights[position * side >= 0].sum())


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

    One ensemble follows the current; copies of it follow the falling edge and settle. After
    three widths in a row under `negligible` the rest counts as 0.
    """
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
    rates, reached = [], 0.0
    for width in widths:
        state = _follow(wall, state, pulse.on(reached, width, STEP), walkers, generator)
        reached = width
        off = np.concatenate([pulse.falling(width, STEP), np.zeros(round(CURVE_REST / STEP))])
        end, _, weights = _follow(wall, state, off, walkers, generator)
        rates.append(float(weights[end * side >= 0].sum()))
        missing = len(widths) - len(rates)
        if done(rates, negligible):
            return [*rates, *[0.0] * missing]
        if hopeless(rates, widths, negligible / NEGLIGIBLE):
            return [*rates, *[rates[-1]] * missing]
    return rates


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
        taken, weights = _redistributed(position, weights, walkers, generator)
        position, angle = position[taken], angle[taken]
    return position, angle, weights


def _redistributed(
    position: FloatArray, weights: FloatArray, walkers: int, generator: np.random.Generator
) -> tuple[NDArray[np.intp], FloatArray]:
    bins = np.floor(position / BIN)
    order = np.argsort(bins, kind="stable")
    chosen, new = [], []
    for members in np.split(order, np.flatnonzero(np.diff(bins[order])) + 1):
        total = weights[members].sum()
        if total <= 0:
            continue
        # Systematic resampling: one random offset, evenly spaced marks.
        marks = (generator.random() + np.arange(walkers)) * (total / walkers)
        picked = np.searchsorted(np.cumsum(weights[members]), marks, side="right")
        chosen.append(members[np.minimum(picked, len(members) - 1)])
        new.append(np.full(walkers, total / walkers))
    return np.concatenate(chosen), np.concatenate(new)
