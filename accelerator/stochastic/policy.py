"""Ten years with and without letting the bit width fall.

As the path through a lane grows slower, so does the clock, f(age) = 1 / period(age). Products of
fewer bits take fewer cycles, so images come as often as before:

    guard band        the clock that is right after the last year, from the first day; all bits
    slowing clock     f(age); all bits
    fewer bits        f(age); as few bits dropped, of all layers, as give the first day's rate
    fewer bits, slow  the same bits, the clock only as fast as that rate needs
    layer by layer    the first rung of the ladder that gives that rate, the clock as slow

The rate of the first day is that of all bits at f(0), without a guard band.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from accelerator.ageing.delays import YEAR
from accelerator.errors import EstimateError
from accelerator.stochastic.image_cost import LaneMachine
from accelerator.stochastic.ladder import Rung
from accelerator.stochastic.lanes import aged_prices

if TYPE_CHECKING:
    from accelerator.prices import Conditions, Prices
    from lut import Table

GUARD_BAND = "guard band"
SLOWING = "slowing clock"
FEWER = "fewer bits"
THROTTLED = "fewer bits, slow"
BY_LAYER = "layer by layer"
POLICIES = (GUARD_BAND, SLOWING, FEWER, THROTTLED, BY_LAYER)
YEARS = (0.0, 0.01, 0.1, 0.3, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0)


@dataclass(frozen=True, slots=True)
class Moment:
    """One policy at one age.

    age: s. frequency: Hz. dropped: bits by layer. bits: mean width of the multiplications, by
    their number. rate: images a second. product_rate: products a second of a lane, each taking
    the most cycles that there are, f / 2^N of the widest layer. energy: J an image. power: W,
    `active_power` of it without leakage.
    """

    policy: str
    age: float
    frequency: float
    dropped: Rung
    bits: float
    rate: float
    product_rate: float
    energy: float
    power: float
    active_power: float

    def to_dict(self) -> dict[str, Any]:
        """Entry in the JSON, in SI units."""
        return {
            "policy": self.policy,
            "years": self.age / YEAR,
            "frequency_Hz": self.frequency,
            "dropped": list(self.dropped),
            "bits": self.bits,
            "rate_Hz": self.rate,
            "product_rate_Hz": self.product_rate,
            "energy_J": self.energy,
            "power_W": self.power,
            "active_power_W": self.active_power,
        }


@dataclass(frozen=True)
class Life:
    """A machine over the years: what it costs new, and its prices at any age [s]."""

    machine: LaneMachine
    prices_at: Callable[[float], Prices]
    rungs: Sequence[Rung]
    last: float = YEARS[-1] * YEAR

    @cached_property
    def fresh_rate(self) -> float:
        """Images a second on the first day, with all bits (1/s)."""
        new = self.machine.with_prices(self.prices_at(0.0))
        return 1 / new.time(0, new.period)

    def moment(self, policy: str, age: float) -> Moment:
        """What a policy does at an age.

        Raises EstimateError where no width gives the first day's rate.
        """
        aged = self.machine.with_prices(self.prices_at(age))
        period, dropped = aged.period, self.rungs[0]
        if policy == GUARD_BAND:
            period = self.machine.with_prices(self.prices_at(self.last)).period
        elif policy in (FEWER, THROTTLED):
            uniform = range(self.machine.network.bits)
            cuts = [self.machine.network.dropped_by_layer(cut) for cut in uniform]
            dropped = self._first(aged, cuts)
        elif policy == BY_LAYER:
            dropped = self._first(aged, self.rungs)
        elif policy != SLOWING:
            raise EstimateError(f"there is no policy {policy!r}: give one of {', '.join(POLICIES)}")
        if policy in (THROTTLED, BY_LAYER):
            period = max(period, aged.period_for(dropped, 1 / self.fresh_rate))
        cost = aged.cost(dropped, period)
        return Moment(
            policy,
            age,
            1 / period,
            dropped,
            mean_bits(self.machine, dropped),
            1 / cost.time,
            1 / (period * 2 ** (self.machine.network.bits - min(dropped))),
            cost.energy,
            cost.power,
            (cost.energy - cost.components["leakage"]) / cost.time,
        )

    def _first(self, aged: LaneMachine, rungs: Sequence[Rung]) -> Rung:
        """The first of the rungs with which images come as often as on the first day."""
        wanted, period = 1 / self.fresh_rate, aged.period
        for rung in rungs:
            # Times are sums in floating point: equal ones may differ in their last digit.
            if aged.time(rung, period) <= wanted * (1 + 1e-12):
                return rung
        raise EstimateError(
            f"no width gives the first day's {self.fresh_rate:.4g} images a second at a period of "
            f"{period:.3g} s: the clock has slowed too far"
        )


def prices_over_age(table: Table, conditions: Conditions) -> Callable[[float], Prices]:
    """Age [s] -> prices, each looked up once."""
    return cache(lambda age: aged_prices(table, conditions, age))


def mean_bits(machine: LaneMachine, dropped: Rung) -> float:
    """Width of a multiplication, the mean over all of an image."""
    layers = machine.network.layers
    total = sum(own.layer.macs for own in layers)
    kept = sum(
        own.layer.macs * (machine.network.bits - cut)
        for own, cut in zip(layers, dropped, strict=True)
    )
    return kept / total
