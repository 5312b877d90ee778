"""Sub-arrays of an executed layer: what one holds, and the sums and products made in it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from accelerator.accumulator import Accumulator, count_ones
from accelerator.array import Array
from accelerator.counts import Counts
from accelerator.logic_widths import largest_bits
from accelerator.mapping import Mapping, segment_phases
from accelerator.networks.layers import Layer
from accelerator.operand_rows import OperandRow, Owner
from accelerator.options import Options
from accelerator.subarray import Columns, SubArray, segment_columns


@dataclass(frozen=True, slots=True)
class Setting:
    """What all sub-arrays of a layer work under; their events go into `counts`."""

    mapping: Mapping
    array: Array
    options: Options
    counts: Counts


Share = tuple[int, int]
"""First element and first plane of what adds to a patch's sum."""


@dataclass(slots=True)
class Part:
    """One sub-array's share: the planes of what stays and the elements that it holds.

    room: elements that it has columns for.
    sums: whether it reads what it gets of a patch, for the patch's sum.
    staying: rows of operands with the row of cells of their lowest plane.
    """

    subarray: SubArray
    planes: range
    elements: range
    room: int
    sums: bool
    staying: list[tuple[OperandRow, int]] = field(default_factory=list)
    known: dict[int, list[Columns]] = field(default_factory=dict)

    def used_by(self, layer: Layer) -> Part:
        """What a layer of the first channels and kernels uses of it."""
        elements, kernels = self.elements, layer.kernels_per_group
        end = max(min(elements.stop, layer.patch_length), elements.start)
        staying = [pair for pair in self.staying if pair[0].owners[0][1] < kernels]
        return replace(self, elements=range(elements.start, end), staying=staying, known={})

    def share(self, mapping: Mapping) -> Share:
        """Which share of a patch's sum it has to do with: first element and first plane."""
        return self.elements.start, 0 if mapping.weights_stay else self.planes.start

    def columns(self, segments: int) -> list[Columns]:
        """Columns of each segment of a row."""
        if segments not in self.known:
            array, length = self.subarray.array, len(self.elements)
            self.known[segments] = [
                segment_columns(index, length, array, self.room) for index in range(segments)
            ]
        return self.known[segments]


class Summing:
    """Sums of the patches in a row, plane by plane from the highest, in one sub-array."""

    def __init__(self, setting: Setting, part: Part, row: OperandRow, planes: int) -> None:
        self.setting, self.part, self.row = setting, part, row
        self.columns = part.columns(len(row.values))
        length = len(part.elements)
        self.phases = np.cumsum(segment_phases(length, setting.array))[:-1]
        active = row.patches and part.sums and setting.options.sums_activations
        width = largest_bits(part.room, 1, planes)
        self.registers = [Accumulator(width) for _ in row.values] if active else []

    def read(self, place: int) -> None:
        """Read one plane and add it, where this row is summed here."""
        if not self.registers:
            return
        bits = self.part.subarray.read_row(place, np.concatenate(self.columns))
        for register, own in zip(self.registers, np.split(bits, len(self.columns)), strict=True):
            register.shift()
            for phase in np.split(own, self.phases):
                ones, adders = count_ones(phase)
                self.setting.counts.sum_count_adders += adders
                register.add(ones)

    def values(self) -> dict[Owner, int]:
        """This sub-array's share of each patch's sum."""
        for register in self.registers:
            self.setting.counts.sum_adders += register.adders
            self.setting.counts.sum_flip_flops += register.adders
        first = 0 if self.setting.mapping.weights_stay else self.part.planes.start
        return {
            owner: register.value << first
            for owner, register in zip(self.row.owners, self.registers, strict=False)
        }


class Products:
    """What comes times one row of what stays, segment by segment, in one sub-array."""

    def __init__(
        self, setting: Setting, part: Part, partner: tuple[OperandRow, int], row: OperandRow
    ) -> None:
        self.setting, self.part, self.row = setting, part, row
        self.stays, self.lowest = partner
        # Kernels may lie beside more positions than there are patches.
        self.columns = part.columns(min(len(row.values), len(self.stays.values)))
        length, planes = len(part.elements), len(part.planes)
        self.phases = np.cumsum(segment_phases(length, setting.array))[:-1]
        mapping = setting.mapping
        # The planes of ternary weights have the same weight, so that nothing is shifted.
        self.equal = mapping.ternary, mapping.weights_stay
        self.inner_width = mapping.result_bits(part.room, planes, 1)
        outer_width = mapping.result_bits(part.room, planes, mapping.coming_bits)
        self.outer = [Accumulator(outer_width) for _ in self.columns]

    def multiply(self, coming_plane: int, place: int) -> None:
        """One plane of what comes, in row `place`, with all planes here of what stays."""
        counts = self.setting.counts
        columns = np.concatenate(self.columns)
        inner = [Accumulator(self.inner_width) for _ in self.columns]
        for plane in reversed(self.part.planes):
            cells = {
                self.row.patches: place,
                self.stays.patches: self.lowest + plane - self.part.planes.start,
            }
            bits = self.part.subarray.and_rows(cells[False], cells[True], columns)
            sign = self._sign(self.stays, plane)
            for register, own in zip(inner, np.split(bits, len(inner)), strict=True):
                if self.equal != (True, True):
                    register.shift()
                for phase in np.split(own, self.phases):
                    ones, adders = count_ones(phase)
                    counts.bit_count_adders += adders
                    register.add(sign * ones)
        sign = self._sign(self.row, coming_plane)
        for register, outer in zip(inner, self.outer, strict=True):
            if self.equal != (True, False):
                outer.shift()
            outer.add(sign * register.value)
            counts.accumulate_adders += register.adders
            counts.accumulate_flip_flops += register.adders

    def _sign(self, row: OperandRow, plane: int) -> int:
        """Minus one for the top plane of weights in two's complement, or of ternary ones."""
        mapping = self.setting.mapping
        top = not row.patches and plane == mapping.weight_bits - 1
        signed = mapping.ternary or self.setting.options.weight_encoding == "twos_complement"
        return -1 if top and signed else 1

    def values(self) -> dict[tuple[Owner, Owner], int]:
        """The products by kernel and patch, once all planes have come."""
        counts = self.setting.counts
        for register in self.outer:
            counts.accumulate_adders += register.adders
            counts.accumulate_flip_flops += register.adders
        kernels, patches = (self.stays, self.row) if self.row.patches else (self.row, self.stays)
        return {
            (kernel, patch): register.value
            for kernel, patch, register in zip(
                kernels.owners, patches.owners, self.outer, strict=False
            )
        }
