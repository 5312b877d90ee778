"""A single-domain free layer: its energy, easy axis, barrier and torque. All quantities SI."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from circuits import magnetics
from circuits.parameters import ParameterSet

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Magnet:
    """A free layer with what drives it; x along the track's current, z the film's normal.

    Lengths in m, `magnetization` in A/m, `anisotropy` in J/m^3, `gyromagnetic_ratio` (times
    mu0) in m/(A s), `external_field` in A/m, durations in s. `efficiency` [1] is the effective
    spin-Hall angle or the tunnel current's polarization, `section` [m^2] what the current
    density refers to. Directions are unit vectors.
    """

    name: str
    kind: str
    shape: str
    torque: str
    temperature: float
    length: float
    width: float
    thickness: float
    magnetization: float
    anisotropy: float
    anisotropy_axis: Vector
    demagnetization_given: Vector | None
    damping: float
    gyromagnetic_ratio: float
    efficiency: float
    section: float
    field_like_ratio: float
    external_field: Vector
    polarization: Vector
    initial: Vector
    pulse_duration: float
    run_duration: float
    anisotropy_per_volt: float = 0.0
    """Change of the anisotropy [J/(m^3 V)] with the junction's voltage."""
    sources: ParameterSet | None = None

    @cached_property
    def demagnetization_computed(self) -> Vector:
        """Demagnetization factors of the dimensions and the shape."""
        factors = (
            magnetics.ellipse_demagnetization
            if self.shape == "ellipse"
            else magnetics.prism_demagnetization
        )
        return factors(self.length, self.width, self.thickness)

    @property
    def demagnetization(self) -> Vector:
        """The factors that hold: the given ones before the computed."""
        return self.demagnetization_given or self.demagnetization_computed

    @property
    def volume(self) -> float:
        """Volume [m^3]."""
        factor = math.pi / 4 if self.shape == "ellipse" else 1.0
        return factor * self.length * self.width * self.thickness

    @property
    def anisotropy_field(self) -> float:
        """H_K = 2 K/(mu0 Ms) [A/m]."""
        return 2 * self.anisotropy / (magnetics.VACUUM_PERMEABILITY * self.magnetization)

    @cached_property
    def field_matrix(self) -> NDArray[np.float64]:
        """Matrix M [A/m] of the effective field M m: -Ms N + H_K k k^T, shape (3, 3)."""
        axis = np.array(self.anisotropy_axis)
        shape = np.diag(self.demagnetization) * self.magnetization
        return np.asarray(self.anisotropy_field * np.outer(axis, axis) - shape)

    def energy_density(self, m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Energy [J/m^3] of directions `m` of shape (..., 3), external field included."""
        scale = magnetics.VACUUM_PERMEABILITY * self.magnetization
        quadratic = np.einsum("...i,ij,...j->...", m, self.field_matrix, m) / 2
        return np.asarray(-scale * (quadratic + m @ np.array(self.external_field)))

    @cached_property
    def _principal(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        fields, axes = np.linalg.eigh(self.field_matrix)
        return fields, axes

    @property
    def easy_axis(self) -> NDArray[np.float64]:
        """Unit vector of least energy without external field, its largest component positive."""
        axis = self._principal[1][:, 2]
        return np.asarray(axis * np.sign(axis[np.argmax(np.abs(axis))]))

    @property
    def effective_fields(self) -> tuple[float, float]:
        """Fields [A/m] that hold m at its easy axis against the easier and the harder tilt."""
        hard, middle, easy = (float(field) for field in self._principal[0])
        return easy - middle, easy - hard

    @property
    def stability(self) -> float:
        """Energy barrier over kT without external field."""
        scale = magnetics.VACUUM_PERMEABILITY * self.magnetization * self.volume / 2
        return scale * self.effective_fields[0] / (magnetics.BOLTZMANN * self.temperature)

    @property
    def stability_computed(self) -> float:
        """The same with the factors of the dimensions; given ones may differ twofold."""
        return replace(self, demagnetization_given=None).stability

    @cached_property
    def rest(self) -> NDArray[np.float64]:
        """Direction of least energy on the easy axis' side, external field included."""
        m = self.easy_axis.copy()
        external = np.array(self.external_field)
        for _ in range(100_000):
            # Steps along the field, shifted by Ms so that the fixed point is stable.
            field = self.field_matrix @ m + external + self.magnetization * m
            before, m = m, field / np.linalg.norm(field)
            if np.abs(m - before).max() < 1e-14:
                break
        return np.asarray(m)

    @cached_property
    def saddle_energy(self) -> float:
        """Least energy density [J/m^3] on the equator about the easy axis, field included."""
        angles = np.linspace(0, 2 * math.pi, 1441)
        _, axes = self._principal
        equator = np.outer(np.cos(angles), axes[:, 0]) + np.outer(np.sin(angles), axes[:, 1])
        return float(self.energy_density(equator).min())

    @cached_property
    def stability_in_field(self) -> float:
        """Energy barrier over kT with the external field that stands on the cell."""
        height = self.saddle_energy - float(self.energy_density(self.rest))
        return max(0.0, height) * self.volume / (magnetics.BOLTZMANN * self.temperature)

    @property
    def thermal_tilt(self) -> Vector:
        """Direction of rest tilted by asin 1/sqrt(2 stability), the rms thermal angle in one plane.

        Towards y for an easy axis z, else within the film.
        """
        easy = self.rest
        aside = np.array([0.0, 1.0, 0.0]) if abs(easy[2]) > 0.5 else np.cross(easy, [0.0, 0.0, 1.0])
        aside = aside - easy * (aside @ easy)
        aside /= np.linalg.norm(aside)
        sine = min(1.0, 1 / math.sqrt(max(2 * self.stability, 1.0)))
        x, y, z = (float(c) for c in math.sqrt(1 - sine**2) * easy + sine * aside)
        return x, y, z

    def damping_like_field(self, current: float) -> float:
        """Damping-like field h [A/m] of a current [A]: -hbar eta I/(2 e mu0 Ms t A).

        A positive current drives m away from the polarization direction.
        """
        return -magnetics.damping_like_field(
            current / self.section, self.efficiency, self.magnetization, self.thickness
        )

    @property
    def polarity(self) -> int:
        """+1 where a positive current takes m from its easy axis to the opposite, else -1."""
        along = float(np.dot(self.easy_axis, self.polarization))
        if abs(along) < 1e-3:
            across = np.cross(self.polarization, self.easy_axis)
            along = float(np.dot(across, self.external_field))
        return 1 if self.efficiency * along > 0 else -1

    @property
    def fault(self) -> str:
        """Why this set cannot be a memory cell, or an empty text."""
        if self.effective_fields[0] <= 1e-6 * self.magnetization:
            return (
                "no energy barrier: the layer has no single easy axis; raise the anisotropy or "
                "make the sides unequal"
            )
        # Of a tilted easy axis the larger part tells.
        found = "perpendicular" if abs(self.easy_axis[2]) > math.sqrt(0.5) else "in-plane"
        if found != self.kind:
            factors = ", ".join(f"{factor:.4g}" for factor in self.demagnetization)
            return (
                f"the easy axis is {found}, not {self.kind}, with demagnetization factors "
                f"{factors}; mend kind, anisotropy or dimensions"
            )
        along = abs(float(np.dot(self.easy_axis, self.polarization)))
        across = np.cross(self.easy_axis, self.polarization)
        breaking = abs(float(np.dot(across, self.external_field)))
        if self.torque == "spin-orbit" and along < 1e-3 and breaking < 1e-3:
            return (
                f"a {self.kind} free layer whose easy axis is at right angles to the spin "
                "polarization is not switched by spin-orbit torque without symmetry breaking; "
                "give an external field along the current"
            )
        return ""
