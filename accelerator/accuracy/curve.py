"""Accuracy and energy of one network under one condition after another."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from accelerator.accuracy.labelled import Labelled
from accelerator.accuracy.score import Score, right_answers, score
from accelerator.datasets import Dataset
from accelerator.errors import EstimateError
from accelerator.inference import AndErrors, NetworkRun, QuantizedNetwork, cost_run
from accelerator.inference.operands import count_operands
from accelerator.pipeline import open_table
from accelerator.prices import Conditions
from accelerator.sense_errors import and_rates
from accelerator.uncertainty.propagation import SAMPLES

if TYPE_CHECKING:
    from accelerator.report import Report
    from lut import Table

_Z95 = 1.959964
REPEATS = 20
_AT_ONCE = 500
"""Images that run together, which bounds the memory."""


@dataclass(frozen=True)
class AccuracyPoint:
    """What one condition does to a network: its wrong ANDs, its accuracy and its cost.

    `error_rate` is the share of all ANDs that come out wrong, by the operands of these images.
    """

    conditions: Conditions
    errors: AndErrors
    error_rate: float
    score: Score
    report: Report

    @property
    def celsius(self) -> float:
        """Temperature [degC]."""
        return self.conditions.temperature - 273.15

    def to_dict(self) -> dict[str, Any]:
        """The row in JSON and CSV; SI units."""
        one, found = self.conditions, self.report.uncertainty
        energy = self.report.energy
        low, high = (energy, energy) if found is None else (found.energy.low, found.energy.high)
        return {
            "table": str(self.report.table["name"]),
            "corner": one.corner,
            "vdd": one.vdd,
            "temperature": one.temperature,
            "and2_error_rate": self.error_rate,
            "accuracy": self.score.accuracy,
            "accuracy_low": self.score.low,
            "accuracy_high": self.score.high,
            "spread": self.score.spread,
            "energy": energy,
            "energy_low": low,
            "energy_high": high,
            "latency": self.report.latency,
        }


def accuracy_curve(
    network: str | os.PathLike[str],
    data: Dataset | Labelled,
    conditions: Sequence[Conditions],
    *,
    tables: Sequence[str | os.PathLike[str] | Table | None] = (None,),
    repeats: int = REPEATS,
    seed: int = 0,
    samples: int = SAMPLES,
    told: Callable[[int, int], None] | None = None,
) -> tuple[float, list[AccuracyPoint]]:
    """Accuracy [1] without errors, and a point for each table and condition.

    The images run `repeats` times under each condition, each time with other wrong ANDs and
    with error rates drawn from their intervals, so that the spread and the interval carry both.
    The cost is a mean over the first images, 500 at most.
    `told` is called with the runs done and all of them. Raises EstimateError where the network
    cannot run, and UnsuitableTableError where a table has no error rates for a condition.
    """
    wanted = [(open_table(table), where) for table in tables for where in conditions]
    rates = [_with_intervals(table, where) for table, where in wanted]
    if repeats < 1:
        raise EstimateError(f"{repeats} repeats are none; give 1 or more")
    runner = QuantizedNetwork(network)
    labelled, at_once = Labelled.of(data, runner), _at_once(runner)
    first, rest = labelled.part_of(slice(at_once)), labelled.part_of(slice(at_once, None))
    exact = first.run(runner)
    met = _operands_met(exact)
    right = _right(exact, first) + count_right(runner, rest)
    faultless = right / len(labelled.labels)
    made = []
    for number, ((table, where), drawn) in enumerate(zip(wanted, rates, strict=True)):
        random = np.random.default_rng((seed, number))
        counts = []
        for repeat in range(repeats):
            errors = drawn.draw(random)
            counts.append(count_right(runner, labelled, errors, int(random.integers(2**32))))
            if told is not None:
                told(number * repeats + repeat + 1, len(wanted) * repeats)
        report = cost_run(
            network, exact, table=table, samples=samples, seed=seed, rows=where.rows,
            columns=where.columns, corner=where.corner, vdd=where.vdd,
            temperature=where.temperature, write_vdd=where.write_vdd,
        )  # fmt: skip
        rate = float(met @ np.array(drawn.middle.rates))
        found = score(counts, len(labelled.labels))
        made.append(AccuracyPoint(where, drawn.middle, rate, found, report))
    return faultless, made


@dataclass(frozen=True)
class _Rates:
    """Error rates with the standard deviations of their logarithms, by operand values."""

    middle: AndErrors
    widths: NDArray[np.float64]

    def draw(self, random: np.random.Generator) -> AndErrors:
        factors = np.exp(self.widths * random.standard_normal(len(self.widths)))
        return AndErrors(*np.minimum(np.array(self.middle.rates) * factors, 1.0).tolist())


def _with_intervals(table: Table, where: Conditions) -> _Rates:
    middle = AndErrors.of_table(table, where)
    ends = [and_rates(table, where, f"error_rate_{end}") for end in ("low", "high")]
    widths = np.zeros(4)
    if ends[0] is not None and ends[1] is not None:
        for place, operands in enumerate(ends[0]):
            low, high = ends[0][operands], ends[1][operands]
            # An interval that reaches zero says nothing below: its upper half is all there is.
            low = low if low > 0 else middle.rates[place] ** 2 / high if high > 0 else 0.0
            widths[place] = math.log(high / low) / (2 * _Z95) if low > 0 else 0.0
    return _Rates(middle, widths)


def _operands_met(run: NetworkRun) -> NDArray[np.float64]:
    """Share of all ANDs that had the operands 00, 01, 10 and 11."""
    counts = [count_operands(layer) for layer in run.layers]
    totals = np.array([[c.and_00, c.and_01, c.and_10, c.and_11] for c in counts], float).sum(0)
    return np.asarray(totals / totals.sum())


def count_right(
    network: QuantizedNetwork, data: Labelled, errors: AndErrors | None = None, seed: int = 0
) -> int:
    """How many images a network gets right, with wrong ANDs where there are rates for them."""
    right, at_once = 0, _at_once(network)
    for start in range(0, len(data.labels), at_once):
        part = data.part_of(slice(start, start + at_once))
        right += _right(part.run(network, errors, seed + start), part)
    return right


def _at_once(network: QuantizedNetwork) -> int:
    """Images that run together, whole batches of a file that is for so many at once."""
    batch = (network.input_shape[0] if network.input_shape else None) or 1
    return max(_AT_ONCE // batch, 1) * batch


def _right(run: NetworkRun, data: Labelled) -> int:
    return right_answers(next(iter(run.outputs.values())), data.labels)
