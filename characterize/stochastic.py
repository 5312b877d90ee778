"""Many macrospins at temperature: the stochastic Landau-Lifshitz-Gilbert equation, compiled.

The explicit equation of `circuits.llg` with Brown's thermal field (W. F. Brown, Phys. Rev.
130, 1677 (1963)), integrated by Heun's scheme, which takes the noise in Stratonovich's sense.
Imports numba: import this module where it is used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from characterize.compilation import compiled
from circuits.macrospin import thermal_field
from circuits.magnet import Magnet

STEP = 1e-12
"""Time step [s]; error rates at half of it are the same within their intervals."""

Array = NDArray[np.float64]


@compiled
def _advance(
    m: Array,
    matrix: Array,
    external: Array,
    polarization: Array,
    fields: Array,
    field_like: float,
    damping: float,
    rate: float,
    noise: float,
    seed: int,
) -> None:
    """Move directions `m` (n, 3) in place through `len(fields) - 1` steps.

    `fields` are the damping-like field at the steps' ends [A/m], `rate` g dt/(1 + a^2)
    [m/A], `noise` the thermal field's standard deviation [A/m].
    """
    np.random.seed(seed)
    px, py, pz = polarization[0], polarization[1], polarization[2]
    ex, ey, ez = external[0], external[1], external[2]
    for walker in range(m.shape[0]):
        x, y, z = m[walker, 0], m[walker, 1], m[walker, 2]
        for step in range(len(fields) - 1):
            tx = ex + noise * np.random.normal()
            ty = ey + noise * np.random.normal()
            tz = ez + noise * np.random.normal()
            x0, y0, z0 = x, y, z
            sx, sy, sz = 0.0, 0.0, 0.0
            for stage in range(2):
                h = fields[step + stage]
                ux, uy, uz = h * px, h * py, h * pz
                hx = tx + matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] * z + field_like * ux
                hy = ty + matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] * z + field_like * uy
                hz = tz + matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2] * z + field_like * uz
                ax, ay, az = hx - damping * ux, hy - damping * uy, hz - damping * uz
                bx, by, bz = damping * hx + ux, damping * hy + uy, damping * hz + uz
                p = x * bx + y * by + z * bz
                dx = -rate * (y * az - z * ay + x * p - bx)
                dy = -rate * (z * ax - x * az + y * p - by)
                dz = -rate * (x * ay - y * ax + z * p - bz)
                if stage == 0:
                    sx, sy, sz = dx, dy, dz
                    x, y, z = x0 + dx, y0 + dy, z0 + dz
                else:
                    x = x0 + 0.5 * (sx + dx)
                    y = y0 + 0.5 * (sy + dy)
                    z = z0 + 0.5 * (sz + dz)
            norm = 1.0 / math.sqrt(x * x + y * y + z * z)
            x, y, z = x * norm, y * norm, z * norm
        m[walker, 0], m[walker, 1], m[walker, 2] = x, y, z


@dataclass(frozen=True)
class Integrator:
    """Moves directions of one magnet; `thermal` False leaves the thermal field out."""

    magnet: Magnet
    step: float = STEP
    thermal: bool = True

    @property
    def noise(self) -> float:
        """Standard deviation [A/m] of each component of the thermal field in one step."""
        return thermal_field(self.magnet, self.step) if self.thermal else 0.0

    def advance(self, m: Array, currents: Array, seed: int) -> None:
        """Move `m` of shape (n, 3) in place, the current [A] given at both ends of each step."""
        magnet = self.magnet
        _advance(
            m,
            np.ascontiguousarray(magnet.field_matrix),
            np.array(magnet.external_field),
            np.array(magnet.polarization),
            np.ascontiguousarray(magnet.damping_like_field(1.0) * currents),
            magnet.field_like_ratio,
            magnet.damping,
            magnet.gyromagnetic_ratio * self.step / (1 + magnet.damping**2),
            self.noise,
            seed,
        )

    def rest(self, m: Array, duration: float, seed: int) -> None:
        """Move `m` in place for a time [s] without current."""
        self.advance(m, np.zeros(max(1, round(duration / self.step)) + 1), seed)
