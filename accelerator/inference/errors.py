"""Wrong ANDs in a layer that ran: drawn sense by sense, by thinning, or on counts of ones.

The three draw from the same law, every AND being wrong on its own with the rate of its operand
values. A wrong AND of planes k and m changes its output by the weights of both planes: up where
the result should be 0, down where it should be 1. `thinned` looks at ANDs picked at the highest
rate only and keeps each with its own rate over the highest; `counted` draws binomial numbers of
wrong ones from the counts of each operand pair; `sensed` draws for every AND.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from accelerator.bitwise.convolution import bitwise_conv2d
from accelerator.bitwise.flipping import flip_picked
from accelerator.errors import EstimateError, UnsuitableTableError
from accelerator.inference.products import Integers, LayerRun
from accelerator.sense_errors import and_rates

if TYPE_CHECKING:
    from accelerator.prices import Conditions
    from lut import Table

_AT_ONCE = 1 << 20
_THINNING_COST = 0.3
"""Outputs of one pair of planes that take as long to draw as one AND picked by thinning."""


@dataclass(frozen=True)
class AndErrors:
    """Probability of a wrong AND by operand values, the weight's bit first."""

    at_00: float
    at_01: float
    at_10: float
    at_11: float

    def __post_init__(self) -> None:
        for name, rate in zip(("00", "01", "10", "11"), self.rates, strict=True):
            if not 0 <= rate <= 1:
                raise EstimateError(f"the error rate of AND of {name} is {rate}, not 0 to 1")

    @classmethod
    def of_table(cls, table: Table, conditions: Conditions) -> AndErrors:
        """Those of the table's statistics over random devices.

        Raises UnsuitableTableError where it has none under these conditions.
        """
        rates = and_rates(table, conditions)
        if rates is None:
            raise UnsuitableTableError(
                f"the table {table.name} has no error rates of AND at {conditions.corner}, "
                f"{conditions.vdd:g} V, {conditions.temperature - 273.15:.4g} degC and "
                f"{conditions.rows} rows: simulate them with [statistics] in a plan"
            )
        return cls(*(rates[operands] for operands in ("00", "01", "10", "11")))

    @property
    def rates(self) -> tuple[float, float, float, float]:
        """In the order 00, 01, 10, 11."""
        return self.at_00, self.at_01, self.at_10, self.at_11


def with_errors(
    run: LayerRun, errors: AndErrors, random: np.random.Generator, method: str = "fastest"
) -> LayerRun:
    """The layer's results with wrong ANDs.

    `method` is "thinned", "counted", "sensed", or "fastest" of the first two. Raises
    EstimateError for another.
    """
    methods: dict[str, Callable[[LayerRun, AndErrors, np.random.Generator], Integers]] = {
        "thinned": _thinned,
        "counted": _counted,
        "sensed": _sensed,
    }
    if method == "fastest":
        picked = max(errors.rates) * _and_count(run)
        pairs = run.activations.levels.bits * run.weights.stored.levels.bits
        method = "thinned" if picked * _THINNING_COST < pairs * run.results.size else "counted"
    if method not in methods:
        raise EstimateError(f"wrong ANDs cannot be {method!r}: give one of {', '.join(methods)}")
    if max(errors.rates) == 0:
        return run
    return replace(run, results=run.results + methods[method](run, errors, random))


def _and_count(run: LayerRun) -> int:
    pairs = run.activations.levels.bits * run.weights.stored.levels.bits
    return run.results.size * prod(run.weights.stored.codes.shape[1:]) * pairs


def _thinned(run: LayerRun, errors: AndErrors, random: np.random.Generator) -> Integers:
    highest, total = max(errors.rates), _and_count(run)
    changes, bits = np.zeros(run.results.shape, np.int64), _Bits(run)
    last = -1
    while last < total:
        # The distance to the next one of independent events is geometric.
        expected = (total - last) * highest
        number = min(int(expected + 6 * expected**0.5) + 8, _AT_ONCE)
        picked = last + np.cumsum(np.minimum(random.geometric(highest, number), total + 1))
        last = int(picked[-1])
        picked = picked[picked < total]
        bits.flip(picked, random.random(len(picked)) * highest, errors, changes)
    return changes


def _sensed(run: LayerRun, errors: AndErrors, random: np.random.Generator) -> Integers:
    total = _and_count(run)
    changes, bits = np.zeros(run.results.shape, np.int64), _Bits(run)
    for start in range(0, total, _AT_ONCE):
        every = np.arange(start, min(start + _AT_ONCE, total))
        bits.flip(every, random.random(len(every)), errors, changes)
    return changes


class _Bits:
    """The stored bits of a layer's operands, for single ANDs to be looked at."""

    def __init__(self, run: LayerRun) -> None:
        self._run = run
        top, left, bottom, right = run.weights.window.pads
        pads = ((0, 0), (0, 0), (top, bottom), (left, right))
        self._activations = np.pad(run.activations.bits, pads)
        self._weights = run.weights.bits

    def flip(
        self,
        picked: Integers,
        thresholds: NDArray[np.float64],
        errors: AndErrors,
        changes: Integers,
    ) -> None:
        """Add what the ANDs of these numbers change where they are wrong."""
        window = self._run.weights.window
        flip_picked(
            picked,
            thresholds,
            np.array(errors.rates),
            self._activations,
            self._weights,
            np.array(self._run.activations.levels.plane_weights, np.int64),
            np.array(self._run.weights.stored.levels.plane_weights, np.int64),
            np.array(window.stride, np.int64),
            np.array(window.dilation, np.int64),
            window.groups,
            changes,
        )


def _counted(run: LayerRun, errors: AndErrors, random: np.random.Generator) -> Integers:
    weights, activations, window = run.weights.stored, run.activations, run.weights.window
    kernels = weights.codes.shape[0]
    length = prod(weights.codes.shape[1:])
    a_bits, w_bits = activations.bits, run.weights.bits
    one_each = np.ones((window.groups, *weights.codes.shape[1:]), np.int64)
    changes = np.zeros(run.results.shape, np.int64)

    def counts(plane: Integers, other: Integers) -> Integers:
        return bitwise_conv2d(
            plane, other, activation_bits=1, weight_bits=1, weight_encoding="unsigned",
            stride=window.stride, padding=window.pads, dilation=window.dilation,
            groups=window.groups,
        )  # fmt: skip

    for m, a_weight in enumerate(activations.levels.plane_weights):
        plane = a_bits >> m & 1
        active = np.repeat(counts(plane, one_each), kernels // window.groups, axis=1)
        for k, w_weight in enumerate(weights.levels.plane_weights):
            other = w_bits >> k & 1
            stored = other.sum(axis=(1, 2, 3), dtype=np.int64).reshape(1, -1, 1, 1)
            both = counts(plane, other)
            up = random.binomial(length - stored - active + both, errors.at_00)
            up += random.binomial(active - both, errors.at_01)
            up += random.binomial(stored - both, errors.at_10)
            changes += a_weight * w_weight * (up - random.binomial(both, errors.at_11))
    return changes
