"""A domain wall under a current pulse as a SPICE deck of its own, with or without thermal field."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from circuits.deck import Deck
from circuits.deck_text import comments, number
from circuits.drive import THERMAL_STEP, Drive, NoiseFile, driven_deck, noise_samples
from circuits.errors import DesignError
from circuits.llg import FIELD_SCALE
from circuits.wall import Wall


def check_drive(wall: Wall, drive: Drive) -> None:
    """Refuse a current that pushes the wall through the fixed ends, where the model ends."""
    if abs(drive.current) >= wall.expulsion_current:
        raise DesignError(
            f"a current of {drive.current:g} A pushes the wall of {wall.name} through the fixed "
            f"ends, which hold up to {wall.expulsion_current:.4g} A; lower the current or raise "
            "end_field"
        )


def wall_equation(wall: Wall, current: str, *, thermal: bool = False) -> list[str]:
    """The wall's two rates, nodes wf and wz, as functions of the nodes wq and wphi.

    Node wq is the position in half track lengths, wphi the angle in rad as volts; fields are
    in units of 10^5 A/m. `current` is the SPICE expression of the track's current [A]. With
    `thermal` the nodes thf, thz add to the two fields.
    """
    h_x, h_y, h_z = wall.external_field
    quarter, unit = math.pi / 2 / FIELD_SCALE, wall.track_length / 2
    spin_hall = wall.spin_hall_field(1.0)
    position = f"({number(unit)}*v(wq))"
    first = [
        f"{number(-wall.wall_anisotropy_field / 2 / FIELD_SCALE)}*sin(2*v(wphi))",
        f"{number(quarter * (h_x + wall.dmi_field))}*sin(v(wphi))",
        f"{number(-quarter * h_y)}*cos(v(wphi))",
    ]
    if wall.field_like_ratio:
        ratio = quarter * wall.field_like_ratio * spin_hall
        first.append(f"{number(ratio)}*({current})*cos(v(wphi))")
    second = [
        number(h_z / FIELD_SCALE),
        f"{number(wall.left_domain / FIELD_SCALE)}*({wall.landscape.spice_field(position)})",
        f"{number(-quarter * spin_hall)}*({current})*cos(v(wphi))",
    ]
    if thermal:
        first.append("v(thf)")
        second.append("v(thz)")
    return [
        "Bwf wf 0 v=" + "+".join(f"({term})" for term in first),
        "Bwz wz 0 v=" + "+".join(f"({term})" for term in second),
    ]


def wall_capacitors(wall: Wall, position: str, angle: str) -> list[str]:
    """The two capacitors and what charges them; `position` [m over half the track] and `angle`.

    C dv/dt is a field in units of the deck, so C = (1 + a^2)/(g 10^5 A/m).
    """
    capacitance = (1 + wall.damping**2) / (wall.gyromagnetic_ratio * FIELD_SCALE)
    travel = wall.left_domain * wall.width / (wall.track_length / 2)
    capacitance_text, damping = number(capacitance, 12), number(wall.damping)
    # A B-source's current leaves its first node, so the source is turned.
    return [
        f"Bwq 0 wq i={number(travel)}*(v(wf)+{damping}*v(wz))",
        f"Cwq wq 0 {capacitance_text} ic={position}",
        f"Bwphi 0 wphi i=v(wz)-{damping}*v(wf)",
        f"Cwphi wphi 0 {capacitance_text} ic={angle}",
    ]


def wall_thermal_samples(wall: Wall, drive: Drive) -> NDArray[np.float64]:
    """Rows of time [s] and the thermal fields beside F and Z in units of the deck.

    Shape (n, 3); the deck joins them by straight lines. The same seed gives the same rows.
    """
    deviation = wall.thermal_field / math.sqrt(THERMAL_STEP) / FIELD_SCALE
    return noise_samples(drive, deviation, 2)


def wall_deck(wall: Wall, drive: Drive, thermal_file: str | None = None) -> Deck:
    """The transient of a wall under a current pulse from t = 0.

    Nodes as in `wall_equation`, `i` the current in ampere as a voltage. `thermal_file` names
    the file with the `wall_thermal_samples`. Raises DesignError for a current that pushes
    the wall off its track.
    """
    check_drive(wall, drive)
    title = f"domain wall {wall.name} under {drive.current:g} A for {drive.pulse:g} s"
    position, angle = wall.initial
    lines = [
        *comments(
            [
                f"Ms {wall.magnetization:.6g} A/m, Delta {wall.width:.6g} m, "
                f"H_DMI {wall.dmi_field:.6g} A/m, H_K {wall.wall_anisotropy_field:.6g} A/m",
                f"{wall.temperature:g} K, barrier {wall.stability:.4g} kT; wq in units of "
                f"{wall.track_length / 2:g} m, fields of {FIELD_SCALE:g} A/m",
            ]
        ),
        *wall_equation(wall, "v(i)", thermal=thermal_file is not None),
        *wall_capacitors(wall, number(position / (wall.track_length / 2), 12), number(angle, 12)),
    ]
    noise = NoiseFile(thermal_file, ("thf", "thz")) if thermal_file else None
    return driven_deck(title, drive, lines, ("wq", "wphi"), noise)
