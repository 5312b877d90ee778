"""Pointwise sums of binary maps with weights of -1, 0 and 1, by adders made of rows.

A lane is one position; a map and its complement are a row each. An output counts the ones among
the maps that it adds and the complements of those that it subtracts: sum of +b and -b' is the
count less the number of subtracted maps, a constant that the quantizer's thresholds take. Counts
of maps in several sub-arrays are added outside, as partial sums of a convolution are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from accelerator.array import Array
from accelerator.comparator.addition import Adders, TallyMachine, number_of
from accelerator.comparator.mapping import map_rows
from accelerator.comparator.tally import Tally
from accelerator.logic_counts import LogicCounts
from accelerator.networks.layers import Layer, Operation
from accelerator.options import Options

Integers = NDArray[np.int64]
Maps = NDArray[np.uint8]


@dataclass(frozen=True)
class SummationRun:
    """One pointwise layer that ran: maps (images, maps, height, width), weights (outputs, maps)."""

    layer: Layer
    maps: Maps
    weights: Integers

    def counts(self, array: Array) -> LogicCounts:
        """Mean events of an image."""
        return sum_maps(self, array)[1].scaled(1 / len(self.maps))


def summation_of(layer: Layer, summands: tuple[int, ...]) -> Layer:
    """A pointwise convolution of binary maps as additions, so many of them for each output."""
    return replace(layer, operation=Operation.SUMMATION, summands=summands)


def sum_maps(run: SummationRun, array: Array) -> tuple[Integers, LogicCounts]:
    """Sums (images, outputs, height, width) and every event, summed over the images."""
    images, _, height, width = run.maps.shape
    mapping = map_rows(run.layer, 1, array, Options())
    tally = Tally(array)
    room = len(mapping.tiles) * array.columns
    used = np.zeros((images, room), dtype=bool)
    used[:, : mapping.lanes] = True
    used = used.reshape(-1, array.columns)
    flat = np.zeros((run.maps.shape[1], images, room), dtype=np.uint8)
    flat[:, :, : mapping.lanes] = run.maps.reshape(*run.maps.shape[:2], -1).swapaxes(0, 1)
    rows = flat.reshape(len(flat), -1, array.columns)
    adders = Adders(TallyMachine(tally, used))
    sums = np.zeros((len(run.weights), images, room), dtype=np.int64)
    start = 0
    for maps in mapping.chunks:
        own = rows[start : start + maps]
        for row in own:
            tally.write("input", row, used)
            tally.write("input", 1 - row, used)
        for output, weights in enumerate(run.weights[:, start : start + maps]):
            taken = [own[m] if w > 0 else 1 - own[m] for m, w in enumerate(weights) if w]
            if not taken:
                continue
            counted = adders.count(taken)
            for plane in counted:
                tally.read(plane, used)
            sums[output] += number_of(counted).reshape(images, room)
            sums[output] -= int((weights < 0).sum())
        start += maps
    found = sums[:, :, : mapping.lanes].swapaxes(0, 1)
    return found.reshape(images, -1, height, width), tally.counts
