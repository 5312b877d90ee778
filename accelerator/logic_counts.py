"""Events of row logic: what a layer of comparisons or in-memory additions counts further."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from accelerator.counts import Counts


@dataclass(slots=True)
class LogicCounts(Counts):
    """Events of one layer whose operands are both data, with those of `Counts`.

    ANDs, READs and the writes of operands keep their names there. Operand values are written
    first row first: `xor_10` are the senses of a 1 in the first row with a 0 in the second.
    """

    # XORs, each by the two sub-amplifiers of one amplifier in one cycle.
    xors: float = 0
    xor_00: float = 0
    xor_01: float = 0
    xor_10: float = 0
    xor_11: float = 0
    xor_reference_idle: float = 0
    xor_rows: float = 0
    xor_cycles: float = 0
    ors: float = 0
    or_00: float = 0
    or_01: float = 0
    or_10: float = 0
    or_11: float = 0
    or_reference_idle: float = 0
    or_rows: float = 0
    or_cycles: float = 0
    # Results that are written back into rows, to be operands again.
    result_cells: float = 0
    result_0: float = 0
    result_1: float = 0
    result_rows: float = 0
    result_pulses: float = 0
    result_half_selected: float = 0
    # Latches at the columns: of the mask, clocked with every XOR, and of the result.
    mask_flip_flops: float = 0
    mask_gates: float = 0  # gates of the tree that tells when all columns are decided

    @classmethod
    def of(cls, numbers: Mapping[str, float]) -> LogicCounts:
        """From the numbers of a report; names that are no events of the array are left out."""
        found = cls()
        for entry in fields(cls):
            setattr(found, entry.name, numbers[entry.name])
        return found

    def scaled(self, factor: float) -> LogicCounts:
        """All of them times `factor`."""
        return LogicCounts.of({name: number * factor for name, number in self.to_dict().items()})
