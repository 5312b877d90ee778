"""In which order layers give up bits: rungs from all bits to few, each with fewer cycles.

From rung to rung one layer drops one more bit: the one whose drop changes the scores least for the
cycles that it saves. Scores are those of images that the network has learnt from, so that the
images it is judged by have no part in the choice.
"""

from __future__ import annotations

import numpy as np

from accelerator.stochastic.fixed_point import Reals
from accelerator.stochastic.multiplier import Integers
from accelerator.stochastic.network import FixedNetwork

Rung = tuple[int, ...]
LEAST_BITS = 4


def cycles_of(network: FixedNetwork, dropped: int | Rung) -> int:
    """Cycles of all products of one image, one after the other."""
    cuts = network.dropped_by_layer(dropped)
    return sum(
        int((np.abs(own.weights) >> cut).sum()) * own.layer.positions
        for own, cut in zip(network.layers, cuts, strict=True)
    )


def ladder(network: FixedNetwork, images: Reals, least_bits: int = LEAST_BITS) -> tuple[Rung, ...]:
    """Dropped bits by layer, rung by rung, until no layer has more than `least_bits`."""
    whole = network.run(images)
    rungs = [network.dropped_by_layer(0)]
    while candidates := _next(rungs[-1], network.bits - least_bits):
        present = cycles_of(network, rungs[-1])

        def price(rung: Rung, present: int = present) -> float:
            return _change(network, images, whole, rung) / (present - cycles_of(network, rung))

        rungs.append(min(candidates, key=price))
    return tuple(rungs)


def _next(rung: Rung, most: int) -> list[Rung]:
    return [
        (*rung[:place], cut + 1, *rung[place + 1 :]) for place, cut in enumerate(rung) if cut < most
    ]


def _change(network: FixedNetwork, images: Reals, whole: Integers, rung: Rung) -> float:
    """Mean square change of the scores, in units of the whole scores' own mean square."""
    return float(np.mean((network.run(images, rung) - whole) ** 2.0) / np.mean(whole**2.0))
