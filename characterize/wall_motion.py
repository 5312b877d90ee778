"""Motion of a domain wall: run its deck, find when it passes the middle of the junction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from characterize.driven import run_driven
from characterize.switching import first_zero
from circuits.drive import Drive
from circuits.wall import Wall
from circuits.wall_deck import wall_deck, wall_thermal_samples


@dataclass(frozen=True)
class WallMotion:
    """One transient of a wall.

    `time` [s], `position` [m] and `angle` [rad] of shape (n,); `crossing_time` [s] is when the
    wall first passes the junction's middle, q = 0, None where it does not.
    """

    time: NDArray[np.float64]
    position: NDArray[np.float64]
    angle: NDArray[np.float64]
    crossing_time: float | None
    switched: bool
    """Whether the wall ends on the other side of the junction's middle."""
    analysis_seconds: float


def move(wall: Wall, drive: Drive) -> WallMotion:
    """Simulate a wall under a drive in ngspice, in a process of its own.

    Raises DesignError for a current that pushes the wall off its track, PlanError when
    ngspice is missing or finds no solution.
    """
    waves = run_driven(
        drive,
        lambda file: wall_deck(wall, drive, file),
        lambda: wall_thermal_samples(wall, drive),
    )
    position = waves["wq"] * (wall.track_length / 2)
    return WallMotion(
        waves.time,
        position,
        waves["wphi"],
        first_zero(waves.time, position),
        bool(position[0] * position[-1] < 0),
        waves.analysis_seconds,
    )
