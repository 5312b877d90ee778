"""A magnet or a wall by itself: what drives it, its thermal noise, the deck around it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from circuits.deck import Conditions, Deck, Window
from circuits.deck_text import comment, number
from circuits.errors import DesignError

LARGEST_STEP = 1e-12
"""Step [s] that the solver does not exceed; the crossing time's error is second order in it."""
SMALLEST_STEP = 0.1e-12
USUAL_STEPS = 20_000
"""Steps of a short run, which gets finer ones than the largest for the same cost."""
THERMAL_STEP = 1e-12
"""Distance [s] of the thermal field's samples, short against a turn of precession (> 30 ps)."""
_EDGE = 1e-14  # A jump of the current, as short as the solver's breakpoints allow.


@dataclass(frozen=True)
class Drive:
    """What acts on the magnet: a current [A] from t = 0 for `pulse` [s] in a run of `duration`.

    `thermal_seed` seeds the thermal field; None leaves it out. `voltage` [V] stands over
    the barrier while the current flows and changes the anisotropy.
    """

    current: float
    pulse: float
    duration: float
    thermal_seed: int | None = None
    voltage: float = 0.0

    def __post_init__(self) -> None:
        if not math.isfinite(self.current) or abs(self.current) > 1.0:
            raise DesignError(
                f"a current of {self.current:g} A is outside -1 A to 1 A; give it in ampere, as "
                "in 450e-6"
            )
        if not math.isfinite(self.voltage) or abs(self.voltage) > 10.0:
            raise DesignError(
                f"a voltage of {self.voltage:g} V is outside -10 V to 10 V; give it in volt"
            )
        for name, value in (("pulse", self.pulse), ("duration", self.duration)):
            if not 1e-12 <= value <= 1e-6:
                raise DesignError(
                    f"a {name} of {value:g} s is outside 1 ps to 1 us; give it in seconds, as in "
                    "10e-9"
                )
        if self.thermal_seed is not None and self.thermal_seed < 0:
            raise DesignError(f"the seed {self.thermal_seed} is below zero; choose 0 or more")


@dataclass(frozen=True)
class NoiseFile:
    """A file of `noise_samples` that ngspice reads, and the nodes that its columns drive."""

    path: str
    nodes: tuple[str, ...]


def noise_samples(drive: Drive, deviation: float, columns: int) -> NDArray[np.float64]:
    """Rows of time [s] and independent samples of a standard deviation, THERMAL_STEP apart.

    Shape (n, 1 + columns); a deck joins them by straight lines. The same seed gives the same
    rows.
    """
    count = math.ceil(drive.duration / THERMAL_STEP) + 2
    generator = np.random.default_rng(drive.thermal_seed)
    values = generator.normal(0.0, deviation, (count, columns))
    return np.column_stack([np.arange(count) * THERMAL_STEP, values])


def driven_deck(
    title: str,
    drive: Drive,
    lines: Sequence[str],
    watched: tuple[str, ...],
    noise: NoiseFile | None = None,
) -> Deck:
    """The transient of what `lines` describe under a drive, node `i` being its current [A].

    The first node of a noise file is saved beside the watched ones and the current.
    """
    step = min(LARGEST_STEP, max(SMALLEST_STEP, drive.duration / USUAL_STEPS))
    saved = [*watched, "i", *(noise.nodes[:1] if noise else ())]
    text = [
        comment(title),
        *lines,
        _current(drive),
        *(_noise(noise) if noise else ()),
        # Gear damps the precession; the trapezoidal rule keeps its amplitude. Newton's loose
        # default tolerance would double the error of the crossing time.
        ".option method=trap reltol=1e-5",
        ".save " + " ".join(f"v({node})" for node in saved),
        f".tran {number(step, 6)} {number(drive.duration, 9)} 0 {number(step, 6)} uic",
        ".end",
    ]
    # The measured window and its measures belong to circuits with supplies; here are none.
    return Deck(
        bench="switch",
        title=title,
        netlist="\n".join(text) + "\n",
        conditions=Conditions(),
        stop=drive.duration,
        cycle=Window(0.0, drive.duration),
        energies={},
        total=(),
        watched=(),
        edges=(),
        level=0.0,
        plotted=watched,
    )


def _current(drive: Drive) -> str:
    current = number(drive.current, 12)
    if drive.pulse >= drive.duration:
        return f"Vi i 0 dc {current}"
    end = drive.pulse + _EDGE
    edge, begun, last = (number(time, 12) for time in (drive.pulse, end, drive.duration + end))
    return f"Vi i 0 pwl(0 {current} {edge} {current} {begun} 0 {last} 0)"


def _noise(noise: NoiseFile) -> list[str]:
    # The library's own transient noise cannot be seeded, and a piecewise-linear source is
    # searched from its beginning at every step: 9 s for 10 ns where the file takes 0.8 s.
    zeros, ones = (" ".join([value] * len(noise.nodes)) for value in ("0", "1"))
    return [
        f"Ath %v([{' '.join(noise.nodes)}]) thermal",
        f'.model thermal filesource (file="{noise.path}" amploffset=[{zeros}] '
        f"amplscale=[{ones}] timeoffset=0 timescale=1 timerelative=false amplstep=false)",
    ]
