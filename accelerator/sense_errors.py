"""How many of an image's ANDs come out wrong over random devices, from the table's statistics."""

from __future__ import annotations

from dataclasses import dataclass
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
    """Error rate of an AND by operand values; None where the table knows none."""
    from lut import TableError

    if GROUP not in table.groups:
        return None
    at = {
        "corner": conditions.corner,
        "vdd": conditions.vdd,
        "temperature": conditions.temperature,
        "rows": conditions.rows,
    }
    try:
        return {o: table.value(GROUP, variable, **at, operands=o) for o in _OPERANDS}
    except TableError:
        # Conditions outside the statistics, or a point without a rate.
        return None


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
