"""The least energy that meets a demand: sequential linear programs in logarithms.

Energies, distances and disturb are nearly products of powers of sizes, currents and times, so
that a linear model of their logarithms holds far: S. Boyd et al., "Digital circuit
optimization via geometric programming", Oper. Res. 53, 899 (2005). The model's slopes come
from one difference a parameter and are corrected after each step (C. G. Broyden, Math. Comput.
19, 577 (1965)).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from characterize.errors import PlanError
from characterize.sizing import Demand, Parameter, Sized, with_values
from circuits import Design

Array = NDArray[np.float64]

_DIFFERENCE = 0.15
_REACH, _LONGEST, _SHORTEST = 0.25, 0.5, 0.03
_SPAN = math.log(5)
_AIM = 1.01
"""The steps aim so much farther from failing than is asked, as they never end quite there."""
_PENALTY = 10.0
"""Of energy's logarithm for each unit that a constraint's logarithm is missed by."""
_DISTANCE_OF_FAILURE = 20.0


@dataclass(frozen=True)
class _Step:
    """An evaluated place: logarithm of energy, slacks of the constraints (kept where >= 0)."""

    place: Array
    energy: float
    slacks: Array
    sized: Sized

    @property
    def merit(self) -> float:
        return self.energy + _PENALTY * float(np.maximum(-self.slacks, 0).sum())


class SizeSearch:
    """Searches around a design; keeps all that was evaluated in `evaluated`.

    `evaluate` gives a design's figures or None; `told` is called with each that has some.
    """

    def __init__(
        self,
        design: Design,
        parameters: tuple[Parameter, ...],
        demand: Demand,
        evaluate: Callable[[Design], Sized | None],
        told: Callable[[Sized], None] | None = None,
    ) -> None:
        self._design, self._parameters, self._demand = design, parameters, demand
        self._evaluate, self._told = evaluate, told
        self._origin = np.array([math.log(parameter.of(design)) for parameter in parameters])
        self._cache: dict[tuple[float, ...], Sized | None] = {}
        self._slopes: Array | None = None
        self._here: _Step | None = None
        self.evaluated: list[Sized] = []

    def run(self, distance: float, evaluations: int) -> Sized | None:
        """The least energy at a distance from failure [sigma]; None where none was found."""
        aim = _AIM * distance
        here = self._start(aim)
        slopes, reach, left = self._slopes, _REACH, evaluations
        assert slopes is not None, "the start has differences"
        while left > 0 and reach >= _SHORTEST:
            change, expected = self._best_step(here, slopes, reach)
            if expected < 1e-3:
                break
            left -= 1
            there = self._at(here.place + change, aim)
            if there is None:
                reach /= 2
                continue
            slopes = self._corrected(slopes, here, there)
            gained = here.merit - there.merit
            if gained < 0.25 * expected:
                reach = max(np.abs(change).max(), _SHORTEST) / 2
            elif gained > 0.75 * expected:
                reach = min(1.5 * reach, _LONGEST)
            if gained > 0:
                here = there
        self._slopes, self._here = slopes, here
        return self.best(distance)

    def best(self, distance: float) -> Sized | None:
        """The least energy of all that was evaluated and meets the demand."""
        fitting = [
            sized
            for sized in self.evaluated
            if sized.distance >= distance
            and sized.read_disturb <= self._demand.read_disturb
            and sized.aspect <= self._demand.aspect
        ]
        return min(fitting, key=lambda sized: sized.energy, default=None)

    def _start(self, distance: float) -> _Step:
        """Where to begin, with slopes around it."""
        if self._here is not None:
            again = self._at(self._here.place, distance)
            assert again is not None, "it was evaluated before"
            return again
        here = self._at(self._origin, distance)
        if here is None:
            raise PlanError(
                f"the design {self._design.name} to begin with is wrong or cannot be simulated at "
                "these conditions; begin with another by --design"
            )
        rows = []
        for index in range(len(self._origin)):
            place = self._origin.copy()
            there = None
            for change in (_DIFFERENCE, -_DIFFERENCE):
                place[index] = self._origin[index] + change
                there = self._at(place, distance)
                if there is not None:
                    break
            moved = there.place[index] - here.place[index] if there is not None else 0.0
            if there is None or moved == 0.0:
                rows.append(np.zeros(1 + len(here.slacks)))
            else:
                rows.append((_vector(there) - _vector(here)) / moved)
        self._slopes, self._here = np.array(rows).T, here
        return here

    def _at(self, place: Array, distance: float) -> _Step | None:
        bounded = np.clip(place, self._origin - _SPAN, self._origin + _SPAN)
        design = with_values(self._design, self._parameters, np.exp(bounded))
        values = tuple(parameter.of(design) for parameter in self._parameters)
        if values not in self._cache:
            self._cache[values] = self._evaluate(design)
            found = self._cache[values]
            if found is not None:
                self.evaluated.append(found)
                if self._told is not None:
                    self._told(found)
        sized = self._cache[values]
        if sized is None:
            return None
        # Where it is after rounding.
        return _Step(np.log(values), math.log(sized.energy), self._slacks(sized, distance), sized)

    def _slacks(self, sized: Sized, distance: float) -> Array:
        disturb = math.log10(self._demand.read_disturb / max(sized.read_disturb, 1e-30))
        room = math.log(self._demand.aspect / sized.aspect)
        distances = [
            math.log(min(found, _DISTANCE_OF_FAILURE) / distance)
            for found in sized.distances.values()
        ]
        # A decade of disturb counts as 20 % of a distance, more than three as three.
        return np.array([*distances, 0.2 * min(disturb, 3.0), room])

    def _best_step(self, here: _Step, slopes: Array, reach: float) -> tuple[Array, float]:
        """The change that a linear model likes best within reach, and the merit it gains."""
        from scipy.optimize import linprog

        count, constraints = len(self._origin), len(here.slacks)
        low = np.maximum(-reach, self._origin - _SPAN - here.place)
        high = np.minimum(reach, self._origin + _SPAN - here.place)
        found = linprog(
            np.concatenate([slopes[0], np.full(constraints, _PENALTY)]),
            A_ub=np.hstack([-slopes[1:], -np.eye(constraints)]),
            b_ub=here.slacks,
            bounds=[*zip(low, np.maximum(low, high), strict=True), *[(0, None)] * constraints],
        )
        change = np.asarray(found.x[:count])
        slacks = here.slacks + slopes[1:] @ change
        merit = here.energy + slopes[0] @ change + _PENALTY * np.maximum(-slacks, 0).sum()
        return change, here.merit - float(merit)

    def _corrected(self, slopes: Array, here: _Step, there: _Step) -> Array:
        moved = there.place - here.place
        length = float(moved @ moved)
        if length == 0.0:
            return slopes
        error = _vector(there) - _vector(here) - slopes @ moved
        return np.asarray(slopes + np.outer(error, moved) / length)


def _vector(step: _Step) -> Array:
    return np.concatenate([[step.energy], step.slacks])
