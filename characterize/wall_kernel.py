"""Compiled stochastic motion of many domain walls; imported where it is used, for numba's sake."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from characterize.compilation import compiled
from circuits.wall import Wall
from circuits.wall_landscape import NOTCH_SHAPE

FloatArray = NDArray[np.float64]


def constants(wall: Wall) -> FloatArray:
    """The numbers of a wall in the order in which `advance` unpacks them."""
    h_x, h_y, h_z = wall.external_field
    land = wall.landscape
    per_ampere = math.pi / 2 * wall.spin_hall_field(1.0)
    return np.array(
        [
            wall.gyromagnetic_ratio / (1 + wall.damping**2),
            wall.damping,
            wall.left_domain * wall.width,
            wall.left_domain,
            -wall.wall_anisotropy_field / 2,
            math.pi / 2 * (h_x + wall.dmi_field),
            math.pi / 2 * h_y,
            h_z,
            per_ampere,
            wall.field_like_ratio,
            -NOTCH_SHAPE * land.notch_field,
            land.notch_position,
            land.notch_length,
            -land.end_field / 2,
            land.end_position,
            land.width,
            -land.pinning_field,
            2 * math.pi / land.pinning_length,
        ]
    )


@compiled
def _rates(
    c: FloatArray, position: float, angle: float, drive: float, first: float, second: float
) -> tuple[float, float]:
    # The terms of `Wall.rates`; `drive` is pi/2 H_SHE, `first` and `second` the thermal fields.
    sine, cosine = math.sin(angle), math.cos(angle)
    first += 2 * c[4] * sine * cosine + c[5] * sine - (c[6] - c[9] * drive) * cosine
    field = 0.0
    if c[10] != 0.0:
        left = math.tanh((position + c[11]) / c[12])
        right = math.tanh((position - c[11]) / c[12])
        field += c[10] * (left * (1 - left * left) + right * (1 - right * right))
    if c[13] != 0.0:
        field += c[13] * (
            math.tanh((position + c[14]) / c[15]) + math.tanh((position - c[14]) / c[15])
        )
    if c[16] != 0.0:
        field += c[16] * math.sin(c[17] * position)
    second += c[7] + c[3] * field - drive * cosine
    return c[2] * c[0] * (first + c[1] * second), c[0] * (second - c[1] * first)


@compiled
def advance(
    c: FloatArray,
    position: FloatArray,
    angle: FloatArray,
    currents: FloatArray,
    step: float,
    deviation: float,
    seed: int,
) -> None:
    """Move walls, in place, through `currents` [A] that stand `step` [s] apart.

    Heun's method, each wall with noise of its own: `deviation` [A/m] of either thermal field
    in a step. `c` are the wall's `constants`, `position` [m] and `angle` [rad] of shape (n,).
    """
    np.random.seed(seed)
    for wall in range(len(position)):
        q, phi = position[wall], angle[wall]
        for index in range(len(currents) - 1):
            first = deviation * np.random.normal()
            second = deviation * np.random.normal()
            q_rate, phi_rate = _rates(c, q, phi, c[8] * currents[index], first, second)
            q_end, phi_end = _rates(
                c,
                q + step * q_rate,
                phi + step * phi_rate,
                c[8] * currents[index + 1],
                first,
                second,
            )
            q += step / 2 * (q_rate + q_end)
            phi += step / 2 * (phi_rate + phi_end)
        position[wall], angle[wall] = q, phi
