"""Which pixels a layer of comparisons compares, drawn once by a seed and never learned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accelerator.errors import EstimateError


@dataclass(frozen=True, slots=True)
class Pairs:
    """Two taps of a window for each output map; map m compares within channel m mod channels.

    neighbours, pivots: taps in row order, one of each a map; the map is 1 where the neighbour is
    larger than the pivot.
    """

    neighbours: tuple[int, ...]
    pivots: tuple[int, ...]

    def new_pivots(self, channels: int) -> tuple[bool, ...]:
        """For each step, a map of every channel, whether any channel changes its pivot."""
        steps = np.asarray(self.pivots).reshape(-1, channels)
        return (True, *(steps[1:] != steps[:-1]).any(axis=1).tolist())


def random_pairs(channels: int, maps: int, taps: int, seed: int) -> Pairs:
    """For each channel a random pivot and random other taps, each once, as its neighbours.

    When all neighbours of a pivot are used the channel draws another pivot.

    Raises:
        EstimateError: the maps are not a whole number for each channel.
    """
    if maps < 1 or maps % channels or taps < 2:
        raise EstimateError(
            f"{maps} maps of {channels} channels in windows of {taps} pixels cannot be compared: "
            "give a multiple of the channels, and windows of two pixels or more"
        )
    random = np.random.default_rng(seed)
    steps = maps // channels
    neighbours = np.empty((steps, channels), dtype=int)
    pivots = np.empty((steps, channels), dtype=int)
    for channel in range(channels):
        for start in range(0, steps, taps - 1):
            pivot, *others = random.permutation(taps).tolist()
            own = others[: steps - start]
            neighbours[start : start + len(own), channel] = own
            pivots[start : start + len(own), channel] = pivot
    return Pairs(tuple(neighbours.ravel().tolist()), tuple(pivots.ravel().tolist()))
