"""The best mapping within limits: merged over layers, then judged by the whole model."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import islice
from typing import Any

import numpy as np

from accelerator.array import Array
from accelerator.assumptions import Assumptions
from accelerator.chip import Chip
from accelerator.errors import EstimateError
from accelerator.hardware import Hardware, floorplan, memory
from accelerator.networks import Network
from accelerator.options import Options
from accelerator.pipeline import estimate
from accelerator.plan import Choice, PlannedLayer
from accelerator.prices import Prices
from accelerator.report import Report
from accelerator.search.alternatives import (
    AREA,
    CELLS,
    ENERGY,
    POWER,
    TIME,
    Alternatives,
    alternatives,
    bare_area,
    idle_power,
)
from accelerator.search.limits import Judged, Limits
from accelerator.search.merging import Bound, Merged, Sums, at_hand, merge
from accelerator.tree import Tree

OBJECTIVES = ("energy", "latency", "product", "area", "area_latency")
_JUDGED = 64
_MOST_ROUNDS = 6
_SLACK = 0.03
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Found:
    """The best mapping: its report, and what the search did.

    `judged` whole mappings went through the whole model. `gap` is by how much (1) the sums of a
    mapping that was dropped unseen may be lower: 0 where the search was exact.
    """

    report: Report
    objective: str
    judged: int
    gap: float


def search_mapping(
    network: str | os.PathLike[str] | Network,
    objective: str = "energy",
    *,
    area_limit: float | None = None,
    capacity_limit: float | None = None,
    latency_limit: float | None = None,
    **settings: Any,
) -> Found:
    """Choose dataflow, copies, reuse of overlap and double buffering of every layer.

    Args:
        objective: "energy", "latency" or "product" of both of an image, "area" of the chip, or
            its product with the latency, "area_latency": the least of it is sought.
        area_limit: of the whole chip (m2).
        capacity_limit: cells of the sub-arrays that hold weights (1).
        latency_limit: of an image (s).
        settings: keyword arguments of `accelerator.estimate`.

    Raises:
        NothingWithinError: no mapping stays within the limits.
        EstimateError: an argument that cannot be.
        lut.TableError: a table that cannot be used, or conditions outside it.
    """
    if objective not in OBJECTIVES:
        raise EstimateError(f"there is no objective {objective!r}: give {', '.join(OBJECTIVES)}")
    for field in fields(Choice):
        if field.name in settings:
            raise EstimateError(f"{field.name} is what the search chooses: leave it out")
    if settings.get("pipelined"):
        raise EstimateError(
            "pipelined cannot be searched for: the search weighs layers that run one after the "
            "other; search without it, then estimate with copies for the slowest layer"
        )
    given = {"area": area_limit, "capacity": capacity_limit, "latency": latency_limit}
    for name, limit in given.items():
        if limit is not None and not 0 < limit < np.inf:
            raise EstimateError(f"the {name} limit is a number above 0, not {limit!r}")
    judged, gap = 0, 0.0

    def mapper(
        layers: tuple[PlannedLayer, ...],
        array: Array,
        prices: Prices,
        options: Options,
        assumptions: Assumptions,
    ) -> tuple[PlannedLayer, ...]:
        nonlocal judged, gap
        limits = Limits(*(np.inf if limit is None else limit for limit in given.values()))
        search = _Search(layers, objective, limits, array, prices, options, assumptions)
        best, judged, gap = search.run()
        return best

    report = estimate(network, mapper=mapper, **settings)
    return Found(report, objective, judged, gap)


class NothingWithinError(EstimateError):
    """No mapping stays within the limits."""


@dataclass
class _Search:
    layers: tuple[PlannedLayer, ...]
    objective: str
    limits: Limits
    array: Array
    prices: Prices
    options: Options
    assumptions: Assumptions

    def run(self) -> tuple[tuple[PlannedLayer, ...], int, float]:
        """The best layers with their choices, how many mappings were judged, and the gap.

        Wires are as long as the chip is large, which is known once it is chosen: the search
        starts from one copy of everything and is repeated on the chip that it found.
        """
        chip = self._chip(self.layers)
        seen: dict[tuple[Choice | None, ...], Judged] = {}
        best: tuple[PlannedLayer, ...] | None = None
        gap, judged, fits = 0.0, 0, False
        for _ in range(_MOST_ROUNDS):
            options = [alternatives(chip, layer) for layer in self.layers]
            limits, weigh = self._sum_limits(chip), self._of_sums(chip)
            added = [one.added * self._counting() for one in options]
            # Wires are not as long yet as they will be, so what comes close is judged too.
            known = at_hand(*self._surely(chip, options, limits), weigh) * (1 + _SLACK)
            bound = self._bound(chip) if self.objective == "energy" else None
            merged = merge(added, limits, weigh, known, bound)
            gap = max(gap, merged.gap)
            for picks in self._worth_judging(chip, options, merged):
                choices = tuple(one.choices[pick] for one, pick in zip(options, picks, strict=True))
                if choices not in seen:
                    judged += 1
                    seen[choices] = self._judge(self._with(choices))
            if not seen:
                break
            nearest = min(seen, key=lambda c: (seen[c].over(self.limits), seen[c].objective))
            winner = self._with(nearest)
            if winner == best:
                break
            best, chip = winner, self._chip(winner)
            fits = seen[nearest].over(self.limits) == 1
        if best is None or not fits:
            smallest = self._chip(
                self._with(tuple(one.choices[one.added[:, AREA].argmin()] for one in options))
            )
            raise NothingWithinError(
                "no mapping stays within the limits: the smallest takes "
                f"{sum(smallest.area_components().values()) * 1e6:.4g} mm2 and "
                f"{sum(work.subarrays for work in smallest.works)} sub-arrays of "
                f"{self.array.rows * self.array.columns} cells, and "
                f"{sum(one.latency for one in smallest.layer_reports()) * 1e3:.4g} ms an image"
            )
        return best, judged, gap

    def _with(self, choices: tuple[Choice | None, ...]) -> tuple[PlannedLayer, ...]:
        return tuple(
            replace(layer, choice=choice)
            for layer, choice in zip(self.layers, choices, strict=True)
        )

    def _chip(self, layers: tuple[PlannedLayer, ...]) -> Chip:
        return Chip.build(layers, self.array, self.prices, self.options, self.assumptions)

    def _judge(self, layers: tuple[PlannedLayer, ...]) -> Judged:
        """A mapping by the whole model."""
        chip = self._chip(layers)
        reports = chip.layer_reports()
        energy, latency = (
            sum(getattr(layer, name) for layer in reports) for name in ("energy", "latency")
        )
        area = sum(chip.area_components().values())
        values = {
            "energy": energy,
            "latency": latency,
            "product": energy * latency,
            "area": area,
            "area_latency": area * latency,
        }
        return Judged(area, latency, values[self.objective])

    def _worth_judging(
        self, chip: Chip, options: list[Alternatives], merged: Merged
    ) -> Iterator[Sums]:
        """The best picks by their sums that have room; where time is limited, of those that are
        sure to keep it too, as wires are not as long as the sums have them."""
        rows = list(zip(merged.sums[:, TIME], merged.picks, strict=True))
        bands = (1 + _SLACK, 1.0, 1 - _SLACK) if np.isfinite(self.limits.latency) else (np.inf,)
        for band in bands:
            most = self.limits.latency * band
            fitting = (
                picks for time, picks in rows if time <= most and self._fits(chip, options, picks)
            )
            yield from islice(fitting, _JUDGED)

    def _sum_limits(self, chip: Chip) -> Sums:
        """Of the sums, which are without the tree and the transposing registers."""
        limits = np.full(5, np.inf)
        limits[AREA] = self.limits.area - self._shared(chip)
        limits[CELLS] = self.limits.capacity
        limits[TIME] = self.limits.latency * (1 + _SLACK)
        return limits

    def _shared(self, chip: Chip) -> float:
        buffer = memory(self.array).times(chip.buffers)
        return bare_area(chip, buffer) + chip.digital_plan.total_area

    def _surely(
        self, chip: Chip, options: list[Alternatives], limits: Sums
    ) -> tuple[list[Sums], Sums]:
        """What layers add, and limits, so that what keeps these keeps the true ones.

        Every layer has registers of its own here, and a tree of many levels its share of all.
        """
        added = []
        for one in options:
            own = one.added * self._counting()
            own[:, AREA] += one.registers * self._counting()[AREA]
            added.append(own)
        most = 4 * max(chip.pricing.tree.subarrays, chip.pricing.tree.organisation.sizes[-1])
        area = most * chip.pricing.tree.pitch**2
        share = 1 + self._tree_area(area, most) / area
        limits = limits.copy()
        limits[AREA] = self.limits.area / share - self._shared(chip)
        limits[TIME] = self.limits.latency * (1 - _SLACK)
        return added, limits

    def _tree_area(self, area: float, subarrays: int) -> float:
        """Of the tree over sub-arrays that take `area` without it (m2)."""
        tree = Tree.over(area, subarrays, self.array, self.assumptions)
        leaves = Hardware(leaves=subarrays)
        return floorplan(leaves, tree, self.prices, self.assumptions).total_area

    def _fits(self, chip: Chip, options: list[Alternatives], picks: Sums) -> bool:
        """Whether a mapping stays within the area; the whole model says the same unrounded."""
        if not np.isfinite(self.limits.area):
            return True
        pairs = list(zip(options, picks, strict=True))
        sums = sum(one.added[pick] for one, pick in pairs)
        area = sums[AREA] + self._shared(chip) + max(one.registers[pick] for one, pick in pairs)
        subarrays = round(sums[CELLS] / (self.array.rows * self.array.columns)) + chip.buffers
        return bool(area + self._tree_area(area, subarrays) <= self.limits.area * (1 + _ROUNDING))

    @staticmethod
    def _bound(chip: Chip) -> Bound:
        """Of the energy: a layer's idle power leaks over its own time, and over that of all
        layers chosen already, whatever the other layers further on will be."""
        rest = idle_power(chip, 0.0).rest

        def bound(sums: Sums, further: Sequence[Sums]) -> Sums:
            least = sums[:, ENERGY] + rest * sums[:, POWER] * sums[:, TIME]
            power, time = sums[:, POWER, None], sums[:, TIME, None]
            for one in further:
                own = one[:, ENERGY] + rest * one[:, POWER] * one[:, TIME]
                crossed = rest * (power * one[:, TIME] + time * one[:, POWER])
                least = least + (own + crossed).min(axis=1)
            powers = np.array([one[:, POWER].min() for one in further])
            times = np.array([one[:, TIME].min() for one in further])
            apart: Sums = least + rest * (powers.sum() * times.sum() - powers @ times)
            return apart

        return bound

    def _counting(self) -> Sums:
        """One for the sums that the objective or a limit depends on, zero for the others."""
        counts = np.zeros(5)
        counts[TIME] = 1
        if self.objective in ("energy", "product"):
            counts[[POWER, ENERGY]] = 1
        counts[AREA] = self.objective in ("area", "area_latency") or np.isfinite(self.limits.area)
        counts[CELLS] = np.isfinite(self.limits.capacity)
        return counts

    def _of_sums(self, chip: Chip) -> Any:
        rest, shared = idle_power(chip, 0.0).rest, self._shared(chip)

        def objective(sums: Sums) -> Sums:
            if self.objective == "area":
                return sums[:, AREA]
            if self.objective == "area_latency":
                return (sums[:, AREA] + shared) * sums[:, TIME]
            energy = sums[:, ENERGY] + rest * sums[:, POWER] * sums[:, TIME]
            if self.objective == "energy":
                return energy
            return sums[:, TIME] * (energy if self.objective == "product" else 1.0)

        return objective
