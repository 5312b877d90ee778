"""What comes nearest to the limits where nothing stays within them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from accelerator.alignment import short
from accelerator.exploration.exploration import Exploration, Explored
from accelerator.exploration.render import SHOWN, setting_text

NEAREST = 5


@dataclass(frozen=True)
class Miss:
    """A point beyond limits, and by how much: value over limit (1) of each that it misses."""

    point: Explored
    over: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """The miss's entry in the JSON."""
        return {**self.point.settings, **self.point.measures, "over": dict(self.over)}


def nearest_misses(found: Exploration, most: int = NEAREST) -> tuple[Miss, ...]:
    """The points with the least product of what they miss by, those without a value last."""
    misses = []
    for point, within in zip(found.points, found.within, strict=True):
        if within or point.refusal:
            continue
        # A limit on what is not known (an error rate without statistics) is missed without end.
        ratios = {
            name: math.inf if point.measures.get(name) is None else point.value(name) / limit
            for name, limit in found.space.limits.items()
        }
        misses.append(Miss(point, {name: over for name, over in ratios.items() if over > 1}))
    return tuple(sorted(misses, key=lambda miss: math.prod(miss.over.values()))[:most])


def render_misses(found: Exploration) -> str:
    """A line for each of the nearest misses, with what it misses; empty where points are within."""
    if any(found.within):
        return ""
    misses = nearest_misses(found)
    if not misses:
        return ""
    space = found.space
    lines = ["nothing stays within the limits; the nearest, with what they miss:"]
    for miss in misses:
        settings = ", ".join(
            f"{axis} {setting_text(axis, miss.point.settings[axis])}" for axis in space.varied
        )
        missed = ", ".join(_missed(miss, name, space.limits[name]) for name in miss.over)
        lines.append(f"  {settings}: {missed}" if settings else f"  {missed}")
    tight = {
        name: sum(name in miss.over for miss in nearest_misses(found, len(found.points)))
        for name in space.limits
    }
    lines.append(
        "missed by how many points: "
        + ", ".join(f"{name} {number} of {space.size}" for name, number in tight.items() if number)
    )
    return "\n".join(lines) + "\n"


def _missed(miss: Miss, name: str, limit: float) -> str:
    scale, unit = SHOWN[name]
    if math.isinf(miss.over[name]):
        return f"{name} is not known"
    value = short(miss.point.value(name) * scale)
    return f"{name} {value} {unit}".rstrip() + f" ({miss.over[name]:.3g} times {limit * scale:.4g})"
