"""The input difference that a latch takes for zero, and how its own devices move it.

Such a latch holds its inputs on nodes of its own when its clock comes. Their difference then
is nearly linear in everything before the latch, but knows nothing of the latch's own mismatch,
which shows only as the difference grows. About the input offset at which it does not grow, one
simulation for each of the latch's variables tells what each adds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from characterize.latch_growth import clocked, inner
from characterize.measure import at
from characterize.ngspice import Waveforms
from circuits import Deck

Array = NDArray[np.float64]

_PROBE = 5e-3
_MOST_STEPS, _NEAR, _FARTHEST = 6, 0.03, 0.2
"""Steps to the balance, share of the nominal difference that is near enough, and offset [V]
beyond which it is not sought."""
_AROUND = 0.05
_GROWN = 6.0
"""Growth of a small difference after which its side is beyond doubt, before it saturates."""

Simulate = Callable[[Sequence[Deck]], list[Waveforms | None]]


@dataclass(frozen=True)
class Balance:
    """The difference [V] at the clock that one latch decides by, for any of its variables.

    `critical` [V] is the one that does not grow, `moves` (d,) [V] what one sigma of each
    variable adds to it, `nominal` [V] how far the nominal one lies beyond.
    """

    critical: float
    moves: Array
    nominal: float

    def imbalance(self, deck: Deck, waves: Waveforms, index: int, point: Array) -> float:
        """What pushed the latch, over what pushes the nominal one: 1 there, negative if wrong."""
        held = _held(deck, waves, index)
        return (held - self.critical - float(self.moves @ point)) / self.nominal


def find_balance(
    nominal: Waveforms,
    offset_deck: Callable[[float], Deck],
    varied: Callable[[Deck, Array], Deck],
    simulate: Simulate,
    index: int,
    own: Sequence[int],
    dimension: int,
) -> Balance | None:
    """The balance of one latch; None where it is not found.

    `offset_deck` builds the nominal deck with an offset [V] at its input, `varied` applies
    deviates (d,) to a deck, `own` are the numbers of the latch's variables.
    """
    deck = offset_deck(0.0)
    start = _held(deck, nominal, index)
    offsets, held = [0.0], [start]
    step = _PROBE
    for _ in range(_MOST_STEPS):
        offset = offsets[-1] + step
        (waves,) = simulate([offset_deck(offset)])
        if waves is None or abs(offset) > _FARTHEST:
            return None
        offsets.append(offset)
        held.append(_held(deck, waves, index))
        slope = (held[-1] - held[-2]) / (offsets[-1] - offsets[-2])
        if slope == 0:
            return None
        if abs(held[-1]) <= _NEAR * abs(start):
            break
        step = -held[-1] / slope
    else:
        return None
    balanced = offset_deck(offsets[-1])
    aside = _AROUND * abs(start) / slope
    points = np.eye(dimension)[list(own)]
    decks = [offset_deck(offsets[-1] + side * aside) for side in (-1, 1)]
    decks += [balanced, *(varied(balanced, point) for point in points)]
    found = simulate(decks)
    if any(waves is None for waves in found):
        return None
    whole = [waves for waves in found if waves is not None]
    delay = _delay(deck, whole[0], whole[1], index)
    if delay is None:
        return None
    first = np.array([_held(deck, waves, index) for waves in whole])
    later = np.array([_held(deck, waves, index, delay) for waves in whole])
    growth = (later[1] - later[0]) / (first[1] - first[0])
    # What grew, traced back to the clock: how far each lies beyond its own critical difference.
    critical = first - (later - first) / (growth - 1)
    moves = np.zeros(dimension)
    moves[list(own)] = critical[3:] - critical[2]
    return Balance(float(critical[2]), moves, start - float(critical[2]))


def _held(deck: Deck, waves: Waveforms, index: int, delay: float = 0.0) -> float:
    return at(waves, inner(deck, waves, index), clocked(deck, waves, index) + delay)


def _delay(deck: Deck, low: Waveforms, high: Waveforms, index: int) -> float | None:
    """Time [s] after the clock in which a small difference has grown enough."""
    apart = _held(deck, high, index) - _held(deck, low, index)
    edge = clocked(deck, low, index)
    for time in low.time[low.time > edge]:
        delay = float(time - edge)
        grown = _held(deck, high, index, delay) - _held(deck, low, index, delay)
        if grown >= _GROWN * abs(apart):
            return delay if apart > 0 else None
    return None
