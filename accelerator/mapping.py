"""How a layer is cut up so that it fits sub-arrays.

Bit-line logic needs both operands in the same columns of the same sub-array. A column
therefore belongs to one element of a patch (or to none), a row to one bit-plane. One operand
stays in the sub-array, as many items of it as fit; of the other one item after the other is
written into a few rows above and used with all that stays:

- weight-stationary, kernels stay and rows of patches come;
- input-stationary, rows of patches stay and kernels come.

- A patch longer than the columns is cut into column tiles whose counts are added outside.
- Short patches stand side by side in a row as segments: of different groups first, then of
  different positions, for which the kernels are stored several times.
- What stays beyond the rows' capacity makes further tiles. Kernel tiles are sub-arrays of
  their own, each with its own copy of the patch. Patches leave when all kernels have met them,
  so patch tiles follow each other in one sub-array, and side by side in copies.
- Where the rows do not even hold one item that stays, its planes are shared out (plane
  groups), and the planes of what comes are written in several passes.

A patch's elements are in the order of its channels, a tile's kernels in their own. So a layer
of the first channels and the first kernels of a mapped one (`narrowing`) uses the first columns of
a patch, the first rows of kernels and the first tiles, all where they are. Kernels that are
spread over the kernel tiles use the first rows of all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from accelerator.array import Array
from accelerator.logic_widths import largest_bits
from accelerator.networks.layers import Layer

if TYPE_CHECKING:
    pass

Kept = tuple[tuple[tuple[bool, ...], ...], ...]
"""By group tile, column tile and kernel tile: whether its sub-arrays exist."""


def shared_out(total: int, parts: int) -> tuple[int, ...]:
    """`total` in `parts` whole shares that differ by one at most, larger first."""
    share, rest = divmod(total, parts)
    return (share + 1,) * rest + (share,) * (parts - rest)


def in_full_and_rest(total: int, size: int) -> list[tuple[int, int]]:
    """(size, how many) of the pieces when `total` is cut into pieces of `size`."""
    full, rest = divmod(total, size)
    return [(s, n) for s, n in ((size, full), (rest, 1)) if s and n]


def ranges(sizes: tuple[int, ...]) -> list[range]:
    """Where pieces of these sizes lie, one after the other."""
    ends = accumulate(sizes)
    return [range(end - size, end) for end, size in zip(ends, sizes, strict=True)]


@dataclass(frozen=True, slots=True)
class Mapping:
    """A layer on sub-arrays.

    weights_stay: whether kernels stay and patches come, or the other way round.
    column_tiles: elements of the patch in each tile.
    kernel_tiles: kernels of one group in each tile; all in one where patches stay.
    patch_tiles: rows of patches in each tile; all in one where kernels stay.
    plane_groups: planes of what stays in each group; one group unless the rows are very few.
    planes_at_once: planes of what comes that are in the sub-array at once.
    buffers: items that come for which there is room, 2 when the next is written during the
        present.
    groups_per_row, positions_per_row: segments of a row, by what they belong to.
    streams, steps: positions are worked on in `steps` for each of `streams`; segments of
        a row are different streams. Without reuse every position is a stream of one step.
    rotations: versions of each kernel that are stored, 1 without reuse.
    fresh_columns: columns of the window that are new at each step but the first.
    spread: whether a kernel tile holds every so-manieth kernel, not neighbours.
    copies: how often all this exists.
    stores: sub-arrays that only keep weights, which are read from there for every patch tile.
    ternary: weights are a plane for each sign, of equal weight.
    kept: the sub-arrays that exist where some hold nothing but zeros; None where all do.
    folds: tiles of groups that share sub-arrays, in rows of their own, and work in turn.
    wider: the mapping that is in the cells, where this one uses a part of it; its tiles are the
        first ones of the wider, the last of them perhaps cut short.
    """

    layer: Layer
    weight_bits: int
    activation_bits: int
    weights_stay: bool
    column_tiles: tuple[int, ...]
    kernel_tiles: tuple[int, ...]
    patch_tiles: tuple[int, ...]
    plane_groups: tuple[int, ...]
    planes_at_once: int
    buffers: int
    groups_per_row: int
    positions_per_row: int
    streams: int
    steps: int
    rotations: int
    fresh_columns: int
    copies: int
    stores: int
    ternary: bool = False
    kept: Kept | None = None
    spread: bool = False
    wider: Mapping | None = None
    folds: int = 1

    @property
    def installed(self) -> Mapping:
        """The mapping that is in the cells, for which registers and wires are made."""
        return self.wider or self

    @property
    def staying_bits(self) -> int:
        """Planes of an item that stays (1)."""
        return self.weight_bits if self.weights_stay else self.activation_bits

    @property
    def coming_bits(self) -> int:
        """Planes of an item that comes (1)."""
        return self.activation_bits if self.weights_stay else self.weight_bits

    @property
    def staying_tiles(self) -> tuple[int, ...]:
        """Items that stay in each tile."""
        return self.kernel_tiles if self.weights_stay else self.patch_tiles

    @property
    def tile_kernels(self) -> list[range]:
        """Kernels of a group in each kernel tile, neighbours or every so-manieth."""
        tiles = len(self.kernel_tiles)
        if not self.spread:
            return ranges(self.kernel_tiles)
        return [range(first, self.layer.kernels_per_group, tiles) for first in range(tiles)]

    @property
    def rounds(self) -> int:
        """Times that patches replace those that stayed, for one image (1)."""
        return 0 if self.weights_stay else -(-len(self.patch_tiles) // self.copies)

    @property
    def weight_tiles(self) -> int:
        """Sub-arrays that work on the same column tile of the same patch (1)."""
        return len(self.kernel_tiles) * len(self.plane_groups)

    @property
    def patch_writes(self) -> int:
        """Sub-arrays into which each plane of a patch is written (1)."""
        return self.weight_tiles if self.weights_stay else 1

    @property
    def kernel_writes(self) -> list[tuple[int, int]]:
        """(positions side by side, how often) for writing a plane of a kernel.

        Where kernels stay, that is once for all images, else for each image; a tile of a
        single row of patches may have fewer side by side.
        """
        full = self.positions_per_row
        if self.weights_stay:
            return [(full, self.copies * self.rotations)]
        groups, tiles = len(self.plane_groups), len(self.patch_tiles)
        rest = self.streams % full if self.patch_tiles[-1] == 1 else 0
        if not rest:
            return [(full, tiles * groups)]
        return [(full, (tiles - 1) * groups), (rest, groups)]

    @property
    def kernel_spread(self) -> int:
        """Sub-arrays of one column tile that take the same planes of a kernel that comes (1)."""
        return len(self.plane_groups) * self.copies

    @property
    def summed_planes(self) -> tuple[int, ...]:
        """Activation planes in each of the sub-arrays that sum a patch."""
        return (self.activation_bits,) if self.weights_stay else self.plane_groups

    @property
    def group_tiles(self) -> int:
        """Sub-arrays that the groups are spread over (1)."""
        return -(-self.layer.groups // self.groups_per_row)

    @property
    def subarrays_per_copy(self) -> int:
        """Sub-arrays of one copy of the layer, those that hold nothing but zeros left out (1)."""
        planes = len(self.plane_groups)
        if self.kept is not None:
            return sum(sum(column) for tile in self.kept for column in tile) * planes
        return self.tiles_per_copy * planes

    @property
    def tiles_per_copy(self) -> int:
        """Tiles that one copy of the layer is cut into, kept or not (1)."""
        tiles = -(-self.group_tiles // self.folds)
        return tiles * len(self.column_tiles) * len(self.kernel_tiles)

    @property
    def subarrays(self) -> int:
        """Sub-arrays of the layer in which operands meet (1)."""
        return self.subarrays_per_copy * self.copies

    @property
    def segments_per_row(self) -> int:
        """Patches side by side in a full row (1)."""
        return self.groups_per_row * self.positions_per_row

    def summary(self) -> dict[str, float]:
        """Numbers that describe the cut, for a report."""
        return {
            "column_tiles": len(self.column_tiles),
            "kernel_tiles": len(self.kernel_tiles),
            "patch_tiles": len(self.patch_tiles),
            "plane_groups": len(self.plane_groups),
            "groups_per_row": self.groups_per_row,
            "positions_per_row": self.positions_per_row,
            "planes_at_once": self.planes_at_once,
            "buffers": self.buffers,
            "rotations": self.rotations,
            "copies": self.copies,
            "folds": self.folds,
            "stores": self.stores,
            "empty_tiles": self.tiles_per_copy - self.subarrays_per_copy // len(self.plane_groups),
        }

    def result_bits(self, length: int, staying: int, coming: int) -> int:
        """Bits of the largest sum of `length` products of so many planes (1)."""
        weights, activations = (staying, coming) if self.weights_stay else (coming, staying)
        return largest_bits(length, 1 if self.ternary else weights, activations)

    @property
    def full_bits(self) -> int:
        """Bits of the largest sum of a whole patch, the sums of its activations left out (1)."""
        return self.result_bits(
            self.installed.layer.patch_length, self.staying_bits, self.coming_bits
        )

    def fresh_cells(self, length: int) -> int:
        """Cells of one segment of `length` elements that a step after the first writes (1)."""
        return length // self.layer.kernel[-1] * self.fresh_columns

    @property
    def written_valid_fraction(self) -> float:
        """Share of the written input cells that lie inside the input, not in padding (1)."""
        layer = self.layer
        if self.steps == 1:
            return layer.valid_fraction
        width, start = layer.kernel[-1], -layer.pad_begin[-1]
        end = start + (self.steps - 1) * layer.stride[-1] + width
        inside = min(end, layer.in_size[-1]) - max(start, 0)
        along = layer.valid_along(-1)
        return layer.valid_fraction / along * inside / (end - start) if along else 0.0


def segment_phases(length: int, array: Array) -> list[int]:
    """Amplifiers used in each phase by one segment of `length` elements."""
    amplifiers = array.amplifiers
    full, rest = divmod(length, amplifiers)
    return [amplifiers] * full + ([rest] if rest else [])


def row_phases(segments: int, length: int, array: Array, room: int) -> list[tuple[int, int]]:
    """(amplifiers used, how many such phases) when a row of segments is sensed.

    A segment has `room` for as many elements, of which it uses the first `length`. Those with
    less room than there are amplifiers stand side by side in a phase and never cross into the
    next, so that a count is always of one segment.
    """
    amplifiers = array.amplifiers
    if room <= amplifiers:
        side_by_side = amplifiers // room
        return [(n * length, times) for n, times in in_full_and_rest(segments, side_by_side)]
    return [(n, times * segments) for n, times in in_full_and_rest(length, amplifiers)]


def row_references(segments: int, length: int, array: Array, room: int) -> int:
    """Amplifiers served by the references that start when a row is sensed, over its phases (1)."""
    amplifiers = array.amplifiers
    if room <= amplifiers:
        phases = in_full_and_rest(segments, amplifiers // room)
        return sum(array.reference_shares(length, n, room) * times for n, times in phases)
    phases = in_full_and_rest(length, amplifiers)
    return sum(array.reference_shares(n) * times * segments for n, times in phases)
