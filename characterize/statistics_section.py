"""The section [statistics] of a plan: which senses are simulated with random devices, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from characterize.bench_axes import chosen_values
from characterize.errors import PlanError
from characterize.quantities import quantity
from circuits.variation import DEFAULT_VARIATION, Variation, load_variation
from lut import STATISTICS

_KEYS = (
    "benches", "variation", "samples", "relative_error", "simulations", "seed", "time_limit",
    "axes",
)  # fmt: skip


@dataclass(frozen=True)
class Draws:
    """How the devices of one point are drawn.

    `samples` draws give means and sigmas; at most `simulations` more give the error rate, to
    within `relative_error` (half the interval of 95 % over the rate).
    """

    variation: Variation
    samples: int = 64
    relative_error: float = 0.2
    simulations: int = 2000
    seed: int = 1
    time_limit: float = 3600.0
    """Of the whole point [s]."""


@dataclass(frozen=True)
class Statistics:
    """What a plan asks of random devices: benches, their axes, and how to draw."""

    benches: tuple[str, ...]
    axes: Mapping[str, tuple[Any, ...]]
    draws: Draws


def read_statistics(path: Path, table: object, axes: Mapping[str, tuple[Any, ...]]) -> Statistics:
    """The section, with the plan's own axes where it chooses no values of one.

    Raises PlanError, and DesignError on a bad set of distributions.
    """
    place = f"{path}: [statistics]"
    if not isinstance(table, dict):
        raise PlanError(f"{path}: 'statistics' must be a section, headed [statistics]")
    for key in table:
        if key not in _KEYS:
            raise PlanError(f"{place} has an unknown key '{key}'; it has {', '.join(_KEYS)}")
    names = table.get("benches", list(STATISTICS))
    if not isinstance(names, list) or not names or any(name not in STATISTICS for name in names):
        raise PlanError(
            f"{place}: 'benches' must be a list of {', '.join(STATISTICS)}, not {names!r}"
        )
    chosen = table.get("axes", {})
    if not isinstance(chosen, dict):
        raise PlanError(f"{place}: 'axes' must be a section, headed [statistics.axes]")
    own = dict(axes)
    for name, values in chosen.items():
        own[name] = chosen_values(f"{path}: [statistics.axes]", name, values, axes)
    variation = table.get("variation", DEFAULT_VARIATION)
    if not isinstance(variation, str):
        raise PlanError(f"{place}: 'variation' must be a name or a path, not {variation!r}")
    limit = quantity(place, "time_limit", table.get("time_limit", "3600 s"), "s")
    if limit <= 0:
        raise PlanError(f"{place}: 'time_limit' must be above 0 s")
    draws = Draws(
        load_variation(path.parent / variation if variation.endswith(".toml") else variation),
        _whole(place, table, "samples", 8, 100_000),
        _relative_error(place, table.get("relative_error", Draws.relative_error)),
        _whole(place, table, "simulations", 250, 1_000_000),
        _whole(place, table, "seed", 1, 2**31),
        limit,
    )
    return Statistics(tuple(name for name in STATISTICS if name in names), own, draws)


def _whole(place: str, table: Mapping[str, Any], key: str, least: int, most: int) -> int:
    value = table.get(key, getattr(Draws, key))
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise PlanError(
            f"{place}: '{key}' must be a whole number from {least} to {most}, not {value!r}"
        )
    return value


def _relative_error(place: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.01 <= value <= 1:
        raise PlanError(f"{place}: 'relative_error' must be from 0.01 to 1, not {value!r}")
    return float(value)
