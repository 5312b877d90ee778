"""Magnetic tunnel junction on a spin-Hall track: parameter sets and the read macro-model.

A set lives in `circuits/devices/AuthorYear.toml`; a user's own set is used by its path.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from circuits import magnetics
from circuits.device_fields import JUNCTION_FIELDS, MAGNET_FIELDS, TEXTS
from circuits.magnet import Magnet
from circuits.magnet_parameters import DEVICE_FOLDER, device_file, magnet_of, polarization_at
from circuits.parameters import ParameterSet, read_parameters, shipped_names

REFERENCE_TEMPERATURE = 300.0
MEMORY_STABILITY = 60.0
"""Thermal stability from which a cell counts as a memory (ten years for an array)."""

_FIELDS = {**MAGNET_FIELDS, **JUNCTION_FIELDS}
_TRACK = ("track_length", "track_width", "track_thickness", "track_resistivity")


@dataclass(frozen=True)
class Device:
    """A magnetic tunnel junction with its track: a validated parameter set and what follows.

    `magnet` is the free layer at 300 K; `design` the one made for it, or an empty text.
    Axes: x along the track's current, y across it (the spin polarization), z the normal.
    """

    name: str
    description: str
    note: str
    design: str
    magnet: Magnet
    parameters: ParameterSet

    @property
    def kind(self) -> str:
        """Direction of the easy axis."""
        return self.magnet.kind

    @property
    def shape(self) -> str:
        """Outline of junction and free layer."""
        return self.magnet.shape

    @property
    def cell(self) -> str:
        """The bit-cell it needs: "sot" with a track of its own, or "stt" without."""
        return "stt" if self.magnet.torque == "spin-transfer" else "sot"

    @property
    def area(self) -> float:
        """Conducting area of the junction [m^2]."""
        p = self.parameters
        length = p.get("electrical_length") or p["free_layer_length"]
        width = p.get("electrical_width") or p["free_layer_width"]
        return (math.pi / 4 if self.shape == "ellipse" else 1.0) * length * width

    @property
    def resistance_parallel(self) -> float:
        """R_P [ohm] at zero bias."""
        return self.parameters["resistance_area_product"] / self.area

    @property
    def track_resistance(self) -> float:
        """Resistance [ohm] of the spin-Hall track between its contacts, 0 without a track."""
        p = self.parameters
        if self.cell == "stt":
            return 0.0
        return (
            p["track_resistivity"] * p["track_length"] / (p["track_width"] * p["track_thickness"])
        )

    @property
    def polarization_zero(self) -> float:
        """Tunnelling polarization at 0 K that gives the set's TMR at 300 K (Julliere)."""
        tmr = self.parameters["tunnel_magnetoresistance"]
        at_reference = math.sqrt(tmr / (2 + tmr))
        slope = self.parameters["polarization_temperature_coefficient"]
        return float(at_reference / (1 - slope * REFERENCE_TEMPERATURE**1.5))

    def magnetoresistance(self, voltage: float = 0.0, temperature: float = 300.0) -> float:
        """TMR at a bias [V] and temperature [K]: 2P^2/(1-P^2) / (1 + (V/V_h)^2)."""
        slope = self.parameters["polarization_temperature_coefficient"]
        p = self.polarization_zero * (1 - slope * temperature**1.5)
        return float(
            2 * p * p / (1 - p * p) / (1 + (voltage / self.parameters["half_bias_voltage"]) ** 2)
        )

    @property
    def magnetoresistance_expression(self) -> str:
        """SPICE expression of TMR at the simulator's temperature and v(top, bottom)."""
        p = self.parameters
        slope = p["polarization_temperature_coefficient"]
        polarization = f"({self.polarization_zero!r}*(1-{slope!r}*(temper+273.15)**1.5))"
        bias = f"(1+(v(top,bottom)/{p['half_bias_voltage']!r})**2)"
        return f"2*{polarization}**2/(1-{polarization}**2)/{bias}"

    def spin_transfer_field(self, temperature: float = REFERENCE_TEMPERATURE) -> float:
        """Damping-like field [A/m] of one ampere through the junction, towards parallel."""
        magnet = self.magnet_at(temperature)
        return magnetics.damping_like_field(
            magnet.thickness / magnet.volume,
            polarization_at(self.parameters, temperature),
            magnet.magnetization,
            magnet.thickness,
        )

    def resistance(
        self, antiparallel: bool, voltage: float = 0.0, temperature: float = 300.0
    ) -> float:
        """Resistance [ohm] of one state at a bias [V] and temperature [K]."""
        tmr = self.magnetoresistance(voltage, temperature) if antiparallel else 0.0
        return self.resistance_parallel * (1 + tmr)

    @property
    def stability(self) -> float:
        """Macrospin thermal stability E_b/kT at 300 K."""
        return self.magnet.stability

    def magnet_at(self, temperature: float) -> Magnet:
        """The free layer at another temperature [K], by the set's laws."""
        return magnet_of(self.parameters, temperature)

    @property
    def critical_read_current(self) -> float:
        """Spin-transfer threshold [A] of the read path at 300 K, by Sun's closed form.

        (2e/hbar) (alpha/P) mu0 Ms V (H_1 + H_2)/2 with the fields against either tilt; for
        a perpendicular layer (4e/hbar) (alpha/P) E_b (J. Z. Sun, Phys. Rev. B 62, 570 (2000)).
        """
        magnet = self.magnet
        ratio = magnet.damping / self.parameters["spin_polarization"]
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

    def read_disturb(self, current: float, duration: float) -> float:
        """Probability that one sense with this current [A] for this time [s] flips the cell."""
        return magnetics.read_disturb_probability(
            self.stability, current, self.critical_read_current, duration
        )


def load_device(name_or_path: str | Path) -> Device:
    """Load a shipped device by its name or family, or a user's own by its `.toml` file.

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
        magnet,
        read,
    )


def device_names() -> list[str]:
    """Names of the shipped device sets, sorted."""
    return shipped_names(DEVICE_FOLDER)


def junction_subcircuit(device: Device) -> str:
    """The SPICE text of the junction: terminals `top`, `bottom`; parameter `ap` 0 or 1.

    `resistance` and `magnetoresistance` are factors on R_P and TMR, for variation.
    I = V / (R_P (1 + ap TMR(V, T))) with T from the simulator's own temperature, so that a
    deck stays right when its `.temp` line is changed by hand.
    """
    return (
        f"* magnetic tunnel junction, set {device.name}: ap=0 parallel, ap=1 antiparallel\n"
        ".subckt junction top bottom ap=0 resistance=1 magnetoresistance=1\n"
        f"B1 top bottom i={parallel_current(device)}"
        f"/(1+{{ap*magnetoresistance}}*{device.magnetoresistance_expression})\n"
        ".ends junction\n"
    )


def parallel_current(device: Device) -> str:
    """SPICE expression of the current [A] of the parallel state, inside a junction."""
    return f"v(top,bottom)/({device.resistance_parallel!r}*{{resistance}})"
