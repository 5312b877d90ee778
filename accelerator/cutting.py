"""Cut a layer up for sub-arrays like those of an array."""

from __future__ import annotations

from dataclasses import replace
from math import gcd
from typing import TYPE_CHECKING

from accelerator.array import Array
from accelerator.mapping import Mapping, shared_out
from accelerator.networks.layers import Layer
from accelerator.options import ON_CHIP, TERNARY, WEIGHT_STATIONARY, Options
from accelerator.stacks import input_cells_written

if TYPE_CHECKING:
    from accelerator.occupancy import Occupancy


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
    layer: Layer,
    weight_bits: int,
    activation_bits: int,
    array: Array,
    options: Options,
    occupancy: Occupancy | None = None,
) -> Mapping:
    """Cut `layer` up for sub-arrays like `array`.

    With `reuse_overlap`, where kernels stay, element columns are addressed modulo the window's
    width: a step to the right overwrites the columns that left the window, and the kernel is
    used in the rotation that fits. That form is taken where it writes fewer cells.

    Sub-arrays whose weights are all zero by `occupancy` are left out with
    `skip_empty_subarrays`, where kernels stay.
    """

    def mapped(reuse: tuple[int, int] | None) -> Mapping:
        made = _map(layer, weight_bits, activation_bits, array, options, reuse)
        if occupancy is None or not (options.skip_empty_subarrays and made.weights_stay):
            return made
        kept = occupancy.kept(made)
        # What is left out is told by tiles of groups that have sub-arrays of their own.
        return made if kept is None else replace(made, kept=kept, folds=1)

    plain = mapped(None)
    reuse = _reuse(layer) if options.reuse_overlap and plain.weights_stay else None
    if reuse is None:
        return plain
    rotated = mapped(reuse)
    if len(rotated.plane_groups) > 1 or rotated.planes_at_once < activation_bits:
        return plain
    return min((rotated, plain), key=input_cells_written)


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
    weights_stay = options.dataflow == WEIGHT_STATIONARY
    stays, comes = (
        (weight_bits, activation_bits) if weights_stay else (activation_bits, weight_bits)
    )
    # Reuse overwrites in place what the window leaves behind, so nothing can be written ahead.
    ahead = options.double_buffer and not reuse and room >= 2 * comes + stays
    buffers = 2 if ahead else 1
    at_once = min(comes, max(1, room - stays))
    capacity = room - at_once * buffers
    planes = stays * rotations
    plane_groups = shared_out(stays, -(-stays // capacity))
    slots = max(capacity // planes, 1)
    if reuse and planes > capacity:
        return _map(layer, weight_bits, activation_bits, array, options, None)

    streams = layer.positions // layer.out_size[-1] if reuse else layer.positions
    steps = layer.out_size[-1] if reuse else 1
    segments = _segments(length, array) if tiles == 1 else 1
    groups_per_row = min(layer.groups, segments)
    positions_per_row = min(segments // groups_per_row, streams)
    kernels, rows = layer.kernels_per_group, -(-streams // positions_per_row)
    kernel_tiles = _cut(kernels, slots if weights_stay else kernels)
    patch_tiles = _cut(rows, rows if weights_stay else slots)
    folds = 1
    if weights_stay and len(kernel_tiles) == len(plane_groups) == 1:
        folds = min(options.folds, slots // kernels, -(-layer.groups // groups_per_row))
    on_chip = not weights_stay and options.weight_store == ON_CHIP
    kept = layer.weights * weight_bits if on_chip else 0
    return Mapping(
        layer,
        weight_bits,
        activation_bits,
        weights_stay,
        column_tiles,
        kernel_tiles,
        patch_tiles,
        plane_groups,
        at_once,
        buffers,
        groups_per_row,
        positions_per_row,
        streams,
        steps,
        rotations,
        fresh,
        min(options.copies, rows if weights_stay else len(patch_tiles)),
        -(-kept // (array.rows * array.columns)),
        ternary=options.weight_encoding == TERNARY,
        spread=weights_stay and options.kernel_order == "spread",
        folds=folds,
    )


def _cut(items: int, slots: int) -> tuple[int, ...]:
    """`items` in the fewest tiles of at most `slots`."""
    return shared_out(items, -(-items // slots))
