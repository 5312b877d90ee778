"""Write errors of a domain wall at its temperature: many walls under one current waveform."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from characterize.errors import PlanError
from circuits.wall import Wall

FloatArray = NDArray[np.float64]

STEP = 2e-12
"""Step [s]: the angle relaxes in 50 ps or more, and Heun's error is second order."""
SETTLE = 2e-9
"""Time [s] that the wall has in its well before the waveform, to take its temperature."""
RELAXATION = 2e-9
"""Time [s] after the waveform before the wall's side is read."""


@dataclass(frozen=True)
class WriteErrors:
    """How many of `trials` walls were not on the wanted side of the junction's middle."""

    errors: int
    trials: int
    position: FloatArray
    """Final positions [m], shape (trials,)."""

    @property
    def rate(self) -> float:
        """Observed error rate."""
        return self.errors / self.trials

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Clopper and Pearson's bounds of the error rate (Biometrika 26, 404 (1934))."""
        from scipy.special import betaincinv

        outside = (1 - confidence) / 2
        k, n = self.errors, self.trials
        low = 0.0 if k == 0 else float(betaincinv(k, n - k + 1, outside))
        high = 1.0 if k == n else float(betaincinv(k + 1, n - k, 1 - outside))
        return low, high


def propagate(
    wall: Wall,
    position: FloatArray,
    angle: FloatArray,
    currents: FloatArray,
    *,
    seed: int,
    step: float = STEP,
) -> tuple[FloatArray, FloatArray]:
    """Positions [m] and angles [rad] of walls after `currents` [A], which stand `step` [s] apart.

    Each wall of the arrays, shape (n,), has its own thermal field; the arrays given stay.
    """
    if not 0 <= seed < 2**32:
        raise PlanError(f"the seed {seed} is outside 0 to 2^32 - 1; choose another")
    from characterize.wall_kernel import advance, constants

    moved, turned = np.array(position, dtype=float), np.array(angle, dtype=float)
    deviation = wall.thermal_field / math.sqrt(step)
    advance(constants(wall), moved, turned, np.asarray(currents, float), step, deviation, seed)
    return moved, turned


def settled(
    wall: Wall, count: int, *, seed: int, side: int = -1, step: float = STEP
) -> tuple[FloatArray, FloatArray]:
    """Positions and angles of walls at their temperature at rest, `side` -1 left or +1 right."""
    start = np.full(count, -side * wall.rest_position)
    still = np.zeros(math.ceil(SETTLE / step) + 1)
    return propagate(wall, start, np.full(count, wall.rest_angle), still, seed=seed, step=step)


def waveform(times: ArrayLike, currents: ArrayLike, step: float) -> FloatArray:
    """Currents [A] `step` [s] apart: the waveform, then none for `RELAXATION`."""
    time, current = np.asarray(times, float), np.asarray(currents, float)
    if time.ndim != 1 or time.shape != current.shape or len(time) < 2:
        raise PlanError("the waveform needs two or more times and as many currents; give both")
    if time[0] != 0 or np.any(np.diff(time) < 0):
        raise PlanError("the waveform's times must rise from 0; sort them")
    count = math.ceil((time[-1] + RELAXATION) / step) + 1
    return np.asarray(np.interp(np.arange(count) * step, time, current, right=0.0))


def write_errors(
    wall: Wall,
    times: ArrayLike,
    currents: ArrayLike,
    *,
    trials: int,
    seed: int,
    side: int = -1,
    step: float = STEP,
) -> WriteErrors:
    """Count the walls that a waveform leaves on the wrong side, by brute force.

    `times` [s] from zero and `currents` [A], shape (n,), are joined by straight lines; the
    last current is followed by none. The walls start settled on `side` and should end
    beyond the junction's middle after `RELAXATION`. The same seed gives the same walls.
    """
    sampled = waveform(times, currents, step)
    if trials < 1 or side not in (-1, 1):
        raise PlanError(f"{trials} trials from side {side} cannot be run; give 1 or more, side ±1")
    position, angle = settled(wall, trials, seed=seed, side=side, step=step)
    position, angle = propagate(
        wall, position, angle, sampled, seed=(seed + 0x9E3779B1) % 2**32, step=step
    )
    errors = int(np.count_nonzero(position * side >= 0))
    return WriteErrors(errors, trials, position)
