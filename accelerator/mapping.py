"""How a layer is cut up so that it fits sub-arrays.

Bit-line logic needs both operands in the same columns of the same sub-array. A column
therefore belongs to one element of a patch (or to none), a row to one bit-plane. A
sub-array holds the planes of the patch being worked on in a few rows and the planes of as
many kernels as fit below them.

- A patch longer than the columns is cut into column tiles whose counts are added outside.
- Short patches stand side by side in a row as segments: of different groups first, then of
  different positions, for which the kernels are stored several times.
- Kernels beyond the rows' capacity go to further sub-arrays, kernel tiles, each with its own
  copy of the patch.
- Where the rows do not even hold one kernel, its planes are shared out (plane groups), and
  the patch's planes come in several passes.

A patch's elements are in the order of its channels, a tile's kernels in their own. So a layer
of the first channels and the first kernels of a mapped one (`narrowing`) uses the first columns of
a patch, the first rows of kernels and the first tiles, all where they are. Kernels that are
spread over the kernel tiles use the first rows of all of them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import gcd

from accelerator.array import Array
from accelerator.networks.layers import Layer
from accelerator.options import Options


def shared_out(total: int, parts: int) -> tuple[int, ...]:
    """`total` in `parts` whole shares that differ by one at most, larger first."""
    share, rest = divmod(total, parts)
    return (share + 1,) * rest + (share,) * (parts - rest)


def in_full_and_rest(total: int, size: int) -> list[tuple[int, int]]:
    """(size, how many) of the pieces when `total` is cut into pieces of `size`."""
    full, rest = divmod(total, size)
    return [(s, n) for s, n in ((size, full), (rest, 1)) if s and n]


@dataclass(frozen=True, slots=True)
class Mapping:
    """A layer on sub-arrays.

    column_tiles: elements of the patch in each tile.
    kernel_tiles: kernels of one group in each tile.
    plane_groups: weight planes in each group; one group unless the rows are very few.
    resident_planes: activation planes that are in the sub-array at once.
    buffers: patches that have room at once, 2 when the next is written during the present.
    groups_per_row, positions_per_row: segments of a row, by what they belong to.
    streams, steps: positions are worked on in `steps` for each of `streams`; segments of
        a row are different streams. Without reuse every position is a stream of one step.
    rotations: versions of each kernel that are stored, 1 without reuse.
    fresh_columns: columns of the window that are new at each step but the first.
    spread: whether a kernel tile holds every so-manieth kernel, not neighbours.
    copies: how often all this exists.
    wider: the mapping that is in the cells, where this one uses a part of it; its tiles are the
        first ones of the wider, the last of them perhaps cut short.
    """

    layer: Layer
    weight_bits: int
    activation_bits: int
    column_tiles: tuple[int, ...]
    kernel_tiles: tuple[int, ...]
    plane_groups: tuple[int, ...]
    resident_planes: int
    buffers: int
    groups_per_row: int
    positions_per_row: int
    streams: int
    steps: int
    rotations: int
    fresh_columns: int
    copies: int
    spread: bool = False
    wider: Mapping | None = None

    @property
    def installed(self) -> Mapping:
        """The mapping that is in the cells, for which registers and wires are made."""
        return self.wider or self

    @property
    def tiles(self) -> Counter[tuple[int, int]]:
        """Column tiles by (elements in use, elements there is room for)."""
        return Counter(zip(self.column_tiles, self.installed.column_tiles, strict=False))

    @property
    def weight_tiles(self) -> int:
        """Sub-arrays that work on the same column tile of the same patch (1)."""
        return len(self.kernel_tiles) * len(self.plane_groups)

    @property
    def group_tiles(self) -> int:
        """Sub-arrays that the groups are spread over (1)."""
        return -(-self.layer.groups // self.groups_per_row)

    @property
    def subarrays_per_copy(self) -> int:
        """Sub-arrays of one copy of the layer (1)."""
        return self.group_tiles * len(self.column_tiles) * self.weight_tiles

    @property
    def subarrays(self) -> int:
        """Sub-arrays of the layer (1)."""
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
            "plane_groups": len(self.plane_groups),
            "groups_per_row": self.groups_per_row,
            "positions_per_row": self.positions_per_row,
            "resident_planes": self.resident_planes,
            "buffers": self.buffers,
            "rotations": self.rotations,
            "copies": self.copies,
        }

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


def _segments(length: int, array: Array) -> int:
    """Segments of `length` elements that a row has room for."""
    if length <= array.amplifiers:
        return array.amplifiers // length * array.columns_per_amplifier
    return array.columns_per_amplifier // -(-length // array.amplifiers)


def _reuse(layer: Layer) -> tuple[int, int] | None:
    """(rotations, fresh columns) when neighbouring windows share columns."""
    width, stride = layer.kernel[-1], layer.stride[-1]
    if layer.dilation[-1] != 1 or stride >= width or layer.out_size[-1] == 1:
        return None
    return width // gcd(width, stride), stride


def map_layer(
    layer: Layer, weight_bits: int, activation_bits: int, array: Array, options: Options
) -> Mapping:
    """Cut `layer` up for sub-arrays like `array`.

    With `reuse_overlap`, element columns are addressed modulo the window's width: a step
    to the right overwrites the columns that left the window, and the kernel is used in the
    rotation that fits. That form is taken where it writes fewer cells.
    """
    plain = _map(layer, weight_bits, activation_bits, array, options, None)
    reuse = _reuse(layer) if options.reuse_overlap else None
    if reuse is None:
        return plain
    rotated = _map(layer, weight_bits, activation_bits, array, options, reuse)
    if len(rotated.plane_groups) > 1 or rotated.resident_planes < activation_bits:
        return plain
    return min((rotated, plain), key=input_cells_written)


def input_cells_written(mapping: Mapping) -> int:
    """Input cells written for one image, all activation planes together (1)."""
    layer = mapping.layer
    cells = 0
    for length in mapping.column_tiles:
        fresh = mapping.fresh_cells(length) * (mapping.steps - 1)
        cells += (length + fresh) * mapping.streams * layer.groups
    return cells * mapping.activation_bits * mapping.weight_tiles


def _map(
    layer: Layer,
    weight_bits: int,
    activation_bits: int,
    array: Array,
    options: Options,
    reuse: tuple[int, int] | None,
) -> Mapping:
    length = layer.patch_length
    rotations, fresh = reuse or (1, layer.kernel[-1])
    # With reuse a tile keeps whole window rows, so that its fresh cells are a fixed share.
    unit = layer.kernel[-1] if reuse else 1
    tiles = -(-length // (array.columns // unit * unit)) if unit <= array.columns else 0
    if tiles == 0:
        return _map(layer, weight_bits, activation_bits, array, options, None)
    column_tiles = tuple(n * unit for n in shared_out(length // unit, tiles))

    room = array.operand_rows
    # Reuse overwrites in place what the window leaves behind, so nothing can be written ahead.
    ahead = options.double_buffer and not reuse and room >= 2 * activation_bits + weight_bits
    buffers = 2 if ahead else 1
    resident = min(activation_bits, max(1, room - weight_bits))
    capacity = room - resident * buffers
    planes = weight_bits * rotations
    plane_groups = shared_out(weight_bits, -(-weight_bits // capacity))
    slots = max(capacity // planes, 1)
    if reuse and planes > capacity:
        return _map(layer, weight_bits, activation_bits, array, options, None)
    kernels = layer.kernels_per_group
    kernel_tiles = shared_out(kernels, -(-kernels // slots))

    streams = layer.positions // layer.out_size[-1] if reuse else layer.positions
    steps = layer.out_size[-1] if reuse else 1
    segments = _segments(length, array) if tiles == 1 else 1
    groups_per_row = min(layer.groups, segments)
    positions_per_row = min(segments // groups_per_row, streams)
    rows_of_streams = -(-streams // positions_per_row)
    return Mapping(
        layer,
        weight_bits,
        activation_bits,
        column_tiles,
        kernel_tiles,
        plane_groups,
        resident,
        buffers,
        groups_per_row,
        positions_per_row,
        streams,
        steps,
        rotations,
        fresh,
        min(options.copies, rows_of_streams),
        options.kernel_order == "spread",
    )
