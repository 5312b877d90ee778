"""Motion of a domain wall: run its deck, find when it passes the middle of the junction."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from characterize.errors import PlanError
from characterize.ngspice import Waveforms
from characterize.pool import run_deck
from characterize.switching import first_zero
from circuits.macrospin import Drive
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
    waves = _run(wall, drive)
    position = waves["wq"] * (wall.track_length / 2)
    return WallMotion(
        waves.time,
        position,
        waves["wphi"],
        first_zero(waves.time, position),
        bool(position[0] * position[-1] < 0),
        waves.analysis_seconds,
    )


def _run(wall: Wall, drive: Drive) -> Waveforms:
    if drive.thermal_seed is None:
        return run_deck(wall_deck(wall, drive))
    with tempfile.TemporaryDirectory(prefix="mramcim-") as folder:
        path = Path(folder) / "thermal.txt"
        # ngspice reads paths in lower case and ends them at quotes, and is silent without a file.
        if re.fullmatch(r"[a-z0-9/_.+ -]+", str(path)) is None:
            raise PlanError(
                f"ngspice cannot read a file in the temporary folder '{tempfile.gettempdir()}'; "
                "set TMPDIR to a folder named in small letters and digits, such as /tmp"
            )
        np.savetxt(path, wall_thermal_samples(wall, drive), fmt="%.9g")
        waves = run_deck(wall_deck(wall, drive, str(path)), time_limit=600.0)
    if not waves["thf"].any():
        raise PlanError(
            "ngspice did not read the thermal field; check that its XSPICE models are installed "
            "with `ngspice --version` and that the temporary folder can be read"
        )
    return waves
