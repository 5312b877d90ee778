"""Macrospins under a current waveform: the fields of a magnet handed to the compiled scheme."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from characterize.errors import PlanError
from circuits.magnet import Magnet
from circuits.magnetics import BOLTZMANN, VACUUM_PERMEABILITY

FloatArray = NDArray[np.float64]

STEP = 1e-12
"""Step [s]; error rates at half of it are the same within their intervals."""


@dataclass(frozen=True)
class Waveform:
    """A current [A] over time [s], straight lines between points, constant beyond the ends.

    `times` and `currents` have the shape (n,), with times that do not fall. What ngspice
    returned is one.
    """

    times: FloatArray
    currents: FloatArray

    @classmethod
    def of(cls, times: ArrayLike, currents: ArrayLike) -> Waveform:
        """Check and take two arrays; raises PlanError."""
        time, current = np.asarray(times, dtype=float), np.asarray(currents, dtype=float)
        if time.ndim != 1 or time.shape != current.shape or len(time) < 1:
            raise PlanError(
                f"a waveform of {time.size} times and {current.size} currents cannot be followed; "
                "give two lists of one length, of 1 or more"
            )
        if not (np.isfinite(time).all() and np.isfinite(current).all()):
            raise PlanError("the waveform has numbers that are not finite; mend its source")
        if np.any(np.diff(time) < 0):
            raise PlanError("the waveform's times must not fall; sort them")
        return cls(time, current)

    def at(self, instants: FloatArray) -> FloatArray:
        """Currents [A] at some instants [s]."""
        return np.asarray(np.interp(instants, self.times, self.currents))

    def cut(self, width: float, fall: float) -> Waveform:
        """The same up to `width` [s], then down to nothing in `fall` [s]."""
        kept = self.times < width
        last = float(self.at(np.array([width]))[0])
        return Waveform(
            np.concatenate([self.times[kept], [width, width + fall]]),
            np.concatenate([self.currents[kept], [last, 0.0]]),
        )

    @property
    def mean(self) -> float:
        """Mean current [A], which tells the direction of the write."""
        if len(self.times) == 1 or self.times[-1] == self.times[0]:
            return float(self.currents[-1])
        area = np.sum(np.diff(self.times) * (self.currents[1:] + self.currents[:-1]) / 2)
        return float(area / (self.times[-1] - self.times[0]))


@dataclass(frozen=True)
class Motion:
    """What moves the directions of one magnet, at its temperature, in steps of `step` [s]."""

    magnet: Magnet
    step: float = STEP

    @property
    def thermal_field(self) -> float:
        """Standard deviation [A/m] of a step's field: sqrt(2 a k T / (g mu0 Ms V dt)).

        W. F. Brown, Phys. Rev. 130, 1677 (1963); g includes mu0.
        """
        magnet = self.magnet
        moment = VACUUM_PERMEABILITY * magnet.magnetization * magnet.volume
        power = 2 * magnet.damping * BOLTZMANN * magnet.temperature
        return math.sqrt(power / (magnet.gyromagnetic_ratio * moment * self.step))

    @property
    def longest_step(self) -> float:
        """Step [s] above which the scheme's own error undoes more than a fifth of the damping.

        Heun's scheme widens a turn by the angle w dt by (w dt)^4 / 8, the damping narrows it
        by a w dt; w is taken at the largest field that the magnet has of itself.
        """
        fields = np.linalg.eigvalsh(self.magnet.field_matrix)
        largest = float(fields[-1] - fields[0]) + math.hypot(*self.magnet.external_field)
        turn = (1.6 * max(self.magnet.damping, 1e-3)) ** (1 / 3)
        return float(turn / (self.magnet.gyromagnetic_ratio * largest))

    def check(self) -> None:
        """Raise PlanError where the step is too long for the magnet, or none."""
        if not 1e-15 <= self.step <= self.longest_step:
            raise PlanError(
                f"a step of {self.step:g} s does not resolve the motion of magnet "
                f"{self.magnet.name}; take one from 1e-15 s to {self.longest_step:.2g} s"
            )

    def steps(self, duration: float) -> int:
        """The number of steps that come nearest to a duration [s]."""
        return round(duration / self.step)

    def currents(self, waveform: Waveform, first: int, last: int) -> FloatArray:
        """Currents [A] at the instants of the steps `first` to `last`, shape (last - first + 1,).

        Steps are counted from t = 0.
        """
        return waveform.at(np.asarray(np.arange(first, last + 1) * self.step, dtype=float))

    def advance(self, m: FloatArray, currents: FloatArray, generator: np.random.Generator) -> None:
        """Move directions `m` (n, 3) in place; `currents` [A] at the ends of the steps.

        The generator gives each direction its own thermal field; the same generator state
        gives the same directions, on one thread.
        """
        from characterize.thermal import kernel

        magnet = self.magnet
        kernel.advance(
            m,
            np.ascontiguousarray(magnet.field_matrix),
            np.array(magnet.external_field, dtype=float),
            np.array(magnet.polarization, dtype=float),
            magnet.damping_like_field(1.0) * currents,
            float(magnet.field_like_ratio),
            float(magnet.damping),
            self._rate,
            self.thermal_field,
            generator,
        )

    def follow(
        self, start: ArrayLike, currents: FloatArray, thermal: FloatArray | None = None
    ) -> FloatArray:
        """Trajectory (n, 3) of one direction, `currents` (n,) [A] at the ends of the steps.

        `thermal` (n, 3) is a given thermal field [A/m] at the same instants; None is none.
        """
        from characterize.thermal import kernel

        magnet = self.magnet
        fields = np.tile(np.array(magnet.external_field, dtype=float), (len(currents), 1))
        if thermal is not None:
            fields += thermal
        return kernel.follow(
            np.asarray(start, dtype=float),
            np.ascontiguousarray(magnet.field_matrix),
            fields,
            np.array(magnet.polarization, dtype=float),
            magnet.damping_like_field(1.0) * currents,
            float(magnet.field_like_ratio),
            float(magnet.damping),
            self._rate,
        )

    @property
    def _rate(self) -> float:
        magnet = self.magnet
        return magnet.gyromagnetic_ratio * self.step / (1 + magnet.damping**2)
