"""The space that is explored: values along axes, what counts, and limits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from itertools import product
from typing import Any

from accelerator.assumptions import load_assumptions
from accelerator.errors import EstimateError
from accelerator.options import Options
from files import short

MEASURES = {
    "energy": "J",
    "latency": "s",
    "interval": "s",
    "area": "m2",
    "energy_delay": "J s",
    "power": "W",
    "subarrays": "1",
    "error_rate": "1",
}
"""What a point is told of, each better the smaller; `error_rate` is of an AND."""
TOLD = ("widths_used", "said")
"""What else is told of a point: its widths, and sentences on its file's widths and batch."""
DEFAULT_OBJECTIVES = ("energy", "latency", "area")
_SETTINGS = (
    "network",
    "table",
    "weight_bits",
    "activation_bits",
    "rows",
    "columns",
    "first_last",
    "widths",
    "batch",
    "batch_axis",
    "dims",
    "corner",
    "vdd",
    "write_vdd",
    "temperature",
)
ASSUMPTION = "assumptions."


def axis_names() -> tuple[str, ...]:
    """Axes that there are: arguments and options of an estimate, and its assumptions."""
    options = (entry.name for entry in fields(Options))
    constants = (f"{ASSUMPTION}{name}" for name, _ in load_assumptions().items())
    return (*_SETTINGS, *options, *constants)


@dataclass(frozen=True)
class Space:
    """Axes by name with their values (SI), the measures to weigh, and their largest values.

    Raises EstimateError on unknown names, empty axes, and values given twice.
    """

    axes: Mapping[str, tuple[Any, ...]]
    objectives: tuple[str, ...] = DEFAULT_OBJECTIVES
    limits: Mapping[str, float] = field(default_factory=dict)
    title: str = "exploration"

    def __post_init__(self) -> None:
        known = axis_names()
        for name, values in self.axes.items():
            if name not in known:
                raise EstimateError(
                    f"there is no axis {short(repr(name))}: the axes are {', '.join(_SETTINGS)}, "
                    "the options of an estimate, and assumptions.NAME"
                )
            if not values:
                raise EstimateError(f"the axis {short(name)} has no values: give it at least one")
            if len(set(map(repr, values))) != len(values):
                raise EstimateError(f"the axis {short(name)} has a value twice: give each once")
        if "network" not in self.axes:
            raise EstimateError("the axis network is missing: name at least one network")
        for name in (*self.objectives, *self.limits):
            if name not in MEASURES:
                raise EstimateError(
                    f"there is no measure {short(repr(name))}: give one of {', '.join(MEASURES)}"
                )
        if not self.objectives:
            raise EstimateError(f"no objective is named: give one of {', '.join(MEASURES)}")
        for name, limit in self.limits.items():
            if isinstance(limit, bool) or not isinstance(limit, int | float) or not limit > 0:
                raise EstimateError(
                    f"the limit of {name} is a number above 0, not {short(repr(limit))}"
                )

    @property
    def size(self) -> int:
        """Number of points."""
        return math.prod(len(values) for values in self.axes.values())

    @property
    def varied(self) -> tuple[str, ...]:
        """Axes with more than one value."""
        return tuple(name for name, values in self.axes.items() if len(values) > 1)

    def points(self) -> Iterator[dict[str, Any]]:
        """Every point as settings by axis, lazily, the last axis running fastest."""
        # A worker keeps a few tables open, so these change least often.
        names = sorted(self.axes, key=lambda name: name not in ("table", "network"))
        for values in product(*(self.axes[name] for name in names)):
            chosen = dict(zip(names, values, strict=True))
            yield {name: chosen[name] for name in self.axes}
