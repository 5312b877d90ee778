"""Running the compiled convolution: tiles, threads and corrections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelerator.bitwise.geometry import Geometry
from accelerator.bitwise.placement import Integers, border_sums, placement
from accelerator.bitwise.weights import PackedWeights

_TILE_BYTES = 160 * 1024
"""Gathered patches that leave room for weights in a second cache level of 256 KiB or more."""
_WORTH_SHARING = 2**25
"""Bytes of words to multiply, some 0.2 ms, below which a second thread brings nothing."""


@dataclass(frozen=True)
class Operand:
    """Activations as words, and how a patch is gathered from them."""

    planes: NDArray[Any]
    """Images x groups x planes x words x padded rows x padded columns."""
    taps: Integers
    """Offset in a plane of each tap that is gathered."""
    tap_bits: int
    """Bits that one of these taps takes in its words."""


def operand(planes: NDArray[Any], channel_bits: int, shape: Geometry) -> Operand:
    """The operand of freshly packed `planes`, which may be changed in place.

    Where channels are few, a kernel row's taps, or all taps, are brought into one
    word: once a pixel, where gathering would do it once a patch and tap.
    """
    from accelerator.bitwise.packing import fold_taps

    rows, columns = shape.rows, shape.columns
    taps = placement(shape).taps.reshape(rows.kernel, columns.kernel)
    tap_bits = shape.group_channels * channel_bits
    flat = planes.reshape(-1, rows.padded * columns.padded)
    for count, distance, first in (
        (columns.kernel, columns.dilation, np.s_[:, :1]),
        (rows.kernel, rows.dilation * columns.padded, np.s_[:1]),
    ):
        if tap_bits * count > planes.itemsize * 8:
            break
        if count > 1:
            fold_taps(flat, count, distance, tap_bits)
            taps, tap_bits = taps[first], tap_bits * count
    return Operand(planes, np.ascontiguousarray(taps).reshape(-1), tap_bits)


def execute(
    activations: Operand,
    weights: NDArray[Any],
    steps: Integers,
    sum_steps: Integers,
    *,
    one: int,
    activation_constant: int,
    weight_constant: int,
    packed: PackedWeights,
    shape: Geometry,
) -> NDArray[np.int64]:
    """Convolve packed operands and add what their constants contribute.

    activations : words whose zeros stand for `activation_constant` on the input
    weights : kernels x planes x words, of words whose zeros stand for
        `weight_constant`; `one` is a word of ones without that constant
    steps, sum_steps : `placement.schedule` of both operands, and of the activations
        with a single plane of ones
    """
    from accelerator.bitwise.blocks import convolve
    from accelerator.bitwise.multiplication import VECTORS_AT_ONCE
    from accelerator.bitwise.threads import run_in_threads, thread_count
    from accelerator.bitwise.vectors import REGISTER_BYTES

    planes = activations.planes
    area = shape.rows.padded * shape.columns.padded
    plane_distance = planes.shape[3] * area
    group_distance = planes.shape[2] * plane_distance
    where = placement(shape)
    if activation_constant:
        corrections = activation_constant * border_sums(packed, where.tap_ranges)
        borders = where.borders
    else:
        corrections, borders = np.zeros((shape.kernels, 1), np.int64), where.no_borders

    patches = shape.batch * shape.positions
    patch_words = planes.shape[2] * weights.shape[2]
    work = patches * shape.kernels * patch_words * weights.shape[1] * weights.itemsize
    threads = thread_count() if work >= _WORTH_SHARING else 1
    block = VECTORS_AT_ONCE * REGISTER_BYTES // weights.itemsize
    tile = max(1, _TILE_BYTES // (block * patch_words * weights.itemsize)) * block
    tile = min(tile, -(-patches // block) * block)
    parts = 1
    if threads > 1:
        # Some items a thread, so that one that is interrupted does not hold up the rest.
        tile = min(tile, max(1, patches // (4 * threads * block)) * block)
        tiles = -(-patches // tile)
        parts = max(1, min(-(-4 * threads // tiles), shape.group_kernels // 64))

    result = np.empty(shape.output_shape, np.int64)
    arguments = (
        shape.batch,
        planes.reshape(-1),
        group_distance,
        (planes.shape[2], plane_distance, area),
        activations.tap_bits,
        activations.taps,
        where.positions,
        weights,
        np.full(weights.shape[2], one, weights.dtype),
        steps,
        sum_steps,
        weight_constant,
        corrections,
        borders,
        result.reshape(-1),
        shape.groups,
        tile,
        parts,
        np.zeros(1, np.int64),
    )
    run_in_threads(lambda: convolve(*arguments), threads)
    return result
