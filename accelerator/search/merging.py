"""Sums over layers, one alternative of each: what can still be best, and nothing else.

The objective and the limits rise with every sum. So of two partial choices one can be dropped
when all its sums are larger, and any can be dropped whose sums, with the least that the other
layers add, are worse than a choice that is already known (G. L. Nemhauser, Z. Ullmann,
Manage. Sci. 15, 494 (1969), with a bound).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from accelerator.dominance import undominated

Sums = NDArray[np.float64]
Objective = Callable[[Sums], Sums]
Bound = Callable[[Sums, Sequence[Sums]], Sums]
"""The least that sums of shape (n, k) come to with one alternative of each further layer."""

MOST_PARTIAL = 800
_FIRST_GRID = 1e-4


@dataclass(frozen=True)
class Merged:
    """Sums of whole choices, best first, shape (found, k), and the alternatives picked.

    `gap` is by how much (1) a sum may be above that of a choice dropped; 0 where none was
    dropped without being worse.
    """

    sums: Sums
    picks: NDArray[np.intp]
    gap: float


def merge(
    layers: Sequence[Sums],
    limits: Sums,
    objective: Objective,
    known: float = np.inf,
    bound: Bound | None = None,
) -> Merged:
    """Combine the layers' alternatives, each of shape (alternatives, k).

    Args:
        limits: the largest sums allowed, shape (k,), infinite where there is none.
        objective: of sums of shape (n, k), rising with each of them.
        known: the objective of a choice that is at hand; what is worse is dropped.
        bound: a sharper one than the objective with the least of everything.
    """
    sums = np.zeros((1, layers[0].shape[1]))
    picks = np.empty((1, 0), dtype=np.intp)
    gap = 0.0
    for index, layer in enumerate(layers):
        further = layers[index + 1 :]
        wide = (sums[:, None, :] + layer[None, :, :]).reshape(-1, sums.shape[1])
        before, chosen = np.divmod(np.arange(len(wide)), len(layer))
        least = wide + sum((one.min(axis=0) for one in further), np.zeros(wide.shape[1]))
        places = np.flatnonzero(np.all(least <= limits, axis=1) & (objective(least) <= known))
        if bound is not None and len(further):
            places = places[bound(wide[places], further) <= known]
        places = places[undominated(wide[places])]
        if len(places) > MOST_PARTIAL:
            places, lost = _thinned(wide, places, objective(least))
            gap = (1 + gap) * (1 + lost) - 1
        sums = wide[places]
        picks = np.column_stack([picks[before[places]], chosen[places]])
    order = np.argsort(objective(sums), kind="stable")
    return Merged(sums[order], picks[order], gap)


def at_hand(layers: Sequence[Sums], limits: Sums, objective: Objective) -> float:
    """The objective of a fair choice: from the least of everything, the step that helps most.

    It starts from each layer's smallest in the first column, and where that breaks a limit, goes
    towards the limits first. Infinite where it does not come to within them.
    """
    picks = [int(layer[:, 0].argmin()) for layer in layers]
    sums = np.sum([layer[pick] for layer, pick in zip(layers, picks, strict=True)], axis=0)
    while np.any(sums > limits):
        steps = _steps(layers, picks, sums)
        trial = np.array([step for _, _, step in steps])
        ratios = np.maximum(trial / limits, 1).prod(axis=1)
        chosen = int(ratios.argmin())
        if not ratios[chosen] < np.maximum(sums / limits, 1).prod():
            return np.inf
        place, pick, sums = steps[chosen]
        picks[place] = pick
    best = float(objective(sums[None])[0])
    while True:
        steps = _steps(layers, picks, sums)
        trial = np.array([step for _, _, step in steps])
        values = np.where(np.all(trial <= limits, axis=1), objective(trial), np.inf)
        chosen = int(values.argmin())
        if not values[chosen] < best:
            # What is summed in another order may come out larger by a rounding.
            return best * (1 + 1e-9)
        best = float(values[chosen])
        place, pick, sums = steps[chosen]
        picks[place] = pick


def _steps(layers: Sequence[Sums], picks: list[int], sums: Sums) -> list[tuple[int, int, Sums]]:
    """Every change of one layer's pick: its place, the pick, and the sums that it leads to."""
    return [
        (place, pick, sums - layer[picks[place]] + layer[pick])
        for place, layer in enumerate(layers)
        for pick in range(len(layer))
    ]


def _thinned(values: Sums, places: NDArray[np.intp], order: Sums) -> tuple[NDArray[np.intp], float]:
    """One row, the best, of each cell of a grid just coarse enough, and the cell's size."""
    logs = np.log(np.maximum(values[places], 1e-300))
    size = _FIRST_GRID
    best = places[np.argsort(order[places], kind="stable")]
    logs = logs[np.argsort(order[places], kind="stable")]
    while True:
        _, first = np.unique(np.floor(logs / size), axis=0, return_index=True)
        if len(first) <= MOST_PARTIAL:
            return best[np.sort(first)], size
        size *= 2
