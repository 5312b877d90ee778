"""Magnetic tunnel junction on a spin-Hall track: parameter sets and the read macro-model.

A set lives in `circuits/devices/AuthorYear.toml`; a user's own set is used by its path.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from circuits import magnetics
from circuits.errors import DesignError
from circuits.parameters import Field, ParameterSet, read_parameters, shipped_names, shipped_or_own

DEVICE_FOLDER = Path(__file__).parent / "devices"
KINDS = ("perpendicular", "in-plane")
SHAPES = ("ellipse", "rectangle")
REFERENCE_TEMPERATURE = 300.0
MEMORY_STABILITY = 60.0
"""Thermal stability from which a cell counts as a memory (ten years for an array)."""

_FIELDS = {
    "free_layer_length": Field("nm", "free-layer size along the track", high=1e-6),
    "free_layer_width": Field("nm", "free-layer size across the track", high=1e-6),
    "free_layer_thickness": Field("nm", "free-layer thickness", low=0.3e-9, high=1e-7),
    "electrical_length": Field("nm", "conducting size along the track", required=False),
    "electrical_width": Field("nm", "conducting size across the track", required=False),
    "saturation_magnetization": Field("kA/m", "saturation magnetization at 300 K", high=3e6),
    "anisotropy": Field("J/m^3", "uniaxial anisotropy energy along z", low_allowed=True),
    "damping": Field("1", "Gilbert damping", high=1.0),
    "spin_polarization": Field("1", "spin polarization of the tunnel current", high=1.0),
    "spin_hall_angle": Field("1", "spin-Hall angle of the track", low=-10.0, high=10.0),
    "spin_diffusion_length": Field("nm", "spin diffusion length of the track", required=False),
    "track_length": Field("nm", "spin-Hall track between its contacts", high=1e-5),
    "track_width": Field("nm", "spin-Hall track width", high=1e-5),
    "track_thickness": Field("nm", "spin-Hall track thickness", high=1e-6),
    "track_resistivity": Field("uohm cm", "spin-Hall track resistivity"),
    "bias_field": Field("Oe", "symmetry-breaking field along the current", low_allowed=True),
    "resistance_area_product": Field("ohm um^2", "resistance-area product, parallel state"),
    "tunnel_magnetoresistance": Field("%", "TMR at zero bias and 300 K"),
    "half_bias_voltage": Field("V", "bias at which TMR halves"),
    "polarization_temperature_coefficient": Field(
        "1", "a in P = P_0 (1 - a T^1.5), T in kelvin", low_allowed=True, high=1e-3
    ),
    "demagnetization_x": Field("1", "demagnetization factor along x", low=-1.0, required=False),
    "demagnetization_y": Field("1", "demagnetization factor along y", low=-1.0, required=False),
    "demagnetization_z": Field("1", "demagnetization factor along z", low=-1.0, required=False),
    "critical_current_density": Field(
        "A/m^2", "measured switching current density in the track", required=False
    ),
}
_TEXTS = {"name": True, "description": True, "kind": True, "shape": True, "note": False}


@dataclass(frozen=True)
class Device:
    """A magnetic tunnel junction with its track: a validated parameter set and what follows.

    Axes: x along the track's current, y across it (the spin polarization), z the normal.
    """

    name: str
    description: str
    kind: str
    shape: str
    note: str
    parameters: ParameterSet

    @property
    def area(self) -> float:
        """Conducting area of the junction [m^2]."""
        p = self.parameters
        length = p.get("electrical_length") or p["free_layer_length"]
        width = p.get("electrical_width") or p["free_layer_width"]
        return (math.pi / 4 if self.shape == "ellipse" else 1.0) * length * width

    @property
    def volume(self) -> float:
        """Volume of the free layer [m^3]."""
        p = self.parameters
        factor = math.pi / 4 if self.shape == "ellipse" else 1.0
        sides = p["free_layer_length"] * p["free_layer_width"] * p["free_layer_thickness"]
        return factor * sides

    @property
    def resistance_parallel(self) -> float:
        """R_P [ohm] at zero bias."""
        return self.parameters["resistance_area_product"] / self.area

    @property
    def track_resistance(self) -> float:
        """Resistance [ohm] of the spin-Hall track between its contacts."""
        p = self.parameters
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

    def resistance(
        self, antiparallel: bool, voltage: float = 0.0, temperature: float = 300.0
    ) -> float:
        """Resistance [ohm] of one state at a bias [V] and temperature [K]."""
        tmr = self.magnetoresistance(voltage, temperature) if antiparallel else 0.0
        return self.resistance_parallel * (1 + tmr)

    @cached_property
    def demagnetization_computed(self) -> magnetics.Demagnetization:
        """Demagnetization factors from the free layer's dimensions."""
        p = self.parameters
        shape = (
            magnetics.ellipse_demagnetization
            if self.shape == "ellipse"
            else magnetics.prism_demagnetization
        )
        return shape(p["free_layer_length"], p["free_layer_width"], p["free_layer_thickness"])

    @property
    def demagnetization_given(self) -> magnetics.Demagnetization | None:
        """Demagnetization factors that the set states, or None."""
        given = [self.parameters.get(f"demagnetization_{axis}") for axis in "xyz"]
        if None in given:
            return None
        return (given[0] or 0.0, given[1] or 0.0, given[2] or 0.0)

    def stability(self, demagnetization: magnetics.Demagnetization | None = None) -> float:
        """Macrospin thermal stability E_b/kT at 300 K (dimensions' factors by default)."""
        nx, ny, nz = demagnetization or self.demagnetization_computed
        p = self.parameters
        shape_energy = magnetics.VACUUM_PERMEABILITY * p["saturation_magnetization"] ** 2 / 2
        if self.kind == "perpendicular":
            density = p["anisotropy"] - shape_energy * (nz - min(nx, ny))
        else:
            density = shape_energy * abs(nx - ny)
        energy = max(0.0, density) * self.volume
        return energy / (magnetics.BOLTZMANN * REFERENCE_TEMPERATURE)

    @property
    def critical_read_current(self) -> float:
        """Spin-transfer threshold [A] of the read path at 300 K, by Sun's closed forms.

        Perpendicular: (4e/hbar) (alpha/P) E_b; in-plane: (2e/hbar) (alpha/P) mu0 Ms V
        (H_k + M_eff/2) (J. Z. Sun, Phys. Rev. B 62, 570 (2000)).
        """
        p = self.parameters
        ratio = p["damping"] / p["spin_polarization"]
        quantum = magnetics.ELEMENTARY_CHARGE / magnetics.REDUCED_PLANCK
        if self.kind == "perpendicular":
            energy = self.stability() * magnetics.BOLTZMANN * REFERENCE_TEMPERATURE
            return 4 * quantum * ratio * energy
        nx, ny, nz = self.demagnetization_computed
        magnetization = p["saturation_magnetization"]
        field = magnetization * (abs(nx - ny) + (nz - max(nx, ny)) / 2)
        moment = magnetics.VACUUM_PERMEABILITY * magnetization * self.volume
        return 2 * quantum * ratio * moment * field

    @property
    def critical_write_current(self) -> float:
        """Static write criterion [A] through the track at 300 K.

        A measured critical current density of the set comes first; else the damping-like
        field reaches H_k,eff/2 - H_x/sqrt(2) (perpendicular; K.-S. Lee et al., Appl. Phys.
        Lett. 102, 112410 (2013)) or alpha (H_k + M_d/2) (in-plane along y; Sun 2000).
        """
        p = self.parameters
        section = p["track_width"] * p["track_thickness"]
        measured = p.get("critical_current_density")
        if measured is not None:
            return measured * section
        magnetization, thickness = p["saturation_magnetization"], p["free_layer_thickness"]
        nx, ny, nz = self.demagnetization_given or self.demagnetization_computed
        if self.kind == "perpendicular":
            easy = 2 * p["anisotropy"] / (magnetics.VACUUM_PERMEABILITY * magnetization)
            field = (easy - magnetization * (nz - nx)) / 2 - p["bias_field"] / math.sqrt(2)
        else:
            field = p["damping"] * magnetization * (abs(nx - ny) + (nz - max(nx, ny)) / 2)
        efficiency = abs(p["spin_hall_angle"])
        length = p.get("spin_diffusion_length")
        if length is not None:
            efficiency = magnetics.spin_hall_efficiency(efficiency, p["track_thickness"], length)
        per_density = magnetics.damping_like_field(1.0, efficiency, magnetization, thickness)
        return max(0.0, field) / per_density * section

    def read_disturb(self, current: float, duration: float) -> float:
        """Probability that one sense with this current [A] for this time [s] flips the cell."""
        return magnetics.read_disturb_probability(
            self.stability(), current, self.critical_read_current, duration
        )


def load_device(name_or_path: str | Path) -> Device:
    """Load a shipped device set by name, or a user's own by the path of its TOML file."""
    path = shipped_or_own(DEVICE_FOLDER, "device", name_or_path)
    read = read_parameters(path, "device", _FIELDS, _TEXTS)
    for key, choices in (("kind", KINDS), ("shape", SHAPES)):
        if read.texts[key] not in choices:
            raise DesignError(
                f"{path}: {key} must be one of {', '.join(choices)}, not '{read.texts[key]}'"
            )
    given = [f"demagnetization_{axis}" in read.numbers for axis in "xyz"]
    if any(given) and not all(given):
        raise DesignError(f"{path}: give all three of demagnetization_x, _y, _z or none")
    if all(given):
        total = sum(read[f"demagnetization_{axis}"] for axis in "xyz")
        if abs(total - 1) > 2e-3:
            raise DesignError(
                f"{path}: the demagnetization factors sum to {total:g}; they must sum to 1"
            )
    texts = read.texts
    return Device(
        texts["name"],
        texts["description"],
        texts["kind"],
        texts["shape"],
        texts.get("note", ""),
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
    p = device.parameters
    slope = p["polarization_temperature_coefficient"]
    polarization = f"({device.polarization_zero!r}*(1-{slope!r}*(temper+273.15)**1.5))"
    tmr = f"2*{polarization}**2/(1-{polarization}**2)"
    bias = f"(1+(v(top,bottom)/{p['half_bias_voltage']!r})**2)"
    return (
        f"* magnetic tunnel junction, set {device.name}: ap=0 parallel, ap=1 antiparallel\n"
        ".subckt junction top bottom ap=0 resistance=1 magnetoresistance=1\n"
        f"B1 top bottom i=v(top,bottom)/({device.resistance_parallel!r}*{{resistance}}"
        f"*(1+{{ap*magnetoresistance}}*{tmr}/{bias}))\n"
        ".ends junction\n"
    )
