"""Every event in the sub-arrays of a layer, counted."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(slots=True)
class Counts:
    """Events of one layer and one image, all sub-arrays together.

    Operand values are written weight bit first: `and_10` are the senses of a weight bit 1
    with an activation bit 0. Splits by operand value add up to the number above them; they
    are expectations in the closed form and observations when a layer is executed. Every
    other number is exact in both.
    """

    # ANDs of two operands: one sense by one amplifier each.
    ands: int = 0
    and_00: float = 0
    and_01: float = 0
    and_10: float = 0
    and_11: float = 0
    and_unused: int = 0  # amplifiers fired on columns without operands
    and_reference_idle: int = 0  # amplifiers of a started reference that do not fire
    and_rows: int = 0  # row operations
    and_cycles: int = 0  # sense cycles, summed over sub-arrays
    # READs of activation planes, for the sums of the activations.
    reads: int = 0
    read_0: float = 0
    read_1: float = 0
    read_unused: int = 0
    read_reference_idle: int = 0
    read_rows: int = 0
    read_cycles: int = 0
    # Patches written into the sub-arrays.
    input_cells: int = 0
    input_0: float = 0
    input_1: float = 0
    input_rows: int = 0
    input_pulses: int = 0
    input_half_selected: int = 0
    # Kernels that come, where patches stay: written for every image.
    kernel_cells: int = 0
    kernel_0: float = 0
    kernel_1: float = 0
    kernel_rows: int = 0
    kernel_pulses: int = 0
    kernel_half_selected: int = 0
    # Weights that stay, written once.
    weight_cells: int = 0
    weight_0: float = 0
    weight_1: float = 0
    weight_rows: int = 0
    weight_pulses: int = 0
    weight_half_selected: int = 0
    # Digital logic at the sub-arrays, in one-bit full adders and flip-flops clocked.
    bit_count_adders: int = 0
    accumulate_adders: int = 0
    accumulate_flip_flops: int = 0
    sum_count_adders: int = 0
    sum_adders: int = 0
    sum_flip_flops: int = 0
    partial_adders: int = 0
    partial_flip_flops: int = 0

    def to_dict(self) -> dict[str, float]:
        """Name and number of every event."""
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}

    def add(self, other: Counts) -> None:
        """Add another layer's or sub-array's events to these."""
        for entry in fields(self):
            name = entry.name
            setattr(self, name, getattr(self, name) + getattr(other, name))
