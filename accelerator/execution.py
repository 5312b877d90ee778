"""Run a mapped layer on sub-array objects, bit by bit, and count what happens.

Far too slow for a network; it is what the closed form is checked against. A row of kernels and a
row of patches are the same thing here, a row of operands: one stays in the sub-arrays, the other
comes and meets all that stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from accelerator.accumulator import Accumulator
from accelerator.array import Array
from accelerator.counts import Counts
from accelerator.logic_widths import largest_bits
from accelerator.mapping import Mapping, ranges
from accelerator.operand_parts import Part, Products, Setting, Share, Summing
from accelerator.operand_rows import Integers, OperandRow, OperandRows, Owner
from accelerator.options import ZERO_POINT, Options
from accelerator.subarray import SubArray


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

    `mapping` is the loaded one, or one that uses a part of it (`narrowing.narrow`): no weight is
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


@dataclass(frozen=True, slots=True)
class LoadedLayer:
    """A mapped layer with its weights in the cells of sub-arrays, and the events of loading.

    `tiles` are the groups that share rows with the sub-arrays of one kernel tile.
    """

    mapping: Mapping
    array: Array
    tiles: tuple[tuple[range, tuple[Part, ...]], ...]
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
        self.setting = Setting(mapping, array, options, self.counts)
        self.outputs: Integers = np.zeros((layer.out_channels, layer.positions), dtype=np.int64)
        self.sums: dict[Owner, dict[Share, int]] = {}
        """Shares of the sums of patches, by group and position."""
        self.shared: dict[tuple[int, ...], tuple[SubArray, int]] = {}
        """Sub-arrays of folded tiles of groups, each with its first free row."""
        self.scaled: dict[tuple[Owner, frozenset[Share]], int] = {}
        """Sums of such shares as they correct an output."""

    def result(self) -> tuple[Integers, Counts]:
        """Outputs (kernels, height, width) and the events."""
        layer = self.mapping.layer
        return self.outputs.reshape(layer.out_channels, *layer.out_size), self.counts

    def filled(self, rows: list[OperandRow], group_tile: int, tile: int) -> list[Part]:
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
                lowest = self.array.reserved_rows + mapping.planes_at_once * mapping.buffers
                place = (group_tile // mapping.folds, tile, column, planes.start)
                if mapping.folds > 1 and place in self.shared:
                    subarray, lowest = self.shared[place]
                else:
                    subarray = SubArray(self.array, self.counts)
                part = Part(subarray, planes, elements, len(elements), reads)
                for row in rows:
                    part.staying.append((row, lowest))
                    cells = {plane: lowest + plane - planes.start for plane in reversed(planes)}
                    summing = Summing(self.setting, part, row, len(planes))
                    self._write(part, row, cells, summing)
                    sums.append(summing)
                    lowest += len(planes)
                self.shared[place] = subarray, lowest
                parts.append(part)
        self._keep(sums)
        return parts

    def meet(self, parts: list[Part], row: OperandRow) -> None:
        """Write what comes into all parts, and AND it with all that stays there."""
        mapping = self.mapping
        results: dict[tuple[Owner, Owner], list[int]] = {}
        sums = []
        planes = list(reversed(range(mapping.coming_bits)))
        for part in parts:
            summing = Summing(self.setting, part, row, mapping.coming_bits)
            partners = [pair for pair in part.staying if pair[0].rotation == row.rotation]
            products = [Products(self.setting, part, partner, row) for partner in partners]
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

    def _write(self, part: Part, row: OperandRow, cells: dict[int, int], summing: Summing) -> None:
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
            doubled = 1 if self.options.weight_encoding == ZERO_POINT else 2
            value = doubled * value - self._scaled(patch, shares)
            counts.sum_adders += full + 1
            counts.sum_flip_flops += full + 1
        self.outputs[kernel[0] * layer.kernels_per_group + kernel[1], patch[1]] = value

    def _keep(self, sums: list[Summing]) -> None:
        for summing in sums:
            for patch, value in summing.values().items():
                share = summing.part.share(self.mapping)
                self.sums.setdefault(patch, {})[share] = value

    def _scaled(self, patch: Owner, shares: frozenset[Share]) -> int:
        """(2^W - 1) times the sum of a patch's activations, from the parts that read it.

        Kernels that use the same parts of a patch share the sum. That factor is also the zero
        point with most additions, so it stands for one.
        """
        if (patch, shares) not in self.scaled:
            length = self.mapping.installed.layer.patch_length
            bits = self.mapping.activation_bits
            weight_bits = self.mapping.weight_bits
            values = [self.sums[patch][share] for share in sorted(shares)]
            total = _added(largest_bits(length, 1, bits), values)
            adders, scaled = total.adders, total.value
            if self.options.weight_encoding == ZERO_POINT:
                product_ = Accumulator(self.mapping.full_bits)
                product_.value = scaled
                for shift in range(1, weight_bits):
                    product_.add(scaled << shift)
                adders += product_.adders
                scaled = product_.value
            elif weight_bits > 1:
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
