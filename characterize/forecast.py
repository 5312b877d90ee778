"""A coarse map of the sphere that foretells write errors, to tell an ensemble where to look.

Cells in u = ln tan(theta/2) and azimuth about the easy axis; short bursts of the stochastic
motion from each make a Markov chain under the pulse's current and one without. They say
roughly how likely a state ends as an error. That serves as importance only, so its coarseness
costs scatter and no bias: a perpendicular magnet under spin-orbit torque spirals, and no
single angle tells which of its states are dangerous.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from characterize.stochastic import Integrator

Array = NDArray[np.float64]

TICK = 20e-12
"""Time [s] of one burst."""
_POLAR, _AZIMUTH, _REACH = 70, 64, 3.5
_BURSTS = 16
_MOST_ROWS = 1000


def cells_of(axis: Array, m: Array) -> NDArray[np.int64]:
    """Cells (n,) of directions (n, 3) about an axis."""
    along = np.clip(m @ axis, -1.0, 1.0)
    u = 0.5 * np.log((1 - along + 1e-15) / (1 + along + 1e-15))
    first, second = _frame(axis)
    turn = np.arctan2(m @ second, m @ first) / (2 * math.pi) + 0.5
    row = np.clip((u / _REACH + 1) / 2 * _POLAR, 0, _POLAR - 1).astype(np.int64)
    column = np.minimum(turn * _AZIMUTH, _AZIMUTH - 1).astype(np.int64)
    return np.asarray(row * _AZIMUTH + column)


def _frame(axis: Array) -> tuple[Array, Array]:
    first = np.cross(axis, np.eye(3)[int(np.argmin(np.abs(axis)))])
    first /= np.linalg.norm(first)
    return first, np.cross(axis, first)


@dataclass(frozen=True)
class Forecast:
    """How much each cell matters, during the pulse and in the relaxation after it.

    `pulse` (rows, cells) begins at t = 0 with rows `spacing` [s] apart: the sum over the
    widths still to come of a cell's probability of error over that of all states.
    `relaxation` (rows, cells): the row's index is the number of ticks that remain.
    """

    pulse: NDArray[np.float32]
    relaxation: Array
    spacing: float

    def during(self, time: float) -> Array:
        """Importance (cells,) at a time [s] of the pulse."""
        return np.asarray(self.pulse[min(round(time / self.spacing), len(self.pulse) - 1)])

    def after(self, left: float) -> Array:
        """Importance (cells,) when a time [s] of the relaxation is left."""
        return np.asarray(self.relaxation[min(round(left / TICK), len(self.relaxation) - 1)])


def forecast(
    integrator: Integrator,
    current: float,
    widths: Sequence[float] | Array,
    relaxation: float,
    start: tuple[Array, Array],
    seed: int,
) -> Forecast:
    """The forecast for pulses of a constant current [A] and some widths [s].

    `start` are directions (n, 3) with their weights (n,) at the beginning of the pulse.
    """
    generator = np.random.default_rng(seed)
    axis = integrator.magnet.easy_axis
    under, free, error = _chains(integrator, current, generator)
    remaining = [error]
    for _ in range(round(relaxation / TICK)):
        remaining.append(free @ remaining[-1])
    error = remaining[-1]

    asked = np.asarray(widths, dtype=float)
    last = round(float(asked[-1]) / TICK)
    wanted = np.bincount(np.round(asked / TICK).astype(np.int64), minlength=last + 1)
    state = np.bincount(cells_of(axis, start[0]), weights=start[1], minlength=len(error))
    overall = []
    forwards = under.T.tocsr()
    for _ in range(last + 1):
        overall.append(max(float(state @ error), 1e-30))
        state = forwards @ state

    stride = max(1, math.ceil(last / _MOST_ROWS))
    rows, importance = [], np.zeros_like(error)
    for tick in range(last, -1, -1):
        importance = under @ importance + wanted[tick] * error / overall[tick]
        if tick % stride == 0:
            rows.append(importance.astype(np.float32))
    return Forecast(np.array(rows[::-1]), np.array(remaining), stride * TICK)


def _chains(
    integrator: Integrator, current: float, generator: np.random.Generator
) -> tuple[Any, Any, Array]:
    """Sparse chains of one tick with and without current; a cell's share of the old side."""
    from scipy.sparse import csr_matrix

    axis = integrator.magnet.easy_axis
    cells = _POLAR * _AZIMUTH
    start = np.repeat(np.arange(cells), _BURSTS)
    row, column = np.divmod(start, _AZIMUTH)
    u = _REACH * (2 * (row + generator.random(len(start))) / _POLAR - 1)
    turn = 2 * math.pi * ((column + generator.random(len(start))) / _AZIMUTH - 0.5)
    first, second = _frame(axis)
    polar = 2 * np.arctan(np.exp(u))
    around = np.outer(np.cos(turn), first) + np.outer(np.sin(turn), second)
    m = np.outer(np.cos(polar), axis) + np.sin(polar)[:, None] * around

    def chain(level: float) -> Any:
        moved = m.copy()
        count = max(1, round(TICK / integrator.step))
        integrator.advance(moved, np.full(count + 1, level), int(generator.integers(2**31)))
        entries = (np.full(len(start), 1 / _BURSTS), (start, cells_of(axis, moved)))
        return csr_matrix(entries, shape=(cells, cells))

    behind = (m @ axis > 0).reshape(cells, _BURSTS).mean(axis=1)
    return chain(current), chain(0.0), np.asarray(behind, dtype=float)
