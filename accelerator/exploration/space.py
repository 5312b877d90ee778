"""The space that is explored: values along axes, what counts, and limits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from itertools import product
from typing import Any

from accelerator.assumptions import load_assumptions
from accelerator.errors import EstimateError
from accelerator.options import Options
from accelerator.plan import Choice
from files import short

MEASURES = {
    "energy": "J",
    "latency": "s",
    "interval": "s",
    "throughput": "1/s",
    "area": "m2",
    "energy_delay": "J s",
    "power": "W",
    "subarrays": "1",
    "error_rate": "1",
    "accuracy": "1",
}
"""What a point is told of; `error_rate` is of an AND, `accuracy` with such errors."""
BETTER_LARGER = ("throughput", "accuracy")
"""Their limits are the least; all others are better the smaller, and their limits the largest."""
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
    "mapping",
    "dataset",
    "data",
)
DEFAULT_MAPPING = "default"
MAPPINGS = {"energy": "energy", "latency": "latency", "both": "product", "area": "area"}
"""What `mapping` may seek the least of in each point, by the search's name, within the limits."""
SEARCHED = tuple(entry.name for entry in fields(Choice))
"""Axes that a searched mapping decides by itself."""
ASSUMPTION = "assumptions."


def axis_names() -> tuple[str, ...]:
    """Axes that there are: arguments and options of an estimate, and its assumptions."""
    options = (entry.name for entry in fields(Options))
    constants = (f"{ASSUMPTION}{name}" for name, _ in load_assumptions().items())
    return (*_SETTINGS, *options, *constants)


@dataclass(frozen=True)
class Space:
    """Axes by name with their values (SI), the measures to weigh, and their limits.

    pairs: axes that run together, the first value of one with the first of the others.

    Where a point's mapping is searched for, what it decides (`SEARCHED`) is None; those axes then
    do not multiply the points. Raises EstimateError on unknown names, empty axes, values given
    twice, and pairs of axes with different numbers of values.
    """

    axes: Mapping[str, tuple[Any, ...]]
    objectives: tuple[str, ...] = DEFAULT_OBJECTIVES
    limits: Mapping[str, float] = field(default_factory=dict)
    title: str = "exploration"
    pairs: tuple[tuple[str, ...], ...] = ()

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
        self._check_pairs()
        self._check_mappings()
        if "accuracy" in (*self.objectives, *self.limits) and "dataset" not in self.axes:
            raise EstimateError(
                "accuracy is of labelled images: give the axis dataset, such as 'digits'"
            )
        for name, limit in self.limits.items():
            if isinstance(limit, bool) or not isinstance(limit, int | float) or not limit > 0:
                raise EstimateError(
                    f"the limit of {name} is a number above 0, not {short(repr(limit))}"
                )
            if name == "accuracy" and limit > 1:
                raise EstimateError(f"the limit of accuracy is a share up to 1, not {limit:g}")

    def _check_pairs(self) -> None:
        seen: set[str] = set()
        for names in self.pairs:
            if len(names) < 2:
                raise EstimateError("a pair has two axes at least: name those that run together")
            for name in names:
                if name not in self.axes:
                    raise EstimateError(f"a pair names {short(repr(name))}, which is no axis here")
                if name in seen:
                    raise EstimateError(f"the axis {short(name)} is in pairs twice: pair it once")
                seen.add(name)
            if len({len(self.axes[name]) for name in names}) > 1:
                told = ", ".join(f"{name} has {len(self.axes[name])}" for name in names)
                raise EstimateError(f"paired axes have as many values each, but {told}")

    def _check_mappings(self) -> None:
        known = (DEFAULT_MAPPING, *MAPPINGS)
        for value in self.axes.get("mapping", ()):
            if value not in known:
                raise EstimateError(
                    f"there is no mapping {short(repr(value))}: give one of {', '.join(known)}"
                )
        if self._searches:
            for names in self.pairs:
                own = [name for name in names if name in SEARCHED]
                if own and len(own) < len(names):
                    raise EstimateError(
                        f"{own[0]} is what a searched mapping decides: it cannot be paired with "
                        "axes that it does not"
                    )

    @property
    def _searches(self) -> bool:
        return any(one != DEFAULT_MAPPING for one in self.axes.get("mapping", ()))

    @property
    def size(self) -> int:
        """Number of points."""
        groups = self._groups(self.axes)
        every = math.prod(len(self.axes[group[0]]) for group in groups)
        if not self._searches:
            return every
        decided = math.prod(len(self.axes[g[0]]) for g in groups if g[0] in SEARCHED)
        others = every // len(self.axes["mapping"])
        sizes = (
            others if one == DEFAULT_MAPPING else others // decided for one in self.axes["mapping"]
        )
        return sum(sizes)

    def _groups(self, names: Iterable[str]) -> list[tuple[str, ...]]:
        """Axes that run together, in this order; most are alone."""
        paired = {name: pair for pair in self.pairs for name in pair}
        return list(dict.fromkeys(paired.get(name, (name,)) for name in names))

    @property
    def varied(self) -> tuple[str, ...]:
        """Axes with more than one value."""
        return tuple(name for name, values in self.axes.items() if len(values) > 1)

    def points(self) -> Iterator[dict[str, Any]]:
        """Every point as settings by axis, lazily, the last axis running fastest."""
        # A worker keeps a few tables open, so these change least often.
        names = sorted(self.axes, key=lambda name: name not in ("table", "network"))
        groups = self._groups(names)
        runs = [list(zip(*(self.axes[name] for name in group), strict=True)) for group in groups]
        first = {name: values[0] for name, values in self.axes.items() if name in SEARCHED}
        for picked in product(*runs):
            chosen = {
                name: value
                for group, values in zip(groups, picked, strict=True)
                for name, value in zip(group, values, strict=True)
            }
            point = {name: chosen[name] for name in self.axes}
            if point.get("mapping", DEFAULT_MAPPING) == DEFAULT_MAPPING:
                yield point
            elif all(point[name] == value for name, value in first.items()):
                yield point | dict.fromkeys(first)

    def asked(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The settings of a point with what else decides its result: a search's limits."""
        made = dict(settings)
        if made.get("mapping", DEFAULT_MAPPING) != DEFAULT_MAPPING:
            times = [self.limits[name] for name in ("latency", "interval") if name in self.limits]
            if "throughput" in self.limits:
                times.append(1 / self.limits["throughput"])
            made["latency_limit"] = min(times, default=None)
            made["area_limit"] = self.limits.get("area")
        return made
