"""What comes nearest to the limits where nothing stays within them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from accelerator.alignment import short
from accelerator.exploration.exploration import Exploration, Explored
from accelerator.exploration.render import SHOWN, setting_text
from accelerator.exploration.space import BETTER_LARGER

NEAREST = 5


@dataclass(frozen=True)
class Miss:
    """A point beyond limits, and by how much: value over limit (1) of each that it misses, limit
    over value where the limit is the least."""

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
        ratios = {name: point.over(name, limit) for name, limit in found.space.limits.items()}
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
    if miss.point.measures.get(name) is None:
        return f"{name} is not known"
    value = short(miss.point.value(name) * scale)
    text, asked = f"{name} {value} {unit}".rstrip(), f"{limit * scale:.4g}"
    if name in BETTER_LARGER:
        return f"{text} ({asked} is {miss.over[name]:.3g} times it)"
    return f"{text} ({miss.over[name]:.3g} times {asked})"
