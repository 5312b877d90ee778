"""The sub-array as a piece of hardware: how many rows, columns and amplifiers it has."""

from __future__ import annotations

from dataclasses import dataclass

from accelerator.errors import EstimateError, UnsuitableTableError


@dataclass(frozen=True, slots=True)
class Array:
    """A sub-array of `rows` x `columns` cells.

    `columns_per_amplifier` adjacent columns share one amplifier, so that a row is sensed
    in as many phases; in each phase one column of every amplifier is sensed.
    `amplifiers_per_reference` neighbouring amplifiers share one reference.
    `sensed_at_once` and `written_at_once` are what the peak current allows, in amplifiers
    and cells.
    """

    rows: int
    columns: int
    columns_per_amplifier: int
    amplifiers_per_reference: int
    reserved_rows: int
    sensed_at_once: int
    written_at_once: int
    gate_unused_columns: bool = True

    def __post_init__(self) -> None:
        if self.columns % self.columns_per_amplifier:
            raise UnsuitableTableError(
                f"{self.columns} columns cannot be shared out: in this table an amplifier has "
                f"{self.columns_per_amplifier} columns, give a multiple of that"
            )
        require_room(self.rows, self.reserved_rows)

    @property
    def amplifiers(self) -> int:
        """Sense amplifiers of the sub-array (1)."""
        return self.columns // self.columns_per_amplifier

    @property
    def operand_rows(self) -> int:
        """Rows that can hold operands (1)."""
        return self.rows - self.reserved_rows

    def sense_cycles(self, active: int) -> int:
        """Sense cycles of one phase in which `active` amplifiers have an operand (1)."""
        return -(-active // self.sensed_at_once)

    def reference_shares(self, active: int, runs: int = 1, pitch: int = 0) -> int:
        """Amplifiers served by the references that `active` neighbouring ones need (1).

        There are `runs` of them whose first ones are `pitch` apart.
        """
        group = self.amplifiers_per_reference
        started, next_one = 0, 0
        for first in range(0, runs * pitch, pitch) if pitch else (0,):
            end = -(-(first + active) // group)
            started += max(end - max(first // group, next_one), 0)
            next_one = end
        return started * group

    def write_pulses(self, cells: int) -> int:
        """Pulses in which `cells` cells of one row are written (1)."""
        return -(-cells // self.written_at_once)


def require_room(rows: int, reserved_rows: int) -> None:
    """Refuse a sub-array that cannot work, whatever is in it.

    Raises:
        EstimateError: `rows` do not hold one bit-plane of each operand and the reserved rows.
    """
    needed = reserved_rows + 2
    if rows < needed:
        raise EstimateError(
            f"a sub-array of {rows} rows is too small: one bit-plane of each operand and "
            f"{reserved_rows} reserved rows need {needed}"
        )
