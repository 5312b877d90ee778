"""One sense with random devices: spread of its measures and how often it is wrong."""

from __future__ import annotations

import math
import time
from dataclasses import replace

from characterize.deck_runner import OwnNgspice
from characterize.errors import PlanError
from characterize.failure_rates import failure_rate
from characterize.ngspice import Ngspice, SimulationFailedError
from characterize.plan import Point
from characterize.sampling import Interval, Sampled, sample_bench
from characterize.simulate import PointResult
from characterize.statistics_section import Draws
from circuits import Design
from lut import Outcome

MEASURES = ("margin", "delay", "energy")
_NEARLY_ALL = 0.9


def statistics_point(ngspice: Ngspice, design: Design, point: Point) -> PointResult:
    """The outcome of one point whose devices are drawn; a failed study is an outcome too.

    A sense that is nominally wrong has the outcome wrong_logic and, as its rate, the share of
    wrong samples.
    """
    started, runner = time.process_time(), OwnNgspice(ngspice)
    try:
        found = _found(runner, design, point)
    except SimulationFailedError as error:
        found = PointResult(Outcome.SIMULATOR_ERROR, {}, str(error), poisoned=error.poisoned)
    except PlanError as error:
        found = PointResult(Outcome.SIMULATOR_ERROR, {}, str(error))
    return replace(
        found,
        simulations=runner.simulations,
        analysis_seconds=runner.analysis_seconds,
        processor_seconds=time.process_time() - started,
    )


def _found(runner: OwnNgspice, design: Design, point: Point) -> PointResult:
    draws = point.draws
    assert draws is not None, "only points with draws come here"
    sampled = sample_bench(
        design, point.bench, point.variant, point.conditions, draws.variation, runner,
        number=draws.samples, seed=draws.seed, measures=MEASURES,
    )  # fmt: skip
    if len(sampled.wrong) < _NEARLY_ALL * draws.samples:
        message = f"{sampled.failed_simulations} of {draws.samples} samples could not be simulated"
        return PointResult(Outcome.SIMULATOR_ERROR, {}, f"{message}: {'; '.join(sampled.messages)}")
    values = _spreads(sampled, draws.seed)
    outcome, rate, message = _rate(runner, design, point, draws, sampled)
    if rate is not None:
        values |= _interval("error_rate", rate)
    values["simulations"] = float(runner.simulations)
    return PointResult(outcome, values, message)


def _rate(
    runner: OwnNgspice, design: Design, point: Point, draws: Draws, sampled: Sampled
) -> tuple[Outcome, Interval | None, str]:
    found = failure_rate(
        design, point.bench, point.variant, point.conditions, draws.variation,
        relative_error=draws.relative_error, budget=draws.simulations, seed=draws.seed,
        decks=runner,
    )  # fmt: skip
    if not found.nominal_right:
        return Outcome.WRONG_LOGIC, sampled.error_rate(), "wrong with nominal devices"
    if found.rate <= 0 and found.high > 0:
        return (
            Outcome.MISSING_MEASUREMENT,
            None,
            f"no way to a wrong result was found in {found.simulations} simulations; allow more",
        )
    return Outcome.OK, Interval(found.rate, found.low, found.high), ""


def _spreads(sampled: Sampled, seed: int) -> dict[str, float]:
    values: dict[str, float] = {}
    for name in MEASURES:
        values |= _interval(f"{name}_mean", sampled.mean(name))
        values |= _interval(f"{name}_sigma", sampled.sigma(name, seed))
    return values


def _interval(name: str, interval: Interval) -> dict[str, float]:
    ends = {name: interval.value, f"{name}_low": interval.low, f"{name}_high": interval.high}
    return {key: value if math.isfinite(value) else math.nan for key, value in ends.items()}
