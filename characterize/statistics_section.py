"""The section [statistics] of a plan: which senses are simulated with random devices, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from characterize.bench_axes import chosen_values
from characterize.errors import PlanError
from characterize.quantities import quantity
from circuits.errors import DesignError
from circuits.variation import DEFAULT_VARIATION, Variation, load_variation
from files import Section, naming
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
    section = Section({"statistics": table}, str(path), PlanError).table("statistics")
    section.only(_KEYS, "it")
    names = section.names("benches", STATISTICS, list(STATISTICS))
    own = dict(axes)
    for name, values in section.table("axes", "statistics.axes").content.items():
        own[name] = chosen_values(f"{path}: [statistics.axes]", name, values, axes)
    variation = section.text("variation", DEFAULT_VARIATION, "a name or a path")
    limit = quantity(place, "time_limit", section.content.get("time_limit", "3600 s"), "s")
    if limit <= 0:
        raise PlanError(f"{place}: 'time_limit' must be above 0 s")
    with naming(path, DesignError):
        chosen = load_variation(
            path.parent / variation if variation.endswith(".toml") else variation
        )
    draws = Draws(
        chosen,
        section.whole("samples", 8, 100_000, Draws.samples),
        section.number("relative_error", 0.01, 1, Draws.relative_error),
        section.whole("simulations", 250, 1_000_000, Draws.simulations),
        section.whole("seed", 1, 2**31, Draws.seed),
        limit,
    )
    return Statistics(tuple(name for name in STATISTICS if name in names), own, draws)
