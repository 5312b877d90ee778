"""Which sub-arrays of a mapped layer there are, told by the work that they share.

All of them, or those that the mapping keeps: a sub-array without a weight that is not zero
adds nothing to any output, so it is neither made nor written nor sensed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from accelerator.mapping import Mapping, in_full_and_rest


@dataclass(frozen=True, slots=True)
class Stack:
    """Sub-arrays that work on one column tile of the same patches, a kernel tile each.

    groups: of the layer, side by side in a row; length: elements of the column tile in use, of
    those there is `room` for; kernel_tiles: kernels of one group in each.
    """

    groups: int
    length: int
    room: int
    kernel_tiles: tuple[int, ...]

    @property
    def kernels(self) -> int:
        """Kernels of one group that meet these patches (1)."""
        return sum(self.kernel_tiles)


@dataclass(frozen=True, slots=True)
class Joined:
    """Outputs of one kernel tile, added up from so many column tiles.

    groups: of the layer, side by side in a row; kernels: of one group.
    """

    groups: int
    kernels: int
    column_tiles: int


def stacks(mapping: Mapping) -> Counter[Stack]:
    """All stacks with a sub-array, those of equal shape counted."""
    found: Counter[Stack] = Counter()
    if mapping.kept is None:
        rooms = mapping.installed.column_tiles
        lengths = Counter(zip(mapping.column_tiles, rooms, strict=False))
        for groups, times in _groups(mapping):
            for (length, room), number in lengths.items():
                found[Stack(groups, length, room, mapping.kernel_tiles)] = times * number
        return found
    for groups, tile in zip(_group_sizes(mapping), mapping.kept, strict=True):
        for length, column in zip(mapping.column_tiles, tile, strict=True):
            if any(column):
                found[Stack(groups, length, length, _chosen(mapping.kernel_tiles, column))] += 1
    return found


def takers(stack: Stack, mapping: Mapping) -> int:
    """Sub-arrays of a stack into which each plane of a patch is written (1)."""
    if not mapping.weights_stay:
        return 1
    return len(stack.kernel_tiles) * len(mapping.plane_groups)


def joined(mapping: Mapping) -> Counter[Joined]:
    """All kernel tiles with a sub-array, those of equal shape counted."""
    found: Counter[Joined] = Counter()
    if mapping.kept is None:
        sizes = Counter(mapping.kernel_tiles)
        for groups, times in _groups(mapping):
            for kernels, number in sizes.items():
                found[Joined(groups, kernels, len(mapping.column_tiles))] = times * number
        return found
    for groups, tile in zip(_group_sizes(mapping), mapping.kept, strict=True):
        for kernels, row in zip(mapping.kernel_tiles, zip(*tile, strict=True), strict=True):
            if any(row):
                found[Joined(groups, kernels, sum(row))] += 1
    return found


def summed(mapping: Mapping) -> Counter[tuple[int, int]]:
    """(groups, column tiles) of every sum of activations that some kernel tile needs.

    Kernel tiles that keep the same column tiles share a sum.
    """
    found: Counter[tuple[int, int]] = Counter()
    if mapping.kept is None:
        for groups, times in _groups(mapping):
            found[groups, len(mapping.column_tiles)] += times
        return found
    for groups, tile in zip(_group_sizes(mapping), mapping.kept, strict=True):
        for row in set(zip(*tile, strict=True)):
            if any(row):
                found[groups, sum(row)] += 1
    return found


def longest(mapping: Mapping) -> int:
    """Elements of the longest column tile with a sub-array; 0 where there is none (1)."""
    if mapping.kept is None:
        return max(mapping.column_tiles)
    return max((stack.length for stack in stacks(mapping)), default=0)


def fullest(mapping: Mapping) -> int:
    """Kernels of the largest kernel tile with a sub-array; 0 where there is none (1)."""
    if mapping.kept is None:
        return max(mapping.kernel_tiles)
    return max((max(stack.kernel_tiles) for stack in stacks(mapping)), default=0)


def live_outputs(mapping: Mapping) -> int:
    """Outputs of one image that some sub-array adds to; the others are constants (1)."""
    if mapping.kept is None:
        return mapping.layer.output_elements
    one = sum(join.groups * join.kernels * times for join, times in joined(mapping).items())
    return one * mapping.layer.positions


def added_parts(mapping: Mapping) -> int:
    """Additions of one part of an output to another, for one image (1)."""
    parts = len(mapping.plane_groups)
    one = sum(
        join.groups * join.kernels * (join.column_tiles * parts - 1) * times
        for join, times in joined(mapping).items()
    )
    return one * mapping.layer.positions


def input_cells_written(mapping: Mapping) -> int:
    """Input cells written for one image, all activation planes together (1)."""
    cells = 0
    for stack, times in stacks(mapping).items():
        fresh = mapping.fresh_cells(stack.length) * (mapping.steps - 1)
        written = takers(stack, mapping) * times
        cells += (stack.length + fresh) * mapping.streams * stack.groups * written
    return cells * mapping.activation_bits


def patch_cells(mapping: Mapping) -> int:
    """Input cells of one image, each written in one sub-array of a stack only (1)."""
    cells = 0
    for stack, times in stacks(mapping).items():
        fresh = mapping.fresh_cells(stack.length) * (mapping.steps - 1)
        cells += (stack.length + fresh) * mapping.streams * stack.groups * times
    return cells * mapping.activation_bits


def tiles_per_patch(mapping: Mapping) -> float:
    """Sub-arrays that a cell of a patch is written into, the mean of all that are written (1)."""
    if mapping.kept is None:
        return mapping.patch_writes
    cells = patch_cells(mapping)
    return input_cells_written(mapping) / cells if cells else 1.0


def parts_per_output(mapping: Mapping) -> float:
    """Sub-arrays that an output is added up from, the mean of all that have any (1)."""
    if mapping.kept is None:
        return len(mapping.column_tiles) * len(mapping.plane_groups)
    live = live_outputs(mapping)
    return added_parts(mapping) / live + 1 if live else 1.0


def _groups(mapping: Mapping) -> list[tuple[int, int]]:
    return in_full_and_rest(mapping.layer.groups, mapping.groups_per_row)


def _group_sizes(mapping: Mapping) -> list[int]:
    return [groups for groups, times in _groups(mapping) for _ in range(times)]


def _chosen(sizes: tuple[int, ...], kept: tuple[bool, ...]) -> tuple[int, ...]:
    return tuple(size for size, keep in zip(sizes, kept, strict=True) if keep)
