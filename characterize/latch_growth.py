"""What unbalanced a latch, told from how its differential grew.

A latch's differential grows as exp(t / tau) from what unbalances it until the supply stops it.
The time t at which it has passed a fixed level therefore tells the imbalance, exp(-t / tau),
without saturating, and its sign the side: positive for the right decision. At a fixed late
instant the differential saturates instead, and with it the slope that leads to the failures.
Where a latch's own nodes are watched and hold its inputs when it fires, how much their
difference has grown while it is still small tells the same, and more directly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from characterize.errors import PlanError
from characterize.measure import at, crossings
from characterize.ngspice import Waveforms
from circuits import Deck
from circuits.deck import Window

Array = NDArray[np.float64]

LEVEL = 0.25
"""Share of the supply that a latch's differential must pass."""
_EARLY_GROWTH, _EARLY_LEVEL = 2.5, 0.4


@dataclass(frozen=True)
class Growth:
    """How one latch decides in the nominal circuit: the time [s] of its level, and tau [s]."""

    time: float
    constant: float

    def imbalance(self, deck: Deck, waves: Waveforms, index: int) -> float:
        """What pushed the latch, over what pushes the nominal one: 1 there, negative if wrong."""
        time, vector = differential(deck, waves, index)
        moment = passed(time, vector, LEVEL * deck.conditions.vdd)
        return math.copysign(math.exp((self.time - moment) / self.constant), vector[-1])


@dataclass(frozen=True)
class Early:
    """How much [V] the difference of a latch's own nodes nominally grows, and in what time [s].

    It grows to the side that the latch will take, whatever its own mismatch.
    """

    delay: float
    growth: float

    def imbalance(self, deck: Deck, waves: Waveforms, index: int) -> float:
        """What pushed the latch, over what pushes the nominal one: 1 there, negative if wrong."""
        return _grown(deck, waves, index, self.delay) / self.growth


def early(deck: Deck, waves: Waveforms, index: int) -> Early:
    """When the nominal latch's own nodes have grown apart a little."""
    edge, vector = clocked(deck, waves, index), inner(deck, waves, index)
    level = min(_EARLY_GROWTH * abs(at(waves, vector, edge)), _EARLY_LEVEL * deck.conditions.vdd)
    late = np.flatnonzero((waves.time > edge) & (np.abs(vector) >= level))
    if not len(late):
        raise PlanError(f"amplifier {index} of the nominal {deck.title} does not decide")
    delay = float(waves.time[late[0]]) - edge
    return Early(delay, abs(_grown(deck, waves, index, delay)))


def _grown(deck: Deck, waves: Waveforms, index: int, delay: float) -> float:
    edge, vector = clocked(deck, waves, index), inner(deck, waves, index)
    return at(waves, vector, edge + delay) - at(waves, vector, edge)


def inner(deck: Deck, waves: Waveforms, index: int) -> Array:
    """The difference [V] of a latch's own nodes, positive for the right decision."""
    item = deck.differentials[index]
    assert item.inner is not None, "asked only of latches whose nodes are watched"
    return item.sign * (waves[item.inner.signal] - waves[item.inner.reference])


def clocked(deck: Deck, waves: Waveforms, index: int) -> float:
    """When the latch's clock has its edge [s]; a varied driver moves it."""
    item = deck.differentials[index]
    assert item.inner is not None, "as above"
    fire = deck.latch_time if item.instant is None else item.instant
    window = Window(fire, deck.cycle.stop)
    return float(crossings(waves, waves[item.inner.clock], deck.conditions.vdd / 2, window)[0])


def differential(deck: Deck, waves: Waveforms, index: int) -> tuple[Array, Array]:
    """Time [s] from the decision's start, and amplifier `index`'s differential [V], right positive.

    The start is the latch's clock in the measured cycle, or that cycle's start where it has none.
    """
    start = deck.latch_time if math.isfinite(deck.latch_time) else deck.cycle.start
    inside = (waves.time >= start) & (waves.time <= deck.cycle.stop)
    sign = deck.differentials[index].sign
    vector = sign * (waves[f"high{index}"] - waves[f"low{index}"])
    return waves.time[inside] - start, vector[inside]


def passed(time: Array, vector: Array, level: float) -> float:
    """Time [s] since which a vector has stayed beyond +level or -level; inf if it does not."""
    below = np.flatnonzero(np.abs(vector) < level)
    if not len(below):
        return float(time[0])
    last = int(below[-1])
    if last == len(vector) - 1:
        return math.inf
    inner, outer = abs(vector[last]), abs(vector[last + 1])
    return float(time[last] + (level - inner) / (outer - inner) * (time[last + 1] - time[last]))


def growth(deck: Deck, waves: Waveforms, index: int) -> Growth:
    """When the nominal latch passes its level, and how fast it grows there."""
    time, vector = differential(deck, waves, index)
    level = LEVEL * deck.conditions.vdd
    late, early = (passed(time, vector, share * level) for share in (1.0, 0.2))
    if not math.isfinite(late) or late <= early:
        raise PlanError(f"amplifier {index} of the nominal {deck.title} does not decide")
    return Growth(late, (late - early) / math.log(5))


def linear_constant(guess: float, offsets: Array, moments: Array, signs: Array) -> float:
    """The time constant [s] that makes imbalances most nearly linear in the offsets.

    `moments` (n,) [s] are those of the decisions, `signs` (n,) their sides; the guess where
    there are fewer than four.
    """
    if len(offsets) < 4:
        return guess
    constants = guess * np.geomspace(0.4, 1.5, 100)
    errors = []
    for constant in constants:
        values = signs * np.exp(-moments / constant)
        slope, intercept = np.polyfit(offsets, values, 1)
        errors.append(np.std(values - slope * offsets - intercept) / abs(slope))
    return float(constants[int(np.argmin(errors))])
