"""All that is told of the stochastic networks: products, accuracy, cost, ten years, the DCT."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean
from typing import TYPE_CHECKING, Any

from accelerator.ageing.delays import YEAR
from accelerator.datasets import Dataset, DatasetError
from accelerator.pipeline import estimate
from accelerator.prices import Conditions, read_prices
from accelerator.stochastic.image_cost import ImageCost, LaneMachine
from accelerator.stochastic.multiplier import largest_error
from accelerator.stochastic.policy import POLICIES, YEARS, Life, Moment, prices_over_age
from accelerator.stochastic.scores import Spread, WidthScore, accuracy_of, width_scores
from accelerator.stochastic.stored import BITS, StoredNetworks
from accelerator.stochastic.transform import peak_signal_to_noise, photograph, there_and_back

if TYPE_CHECKING:
    from lut import Table

ERROR_WIDTHS = (4, 5, 6, 7, 8)
DROPPED = (0, 1, 2, 3, 4)
TEMPERATURES = (300.15, 398.15)
"""K; between them a chip lives."""


@dataclass(frozen=True)
class WidthCost:
    """What an image takes with so many bits, at the clock of a new chip; means over trainings."""

    bits: int
    energy: float
    leakage: float
    time: float
    waiting: float
    components: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Entry in the JSON, in SI units."""
        return {
            "bits": self.bits,
            "energy_J": self.energy,
            "leakage_J": self.leakage,
            "time_s": self.time,
            "waiting": self.waiting,
            "components_J": self.components,
        }


@dataclass(frozen=True)
class YearPoint:
    """One policy at one age and temperature, over trainings."""

    policy: str
    temperature: float
    years: float
    frequency: float
    bits: Spread
    accuracy: Spread
    rate: Spread
    relative_rate: Spread
    product_rate: Spread
    power: Spread
    active_power: Spread

    def to_dict(self) -> dict[str, Any]:
        """Entry in the JSON, in SI units; `relative_rate` is over that of the first day."""
        return {
            "policy": self.policy,
            "temperature_K": self.temperature,
            "years": self.years,
            "frequency_Hz": self.frequency,
            "bits": self.bits.to_dict(),
            "accuracy": self.accuracy.to_dict(),
            "rate_Hz": self.rate.to_dict(),
            "relative_rate": self.relative_rate.to_dict(),
            "product_rate_Hz": self.product_rate.to_dict(),
            "power_W": self.power.to_dict(),
            "active_power_W": self.active_power.to_dict(),
        }


def error_bounds() -> list[dict[str, float]]:
    """The largest error of a product (1) by width, all pairs tried, beside the bound N / 2."""
    return [
        {"bits": bits, "largest_error": largest_error(bits), "bound": bits / 2}
        for bits in ERROR_WIDTHS
    ]


def machines(stored: StoredNetworks, table: Table, conditions: Conditions) -> list[LaneMachine]:
    """Each training on lanes, new."""
    prices = read_prices(table, conditions)
    return [
        LaneMachine.of(once.fixed(stored.network), conditions, prices) for once in stored.trainings
    ]


def width_costs(
    stored: StoredNetworks, table: Table, conditions: Conditions
) -> tuple[WidthCost, ...]:
    """By width, at the clock of a new chip."""
    made = machines(stored, table, conditions)
    return tuple(
        _mean_cost(BITS - cut, [machine.cost(cut, machine.period) for machine in made])
        for cut in DROPPED
    )


def _mean_cost(bits: int, costs: Sequence[ImageCost]) -> WidthCost:
    components = {name: mean(c.components[name] for c in costs) for name in costs[0].components}
    return WidthCost(
        bits,
        mean(cost.energy for cost in costs),
        components["leakage"],
        mean(cost.time for cost in costs),
        mean(cost.waiting for cost in costs),
        components,
    )


def bitwise_cost(stored: StoredNetworks, table: Table, conditions: Conditions) -> dict[str, float]:
    """The same network by in-memory AND at weights and activations of as many bits."""
    report = estimate(
        stored.network,
        table=table,
        weight_bits=BITS,
        activation_bits=BITS,
        corner=conditions.corner,
        vdd=conditions.vdd,
        temperature=conditions.temperature,
        rows=conditions.rows,
        columns=conditions.columns,
        samples=0,
    )
    return {"energy_J": report.energy, "time_s": report.latency, "area_m2": report.area}


def over_years(
    stored: StoredNetworks,
    table: Table,
    data: Dataset,
    temperatures: Sequence[float] = TEMPERATURES,
    years: Sequence[float] = YEARS,
    vdd: float = 1.0,
    corner: str = "tt",
) -> tuple[YearPoint, ...]:
    """Every policy at every age and temperature.

    Raises lut.TableError where the table has no aged blocks there.
    """
    data = data.resized(stored.network.input_shape)
    known: dict[tuple[int, tuple[int, ...]], float] = {}
    points = []
    for temperature in temperatures:
        conditions = Conditions(corner, vdd, temperature)
        prices_at = prices_over_age(table, conditions)
        lives = [
            Life(machine, prices_at, once.rungs)
            for machine, once in zip(
                machines(stored, table, conditions), stored.trainings, strict=True
            )
        ]
        for policy in POLICIES:
            for age in years:
                moments = [life.moment(policy, age * YEAR) for life in lives]
                accuracies = []
                for number, (life, moment) in enumerate(zip(lives, moments, strict=True)):
                    key = number, moment.dropped
                    if key not in known:
                        known[key] = accuracy_of(life.machine.network, data, moment.dropped)
                    accuracies.append(known[key])
                relative = [
                    m.rate / life.fresh_rate for m, life in zip(moments, lives, strict=True)
                ]
                points.append(_year_point(temperature, age, moments, accuracies, relative))
    return tuple(points)


def _year_point(
    temperature: float,
    years: float,
    moments: Sequence[Moment],
    accuracies: Sequence[float],
    relative: Sequence[float],
) -> YearPoint:
    return YearPoint(
        moments[0].policy,
        temperature,
        years,
        mean(moment.frequency for moment in moments),
        Spread(tuple(moment.bits for moment in moments)),
        Spread(tuple(accuracies)),
        Spread(tuple(moment.rate for moment in moments)),
        Spread(tuple(relative)),
        Spread(tuple(moment.product_rate for moment in moments)),
        Spread(tuple(moment.power for moment in moments)),
        Spread(tuple(moment.active_power for moment in moments)),
    )


def transform_losses(dropped: Sequence[int] = range(6)) -> list[dict[str, float]]:
    """PSNR [dB] of a photograph after the DCT and back, stochastic and exact, by dropped bits.

    Nothing where scikit-learn, which has the photograph, is not installed.
    """
    try:
        image = photograph()
    except DatasetError:
        return []
    found = []
    for cut in dropped:
        entry: dict[str, float] = {"bits": BITS - cut}
        for multiplier in ("stochastic", "exact"):
            after = there_and_back(image, BITS, cut, multiplier)
            entry[f"{multiplier}_dB"] = peak_signal_to_noise(image, after)
        found.append(entry)
    return found


@dataclass(frozen=True)
class Study:
    """Everything; `missing` says why there are no years, where there are none."""

    stored: StoredNetworks
    errors: list[dict[str, float]]
    widths: tuple[WidthScore, ...]
    costs: tuple[WidthCost, ...]
    bitwise: dict[str, float]
    paths: dict[str, float]
    area: float
    years: tuple[YearPoint, ...]
    missing: str
    transform: list[dict[str, float]]

    def to_dict(self) -> dict[str, Any]:
        """The JSON, in SI units."""
        return {
            "format": "mramcim-stochastic-study/1",
            "dataset": self.stored.dataset,
            "training": self.stored.training,
            "trainings": [
                {"seed": once.seed, "floating_point_accuracy": once.accuracy}
                for once in self.stored.trainings
            ],
            "errors": self.errors,
            "widths": [score.to_dict() for score in self.widths],
            "costs": [cost.to_dict() for cost in self.costs],
            "bitwise": self.bitwise,
            "paths_s": self.paths,
            "area_m2": self.area,
            "years": [point.to_dict() for point in self.years],
            "years_missing": self.missing,
            "transform": self.transform,
        }


def study(
    stored: StoredNetworks,
    table: Table,
    data: Dataset,
    temperatures: Sequence[float] = TEMPERATURES,
    vdd: float = 1.0,
    corner: str = "tt",
) -> Study:
    """Everything on one table; costs of a new chip at the first temperature.

    A table without aged blocks gives everything but the years.
    """
    from lut import TableError

    conditions = Conditions(corner, vdd, temperatures[0])
    machine = machines(stored, table, conditions)[0]
    missing, years = "", tuple[YearPoint, ...]()
    try:
        years = over_years(stored, table, data, temperatures, vdd=vdd, corner=corner)
    except TableError as error:
        missing = str(error)
    return Study(
        stored,
        error_bounds(),
        width_scores(stored, data),
        width_costs(stored, table, conditions),
        bitwise_cost(stored, table, conditions),
        machine.group.paths(machine.prices),
        machine.cost(0, machine.period).area,
        years,
        missing,
        transform_losses(),
    )
