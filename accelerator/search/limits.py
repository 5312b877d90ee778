"""What a mapping has to stay within, and how far a judged one is from it."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf


@dataclass(frozen=True)
class Limits:
    """The largest area (m2), cells (1) and latency (s), infinite where there is none."""

    area: float = inf
    capacity: float = inf
    latency: float = inf


@dataclass(frozen=True)
class Judged:
    """A whole mapping by the whole model: area (m2), latency (s), and the objective."""

    area: float
    latency: float
    objective: float

    def over(self, limits: Limits) -> float:
        """By how much it is beyond the limits, the ratios multiplied; 1 within them (1)."""
        return max(self.area / limits.area, 1.0) * max(self.latency / limits.latency, 1.0)
