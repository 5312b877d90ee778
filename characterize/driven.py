"""Run the deck of a magnet or wall by itself, with its thermal field in a file where it has one."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from characterize.errors import PlanError
from characterize.ngspice import Waveforms
from characterize.pool import run_deck
from circuits.deck import Deck
from circuits.drive import Drive
from jobs import WorkingFolder


def run_driven(
    drive: Drive,
    build: Callable[[str | None], Deck],
    samples: Callable[[], NDArray[np.float64]],
) -> Waveforms:
    """Simulate in ngspice, in a process of its own.

    `build` makes the deck from the name of the file with the noise's `samples`, or from None.
    Raises PlanError when ngspice is missing, finds no solution or cannot read the file.
    """
    if drive.thermal_seed is None:
        return run_deck(build(None))
    with WorkingFolder() as folder:
        path = Path(folder) / "thermal.txt"
        # ngspice reads paths in lower case and ends them at quotes, and is silent without a file.
        if re.fullmatch(r"[a-z0-9/_.+ -]+", str(path)) is None:
            raise PlanError(
                f"ngspice cannot read a file in the temporary folder '{tempfile.gettempdir()}'; "
                "set TMPDIR to a folder named in small letters and digits, such as /tmp"
            )
        np.savetxt(path, samples(), fmt="%.9g")
        waves = run_deck(build(str(path)), time_limit=600.0)
    # Of the noise one node is saved, whose name begins with "th".
    noise = next(name for name in waves.vectors if name.startswith("th"))
    if not waves[noise].any():
        raise PlanError(
            "ngspice did not read the thermal field; check that its XSPICE models are installed "
            "with `ngspice --version` and that the temporary folder can be read"
        )
    return waves
