"""The mappings that come nearest to limits which none stays within."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from accelerator.networks import Network
from accelerator.search.search import Found, NothingWithinError, search_mapping


@dataclass(frozen=True)
class Miss:
    """A mapping beyond limits, and by how much: value over limit (1) of each that it misses."""

    found: Found
    over: dict[str, float]

    @property
    def product(self) -> float:
        """What it misses by, multiplied (1)."""
        product = 1.0
        for ratio in self.over.values():
            product *= ratio
        return product

    def to_dict(self) -> dict[str, Any]:
        """The miss's entry in JSON, SI units."""
        report = self.found.report
        return {
            "objective": self.found.objective,
            "energy": report.energy,
            "latency": report.latency,
            "area": report.area,
            "over": dict(self.over),
        }


def nearest_mappings(
    network: str | os.PathLike[str] | Network,
    *,
    area_limit: float | None = None,
    capacity_limit: float | None = None,
    latency_limit: float | None = None,
    **settings: Any,
) -> tuple[Miss, ...]:
    """Mappings that miss limits (m2, cells, s) by least, where none keeps them all.

    They are the fastest within the area, the smallest that is fast enough, and the one of least
    product of area and latency; there is none where no mapping has room in the cells. Arguments
    are those of `search_mapping`.
    """
    fixed = {**settings, "capacity_limit": capacity_limit}
    tries: list[tuple[str, dict[str, float]]] = []
    if area_limit is not None:
        tries.append(("latency", {"area_limit": area_limit}))
    if latency_limit is not None:
        tries.append(("area", {"latency_limit": latency_limit}))
    if area_limit is not None and latency_limit is not None:
        tries.append(("area_latency", {}))
    tries = tries if len(tries) > 1 else [("area", {}), ("latency", {})]
    misses: list[Miss] = []
    for objective, kept in tries:
        try:
            found = search_mapping(network, objective, **kept, **fixed)
        except NothingWithinError:
            continue
        report = found.report
        asked = {"area": area_limit, "latency": latency_limit}
        over = {
            name: getattr(report, name) / limit
            for name, limit in asked.items()
            if limit is not None and getattr(report, name) > limit
        }
        misses.append(Miss(found, over))
    nearest = sorted(misses, key=lambda miss: miss.product)
    # Two of the searches may come to one mapping.
    figures = [(m.found.report.area, m.found.report.latency) for m in nearest]
    return tuple(m for place, m in enumerate(nearest) if figures[place] not in figures[:place])
