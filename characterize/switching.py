"""Switching of a magnet: run its deck, find where the easy-axis component crosses zero."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from characterize.driven import run_driven
from circuits.drive import Drive
from circuits.macrospin import macrospin_deck, thermal_samples
from circuits.magnet import Magnet


@dataclass(frozen=True)
class Switching:
    """One transient of a magnet.

    `time` [s] of shape (n,), `magnetization` of shape (n, 3); `crossing_time` [s] is the
    first zero of the easy-axis component, None where there is none.
    """

    time: NDArray[np.float64]
    magnetization: NDArray[np.float64]
    crossing_time: float | None
    switched: bool
    """Whether the easy-axis component ends with the other sign than it began with."""
    analysis_seconds: float

    @property
    def final(self) -> tuple[float, float, float]:
        """Magnetization at the end of the run."""
        x, y, z = (float(component) for component in self.magnetization[-1])
        return x, y, z


def switch(magnet: Magnet, drive: Drive) -> Switching:
    """Simulate a magnet under a drive in ngspice, in a process of its own.

    Raises PlanError when ngspice is missing or finds no solution.
    """
    waves = run_driven(
        drive,
        lambda file: macrospin_deck(magnet, drive, file),
        lambda: thermal_samples(magnet, drive),
    )
    magnetization = np.stack([waves["mx"], waves["my"], waves["mz"]], axis=1)
    easy = magnetization @ magnet.easy_axis
    return Switching(
        waves.time,
        magnetization,
        first_zero(waves.time, easy),
        bool(easy[0] * easy[-1] < 0),
        waves.analysis_seconds,
    )


def first_zero(time: NDArray[np.float64], values: NDArray[np.float64]) -> float | None:
    """The first time at which `values` changes its sign, or None.

    The cubic through the four nearest points is solved for time by bisection: a straight
    line would be wrong by 0.01 ps at steps of 1 ps.
    """
    changes = np.flatnonzero(values[:-1] * values[1:] <= 0)
    if values[0] == 0:
        changes = changes[1:]
    if len(changes) == 0:
        return None
    before = int(changes[0])
    first = min(max(before - 1, 0), max(len(time) - 4, 0))
    chosen = slice(first, first + 4)
    origin, scale = time[before], time[before + 1] - time[before]
    nodes = (time[chosen] - origin) / scale
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        same = _interpolated(nodes, values[chosen], middle) * values[before] > 0
        low, high = (middle, high) if same else (low, middle)
    return float(origin + scale * (low + high) / 2)


def _interpolated(nodes: NDArray[np.float64], values: NDArray[np.float64], at: float) -> float:
    total = 0.0
    for index, node in enumerate(nodes):
        others = np.delete(nodes, index)
        total += float(values[index] * np.prod((at - others) / (node - others)))
    return total
