"""Intervals of the totals, and what each source has to do with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accelerator.uncertainty.sources import Source


@dataclass(frozen=True, slots=True)
class Interval:
    """Median and central 95 % of a total, and the share of each source in its variance.

    shares: first order, by the sources' names; what they leave of one is of several together.
    """

    median: float
    low: float
    high: float
    shares: dict[str, float]

    @property
    def ranked(self) -> list[tuple[str, float]]:
        """Sources by their share, largest first."""
        return sorted(self.shares.items(), key=lambda item: -item[1])

    def to_dict(self) -> dict[str, Any]:
        """The entry in the JSON."""
        return {
            "median": self.median,
            "low": self.low,
            "high": self.high,
            "shares": dict(self.shares),
        }


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """Energy in J, latency in s and area in m2 over samples of what is uncertain.

    `unknown` are sentences about what is not carried.
    """

    samples: int
    seed: int
    sources: tuple[Source, ...]
    unknown: tuple[str, ...]
    energy: Interval
    latency: Interval
    area: Interval

    def to_dict(self) -> dict[str, Any]:
        """The entry in the JSON."""
        return {
            "samples": self.samples,
            "seed": self.seed,
            "sources": {source.name: source.law for source in self.sources},
            "unknown": list(self.unknown),
            "energy_J": self.energy.to_dict(),
            "latency_s": self.latency.to_dict(),
            "area_m2": self.area.to_dict(),
        }
