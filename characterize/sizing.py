"""What a sized sense amplifier is worth: energy, distance from failing, disturb and room.

The distance is first-order: one simulation a variable, two standard deviations towards
failure. It ranks designs in a minute; what is found is then held against importance sampling.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

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
_KEPT_SHARE = 0.98
_FAR = 3.0
"""A pattern that much farther [sigma] than is needed is not looked at again."""
UTILISATION = 0.7
"""Share of the area at the columns' ends that transistors can fill, as the accelerator has it."""


@dataclass(frozen=True)
class Demand:
    """What is asked of a sense: the error rate of its worst operands, disturb and room.

    `aspect` is the height of an amplifier over the width of the columns that share it.
    """

    bench: str
    error_rate: float
    conditions: Conditions
    variation: Variation
    read_disturb: float = 1e-9
    aspect: float = 20.0

    @property
    def distance(self) -> float:
        """Standard deviations that an error rate leaves to failure."""
        from scipy.special import ndtri

        return float(-ndtri(self.error_rate))


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
    """What is known of one operand pattern: which variables matter, to which side they fail."""

    kept: NDArray[np.int64] | None = None
    signs: Array = field(default_factory=lambda: np.zeros(0))
    share: float = 1.0
    far: float | None = None


class Evaluator:
    """Simulates candidate designs; the first one also finds which variables matter."""

    def __init__(self, demand: Demand, decks: DeckRunner) -> None:
        self.demand, self._decks = demand, decks
        self.simulations = 0
        # What is on the line for 10 is the same as for 01.
        names = [name for name in operand_patterns(demand.bench) if name != "10"]
        self._patterns = {name: _Pattern() for name in names}

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
                design, demand.bench, operands, demand.conditions, demand.variation, self._decks
            )
            self.simulations += state.calibrations
            if not state.nominal_right:
                return None
            values = measure(state.deck, state.nominal).values
            energies[operands] = values["energy"]
            cycle = max(cycle, values["cycle_time"])
            disturb = max(disturb, read_disturb(state.deck, state.nominal, design.device))
            aspect = _aspect(design, values["area"])
            distance = self._distance(state, pattern)
            if distance is None:
                return None
            distances[operands] = distance
        # 10 costs what 01 does.
        weights = {name: 2 if name == "01" else 1 for name in energies}
        energy = sum(weights[name] * energies[name] for name in energies) / sum(weights.values())
        return Sized(design, energy, cycle, disturb, aspect, distances)

    def _distance(self, state: SensingLimitState, pattern: _Pattern) -> float | None:
        if pattern.far is not None:
            return pattern.far
        dimension = len(state.variables)
        if dimension == 0:
            return math.inf
        first = pattern.kept is None
        kept = np.arange(dimension) if pattern.kept is None else pattern.kept
        signs = np.ones(len(kept)) if first else pattern.signs
        points = np.zeros((len(kept), dimension))
        points[np.arange(len(kept)), kept] = _STEP * signs
        found = state(points)
        self.simulations += len(points)
        if not found.resolved.all():
            return None
        # The latch that is pushed hardest decides.
        slopes = signs[:, None] * (1 - found.values) / _STEP
        squares = (slopes**2).sum(axis=0)
        worst = int(np.argmax(squares))
        distance = float(math.sqrt(pattern.share / squares[worst]))
        if first:
            self._keep(pattern, slopes[:, worst], distance)
        return distance

    def _keep(self, pattern: _Pattern, slopes: Array, distance: float) -> None:
        squares = slopes**2
        order = np.argsort(-squares)
        enough = 1 + int(np.searchsorted(np.cumsum(squares[order]), _KEPT_SHARE * squares.sum()))
        pattern.kept = np.sort(order[:enough])
        pattern.signs = np.where(slopes[pattern.kept] >= 0, 1.0, -1.0)
        pattern.share = float(squares[pattern.kept].sum() / squares.sum())
        if distance > self.demand.distance + _FAR:
            pattern.far = distance


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


_WIDTH, _CURRENT, _TIME = 5e-9, 0.1e-6, 10e-12
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
        common += [Parameter("sampling", "amplify", _TIME)]
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
        sections.setdefault(parameter.section, {})[parameter.name] = float(f"{rounded:.9g}")
    changed = {name: replace(getattr(design, name), **new) for name, new in sections.items()}
    return replace(design, **changed)
