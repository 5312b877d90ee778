"""A domain wall on a track under spin-Hall torque: position q and angle phi. All quantities SI.

One-dimensional collective coordinates of a rigid wall of width parameter Delta between an up
and a down domain, m_z = -Q tanh((x - q)/Delta), whose centre points along (cos phi, sin phi):

    Q dq/dt = g Delta (F + a Z)/(1 + a^2),    dphi/dt = g (Z - a F)/(1 + a^2)
    F = -H_K/2 sin 2 phi + pi/2 [(H_x + H_DMI) sin phi - H_y cos phi]
    Z = H_z + Q P(q) - pi/2 H_SHE cos phi,    P = -V'(q)/(2 mu0 Ms w t)

(A. Thiaville et al., EPL 100, 57002 (2012); S. Emori et al., Nature Mater. 12, 611 (2013);
E. Martinez et al., J. Appl. Phys. 115, 213909 (2014)). Axes: x along the track's current, y
across it, z the film's normal; q = 0 is the middle of the track.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from circuits.magnet import Vector
from circuits.magnetics import BOLTZMANN, VACUUM_PERMEABILITY, damping_like_field, retention_time
from circuits.parameters import ParameterSet
from circuits.wall_landscape import Landscape

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Wall:
    """A domain wall with its track and what drives it.

    Lengths in m, fields in A/m, `magnetization` in A/m, `dmi` in J/m^2,
    `gyromagnetic_ratio` (times mu0) in m/(A s), durations in s. `left_domain` is Q: +1 where
    the domain on the left points up, else -1. `efficiency` [1] is the effective spin-Hall
    angle, `section` [m^2] what the current density refers to; `landscape` holds the wall.
    """

    name: str
    temperature: float
    track_length: float
    track_width: float
    thickness: float
    magnetization: float
    width: float
    """Width parameter Delta; the wall itself is pi Delta wide."""
    dmi: float
    wall_anisotropy_field: float
    """H_K: positive where the wall's own stray field favours a Bloch wall."""
    damping: float
    gyromagnetic_ratio: float
    efficiency: float
    section: float
    landscape: Landscape
    field_like_ratio: float = 0.0
    external_field: Vector = (0.0, 0.0, 0.0)
    left_domain: int = 1
    position_given: float | None = None
    angle_given: float | None = None
    pulse_duration: float = 5e-9
    run_duration: float = 10e-9
    sources: ParameterSet | None = None

    @property
    def moment(self) -> float:
        """2 mu0 Ms w t [J/(m A/m)]: force on the wall per field along z."""
        return 2 * VACUUM_PERMEABILITY * self.magnetization * self.track_width * self.thickness

    @property
    def dmi_field(self) -> float:
        """H_DMI = Q D/(mu0 Ms Delta) [A/m], along x.

        D < 0 makes left-handed walls, up-left-down, as on platinum.
        """
        return self.left_domain * self.dmi / (VACUUM_PERMEABILITY * self.magnetization * self.width)

    def spin_hall_field(self, current: float) -> float:
        """H_SHE = hbar theta J/(2 e mu0 Ms t) [A/m] of a current [A]."""
        return damping_like_field(
            current / self.section, self.efficiency, self.magnetization, self.thickness
        )

    def rates(
        self, position: FloatArray, angle: FloatArray, current: FloatArray | float
    ) -> tuple[FloatArray, FloatArray]:
        """dq/dt [m/s] and dphi/dt [1/s] at positions [m] and angles [rad], current in A."""
        h_x, h_y, h_z = self.external_field
        spin_hall = self.spin_hall_field(1.0) * np.asarray(current)
        across = h_y - self.field_like_ratio * spin_hall
        along = h_x + self.dmi_field
        first = -self.wall_anisotropy_field / 2 * np.sin(2 * angle)
        first = first + math.pi / 2 * (along * np.sin(angle) - across * np.cos(angle))
        second = h_z + self.left_domain * self.landscape.field(position)
        second = second - math.pi / 2 * spin_hall * np.cos(angle)
        rate = self.gyromagnetic_ratio / (1 + self.damping**2)
        speed = self.left_domain * self.width * rate * (first + self.damping * second)
        return np.asarray(speed), np.asarray(rate * (second - self.damping * first))

    def energy(self, position: FloatArray, angle: FloatArray) -> FloatArray:
        """Energy [J] of the wall without a current, up to a constant."""
        h_x, h_y, h_z = self.external_field
        inner = self.wall_anisotropy_field / 2 * np.cos(angle) ** 2
        inner = inner - math.pi / 2 * (h_x + self.dmi_field) * np.cos(angle)
        inner = inner - math.pi / 2 * h_y * np.sin(angle)
        outer = self.landscape.potential(position) - self.left_domain * h_z * position
        return np.asarray(self.moment * (self.width * inner + outer))

    @cached_property
    def rest_angle(self) -> float:
        """Angle [rad] of least energy without a current, in [0, 2 pi); the first of two."""
        angles = np.linspace(0.0, 2 * math.pi, 3600, endpoint=False)
        energies = self.energy(np.zeros_like(angles), angles)
        # Of two equal minima (a Bloch wall's) the first, whatever the rounding.
        floor = energies.min() + 1e-9 * np.ptp(energies)
        angle = float(angles[np.argmax(energies <= floor)])
        h_x, h_y, _ = self.external_field
        along, across = math.pi / 2 * (h_x + self.dmi_field), math.pi / 2 * h_y
        for _ in range(20):
            slope = -self.wall_anisotropy_field / 2 * math.sin(2 * angle)
            slope += along * math.sin(angle) - across * math.cos(angle)
            bend = -self.wall_anisotropy_field * math.cos(2 * angle)
            bend += along * math.cos(angle) + across * math.sin(angle)
            if bend <= 0:
                break
            angle -= max(-1e-2, min(1e-2, slope / bend))
        return angle % (2 * math.pi)

    @cached_property
    def rest_position(self) -> float:
        """Position [m], below zero, where the wall rests without a current: the deepest point."""
        edge = self.landscape.end_position or self.track_length / 2
        positions = np.linspace(-edge, 0.0, 20_001)
        energies = self.energy(positions, np.full(positions.shape, self.rest_angle))
        return float(positions[np.argmin(energies)])

    @property
    def initial(self) -> tuple[float, float]:
        """Position [m] and angle [rad] at the start: the given ones, else at rest on the left."""
        position = self.rest_position if self.position_given is None else self.position_given
        return position, self.rest_angle if self.angle_given is None else self.angle_given

    @cached_property
    def barrier(self) -> float:
        """Energy [J] between the rest on the left and the middle of the track."""
        positions = np.linspace(self.rest_position, 0.0, 20_001)
        energies = self.energy(positions, np.full(positions.shape, self.rest_angle))
        return float(energies.max() - energies[0])

    @property
    def stability(self) -> float:
        """Barrier over kT."""
        return self.barrier / (BOLTZMANN * self.temperature)

    @property
    def retention(self) -> float:
        """Mean time [s] until thermal energy frees the resting wall, at 1 ns between attempts."""
        return retention_time(self.stability)

    def spin_hall_velocity(self, current: float) -> float:
        """Steady velocity [m/s] of a free wall for H_K = 0 and no external field.

        -sign(H_SHE) Q pi/2 g Delta H_DMI/sqrt(1 + (a H_DMI/H_SHE)^2) (Thiaville 2012): without
        H_DMI it is zero, and at large current it saturates at pi/2 g Delta H_DMI.
        """
        spin_hall = self.spin_hall_field(current)
        if spin_hall == 0:
            return 0.0
        size = math.pi / 2 * self.gyromagnetic_ratio * self.width * self.dmi_field
        slope = self.damping * self.dmi_field / spin_hall
        return -math.copysign(1.0, spin_hall) * self.left_domain * size / math.hypot(1.0, slope)

    @property
    def walker_field(self) -> float:
        """a |H_K|/2 [A/m]: the field along z from which an undriven wall without DMI turns."""
        return self.damping * abs(self.wall_anisotropy_field) / 2

    def field_velocity(self, field: float) -> float:
        """Mean velocity [m/s] of a free wall without DMI under a field [A/m] along z.

        g Delta H/a up to the Walker field, beyond it g Delta [H - sqrt(H^2 - H_W^2)/(1 +
        a^2)]/a (N. L. Schryer and L. R. Walker, J. Appl. Phys. 45, 5406 (1974)).
        """
        excess = math.sqrt(max(0.0, field**2 - self.walker_field**2)) / (1 + self.damping**2)
        size = self.gyromagnetic_ratio * self.width * (abs(field) - excess) / self.damping
        return math.copysign(size, field) * self.left_domain

    @cached_property
    def depinning_field(self) -> float:
        """Largest field [A/m] of the landscape against a move from the left rest to the middle.

        `notch_field`, or `pinning_field`, where nothing else is near.
        """
        positions = np.linspace(self.rest_position, 0.0, 20_001)
        return max(0.0, -float(self.landscape.field(positions).min()))

    @property
    def depinning_current(self) -> float:
        """Current [A] that slowly raised frees a Neel wall: pi/2 H_SHE = the depinning field.

        Without external field.
        """
        per_ampere = math.pi / 2 * abs(self.spin_hall_field(1.0))
        return self.depinning_field / per_ampere if per_ampere else math.inf

    @property
    def expulsion_current(self) -> float:
        """Current [A] from which the fixed ends no longer stop the wall."""
        held = self.landscape.end_field - abs(self.external_field[2])
        per_ampere = math.pi / 2 * abs(self.spin_hall_field(1.0))
        return max(0.0, held) / per_ampere if per_ampere else math.inf

    @property
    def thermal_field(self) -> float:
        """Spectral strength s [A/m s^1/2] of the thermal fields beside F and Z.

        Each is white and independent with <h(t) h(t')> = s^2 delta(t - t'), s^2 = 2 a k T /
        (g mu0 Ms 2 Delta w t): Gilbert damping's fluctuation-dissipation for the wall's
        volume 2 Delta w t (R. A. Duine, A. S. Nunez and A. H. MacDonald, Phys. Rev. Lett.
        98, 056605 (2007)).
        """
        size = self.gyromagnetic_ratio * self.moment * self.width
        return math.sqrt(2 * self.damping * BOLTZMANN * self.temperature / size)
