"""The Landau-Lifshitz-Gilbert equation of a macrospin as lines of a SPICE netlist.

Explicit form, with the torques' mixing by the damping a kept:

    dm/dt = -g/(1+a^2) [ m x A + m x (m x B) ],   A = H + sum (f - a) T,   B = a H + sum (1 + a f) T
    H = H_ext + M m + H_u k (k m) + H_th,         T = h s

with each spin torque field T along its polarization s, its field-like share f, M the matrix
of shape and anisotropy, and H_u what a voltage adds to the anisotropy field. Written out,
these are the terms m x H + a m x (m x H) - a h m x s + h m x (m x s). Each component of m is
the voltage of a capacitor charged by a behavioural current.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.deck_text import number
from circuits.device_fields import AXES
from circuits.magnet import Magnet, Vector
from circuits.magnetics import VACUUM_PERMEABILITY

FIELD_SCALE = 1e5
"""Field [A/m] of one volt in the deck: voltages near one suit the simulator's tolerances."""
RESTORING_RATE = 2e10
"""Rate [1/s] at which the length of m returns to one; it leaves the direction alone."""


@dataclass(frozen=True)
class Torque:
    """A damping-like torque: SPICE expression of its current [A] and field [A/m] per ampere.

    `polarization` is its direction, `field_like_ratio` [1] its field-like share.
    """

    current: str
    per_ampere: float
    polarization: Vector
    field_like_ratio: float = 0.0


def equation(
    magnet: Magnet, torques: Sequence[Torque], *, thermal: bool = False, voltage: str = ""
) -> list[str]:
    """The fields and torques, nodes hx..bz, as functions of the nodes mx, my, mz.

    With `thermal` the nodes thx, thy, thz add to the field; `voltage` is the expression of
    the barrier's voltage [V].
    """
    damping = magnet.damping
    lines = []
    controlled = _controlled_field(magnet, voltage)
    for row, axis in enumerate(AXES):
        matrix = magnet.field_matrix[row] / FIELD_SCALE
        terms = [number(magnet.external_field[row] / FIELD_SCALE, 12)]
        if thermal:
            terms.append(f"v(th{axis})")
        terms += [
            f"{number(value, 12)}*v(m{other})"
            for other, value in zip(AXES, matrix, strict=True)
            if value != 0
        ]
        if controlled and magnet.anisotropy_axis[row] != 0:
            terms.append(f"{number(magnet.anisotropy_axis[row], 12)}*{controlled}")
        first, second = [f"v(h{axis})"], [f"{number(damping, 12)}*v(h{axis})"]
        for torque in torques:
            field = torque.per_ampere * torque.polarization[row] / FIELD_SCALE
            ratio = torque.field_like_ratio
            first.append(f"({number((ratio - damping) * field, 12)})*({torque.current})")
            second.append(f"({number((1 + damping * ratio) * field, 12)})*({torque.current})")
        lines.append(f"Bh{axis} h{axis} 0 v=" + "+".join(f"({term})" for term in terms))
        lines.append(f"Ba{axis} a{axis} 0 v=" + "+".join(first))
        lines.append(f"Bb{axis} b{axis} 0 v=" + "+".join(second))
    return lines


def _controlled_field(magnet: Magnet, voltage: str) -> str:
    if not voltage or magnet.anisotropy_per_volt == 0:
        return ""
    field = 2 * magnet.anisotropy_per_volt / (VACUUM_PERMEABILITY * magnet.magnetization)
    along = "+".join(
        f"({number(share, 12)})*v(m{axis})"
        for share, axis in zip(magnet.anisotropy_axis, AXES, strict=True)
        if share != 0
    )
    return f"({number(field / FIELD_SCALE, 12)})*({voltage})*({along})"


def capacitors(magnet: Magnet, initial: Sequence[str]) -> list[str]:
    """The capacitors and what charges them; m x (m x B) = m (m.B) - B (m.m).

    `initial` are the three components of m at the start, as SPICE values.
    """
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
        length = f"{number(restoring, 9)}*v(m{axis})*(v(n)-1)"
        # A B-source's current leaves its first node, which gives the minus sign of the equation.
        lines.append(f"Bm{axis} m{axis} 0 i={precession}+{relaxation}+{length}")
        lines.append(f"Cm{axis} m{axis} 0 {number(capacitance, 12)} ic={initial[row]}")
    return lines
