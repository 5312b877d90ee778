"""Sizing a sense amplifier: search by first-order distances, confirm by importance sampling."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from characterize.deck_runner import DeckRunner
from characterize.failure_rates import FailureRate, failure_rate
from characterize.size_search import SizeSearch
from characterize.sizing import Demand, Evaluator, Parameter, Sized, free_parameters
from circuits import Design, build_deck
from circuits.operations import operand_patterns

_ATTEMPTS = 5
_NEAR = 1.5
"""Operands that much farther [sigma] from failing than the worst ones are not confirmed."""
_RELATIVE_ERROR, _BUDGET = 0.5, 1500
_TOO_SAFE = 30.0
FRONTIER = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12)


@dataclass(frozen=True)
class Confirmed:
    """A design with the error rates of its worst operands from importance sampling."""

    sized: Sized
    rates: dict[str, FailureRate]

    @property
    def error_rate(self) -> float:
        """That of the worst operands."""
        return max(found.rate for found in self.rates.values())

    @property
    def distance(self) -> float:
        """The standard deviations that the rate stands for."""
        from scipy.special import ndtri

        return float(-ndtri(min(max(self.error_rate, 1e-300), 1.0)))


@dataclass(frozen=True)
class SizedDesign:
    """What was found for a demand: confirmed designs, and all first-order ones beside them.

    `factor` is a first-order distance over the confirmed one. `simulations` counts all.
    """

    demand: Demand
    parameters: tuple[Parameter, ...]
    start: Sized | None
    confirmed: tuple[Confirmed, ...]
    evaluated: tuple[Sized, ...]
    factor: float
    simulations: int

    @property
    def best(self) -> Confirmed | None:
        """The least energy that meets the demand, else what comes nearest to it."""
        met = [one for one in self.confirmed if one.error_rate <= self.demand.error_rate]
        if met:
            return min(met, key=lambda one: one.sized.energy)
        return min(self.confirmed, key=lambda one: one.error_rate, default=None)

    @property
    def found(self) -> Sized | None:
        """The design of `best`."""
        return None if self.best is None else self.best.sized

    @property
    def met(self) -> bool:
        """Whether the confirmed error rate is the one asked for, or less."""
        return self.best is not None and self.best.error_rate <= self.demand.error_rate

    def rate_of(self, sized: Sized) -> float:
        """The error rate that a first-order distance stands for."""
        from scipy.special import ndtr

        return float(ndtr(-sized.distance / self.factor))

    def frontier(self) -> list[tuple[float, Sized]]:
        """Error rates with the least energy found for each, from large to small ones."""
        found = []
        for rate in FRONTIER:
            fitting = [
                one
                for one in self.evaluated
                if self.rate_of(one) <= rate and self.demand.allows(one)
            ]
            if fitting:
                found.append((rate, min(fitting, key=lambda one: one.energy)))
        return found

    def lines(self) -> list[str]:
        """The result as a person reads it."""
        demand, where = self.demand, self.demand.conditions
        asked = (
            f"{demand.bench} at {demand.error_rate:g} wrong, {where.corner}, {where.vdd:g} V, "
            f"{where.temperature - 273.15:.4g} degC, {where.rows} rows, devices varied as in "
            f"'{demand.variation.name}'"
        )
        if demand.cycle_time < math.inf:
            asked += f", in {demand.cycle_time * 1e9:.4g} ns"
        best = self.best
        if best is None:
            return [
                f"{asked}: no design was found that could be confirmed; begin nearer by --design, "
                "or allow more --evaluations"
            ]
        sized = best.sized
        rates = ", ".join(
            f"{name} {found.rate:.2g} ({found.low:.2g} to {found.high:.2g})"
            for name, found in best.rates.items()
        )
        return [
            asked + ("" if self.met else ": NOT met, this comes nearest"),
            f"energy {sized.energy * 1e12:.4g} pJ a sense, cycle {sized.cycle_time * 1e9:.4g} ns, "
            f"read disturb {sized.read_disturb:.2g}, height {sized.aspect:.3g} times the pitch",
            f"error rates by importance sampling (95 %): {rates}",
            f"{len(self.evaluated)} designs, {self.simulations} transients",
        ]

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able summary, SI."""
        where = self.demand.conditions
        return {
            "bench": self.demand.bench,
            "error_rate_asked": self.demand.error_rate,
            "cycle_time_limit_s": (
                None if math.isinf(self.demand.cycle_time) else self.demand.cycle_time
            ),
            "rows": where.rows,
            "corner": where.corner,
            "vdd_V": where.vdd,
            "temperature_K": where.temperature,
            "variation": self.demand.variation.name,
            "met": self.met,
            "start": None if self.start is None else self._figures(self.start),
            "best": None if self.best is None else self._confirmed(self.best),
            "confirmed": [self._confirmed(one) for one in self.confirmed],
            "trade_off": [
                {"error_rate": rate, **self._figures(sized)} for rate, sized in self.frontier()
            ],
            "designs": len(self.evaluated),
            "simulations": self.simulations,
        }

    def _confirmed(self, one: Confirmed) -> dict[str, Any]:
        rates = {
            name: {"rate": found.rate, "low": found.low, "high": found.high}
            for name, found in one.rates.items()
        }
        return {**self._figures(one.sized), "error_rates": rates}

    def _figures(self, sized: Sized) -> dict[str, Any]:
        sizes = {f"{p.section}.{p.name}": p.of(sized.design) for p in self.parameters}
        return {
            "energy_J": sized.energy,
            "cycle_time_s": sized.cycle_time,
            "read_disturb": sized.read_disturb,
            "pitch_aspect": sized.aspect,
            "first_order_distance_sigma": sized.distance,
            "sizes_SI": sizes,
        }


def find_size(
    design: Design,
    demand: Demand,
    decks: DeckRunner,
    evaluations: int = 30,
    seed: int = 1,
    told: Callable[[str], None] | None = None,
) -> SizedDesign:
    """The design of least energy that meets a demand, beginning with `design`.

    Up to `evaluations` designs are tried after one for each free size, half of them again
    after each confirmation and a fifth for the neighbours of the trade-off. `told` gets a line
    on what goes on, now and then. Raises PlanError where the first design is wrong, DesignError
    where it cannot be built at these conditions.
    """
    say = told or (lambda _: None)
    # What is wrong with the request itself is told before any search.
    build_deck(design, demand.bench, operand_patterns(demand.bench)[0], demand.conditions)
    evaluate, parameters = Evaluator(demand, decks), free_parameters(design, demand.bench)
    search = SizeSearch(design, parameters, demand, evaluate, lambda sized: say(_short(sized)))
    say(
        f"{demand.conditions.rows} rows: the first design takes longest, then {len(parameters)} "
        "around it and the steps of the search"
    )
    confirmed: list[Confirmed] = []
    factor, simulations = 1.0, 0
    for attempt in range(_ATTEMPTS):
        left = evaluations if attempt == 0 else max(6, evaluations // 2)
        found = search.run(factor * demand.distance, left)
        if found is None or any(one.sized is found for one in confirmed):
            break
        say(f"confirming {_short(found)} by importance sampling")
        rates = _confirm(found, demand, decks, seed)
        simulations += sum(rate.simulations for rate in rates.values())
        latest = Confirmed(found, rates)
        confirmed.append(latest)
        factor = found.distance / latest.distance
        say(f"error rate {latest.error_rate:.2g}")
        if demand.error_rate / _TOO_SAFE <= latest.error_rate <= demand.error_rate:
            break
    if confirmed:
        for rate in (demand.error_rate * 1e3, demand.error_rate * 1e-3):
            if rate < 0.1:
                neighbour = replace(demand, error_rate=rate)
                search.run(factor * neighbour.distance, max(4, evaluations // 5))
    return SizedDesign(
        demand,
        parameters,
        search.evaluated[0] if search.evaluated else None,
        tuple(confirmed),
        tuple(search.evaluated),
        factor,
        simulations + evaluate.simulations,
    )


def _short(sized: Sized) -> str:
    return (
        f"{sized.energy * 1e12:.4f} pJ, {sized.cycle_time * 1e9:.2f} ns, {sized.distance:.2f} sigma"
    )


def _confirm(sized: Sized, demand: Demand, decks: DeckRunner, seed: int) -> dict[str, FailureRate]:
    near = [name for name, found in sized.distances.items() if found <= sized.distance + _NEAR]
    return {
        name: failure_rate(
            sized.design, demand.bench, name, demand.conditions, demand.variation,
            decks=decks, relative_error=_RELATIVE_ERROR, budget=_BUDGET, seed=seed,
        )
        for name in near
    }  # fmt: skip
