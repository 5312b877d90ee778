"""Closed forms of magnetism: demagnetization, energy barrier, retention, critical currents.

All quantities SI. They judge a parameter set (is it a memory? what does a read disturb?)
and give the static write criterion; they are not a model of the switching itself.
"""

from __future__ import annotations

import math

import numpy as np

BOLTZMANN = 1.380649e-23
ELEMENTARY_CHARGE = 1.602176634e-19
REDUCED_PLANCK = 1.054571817e-34
VACUUM_PERMEABILITY = 1.25663706212e-6
ATTEMPT_TIME = 1e-9
"""Inverse attempt frequency [s] of thermal activation, the customary 1 ns."""

Demagnetization = tuple[float, float, float]


def prism_demagnetization(length: float, width: float, thickness: float) -> Demagnetization:
    """Magnetometric demagnetization factors of a rectangular prism, along x, y, z.

    Closed form of A. Aharoni, J. Appl. Phys. 83, 3432 (1998); the three sum to one.
    """
    return (
        _prism_factor(width, thickness, length),
        _prism_factor(thickness, length, width),
        _prism_factor(length, width, thickness),
    )


def _prism_factor(side_a: float, side_b: float, side_c: float) -> float:
    # Factor along side_c; the formula is written for half sides and is scale free.
    a, b, c = side_a / 2, side_b / 2, side_c / 2
    r, ab, bc, ac = math.hypot(a, b, c), math.hypot(a, b), math.hypot(b, c), math.hypot(a, c)
    total = (b * b - c * c) / (2 * b * c) * math.log((r - a) / (r + a))
    total += (a * a - c * c) / (2 * a * c) * math.log((r - b) / (r + b))
    total += b / (2 * c) * math.log((ab + a) / (ab - a))
    total += a / (2 * c) * math.log((ab + b) / (ab - b))
    total += c / (2 * a) * math.log((bc - b) / (bc + b))
    total += c / (2 * b) * math.log((ac - a) / (ac + a))
    total += 2 * math.atan(a * b / (c * r))
    total += (a**3 + b**3 - 2 * c**3) / (3 * a * b * c)
    total += (a * a + b * b - 2 * c * c) / (3 * a * b * c) * r
    total += c / (a * b) * (ac + bc)
    total -= (ab**3 + bc**3 + ac**3) / (3 * a * b * c)
    return total / math.pi


def ellipse_demagnetization(length: float, width: float, thickness: float) -> Demagnetization:
    """Magnetometric demagnetization factors of an elliptic cylinder, along x, y, z.

    Integral of the shape amplitude over reciprocal space (M. Beleggia et al., J. Phys. D
    38, 3333 (2005)), with the integral along the axis done in closed form.
    """
    from scipy.special import j1

    half_x, half_y = length / 2, width / 2
    # Midpoints in angle are spectrally accurate for a periodic integrand; the radial
    # integral runs in log(q), where J1(q)^2/q is smooth up to the oscillating tail.
    angles = (np.arange(64) + 0.5) * (math.pi / 2) / 64
    edges = np.linspace(math.log(1e-6), math.log(2e3), 40_001)
    q = np.exp(0.5 * (edges[1:] + edges[:-1]))
    weight = j1(q) ** 2 * np.diff(edges)
    # Tail beyond the last q: J1^2 averages to 1/(pi q), so the rest is 1/(pi q_max).
    q = np.append(q, 4e3)
    weight = np.append(weight, 1 / (math.pi * 2e3))
    factors = np.zeros(2)
    for angle in angles:
        sx, sy = math.cos(angle) / half_x, math.sin(angle) / half_y
        scale = math.hypot(sx, sy)
        y = q * scale * thickness
        in_plane = float(np.sum(weight * (1 + np.expm1(-y) / y)))
        factors += 2 * in_plane * np.array([sx * sx, sy * sy]) / scale**2 / len(angles)
    return float(factors[0]), float(factors[1]), float(1 - factors.sum())


def retention_time(stability: float) -> float:
    """Mean time [s] until thermal energy flips a cell of thermal stability E_b/kT."""
    return ATTEMPT_TIME * math.exp(min(stability, 700.0))


def read_disturb_probability(
    stability: float,
    current: float,
    critical_current: float,
    duration: float,
    attempt_rate: float = 1 / ATTEMPT_TIME,
) -> float:
    """Probability that a read pulse turns the cell it reads, at its worst polarity.

    Thermal activation over the barrier Delta (1 - I/I_c0)^2 that a collinear spin torque leaves
    of a uniaxial one (D. M. Apalkov and P. B. Visscher, Phys. Rev. B 72, 180405 (2005)); for
    other barriers, which fall slower, it is a bound. `current` and `critical_current` in A,
    `duration` in s, `attempt_rate` in 1/s.
    """
    left = max(0.0, 1 - abs(current) / critical_current)
    return -math.expm1(-duration * attempt_rate * math.exp(-stability * left**2))


def spin_hall_efficiency(angle: float, thickness: float, diffusion_length: float) -> float:
    """Effective spin-Hall angle of a track of finite thickness, theta (1 - sech(t/lambda))."""
    return angle * (1 - 1 / math.cosh(thickness / diffusion_length))


def damping_like_field(
    current_density: float, efficiency: float, magnetization: float, thickness: float
) -> float:
    """Damping-like spin-orbit field [A/m], hbar theta J / (2 e mu0 Ms t)."""
    return (
        REDUCED_PLANCK
        * efficiency
        * current_density
        / (2 * ELEMENTARY_CHARGE * VACUUM_PERMEABILITY * magnetization * thickness)
    )
