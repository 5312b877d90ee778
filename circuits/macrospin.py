"""The Landau-Lifshitz-Gilbert equation of a macrospin as a SPICE deck.

Explicit form, with the torques' mixing by the damping a kept:

    dm/dt = -g/(1+a^2) [ m x A + m x (m x B) ],   A = H - a T,   B = a H + T
    H = H_ext + M m + f T + H_th,                 T = h s

with the spin torque field T along the polarization s, its field-like share f, and M the
matrix of shape and anisotropy. Written out, these are the terms m x H + a m x (m x H)
- a h m x s + h m x (m x s). Each component of m is the voltage of a capacitor charged by a
behavioural current.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from circuits.deck import Conditions, Deck, Window
from circuits.device_fields import AXES
from circuits.errors import DesignError
from circuits.magnet import Magnet
from circuits.magnetics import BOLTZMANN, VACUUM_PERMEABILITY

FIELD_SCALE = 1e5
"""Field [A/m] of one volt in the deck: voltages near one suit the simulator's tolerances."""
LARGEST_STEP = 1e-12
"""Step [s] that the solver does not exceed; the crossing time's error is second order in it."""
SMALLEST_STEP = 0.1e-12
USUAL_STEPS = 20_000
"""Steps of a short run, which gets finer ones than the largest for the same cost."""
RESTORING_RATE = 2e10
"""Rate [1/s] at which the length of m returns to one; it leaves the direction alone."""
THERMAL_STEP = 1e-12
"""Distance [s] of the thermal field's samples, short against a turn of precession (> 30 ps)."""
_EDGE = 1e-14  # A jump of the current, as short as the solver's breakpoints allow.


@dataclass(frozen=True)
class Drive:
    """What acts on the magnet: a current [A] from t = 0 for `pulse` [s] in a run of `duration`.

    `thermal_seed` seeds the thermal field; None leaves it out.
    """

    current: float
    pulse: float
    duration: float
    thermal_seed: int | None = None

    def __post_init__(self) -> None:
        if not math.isfinite(self.current) or abs(self.current) > 1.0:
            raise DesignError(
                f"a current of {self.current:g} A is outside -1 A to 1 A; give it in ampere, as "
                "in 450e-6"
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
    title = f"magnet {magnet.name} under {drive.current:g} A for {drive.pulse:g} s"
    lines = [
        f"* {title}",
        f"* {magnet.kind}, Ms {magnet.magnetization:.6g} A/m, K {magnet.anisotropy:.6g} J/m^3, "
        f"{magnet.temperature:g} K, stability {magnet.stability:.4g} kT",
        f"* fields in units of {FIELD_SCALE:g} A/m; m is one volt",
        *_current(drive),
        *_thermal(thermal_file),
        *_fields(magnet, thermal_file is not None),
        *_torques(magnet),
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


def _fields(magnet: Magnet, thermal: bool) -> list[str]:
    """The torque field T and the vectors A and B, nodes ax..bz."""
    per_ampere = magnet.damping_like_field(1.0) / FIELD_SCALE
    damping = magnet.damping
    lines = []
    for row, axis in enumerate(AXES):
        matrix = magnet.field_matrix[row] / FIELD_SCALE
        terms = [f"{magnet.external_field[row] / FIELD_SCALE:.12g}"]
        if thermal:
            terms.append(f"v(th{axis})")
        terms += [
            f"{value:.12g}*v(m{other})"
            for other, value in zip(AXES, matrix, strict=True)
            if value != 0
        ]
        torque = per_ampere * magnet.polarization[row]
        if magnet.field_like_ratio * torque != 0:
            terms.append(f"{magnet.field_like_ratio * torque:.12g}*v(i)")
        lines.append(f"Bh{axis} h{axis} 0 v=" + "+".join(f"({term})" for term in terms))
        a, b = -damping * torque, torque
        lines.append(f"Ba{axis} a{axis} 0 v=v(h{axis})+({a:.12g})*v(i)")
        lines.append(f"Bb{axis} b{axis} 0 v={damping:.12g}*v(h{axis})+({b:.12g})*v(i)")
    return lines


def _torques(magnet: Magnet) -> list[str]:
    """The capacitors and what charges them; m x (m x B) = m (m.B) - B (m.m)."""
    capacitance = (1 + magnet.damping**2) / (magnet.gyromagnetic_ratio * FIELD_SCALE)
    restoring = RESTORING_RATE * capacitance
    lines = [
        "Bp p 0 v=v(mx)*v(bx)+v(my)*v(by)+v(mz)*v(bz)",
        "Bn n 0 v=v(mx)*v(mx)+v(my)*v(my)+v(mz)*v(mz)",
    ]
    for row, axis in enumerate(AXES):
        second, third = AXES[(row + 1) % 3], AXES[(row + 2) % 3]
        precession = f"v(m{second})*v(a{third})-v(m{third})*v(a{second})"
        relaxation = f"v(m{axis})*v(p)-v(b{axis})*v(n)"
        length = f"{restoring:.9g}*v(m{axis})*(v(n)-1)"
        # A B-source's current leaves its first node, which gives the minus sign of the equation.
        lines.append(f"Bm{axis} m{axis} 0 i={precession}+{relaxation}+{length}")
        lines.append(f"Cm{axis} m{axis} 0 {capacitance:.12g} ic={magnet.initial[row]:.12g}")
    return lines
