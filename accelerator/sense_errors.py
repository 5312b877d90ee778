"""How many of an image's ANDs come out wrong over random devices, from the table's statistics."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from accelerator.prices import Conditions
    from lut import Table

GROUP = "and2_statistics"
_OPERANDS = ("00", "01", "10", "11")


@dataclass(frozen=True, slots=True)
class SenseErrors:
    """Error rate of an AND with its interval of 95 %, and what it means for one image.

    `rate` is the mean over the operand values, all equally frequent; `by_operands` has each.
    The rate is over chips: on one chip the same amplifiers fail again and again.
    """

    variation: str
    rate: float
    low: float
    high: float
    by_operands: dict[str, float]
    and_operations: int

    @property
    def wrong(self) -> float:
        """Expected number of wrong ANDs an image (1)."""
        return self.rate * self.and_operations

    def to_dict(self) -> dict[str, Any]:
        """The entry in the JSON."""
        return {
            "variation": self.variation,
            "and2_error_rate": self.rate,
            "and2_error_rate_low": self.low,
            "and2_error_rate_high": self.high,
            "by_operands": dict(self.by_operands),
            "wrong_ands": self.wrong,
        }


def and_rates(
    table: Table, conditions: Conditions, variable: str = "error_rate"
) -> dict[str, float] | None:
    """Error rate of an AND by operand values; None where the table knows none.

    Between points of the grid it is the number of sigmas to a failure that is interpolated: the
    rate itself changes by decades. A sense that is wrong with nominal devices has a rate too.
    """
    from lut import TableError

    if GROUP not in table.groups:
        return None
    at = {
        "corner": conditions.corner,
        "vdd": conditions.vdd,
        "temperature": conditions.temperature,
        "rows": conditions.rows,
    }
    rates = {}
    for operands in _OPERANDS:
        try:
            points = table.grid_points(GROUP, variable, **at, operands=operands)
        except TableError:
            # Conditions outside the statistics.
            return None
        rate = _between([(_stored(table, variable, place), share) for place, share in points])
        if not isfinite(rate):
            return None
        rates[operands] = rate
    return rates


def _stored(table: Table, variable: str, place: dict[str, Any]) -> float:
    """The value at a point of the grid, NaN where it could not be found."""
    found = table[GROUP].variables[variable]
    index = tuple(list(table.axis(GROUP, name)).index(place[name]) for name in found.dims)
    return float(found.values[index])


def _between(values: list[tuple[float, float]]) -> float:
    """The rate at the mean number of sigmas, given rates and their shares."""
    if len(values) == 1:
        return values[0][0]
    from scipy.special import ndtr, ndtri

    # Rates below the smallest number count as that, some 37 sigma.
    sigmas = sum(share * ndtri(max(rate, 1e-300)) for rate, share in values)
    return float(ndtr(sigmas))


def sense_errors(table: Table, conditions: Conditions, and_operations: int) -> SenseErrors | None:
    """What the table knows of wrong ANDs under these conditions; None where it knows nothing."""
    rates = {}
    for name in ("error_rate", "error_rate_low", "error_rate_high"):
        found = and_rates(table, conditions, name)
        if found is None:
            return None
        rates[name] = found
    rate, low, high = (sum(values.values()) / len(_OPERANDS) for values in rates.values())
    variation = str(table.attribute(GROUP, "variation"))
    return SenseErrors(variation, rate, low, high, rates["error_rate"], and_operations)
