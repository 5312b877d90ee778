"""Devices whose bit is a single-domain free layer: parameter sets and thresholds.

A set lives in `circuits/devices/AuthorYear.toml`; a user's own set is used by its path.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from circuits import magnetics
from circuits.device_fields import JUNCTION_FIELDS, MAGNET_FIELDS, TEXTS
from circuits.film import REFERENCE_TEMPERATURE
from circuits.junction import Junction
from circuits.magnet import Magnet
from circuits.magnet_parameters import device_file, magnet_of, polarization_at
from circuits.parameters import read_parameters

MEMORY_STABILITY = 60.0
"""Thermal stability from which a cell counts as a memory (ten years for an array)."""

_FIELDS = {**MAGNET_FIELDS, **JUNCTION_FIELDS}
_TRACK = ("track_length", "track_width", "track_thickness", "track_resistivity")


@dataclass(frozen=True)
class Device(Junction):
    """A junction whose bit is a magnet: `magnet` is the free layer at 300 K.

    Axes: x along the track's current, y across it (the spin polarization), z the normal.
    """

    magnet: Magnet

    @property
    def kind(self) -> str:
        """Direction of the easy axis."""
        return self.magnet.kind

    @property
    def polarity(self) -> int:
        """+1 where a positive write current writes antiparallel, else -1."""
        return self.magnet.polarity

    @property
    def shape(self) -> str:
        """Outline of junction and free layer."""
        return self.magnet.shape

    @property
    def cell(self) -> str:
        """The bit-cell it needs."""
        return "stt" if self.magnet.torque == "spin-transfer" else "sot"

    @property
    def area(self) -> float:
        """Conducting area of the junction [m^2]."""
        p = self.parameters
        length = p.get("electrical_length") or p["free_layer_length"]
        width = p.get("electrical_width") or p["free_layer_width"]
        return (math.pi / 4 if self.shape == "ellipse" else 1.0) * length * width

    def spin_transfer_field(self, temperature: float = REFERENCE_TEMPERATURE) -> float:
        """Damping-like field [A/m] of one ampere through the junction, towards parallel."""
        magnet = self.magnet_at(temperature)
        return magnetics.damping_like_field(
            magnet.thickness / magnet.volume,
            polarization_at(self.parameters, temperature),
            magnet.magnetization,
            magnet.thickness,
        )

    @property
    def stability(self) -> float:
        """Macrospin thermal stability E_b/kT at 300 K."""
        return self.magnet.stability

    @property
    def stability_in_field(self) -> float:
        """The same with the external field that stands on the cell."""
        return self.magnet.stability_in_field

    def magnet_at(self, temperature: float) -> Magnet:
        """The free layer at another temperature [K], by the set's laws."""
        return magnet_of(self.parameters, temperature)

    @property
    def critical_read_current(self) -> float:
        """Spin-transfer threshold [A] of the read path at 300 K, by Sun's closed form.

        (2e/hbar) (alpha/P) mu0 Ms V (H_1 + H_2)/2 with the fields against either tilt; for
        a perpendicular layer (4e/hbar) (alpha/P) E_b (J. Z. Sun, Phys. Rev. B 62, 570 (2000)).
        """
        return self._critical_read_current(self.magnet)

    def _critical_read_current(self, magnet: Magnet) -> float:
        ratio = magnet.damping / polarization_at(self.parameters, magnet.temperature)
        quantum = magnetics.ELEMENTARY_CHARGE / magnetics.REDUCED_PLANCK
        moment = magnetics.VACUUM_PERMEABILITY * magnet.magnetization * magnet.volume
        return 2 * quantum * ratio * moment * sum(magnet.effective_fields) / 2

    @property
    def critical_write_current(self) -> float:
        """Static write criterion [A] at 300 K, through the track or the junction.

        A measured critical current density of the set comes first; else the damping-like
        field reaches H_k,eff/2 - H_x/sqrt(2) (perpendicular on a track; K.-S. Lee et al.,
        Appl. Phys. Lett. 102, 112410 (2013)) or alpha (H_1 + H_2)/2 (polarization along the
        easy axis; Sun 2000).
        """
        magnet = self.magnet
        measured = self.parameters.get("critical_current_density")
        if measured is not None:
            return measured * magnet.section
        easier, harder = magnet.effective_fields
        if self.cell == "sot" and magnet.kind == "perpendicular":
            field = easier / 2 - abs(magnet.external_field[0]) / math.sqrt(2)
        else:
            field = magnet.damping * (easier + harder) / 2
        return max(0.0, field) / abs(magnet.damping_like_field(1.0))

    @property
    def parallel_is_safe(self) -> bool:
        """Whether a read current holds the parallel state: it drives towards it."""
        return True

    def read_disturb(self, current: float, duration: float, temperature: float = 300.0) -> float:
        """Probability that this current [A] for this time [s] turns the magnet.

        With the barrier in the cell's own field, for a current that drives it over, and the
        attempt rate of a high uniaxial barrier, a g H/(1+a^2) sqrt(Delta/pi) (1-i^2)(1-i) with
        i = I/I_c0 (W. F. Brown, Phys. Rev. 130, 1677 (1963)).
        """
        magnet = self.magnet_at(temperature)
        critical = self._critical_read_current(magnet)
        stability, ratio = magnet.stability_in_field, min(1.0, abs(current) / critical)
        relaxation = magnet.damping * magnet.gyromagnetic_ratio * sum(magnet.effective_fields) / 2
        rate = relaxation / (1 + magnet.damping**2) * math.sqrt(stability / math.pi)
        # Beyond the threshold there is no barrier, and the magnet turns as fast as it relaxes.
        rate = max(rate * (1 - ratio**2) * (1 - ratio), relaxation * (ratio == 1.0))
        return magnetics.read_disturb_probability(stability, current, critical, duration, rate)

    def moving_subcircuit(self, temperature: float) -> str:
        """The SPICE text of the junction with its magnet at a temperature [K]."""
        from circuits.magnet_junction import magnet_junction_subcircuit

        return magnet_junction_subcircuit(self, temperature)


def load_magnet_device(name_or_path: str | Path) -> Device:
    """Load a shipped magnet's device by its name or family, or a user's own by its file.

    Raises DesignError with the reason when the file or the physics of the set is wrong.
    """
    path = device_file(name_or_path)
    read = read_parameters(path, "device", _FIELDS, TEXTS)
    magnet = magnet_of(read, REFERENCE_TEMPERATURE)
    for key in ("spin_polarization", *(_TRACK if magnet.torque == "spin-orbit" else ())):
        read[key]
    texts = read.texts
    return Device(
        texts["name"],
        texts["description"],
        texts.get("note", ""),
        texts.get("design", ""),
        read,
        magnet,
    )
