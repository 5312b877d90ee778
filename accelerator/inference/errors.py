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
from accelerator.bitwise.encodings import Levels
from accelerator.errors import EstimateError, UnsuitableTableError
from accelerator.inference.products import Integers, LayerRun
from accelerator.sense_errors import and_rates

if TYPE_CHECKING:
    from accelerator.prices import Conditions
    from lut import Table

_AT_ONCE = 1 << 20
_THINNING_COST = 1.5
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


def stored_bits(codes: Integers, levels: Levels) -> Integers:
    """Codes as whole numbers whose bits are the planes."""
    return (codes - levels.constant) // levels.step & ((1 << levels.bits) - 1)


def _and_count(run: LayerRun) -> int:
    pairs = run.activations.levels.bits * run.weights.stored.levels.bits
    return run.results.size * prod(run.weights.stored.codes.shape[1:]) * pairs


def _thinned(run: LayerRun, errors: AndErrors, random: np.random.Generator) -> Integers:
    highest = max(errors.rates)
    total = _and_count(run)
    number = int(random.binomial(total, highest))
    changes = np.zeros(run.results.size, np.int64)
    for picked in _picked(total, number, random):
        outputs, steps, kept = _looked_up(run, picked, errors, highest, random)
        np.add.at(changes, outputs[kept], steps[kept])
    return changes.reshape(run.results.shape)


def _picked(total: int, number: int, random: np.random.Generator) -> list[Integers]:
    """`number` different ANDs out of `total`, in pieces."""
    found = random.choice(total, number, replace=False, shuffle=False)
    return [found[start : start + _AT_ONCE] for start in range(0, number, _AT_ONCE)]


def _looked_up(
    run: LayerRun,
    picked: Integers,
    errors: AndErrors,
    highest: float,
    random: np.random.Generator,
) -> tuple[Integers, Integers, NDArray[np.bool_]]:
    """Output, change and verdict of ANDs that were picked by their number."""
    weights, activations, window = run.weights.stored, run.activations, run.weights.window
    kernels, channels, height, width = weights.codes.shape
    deep, wide = weights.levels.bits, activations.levels.bits
    shape = (*run.results.shape, channels, height, width, deep, wide)
    image, kernel, row, column, channel, i, j, k, m = np.unravel_index(picked, shape)
    group = kernel // (kernels // window.groups)
    y = row * window.stride[0] + i * window.dilation[0] - window.pads[0]
    x = column * window.stride[1] + j * window.dilation[1] - window.pads[1]
    rows, columns = activations.codes.shape[2:]
    inside = (y >= 0) & (y < rows) & (x >= 0) & (x < columns)
    codes = activations.codes[
        image, group * channels + channel, y.clip(0, rows - 1), x.clip(0, columns - 1)
    ]
    one = (stored_bits(codes, activations.levels) >> m & 1) * inside
    other = stored_bits(weights.codes[kernel, channel, i, j], weights.levels) >> k & 1
    rates = np.array(errors.rates)[2 * other + one]
    kept = random.random(len(picked)) * highest < rates
    steps = (
        np.array(weights.levels.plane_weights)[k] * np.array(activations.levels.plane_weights)[m]
    )
    outputs = np.ravel_multi_index((image, kernel, row, column), run.results.shape)
    return outputs, np.where(one & other, -steps, steps), kept


def _counted(run: LayerRun, errors: AndErrors, random: np.random.Generator) -> Integers:
    weights, activations, window = run.weights.stored, run.activations, run.weights.window
    kernels = weights.codes.shape[0]
    length = prod(weights.codes.shape[1:])
    a_bits = stored_bits(activations.codes, activations.levels)
    w_bits = stored_bits(weights.codes, weights.levels)
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
            stored = other.sum(axis=(1, 2, 3)).reshape(1, -1, 1, 1)
            both = counts(plane, other)
            up = random.binomial(length - stored - active + both, errors.at_00)
            up += random.binomial(active - both, errors.at_01)
            up += random.binomial(stored - both, errors.at_10)
            changes += a_weight * w_weight * (up - random.binomial(both, errors.at_11))
    return changes


def _sensed(run: LayerRun, errors: AndErrors, random: np.random.Generator) -> Integers:
    total = _and_count(run)
    changes = np.zeros(run.results.size, np.int64)
    for start in range(0, total, _AT_ONCE):
        every = np.arange(start, min(start + _AT_ONCE, total))
        outputs, steps, wrong = _looked_up(run, every, errors, 1.0, random)
        np.add.at(changes, outputs[wrong], steps[wrong])
    return changes.reshape(run.results.shape)
