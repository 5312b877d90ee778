"""A magnet at rest at its temperature: the well of either side, the saddle, Boltzmann's law."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from characterize.errors import PlanError
from circuits.magnet import Magnet
from circuits.magnetics import BOLTZMANN

FloatArray = NDArray[np.float64]

_NEAREST = -10.0  # u = ln tan(theta/2) nearest to the well's bottom: 0.1 mrad.


@dataclass(frozen=True)
class Well:
    """The states of one side of a magnet, `side` +1 or -1: m on the easy axis has this sign."""

    magnet: Magnet
    side: int

    @property
    def axis(self) -> FloatArray:
        """Easy direction of this side."""
        return np.asarray(self.side * self.magnet.easy_axis)

    @cached_property
    def bottom(self) -> FloatArray:
        """Direction of least energy of this side, external field included.

        Raises PlanError where the external field leaves this side without a well.
        """
        matrix, external = self.magnet.field_matrix, np.array(self.magnet.external_field)
        # m goes along field + shift m; the shift makes every step one down in energy.
        shift = float(np.ptp(np.linalg.eigvalsh(matrix))) - float(np.linalg.eigvalsh(matrix)[0])
        m = self.axis
        for _ in range(100_000):
            field = matrix @ m + external + shift * m
            moved = field / np.linalg.norm(field)
            change = float(np.abs(moved - m).max())
            m = moved
            if change < 1e-13:
                break
        if float(m @ self.axis) <= 0:
            raise PlanError(
                f"the external field leaves magnet {self.magnet.name} no state on the side "
                f"{self.side:+d} of its easy axis; make the field smaller"
            )
        return np.asarray(m)

    def energy(self, m: FloatArray) -> FloatArray:
        """Energy of directions (..., 3) above the bottom, in kT."""
        magnet = self.magnet
        density = magnet.energy_density(m) - magnet.energy_density(self.bottom)
        return np.asarray(density * magnet.volume / (BOLTZMANN * magnet.temperature))

    @cached_property
    def edge(self) -> float:
        """Least energy [kT] on the circle between the two sides; no way over costs less."""
        return float(self.energy(_circle(self.axis, np.array([math.pi / 2]))).min())

    @cached_property
    def other(self) -> Well:
        """The other side's well."""
        return Well(self.magnet, -self.side)

    @cached_property
    def barrier(self) -> float:
        """Energy [kT] of the saddle to the other side, external field included.

        The largest over the polar angle of the least energy over the azimuth, between the
        two bottoms.
        """
        start = math.acos(float(self.bottom @ self.axis))
        stop = math.acos(float(self.other.bottom @ self.axis))
        polar = np.linspace(start, stop, 721)
        return float(self.energy(_circle(self.axis, polar)).min(axis=1).max())

    def sample(self, count: int, generator: np.random.Generator) -> FloatArray:
        """`count` independent directions from Boltzmann's distribution on this side.

        Rejection from points uniform in u and the azimuth, where the density is
        exp(-E/kT) sin^2(theta). Shape (count, 3).
        """
        ceiling = 1.05 * float(self._density(*self._grid())[0].max())
        found: list[FloatArray] = []
        missing = count
        while missing > 0:
            trials = max(1000, 8 * missing)
            u = generator.uniform(_NEAREST, self._farthest, trials)
            density, m = self._density(u, generator.uniform(0, 2 * math.pi, trials))
            ceiling = max(ceiling, float(density.max()))
            kept = m[generator.random(trials) * ceiling < density][:missing]
            found.append(kept)
            missing -= len(kept)
        return np.concatenate(found)

    def weighted(self, count: int, generator: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """`count` directions even in u with weights that sum to one, for rare beginnings.

        Shapes (count, 3) and (count,).
        """
        span = self._farthest - _NEAREST
        u = _NEAREST + span * (np.arange(count) + generator.random(count)) / count
        density, m = self._density(u, generator.uniform(0, 2 * math.pi, count))
        inside = density > 0
        return m[inside], density[inside] / density.sum()

    @property
    def _farthest(self) -> float:
        # The side's farthest point from a bottom that leans away from the axis.
        lean = math.acos(min(1.0, float(self.bottom @ self.axis)))
        return math.log(math.tan(min(math.pi / 4 + lean / 2, math.pi / 2 - 1e-6)))

    def _grid(self) -> tuple[FloatArray, FloatArray]:
        u = np.linspace(_NEAREST, self._farthest, 400)
        azimuth = np.arange(180) * (2 * math.pi / 180)
        return np.repeat(u, len(azimuth)), np.tile(azimuth, len(u))

    def _density(self, u: FloatArray, azimuth: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Density per du dphi, zero on the other side, and the directions."""
        m = _directions(self.bottom, 2 * np.arctan(np.exp(u)), azimuth)
        density = np.exp(-self.energy(m)) / np.cosh(u) ** 2
        return np.where(m @ self.axis > 0, density, 0.0), m


def _frame(axis: FloatArray) -> tuple[FloatArray, FloatArray]:
    aside = np.eye(3)[int(np.argmin(np.abs(axis)))]
    first = np.cross(axis, aside)
    first /= np.linalg.norm(first)
    return first, np.cross(axis, first)


def _directions(axis: FloatArray, polar: FloatArray, azimuth: FloatArray) -> FloatArray:
    first, second = _frame(axis)
    sine = np.sin(polar)
    parts = (
        (np.cos(polar), axis),
        (sine * np.cos(azimuth), first),
        (sine * np.sin(azimuth), second),
    )
    return np.asarray(sum(share[..., None] * direction for share, direction in parts))


def _circle(axis: FloatArray, polar: FloatArray) -> FloatArray:
    """Directions (p, 1440, 3) around an axis at some polar angles."""
    azimuth = np.arange(1440) * (2 * math.pi / 1440)
    return _directions(axis, polar[:, None] + 0 * azimuth, azimuth + 0 * polar[:, None])
