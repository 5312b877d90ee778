"""The events of many rows at once, as single sub-arrays would count them one by one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from accelerator.array import Array
from accelerator.logic_counts import LogicCounts

Planes = NDArray[np.uint8]
Mask = NDArray[np.bool_]


class Tally:
    """Counts senses and writes of rows given as arrays (rows, lanes) into `counts`.

    A lane is a column in use; lanes lie on different amplifiers first, as the elements of a
    patch do (`segment_columns`).
    """

    def __init__(self, array: Array) -> None:
        self.array = array
        self.counts = LogicCounts()

    def sense(self, name: str, first: Planes, second: Planes, active: Mask) -> None:
        """One "xor", "or" or "and" of two rows, at the lanes that are active."""
        rows, cycles, idle = self._fired(active)
        values = np.bincount((2 * first + second)[active], minlength=4)
        self._count(f"{name}s", int(values.sum()))
        for value, number in enumerate(values):
            self._count(f"{name}_{value:02b}", int(number))
        self._count(f"{name}_reference_idle", idle)
        self._count(f"{name}_rows", rows)
        self._count(f"{name}_cycles", cycles)

    def read(self, bits: Planes, active: Mask) -> None:
        """One READ of a row, at the lanes that are active."""
        rows, cycles, idle = self._fired(active)
        total, ones = int(active.sum()), int(bits[active].sum())
        self._count("reads", total)
        self._count("read_0", total - ones)
        self._count("read_1", ones)
        self._count("read_reference_idle", idle)
        self._count("read_rows", rows)
        self._count("read_cycles", cycles)

    def write(self, name: str, bits: Planes, used: Mask) -> None:
        """Write "input" or "result" rows, at the lanes in use."""
        lanes = used.sum(axis=1)
        lanes = lanes[lanes > 0]
        pulses = -(-lanes // self.array.written_at_once)
        cells, ones = int(lanes.sum()), int(bits[used].sum())
        self._count(f"{name}_cells", cells)
        self._count(f"{name}_0", cells - ones)
        self._count(f"{name}_1", ones)
        self._count(f"{name}_rows", len(lanes))
        self._count(f"{name}_pulses", int(pulses.sum()))
        self._count(f"{name}_half_selected", int(pulses.sum()) * self.array.columns - cells)

    def latch(self, mask: int, decided: int) -> None:
        """Clock `mask` latches of the mask and the results of those `decided` with it."""
        self._count("mask_flip_flops", mask + decided)
        self._count("mask_gates", decided)

    def _fired(self, active: Mask) -> tuple[int, int, int]:
        """(rows with an active lane, sense cycles, idle reference shares)."""
        array = self.array
        lanes = array.amplifiers * array.columns_per_amplifier
        whole = np.zeros((len(active), lanes), dtype=bool)
        whole[:, : active.shape[1]] = active
        phases = whole.reshape(len(active), array.columns_per_amplifier, array.amplifiers)
        firing = phases.sum(axis=2)
        cycles = int((-(-firing // array.sensed_at_once)).sum())
        group = array.amplifiers_per_reference
        padded = np.pad(phases, ((0, 0), (0, 0), (0, -array.amplifiers % group)))
        started = padded.reshape(*phases.shape[:2], -1, group).any(axis=3).sum()
        return int(active.any(axis=1).sum()), cycles, int(started) * group - int(firing.sum())

    def _count(self, event: str, number: int) -> None:
        setattr(self.counts, event, getattr(self.counts, event) + number)
