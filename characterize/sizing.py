"""What a sized sense amplifier is worth: energy, distance from failing, disturb and room.

The distance is first-order: that of the most probable failure point, found by differences
there (R. Rackwitz and B. Fiessler, Comput. Struct. 9, 489 (1978)). A candidate takes it over
from the one before, so that one simulation for each variable that matters is enough. It ranks
designs; what is found is then held against importance sampling.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from characterize.deck_runner import DeckRunner
from characterize.errors import PlanError
from characterize.limit_state import SensingLimitState
from characterize.measure import measure, read_disturb
from circuits import Conditions, Design, DesignError, cell_layout
from circuits.operations import operand_patterns
from circuits.variation import Variation

Array = NDArray[np.float64]

_STEP = 2.0
_SMALL_STEP = 1.0
_FIRST_ROUNDS = 2
_KEPT_SHARE = 0.95
_FAR = 3.0
"""A pattern that much farther [sigma] than is needed is not looked at again."""
UTILISATION = 0.7
"""Share of the area at the columns' ends that transistors can fill, as the accelerator has it."""


@dataclass(frozen=True)
class Demand:
    """What is asked of a sense: the error rate of its worst operands, disturb, room and time.

    `aspect` is the height of an amplifier over the width of the columns that share it;
    `cycle_time` the longest cycle (s).
    """

    bench: str
    error_rate: float
    conditions: Conditions
    variation: Variation
    read_disturb: float = 1e-9
    aspect: float = 20.0
    cycle_time: float = math.inf

    @property
    def distance(self) -> float:
        """Standard deviations that an error rate leaves to failure."""
        from scipy.special import ndtri

        return float(-ndtri(self.error_rate))

    def allows(self, sized: Sized) -> bool:
        """Whether a design keeps all that is asked but the error rate."""
        return (
            sized.read_disturb <= self.read_disturb
            and sized.aspect <= self.aspect
            and sized.cycle_time <= self.cycle_time * (1 + 1e-9)
        )


@dataclass(frozen=True)
class Sized:
    """One design with its figures: J, s, probability, 1, and sigma by operand pattern."""

    design: Design
    energy: float
    cycle_time: float
    read_disturb: float
    aspect: float
    distances: dict[str, float]

    @property
    def distance(self) -> float:
        """That of the worst operands."""
        return min(self.distances.values())


@dataclass
class _Pattern:
    """What is known of one operand pattern.

    `kept` are the variables that matter, with the `share` of them in the variance of what
    decides; `point` (kept,) is the most probable failure, where `latch` fails.
    """

    kept: NDArray[np.int64]
    share: float
    latch: int
    point: Array
    far: float | None = None


class Evaluator:
    """Simulates candidate designs; the first one also finds which variables matter."""

    def __init__(self, demand: Demand, decks: DeckRunner) -> None:
        self.demand, self._decks = demand, decks
        self.simulations = 0
        # What is on the line for 10 is the same as for 01.
        names = [name for name in operand_patterns(demand.bench) if name != "10"]
        self._patterns: dict[str, _Pattern | None] = dict.fromkeys(names)

    def __call__(self, design: Design) -> Sized | None:
        """A design's figures; None where it cannot be built, simulated or is nominally wrong."""
        try:
            return self._sized(design)
        except (DesignError, PlanError):
            return None

    def _sized(self, design: Design) -> Sized | None:
        demand = self.demand
        energies, disturb, cycle, distances, aspect = {}, 0.0, 0.0, {}, 0.0
        for operands, pattern in self._patterns.items():
            state = SensingLimitState(
                design, demand.bench, operands, demand.conditions, demand.variation, self._decks,
                calibrated=False,
            )  # fmt: skip
            self.simulations += state.calibrations
            if not state.nominal_right:
                return None
            values = measure(state.deck, state.nominal).values
            energies[operands] = values["energy"]
            cycle = max(cycle, values["cycle_time"])
            disturb = max(disturb, read_disturb(state.deck, state.nominal, design.device))
            aspect = _aspect(design, values["area"])
            distance = self._distance(state, operands, pattern)
            if distance is None:
                return None
            distances[operands] = distance
        # 10 costs what 01 does.
        weights = {name: 2 if name == "01" else 1 for name in energies}
        energy = sum(weights[name] * energies[name] for name in energies) / sum(weights.values())
        return Sized(design, energy, cycle, disturb, aspect, distances)

    def _distance(
        self, state: SensingLimitState, operands: str, pattern: _Pattern | None
    ) -> float | None:
        """Sigmas to the most probable failure; None where a simulation fails."""
        if len(state.variables) == 0:
            return math.inf
        if pattern is not None:
            return pattern.far or self._refined(state, pattern)
        pattern = self._first(state)
        if pattern is None:
            return None
        self._patterns[operands] = pattern
        distance: float | None = None
        for _ in range(_FIRST_ROUNDS):
            distance = self._refined(state, pattern)
        if distance is not None and distance > self.demand.distance + _FAR:
            pattern.far = distance
        return distance

    def _first(self, state: SensingLimitState) -> _Pattern | None:
        """One simulation a variable about the nominal circuit."""
        values = self._values(state, _STEP * np.eye(len(state.variables)))
        if values is None:
            return None
        slopes = (values - 1) / _STEP
        # The latch that is pushed hardest decides.
        latch = int(np.argmax((slopes**2).sum(axis=0)))
        slope = slopes[:, latch]
        squares = slope**2
        order = np.argsort(-squares)
        enough = 1 + int(np.searchsorted(np.cumsum(squares[order]), _KEPT_SHARE * squares.sum()))
        kept = np.sort(order[:enough])
        total = squares[kept].sum()
        point = -slope[kept] / total
        return _Pattern(kept, float(total / squares.sum()), latch, point)

    def _refined(self, state: SensingLimitState, pattern: _Pattern) -> float | None:
        """Move the failure point to where a linear model about it fails, and tell how far it is."""
        count = len(pattern.kept)
        points = np.zeros((1 + count, len(state.variables)))
        points[:, pattern.kept] = pattern.point
        points[1 + np.arange(count), pattern.kept] += _SMALL_STEP
        values = self._values(state, points)
        if values is None:
            return None
        here = values[0, pattern.latch]
        slope = (values[1:, pattern.latch] - here) / _SMALL_STEP
        length = float(np.linalg.norm(slope))
        if length == 0.0:
            return None
        distance = float(here - slope @ pattern.point) / length
        pattern.point = -slope / length * distance
        return distance * math.sqrt(pattern.share)

    def _values(self, state: SensingLimitState, points: Array) -> Array | None:
        found = state(points)
        self.simulations += len(points)
        return found.values if found.resolved.all() else None


def _aspect(design: Design, area: float) -> float:
    width = design.column.columns_per_amplifier * cell_layout(design).width
    return area / UTILISATION / width**2


@dataclass(frozen=True)
class Parameter:
    """One size, current or time that is free: section, name, and the grid [SI] it lies on."""

    section: str
    name: str
    grid: float

    def of(self, design: Design) -> float:
        """Its value in a design."""
        return float(getattr(getattr(design, self.section), self.name))


_WIDTH, _CURRENT, _TIME, _SHARE = 5e-9, 0.1e-6, 10e-12, 0.01
_LARGEST_SHARE = 0.9
_LATCH = [
    Parameter("amplifier_sizes", name, _WIDTH)
    for name in ("pair_width", "latch_p_width", "tail_width")
]


def free_parameters(design: Design, bench: str) -> tuple[Parameter, ...]:
    """What may be sized for a sense: bias current, widths, lengths and times."""
    current = "current_read" if bench == "read" else "current_logic"
    common = [
        Parameter("bias", current, _CURRENT),
        Parameter("bias", "mirror_width", _WIDTH),
        Parameter("bias", "mirror_length", _WIDTH),
        Parameter("timing", "equalize", _TIME),
        Parameter("timing", "develop", _TIME),
        *_LATCH,
    ]
    if design.amplifier == "cancelled":
        names = ("clamp_width", "clamp_length", "storage_width", "storage_length", "switch_width")
        common += [Parameter("sampling", name, _WIDTH) for name in names]
        common += [
            Parameter("sampling", "amplify", _TIME),
            Parameter("sampling", "reference_share", _SHARE),
        ]
    return tuple(common)


def with_values(design: Design, parameters: tuple[Parameter, ...], values: Array) -> Design:
    """The design with some values, rounded to their grids and kept within the technology."""
    sections: dict[str, dict[str, float]] = {}
    least = {"width": design.technology.width_min, "length": design.technology.length_min}
    for parameter, value in zip(parameters, values, strict=True):
        rounded = max(1, round(value / parameter.grid)) * parameter.grid
        for kind, bound in least.items():
            if parameter.name.endswith(kind):
                rounded = max(rounded, math.ceil(bound / parameter.grid - 1e-9) * parameter.grid)
        if parameter.name.endswith("share"):
            rounded = min(rounded, _LARGEST_SHARE)
        sections.setdefault(parameter.section, {})[parameter.name] = float(f"{rounded:.9g}")
    changed = {name: replace(getattr(design, name), **new) for name, new in sections.items()}
    return replace(design, **changed)
