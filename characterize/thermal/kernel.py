"""The compiled macrospin: Heun's scheme for one driven direction, or for many with noise.

Imported where it is used, for numba's sake. The equation is that of `circuits.llg`,

    dm/dt = -g/(1+a^2) [ m x A + m x (m x B) ],  A = H + (f - a) T,  B = a H + (1 + a f) T
    H = H_ext + M m + H_th,                      T = h s

Heun's scheme takes the noise in Stratonovich's sense, as a physical field has to be.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Triple = tuple[float, float, float]
Function = TypeVar("Function", bound=Callable[..., Any])


def _compiled(**options: Any) -> Callable[[Function], Function]:
    def compile_lazily(function: Function) -> Function:
        try:
            return cast(Function, numba.njit(cache=True, **options)(function))
        except RuntimeError:  # numba found no folder to cache in
            return cast(Function, numba.njit(**options)(function))

    return compile_lazily


@numba.njit(inline="always")
def _slope(
    m: Triple, field: Triple, h: float, matrix: Array, s: Array, f: float, a: float
) -> Triple:
    """Bracket of the equation with its sign turned: dm/dt (1+a^2)/g [A/m].

    `field` is what acts besides the matrix; m x (m x B) is written m (m.B) - B (m.m).
    """
    x, y, z = m
    tx, ty, tz = h * s[0], h * s[1], h * s[2]
    hx = field[0] + matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] * z
    hy = field[1] + matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] * z
    hz = field[2] + matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2] * z
    first, second = f - a, 1 + a * f
    ax, ay, az = hx + first * tx, hy + first * ty, hz + first * tz
    bx, by, bz = a * hx + second * tx, a * hy + second * ty, a * hz + second * tz
    along, square = x * bx + y * by + z * bz, x * x + y * y + z * z
    return (
        bx * square - x * along + z * ay - y * az,
        by * square - y * along + x * az - z * ax,
        bz * square - z * along + y * ax - x * ay,
    )


@numba.njit(inline="always")
def _unit(x: float, y: float, z: float) -> Triple:
    scale = 1 / math.sqrt(x * x + y * y + z * z)
    return x * scale, y * scale, z * scale


@_compiled(fastmath={"contract", "reassoc", "nsz", "arcp"})
def advance(
    m: Array,
    matrix: Array,
    external: Array,
    s: Array,
    drive: Array,
    f: float,
    a: float,
    rate: float,
    noise: float,
    generator: np.random.Generator,
) -> None:
    """Move directions `m` (n, 3) in place through `len(drive) - 1` steps with thermal field.

    `drive` is the damping-like field h [A/m] at the ends of the steps, `rate` is
    g dt/(1 + a^2) [m/A], `noise` the standard deviation [A/m] of each component of the
    thermal field, which is constant within a step.
    """
    for walker in range(m.shape[0]):
        x, y, z = m[walker, 0], m[walker, 1], m[walker, 2]
        for step in range(len(drive) - 1):
            field = (
                external[0] + noise * generator.standard_normal(),
                external[1] + noise * generator.standard_normal(),
                external[2] + noise * generator.standard_normal(),
            )
            kx, ky, kz = _slope((x, y, z), field, drive[step], matrix, s, f, a)
            guess = (x + rate * kx, y + rate * ky, z + rate * kz)
            lx, ly, lz = _slope(guess, field, drive[step + 1], matrix, s, f, a)
            half = 0.5 * rate
            x, y, z = _unit(x + half * (kx + lx), y + half * (ky + ly), z + half * (kz + lz))
        m[walker, 0], m[walker, 1], m[walker, 2] = x, y, z


@_compiled()
def follow(
    start: Array,
    matrix: Array,
    fields: Array,
    s: Array,
    drive: Array,
    f: float,
    a: float,
    rate: float,
) -> Array:
    """Trajectory (n + 1, 3) of one direction through n steps of given fields [A/m].

    `fields` (n + 1, 3) is everything besides the matrix, at the ends of the steps; else as
    `advance`.
    """
    path = np.empty((len(drive), 3))
    path[0] = start
    x, y, z = start[0], start[1], start[2]
    for step in range(len(drive) - 1):
        here, there = fields[step], fields[step + 1]
        kx, ky, kz = _slope((x, y, z), (here[0], here[1], here[2]), drive[step], matrix, s, f, a)
        guess = (x + rate * kx, y + rate * ky, z + rate * kz)
        field = (there[0], there[1], there[2])
        lx, ly, lz = _slope(guess, field, drive[step + 1], matrix, s, f, a)
        half = 0.5 * rate
        x, y, z = _unit(x + half * (kx + lx), y + half * (ky + ly), z + half * (kz + lz))
        path[step + 1, 0], path[step + 1, 1], path[step + 1, 2] = x, y, z
    return path


@_compiled()
def redistribute(
    m: Array,
    weights: Array,
    order: Integers,
    bins: Integers,
    least: int,
    heaviest: float,
    shifts: Array,
    negligible: float,
) -> tuple[Array, Array]:
    """Draw every bin anew with walkers of equal weight, keeping the bin's total.

    A bin gets `least` walkers, or as many as keep their weight under `heaviest`. `order`
    sorts the walkers by their bins, `bins` (n,), `shifts` has one uniform number for each bin
    that can occur; bins of a weight up to `negligible` are left out. Systematic sampling:
    evenly spaced marks with one random shift, so that nothing is lost where the weights are
    equal already.
    """
    total = len(order)
    occupied, mass = 0, 0.0
    for place in range(total):
        mass += weights[place]
        if place == 0 or bins[order[place]] != bins[order[place - 1]]:
            occupied += 1
    room = occupied * (least + 1) + int(mass / heaviest) + 1
    chosen = np.empty((room, 3))
    carried = np.empty(room)
    filled = 0
    first = 0
    while first < total:
        here = bins[order[first]]
        last = first
        mass = 0.0
        while last < total and bins[order[last]] == here:
            mass += weights[order[last]]
            last += 1
        if mass > negligible:
            count = max(least, math.ceil(mass / heaviest))
            share = mass / count
            mark = shifts[here] * share
            reached = weights[order[first]]
            walker = first
            for _ in range(count):
                while reached <= mark and walker < last - 1:
                    walker += 1
                    reached += weights[order[walker]]
                chosen[filled] = m[order[walker]]
                carried[filled] = share
                filled += 1
                mark += share
        first = last
    return chosen[:filled].copy(), carried[:filled].copy()
