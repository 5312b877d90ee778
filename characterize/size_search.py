"""The least energy that meets a demand: a sequence of linear models in logarithms.

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
_REACH, _LONGEST, _SHORTEST = 0.4, 1.2, 0.04
"""Length of a step over all logarithms of sizes together: at first, at most, when to give up."""
_FRESH_STARTS = 1
"""How often the slopes are taken anew where no step gains any more."""
_SPAN = math.log(5)
_AIM = 1.01
"""The steps aim so much farther from failing than is asked, as they never end quite there."""
_PENALTY = 10.0
"""Of energy's logarithm for each unit that a constraint's logarithm is missed by."""
_DISTANCE_OF_FAILURE = 20.0
_TIME_ENOUGH = 1.0
"""Of the cycle's logarithm; without a limit there is always so much."""


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
        self._low, self._high = self._bounds()
        self._cache: dict[tuple[float, ...], Sized | None] = {}
        self._slopes: Array | None = None
        self._here: _Step | None = None
        self.evaluated: list[Sized] = []

    def _bounds(self) -> tuple[Array, Array]:
        """Logarithms of the least and largest sizes, within what the technology can make."""
        ends = []
        for change in (-_SPAN, _SPAN):
            wanted = np.exp(self._origin + change)
            design = with_values(self._design, self._parameters, wanted)
            ends.append(np.log([parameter.of(design) for parameter in self._parameters]))
        return ends[0], ends[1]

    def run(self, distance: float, evaluations: int) -> Sized | None:
        """The least energy at a distance from failure [sigma]; None where none was found."""
        aim = _AIM * distance
        here = self._start(aim)
        slopes, reach, left = self._slopes, _REACH, evaluations
        assert slopes is not None, "the start has differences"
        fresh_starts = _FRESH_STARTS
        while left > 0:
            change, expected = self._best_step(here, slopes, reach)
            if reach < _SHORTEST or expected < 1e-3:
                # Corrected along the steps only, the slopes may no longer be those of this place.
                if fresh_starts == 0:
                    break
                fresh_starts -= 1
                slopes, reach = self._differences(here, aim), _REACH / 2
                left -= len(self._origin)
                continue
            left -= 1
            there = self._at(here.place + change, aim)
            if there is None:
                reach /= 2
                continue
            slopes = self._corrected(slopes, here, there)
            gained = here.merit - there.merit
            if gained < 0.25 * expected:
                reach = float(np.linalg.norm(change)) / 2
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
            if sized.distance >= distance and self._demand.allows(sized)
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
        self._slopes, self._here = self._differences(here, distance), here
        return here

    def _differences(self, here: _Step, distance: float) -> Array:
        """Slopes of energy and slacks (1 + constraints, parameters) around a place."""
        rows = []
        for index in range(len(self._origin)):
            place = here.place.copy()
            there = None
            for change in (_DIFFERENCE, -_DIFFERENCE):
                place[index] = here.place[index] + change
                there = self._at(place, distance)
                if there is not None:
                    break
            moved = there.place[index] - here.place[index] if there is not None else 0.0
            if there is None or moved == 0.0:
                rows.append(np.zeros(1 + len(here.slacks)))
            else:
                rows.append((_vector(there) - _vector(here)) / moved)
        return np.array(rows).T

    def _at(self, place: Array, distance: float) -> _Step | None:
        bounded = np.clip(place, self._low, self._high)
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
        time = min(math.log(self._demand.cycle_time / sized.cycle_time), _TIME_ENOUGH)
        distances = [
            math.log(min(found, _DISTANCE_OF_FAILURE) / distance)
            for found in sized.distances.values()
        ]
        # A decade of disturb counts as 20 % of a distance, more than three as three.
        return np.array([*distances, 0.2 * min(disturb, 3.0), room, time])

    def _best_step(self, here: _Step, slopes: Array, reach: float) -> tuple[Array, float]:
        """The change of a length within reach that a linear model likes best, and its gain.

        Within a ball a size moves as far as it matters; within a box each would go to an end,
        led by the noise of its slope where it matters little.
        """
        from scipy.optimize import minimize

        count, constraints = len(self._origin), len(here.slacks)
        low, high = self._low - here.place, self._high - here.place
        cost = np.concatenate([slopes[0], np.full(constraints, _PENALTY)])
        kept = np.hstack([slopes[1:], np.eye(constraints)])
        begin = np.concatenate([np.zeros(count), np.maximum(-here.slacks, 0.0)])
        found = minimize(
            lambda x: float(cost @ x),
            begin,
            jac=lambda _: cost,
            bounds=[
                *zip(np.minimum(low, 0.0), np.maximum(high, 0.0), strict=True),
                *[(0.0, None)] * constraints,
            ],
            constraints=[
                {"type": "ineq", "fun": lambda x: kept @ x + here.slacks, "jac": lambda _: kept},
                {
                    "type": "ineq",
                    "fun": lambda x: 1.0 - float(x[:count] @ x[:count]) / reach**2,
                    "jac": lambda x: np.concatenate(
                        [-2 * x[:count] / reach**2, np.zeros(constraints)]
                    ),
                },
            ],
            method="SLSQP",
            options={"maxiter": 200, "ftol": 1e-9},
        )
        change = np.asarray(found.x[:count])
        length = float(np.linalg.norm(change))
        if length > reach:
            change *= reach / length
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
