"""A macrospin under a current pulse as a SPICE deck of its own, with or without thermal field."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from circuits.deck import Deck
from circuits.deck_text import comments, number
from circuits.drive import THERMAL_STEP, Drive, NoiseFile, driven_deck, noise_samples
from circuits.errors import DesignError
from circuits.llg import FIELD_SCALE, Torque, capacitors, equation
from circuits.magnet import Magnet
from circuits.magnetics import BOLTZMANN, VACUUM_PERMEABILITY


def thermal_field(magnet: Magnet, step: float = THERMAL_STEP) -> float:
    """Standard deviation [A/m] of a sample of each component of the thermal field.

    sqrt(2 a k T / (g mu0 Ms V dt)) (W. F. Brown, Phys. Rev. 130, 1677 (1963)), with g times
    mu0 and samples dt = `step` apart.
    """
    moment = VACUUM_PERMEABILITY * magnet.magnetization * magnet.volume
    rate = magnet.gyromagnetic_ratio * moment * step
    return math.sqrt(2 * magnet.damping * BOLTZMANN * magnet.temperature / rate)


def thermal_samples(magnet: Magnet, drive: Drive) -> NDArray[np.float64]:
    """Rows of time [s] and the three components of the thermal field in units of the deck.

    Shape (n, 4); the deck joins them by straight lines. The same seed gives the same rows.
    """
    return noise_samples(drive, thermal_field(magnet) / FIELD_SCALE, 3)


def macrospin_deck(magnet: Magnet, drive: Drive, thermal_file: str | None = None) -> Deck:
    """The transient of a magnet under a current pulse from t = 0.

    Nodes mx, my, mz are the magnetization, `i` the current in ampere as a voltage.
    `thermal_file` names the file with the `thermal_samples`, which ngspice reads.
    """
    if drive.voltage and magnet.anisotropy_per_volt == 0:
        raise DesignError(
            f"{magnet.name} says nothing of how a voltage changes its anisotropy; give "
            "anisotropy_per_voltage and oxide_thickness, or leave out the voltage"
        )
    title = f"magnet {magnet.name} under {drive.current:g} A for {drive.pulse:g} s"
    lines = [
        *comments(
            [
                f"{magnet.kind}, Ms {magnet.magnetization:.6g} A/m, "
                f"K {magnet.anisotropy:.6g} J/m^3, {magnet.temperature:g} K, "
                f"stability {magnet.stability:.4g} kT",
                f"fields in units of {FIELD_SCALE:g} A/m; m is one volt",
            ]
        ),
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
            voltage=f"{number(drive.voltage)}*(v(i)!=0)" if drive.voltage else "",
        ),
        *capacitors(magnet, [number(component, 12) for component in magnet.initial]),
    ]
    noise = NoiseFile(thermal_file, ("thx", "thy", "thz")) if thermal_file else None
    return driven_deck(title, drive, lines, ("mx", "my", "mz"), noise)
