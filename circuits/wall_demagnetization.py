"""Demagnetization factors of a domain wall across a track, from its dimensions."""

from __future__ import annotations

import math

import numpy as np


def wall_demagnetization(width: float, track_width: float, thickness: float) -> tuple[float, float]:
    """Factors N_x (along the track) and N_y (across it) of the wall's magnetization.

    The in-plane magnetization sech(x/Delta), uniform across a track of width w and thickness
    t, has the stray-field energy mu0 Ms^2/2 N 2 Delta w t. In reciprocal space, with
    f(u) = 1 - (1 - exp(-u))/u,

        N_i = 1/(2 Delta w) int dk/(2 pi)^2 [pi Delta sech(pi Delta k_x/2)]^2
              [2 sin(k_y w/2)/k_y]^2 k_i^2/k^2 f(k t)

    For t << Delta << w N_x tends to t ln 2/(pi Delta) (S. V. Tarasenko et al., J. Magn. Magn.
    Mater. 189, 19 (1998)). `width` is the wall's Delta; lengths in m.
    """
    nodes, weights = np.polynomial.legendre.leggauss(80)
    # u = pi Delta k_x/2 = s^2: the integrand bends at small u, and sech^2 ends it at 20.
    s = (nodes + 1) / 2 * math.sqrt(20.0)
    along = 2 * s**2 / (math.pi * width)
    profile = (math.pi * width / np.cosh(s**2)) ** 2
    weight_x = weights * math.sqrt(20.0) / 2 * 2 * s * 2 / (math.pi * width) * profile
    # Across, whole periods of sin^2(k_y w/2); beyond them the sine's mean, on a log scale.
    periods, step = 64, 2 * math.pi / track_width / 16
    end = 2 * math.pi / track_width * periods
    across = (np.arange(16 * periods) + 0.5) * step
    weight_y = (2 * np.sin(across * track_width / 2) / across) ** 2 * step
    edges = np.geomspace(end, max(1e4 / thickness, 1e4 * end), 401)
    tail = np.sqrt(edges[1:] * edges[:-1])
    across = np.append(across, tail)
    weight_y = np.append(weight_y, 2 / tail**2 * np.diff(edges))
    square = along[:, None] ** 2 + across[None, :] ** 2
    u = np.sqrt(square) * thickness
    shared = weight_x[:, None] * weight_y[None, :] * (1 + np.expm1(-u) / u) / square
    # Both half axes of k_x and k_y.
    scale = 4 / (2 * width * track_width * (2 * math.pi) ** 2)
    first = scale * float(np.sum(shared * along[:, None] ** 2))
    second = scale * float(np.sum(shared * across[None, :] ** 2))
    return first, second
