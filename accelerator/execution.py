"""Run a mapped layer on sub-array objects, bit by bit, and count what happens.

Far too slow for a network; it is what the closed form is checked against. A row of kernels and a
row of patches are the same thing here, a row of operands: one stays in the sub-arrays, the other
comes and meets all that stay.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from accelerator.accumulator import Accumulator, count_ones
from accelerator.array import Array
from accelerator.counts import Counts
from accelerator.logic_widths import largest_bits
from accelerator.mapping import Mapping, ranges, segment_phases
from accelerator.networks.layers import Layer
from accelerator.operand_rows import Integers, OperandRow, OperandRows, Owner
from accelerator.options import Options
from accelerator.subarray import Columns, SubArray, segment_columns


def execute_layer(
    mapping: Mapping, array: Array, options: Options, activations: Integers, weights: Integers
) -> tuple[Integers, Counts]:
    """Outputs and events of one two-dimensional layer.

    Args:
        mapping: of a layer with two spatial dimensions; of one copy where weights stay.
        array: the sub-arrays' dimensions.
        options: encoding of the weights, gating.
        activations: unsigned integers, (channels, height, width).
        weights: stored codes 0 .. 2^W - 1, (kernels, channels / groups, height, width).

    Sub-arrays that the mapping does not keep are not made, whatever their weights.

    Returns:
        Outputs (kernels, height, width) and the events.
    """
    if mapping.weights_stay:
        loaded = load_layer(mapping.installed, array, weights)
        outputs, counts = run_layer(loaded, mapping, options, activations)
        counts.add(loaded.counts)
        return outputs, counts
    rows = OperandRows(mapping, activations, weights)
    run = _Run(mapping, array, options)
    for number, groups in enumerate(_group_tiles(mapping)):
        for place, tile in enumerate(ranges(mapping.patch_tiles)):
            staying = list(rows.staying(groups, tile))
            parts = run.filled(staying, number, place)
            for row in rows.coming(groups, staying):
                run.meet(parts, row)
    return run.result()


def load_layer(mapping: Mapping, array: Array, weights: Integers) -> LoadedLayer:
    """Write the weights of a layer where they stay; shapes as in `execute_layer`."""
    rows = OperandRows(mapping, None, weights)
    run = _Run(mapping, array, Options())
    tiles = tuple(
        (groups, tuple(run.filled(list(rows.staying(groups, kernels)), number, place)))
        for number, groups in enumerate(_group_tiles(mapping))
        for place, kernels in enumerate(mapping.tile_kernels)
    )
    return LoadedLayer(mapping, array, tiles, run.counts)


def run_layer(
    loaded: LoadedLayer, mapping: Mapping, options: Options, activations: Integers
) -> tuple[Integers, Counts]:
    """Outputs and events of one image in a layer that is loaded.

    `mapping` is the loaded one, or one that uses a part of it (`mapping.narrow`): no weight is
    written.
    """
    rows = OperandRows(mapping, activations, None)
    run = _Run(mapping, loaded.array, options)
    for groups, installed in loaded.tiles:
        used = (part.used_by(mapping.layer) for part in installed)
        parts = [part for part in used if part.staying and part.elements]
        for part in parts:
            part.subarray.counts = run.counts
        for row in rows.coming(groups, []) if parts else ():
            run.meet(parts, row)
    return run.result()


def _group_tiles(mapping: Mapping) -> list[range]:
    groups = mapping.layer.groups
    firsts = range(0, groups, mapping.groups_per_row)
    return [range(first, min(first + mapping.groups_per_row, groups)) for first in firsts]


Share = tuple[int, int]


@dataclass(slots=True)
class _Part:
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

    def used_by(self, layer: Layer) -> _Part:
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


@dataclass(frozen=True, slots=True)
class LoadedLayer:
    """A mapped layer with its weights in the cells of sub-arrays, and the events of loading.

    `tiles` are the groups that share rows with the sub-arrays of one kernel tile.
    """

    mapping: Mapping
    array: Array
    tiles: tuple[tuple[range, tuple[_Part, ...]], ...]
    counts: Counts

    @property
    def cells(self) -> tuple[NDArray[np.uint8], ...]:
        """Bits of every sub-array, in a fixed order; they are the arrays themselves."""
        return tuple(part.subarray.cells for _, parts in self.tiles for part in parts)

    @property
    def weight_rows(self) -> slice:
        """The rows that hold weights; those before take patches."""
        mapping = self.mapping
        return slice(self.array.reserved_rows + mapping.planes_at_once * mapping.buffers, None)


class _Run:
    """Sub-arrays of a layer at work: `outputs` (kernels, positions) and `counts`."""

    def __init__(self, mapping: Mapping, array: Array, options: Options) -> None:
        self.mapping, self.array, self.options = mapping, array, options
        layer = mapping.layer
        self.counts = Counts()
        self.outputs: Integers = np.zeros((layer.out_channels, layer.positions), dtype=np.int64)
        self.sums: dict[Owner, dict[Share, int]] = {}
        """Shares of the sums of patches, by group and position."""
        self.scaled: dict[tuple[Owner, frozenset[Share]], int] = {}
        """Sums of such shares as they correct an output."""

    def result(self) -> tuple[Integers, Counts]:
        """Outputs (kernels, height, width) and the events."""
        layer = self.mapping.layer
        return self.outputs.reshape(layer.out_channels, *layer.out_size), self.counts

    def filled(self, rows: list[OperandRow], group_tile: int, tile: int) -> list[_Part]:
        """Sub-arrays with one tile of what stays, below the room for what comes."""
        mapping = self.mapping
        parts, sums = [], []
        for column, elements in enumerate(ranges(mapping.column_tiles)):
            kept = None if mapping.kept is None else mapping.kept[group_tile][column]
            if kept is not None and not kept[tile]:
                continue
            first = tile == (0 if kept is None else kept.index(True))
            for planes in ranges(mapping.plane_groups):
                reads = not mapping.weights_stay or (first and planes.start == 0)
                subarray = SubArray(self.array, self.counts)
                part = _Part(subarray, planes, elements, len(elements), reads)
                lowest = self.array.reserved_rows + mapping.planes_at_once * mapping.buffers
                for row in rows:
                    part.staying.append((row, lowest))
                    cells = {plane: lowest + plane - planes.start for plane in reversed(planes)}
                    summing = _Summing(self, part, row, len(planes))
                    self._write(part, row, cells, summing)
                    sums.append(summing)
                    lowest += len(planes)
                parts.append(part)
        self._keep(sums)
        return parts

    def meet(self, parts: list[_Part], row: OperandRow) -> None:
        """Write what comes into all parts, and AND it with all that stays there."""
        mapping = self.mapping
        results: dict[tuple[Owner, Owner], list[int]] = {}
        sums = []
        planes = list(reversed(range(mapping.coming_bits)))
        for part in parts:
            summing = _Summing(self, part, row, mapping.coming_bits)
            partners = [pair for pair in part.staying if pair[0].rotation == row.rotation]
            products = [_Products(self, part, partner, row) for partner in partners]
            for start in range(0, len(planes), mapping.planes_at_once):
                at_once = planes[start : start + mapping.planes_at_once]
                cells = {
                    plane: self.array.reserved_rows + place for place, plane in enumerate(at_once)
                }
                self._write(part, row, cells, summing)
                for one, (plane, place) in product(products, cells.items()):
                    one.multiply(plane, place)
            for one in products:
                # The planes of ternary weights have the same weight.
                shift = 0 if mapping.ternary and mapping.weights_stay else part.planes.start
                for key, value in one.values().items():
                    results.setdefault(key, []).append(value << shift)
            sums.append(summing)
        self._keep(sums)
        shares = frozenset(part.share(mapping) for part in parts)
        for key, values in results.items():
            self._combine(*key, values, shares)

    def _write(
        self, part: _Part, row: OperandRow, cells: dict[int, int], summing: _Summing
    ) -> None:
        """Write planes, each into its row of cells, and read those of a patch to sum it."""
        fresh = np.resize(row.fresh, len(part.elements))
        columns = np.concatenate([own[fresh] for own in part.columns(len(row.values))])
        operands = [value[part.elements][fresh] for value in row.values]
        for plane, place in cells.items():
            bits = np.concatenate([(own >> plane) & 1 for own in operands])
            part.subarray.write(row.what, place, columns, bits.astype(np.uint8))
            summing.read(place)

    def _combine(
        self, kernel: Owner, patch: Owner, values: list[int], shares: frozenset[Share]
    ) -> None:
        """An output from the parts of its product and the sum of its patch."""
        layer, counts = self.mapping.layer, self.counts
        full = self.mapping.full_bits
        total = _added(full, values)
        counts.partial_adders += total.adders
        counts.partial_flip_flops += total.adders
        value = total.value
        if self.options.sums_activations:
            value = 2 * value - self._scaled(patch, shares)
            counts.sum_adders += full + 1
            counts.sum_flip_flops += full + 1
        self.outputs[kernel[0] * layer.kernels_per_group + kernel[1], patch[1]] = value

    def _keep(self, sums: list[_Summing]) -> None:
        for summing in sums:
            for patch, value in summing.values().items():
                share = summing.part.share(self.mapping)
                self.sums.setdefault(patch, {})[share] = value

    def _scaled(self, patch: Owner, shares: frozenset[Share]) -> int:
        """(2^W - 1) times the sum of a patch's activations, from the parts that read it.

        Kernels that use the same parts of a patch share the sum.
        """
        if (patch, shares) not in self.scaled:
            length = self.mapping.installed.layer.patch_length
            bits = self.mapping.activation_bits
            weight_bits = self.mapping.weight_bits
            values = [self.sums[patch][share] for share in sorted(shares)]
            total = _added(largest_bits(length, 1, bits), values)
            adders, scaled = total.adders, total.value
            if weight_bits > 1:
                product_ = Accumulator(self.mapping.full_bits)
                product_.value = scaled << weight_bits - 1
                product_.add((scaled << weight_bits) - scaled - product_.value)
                adders += product_.adders
                scaled = product_.value
            self.counts.sum_adders += adders
            self.counts.sum_flip_flops += adders
            self.scaled[patch, shares] = scaled
        return self.scaled[patch, shares]


def _added(width: int, values: list[int]) -> Accumulator:
    """A register that takes the first value and adds the others."""
    total = Accumulator(width)
    total.value = values[0]
    for value in values[1:]:
        total.add(value)
    return total


class _Summing:
    """Sums of the patches in a row, plane by plane from the highest, in one sub-array."""

    def __init__(self, run: _Run, part: _Part, row: OperandRow, planes: int) -> None:
        self.run, self.part, self.row = run, part, row
        self.columns = part.columns(len(row.values))
        length = len(part.elements)
        self.phases = np.cumsum(segment_phases(length, run.array))[:-1]
        active = row.patches and part.sums and run.options.sums_activations
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
                self.run.counts.sum_count_adders += adders
                register.add(ones)

    def values(self) -> dict[Owner, int]:
        """This sub-array's share of each patch's sum."""
        for register in self.registers:
            self.run.counts.sum_adders += register.adders
            self.run.counts.sum_flip_flops += register.adders
        first = 0 if self.run.mapping.weights_stay else self.part.planes.start
        return {
            owner: register.value << first
            for owner, register in zip(self.row.owners, self.registers, strict=False)
        }


class _Products:
    """What comes times one row of what stays, segment by segment, in one sub-array."""

    def __init__(
        self, run: _Run, part: _Part, partner: tuple[OperandRow, int], row: OperandRow
    ) -> None:
        self.run, self.part, self.row = run, part, row
        self.stays, self.lowest = partner
        # Kernels may lie beside more positions than there are patches.
        self.columns = part.columns(min(len(row.values), len(self.stays.values)))
        length, planes = len(part.elements), len(part.planes)
        self.phases = np.cumsum(segment_phases(length, run.array))[:-1]
        mapping = run.mapping
        # The planes of ternary weights have the same weight, so that nothing is shifted.
        self.equal = mapping.ternary, mapping.weights_stay
        self.inner_width = mapping.result_bits(part.room, planes, 1)
        outer_width = mapping.result_bits(part.room, planes, mapping.coming_bits)
        self.outer = [Accumulator(outer_width) for _ in self.columns]

    def multiply(self, coming_plane: int, place: int) -> None:
        """One plane of what comes, in row `place`, with all planes here of what stays."""
        counts = self.run.counts
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
        mapping = self.run.mapping
        top = not row.patches and plane == mapping.weight_bits - 1
        signed = mapping.ternary or self.run.options.weight_encoding == "twos_complement"
        return -1 if top and signed else 1

    def values(self) -> dict[tuple[Owner, Owner], int]:
        """The products by kernel and patch, once all planes have come."""
        counts = self.run.counts
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
