"""A macrospin under a current pulse as a SPICE deck of its own, with or without thermal field."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from circuits.deck import Conditions, Deck, Window
from circuits.errors import DesignError
from circuits.llg import FIELD_SCALE, Torque, capacitors, equation
from circuits.magnet import Magnet
from circuits.magnetics import BOLTZMANN, VACUUM_PERMEABILITY

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


def thermal_field(magnet: Magnet) -> float:
    """Standard deviation [A/m] of a sample of each component of the thermal field.

    sqrt(2 a k T / (g mu0 Ms V dt)) (W. F. Brown, Phys. Rev. 130, 1677 (1963)), with g times
    mu0 and samples dt = THERMAL_STEP apart.
    """
    moment = VACUUM_PERMEABILITY * magnet.magnetization * magnet.volume
    rate = magnet.gyromagnetic_ratio * moment * THERMAL_STEP
    return math.sqrt(2 * magnet.damping * BOLTZMANN * magnet.temperature / rate)


def thermal_samples(magnet: Magnet, drive: Drive) -> NDArray[np.float64]:
    """Rows of time [s] and the three components of the thermal field in units of the deck.

    Shape (n, 4); the deck joins them by straight lines. The same seed gives the same rows.
    """
    count = math.ceil(drive.duration / THERMAL_STEP) + 2
    generator = np.random.default_rng(drive.thermal_seed)
    fields = generator.normal(0.0, thermal_field(magnet) / FIELD_SCALE, (count, 3))
    return np.column_stack([np.arange(count) * THERMAL_STEP, fields])


def macrospin_deck(magnet: Magnet, drive: Drive, thermal_file: str | None = None) -> Deck:
    """The transient of a magnet under a current pulse from t = 0.

    Nodes mx, my, mz are the magnetization, `i` the current in ampere as a voltage.
    `thermal_file` names the file with the `thermal_samples`, which ngspice reads.
    """
    step = min(LARGEST_STEP, max(SMALLEST_STEP, drive.duration / USUAL_STEPS))
    if drive.voltage and magnet.anisotropy_per_volt == 0:
        raise DesignError(
            f"{magnet.name} says nothing of how a voltage changes its anisotropy; give "
            "anisotropy_per_voltage and oxide_thickness, or leave out the voltage"
        )
    title = f"magnet {magnet.name} under {drive.current:g} A for {drive.pulse:g} s"
    lines = [
        f"* {title}",
        f"* {magnet.kind}, Ms {magnet.magnetization:.6g} A/m, K {magnet.anisotropy:.6g} J/m^3, "
        f"{magnet.temperature:g} K, stability {magnet.stability:.4g} kT",
        f"* fields in units of {FIELD_SCALE:g} A/m; m is one volt",
        *_current(drive),
        *_thermal(thermal_file),
        *equation(
            magnet,
            [
                Torque(
                    "v(i)",
                    magnet.damping_like_field(1.0),
                    magnet.polarization,
                    magnet.field_like_ratio,
                )
            ],
            thermal=thermal_file is not None,
            voltage=f"{drive.voltage!r}*(v(i)!=0)" if drive.voltage else "",
        ),
        *capacitors(magnet, [f"{component:.12g}" for component in magnet.initial]),
        # Gear damps the precession; the trapezoidal rule keeps its amplitude. Newton's loose
        # default tolerance would double the error of the crossing time.
        ".option method=trap reltol=1e-5",
        ".save v(mx) v(my) v(mz) v(i)" + (" v(thx)" if thermal_file else ""),
        f".tran {step:.6g} {drive.duration:.9g} 0 {step:.6g} uic",
        ".end",
    ]
    # The measured window and its measures belong to circuits with supplies; a magnet has none.
    return Deck(
        bench="switch",
        title=title,
        netlist="\n".join(lines) + "\n",
        conditions=Conditions(),
        stop=drive.duration,
        cycle=Window(0.0, drive.duration),
        energies={},
        total=(),
        watched=(),
        edges=(),
        level=0.0,
        plotted=("mx", "my", "mz"),
    )


def _current(drive: Drive) -> list[str]:
    if drive.pulse >= drive.duration:
        return [f"Vi i 0 dc {drive.current:.12g}"]
    end = drive.pulse + _EDGE
    return [
        f"Vi i 0 pwl(0 {drive.current:.12g} {drive.pulse:.12g} {drive.current:.12g} "
        f"{end:.12g} 0 {drive.duration + end:.12g} 0)"
    ]


def _thermal(thermal_file: str | None) -> list[str]:
    if thermal_file is None:
        return []
    # The library's own transient noise cannot be seeded, and a piecewise-linear source is
    # searched from its beginning at every step: 9 s for 10 ns where the file takes 0.8 s.
    return [
        "Ath %v([thx thy thz]) thermal",
        f'.model thermal filesource (file="{thermal_file}" amploffset=[0 0 0] '
        "amplscale=[1 1 1] timeoffset=0 timescale=1 timerelative=false amplstep=false)",
    ]
