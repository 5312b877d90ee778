"""Single values of a table, refused where no circuit has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from accelerator.errors import UnsuitableTableError

if TYPE_CHECKING:
    from lut import Table

# In SI units. What lies outside is of no circuit of this kind, and would end in an overflow or
# in a negative total; a part of an energy may be negative, which is charge given back.
SMALLEST_PRICE, LARGEST_PRICE = 1e-30, 1.0


@dataclass(frozen=True, slots=True)
class Lookup:
    """A table as prices are read from it.

    Its methods raise lut.TableError for conditions outside the table and for points whose
    simulation failed, UnsuitableTableError for a figure that no circuit has.
    """

    table: Table

    def price(self, group: str, variable: str, at: dict[str, Any]) -> float:
        """A value of the table that has to be positive."""
        value = self.table.value(group, variable, **at)
        return self._within(group, variable, value, SMALLEST_PRICE)

    def share(self, group: str, variable: str, whole: float, at: dict[str, Any]) -> float:
        """An energy that may give back no more than the `whole` operation takes."""
        return self._within(group, variable, self.table.value(group, variable, **at), -whole)

    def largest(
        self, group: str, variable: str, operands: tuple[str, ...], at: dict[str, Any]
    ) -> float:
        """The largest price over operand values."""
        return max(self.price(group, variable, {**at, "operands": value}) for value in operands)

    def _within(self, group: str, variable: str, value: float, least: float) -> float:
        if not least <= value <= LARGEST_PRICE:
            unit = self.table[group].variables[variable].units
            raise UnsuitableTableError(
                f"{group}/{variable} of table {self.table.name} is {value:.4g} {unit} here, but "
                f"should be {least:.4g} to {LARGEST_PRICE:g} {unit}: look at it with "
                "`mramcim lut check` and characterize it again"
            )
        return value
