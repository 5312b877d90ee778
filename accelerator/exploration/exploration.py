"""All points of a space, those that stay within the limits, and the front among them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from accelerator.exploration.front import pareto_front
from accelerator.exploration.kept import Kept, key_of
from accelerator.exploration.space import BETTER_LARGER, MEASURES, TOLD, Space
from accelerator.exploration.worker import FACTORY, Item, evaluated
from files import short
from jobs import Cluster, Pool

FORMAT = "mramcim-exploration/1"
FINGERPRINT = "accelerator.exploration.kept:model_hash"
TIME_LIMIT = 600.0
_MOST_SAID = 20
"""Sentences on one point."""


@dataclass(frozen=True)
class Explored:
    """One point: its settings by axis and its measures by name, or why there are none."""

    settings: dict[str, Any]
    measures: dict[str, Any]

    @property
    def refusal(self) -> str:
        """The sentence why there are no measures; empty where there are."""
        return str(self.measures.get("refused", ""))

    def value(self, measure: str) -> float:
        """A measure (SI), NaN where it is not known."""
        found = self.measures.get(measure)
        return float("nan") if found is None else float(found)

    def over(self, measure: str, limit: float) -> float:
        """By how much a limit is missed: the larger over the smaller (1), at most 1 within it.

        Infinite where the measure is not known: an error rate without statistics.
        """
        value = self.value(measure)
        if math.isnan(value):
            return math.inf
        if measure in BETTER_LARGER:
            # As it is written, so that what equals the limit is within it.
            return 1.0 if value >= limit else limit / value if value > 0 else math.inf
        return value / limit


@dataclass(frozen=True)
class Exploration:
    """All points of a space in its order, with which of them are in front."""

    space: Space
    points: tuple[Explored, ...]
    within: tuple[bool, ...]
    in_front: tuple[bool, ...]

    def __repr__(self) -> str:
        return (
            f"<exploration of {short(self.space.title)}: {len(self.points)} points, "
            f"{sum(self.in_front)} in front>"
        )

    @property
    def front(self) -> tuple[Explored, ...]:
        """The points in front, by the first objective."""
        found = [p for p, front in zip(self.points, self.in_front, strict=True) if front]
        first = self.space.objectives[0]
        sign = -1 if first in BETTER_LARGER else 1
        return tuple(sorted(found, key=lambda point: sign * point.value(first)))

    @property
    def refused(self) -> tuple[Explored, ...]:
        """The points without measures."""
        return tuple(point for point in self.points if point.refusal)

    def to_dict(self) -> dict[str, Any]:
        """The JSON of format "mramcim-exploration/1"."""
        return {
            "format": FORMAT,
            "title": self.space.title,
            "axes": {name: list(values) for name, values in self.space.axes.items()},
            "objectives": list(self.space.objectives),
            "limits": dict(self.space.limits),
            "pairs": [list(names) for names in self.space.pairs],
            "units": dict(MEASURES),
            "points": [
                {**point.settings, **point.measures, "within_limits": within, "in_front": front}
                for point, within, front in zip(
                    self.points, self.within, self.in_front, strict=True
                )
            ],
        }


def explore(
    space: Space,
    *,
    jobs: int = 1,
    scheduler: str | None = None,
    kept: Kept | None = None,
    tell: Callable[[int], object] = lambda _: None,
) -> Exploration:
    """Estimate every point of a space that is not kept already.

    Args:
        jobs: processes on this machine; one estimates here, without any.
        scheduler: address of a Dask scheduler that runs them instead.
        kept: where finished points are, and where new ones go.
        tell: called with the number of points that have just been finished.

    Raises:
        jobs.JobsError: no worker starts, or the scheduler does not answer.
    """
    found: dict[int, dict[str, Any]] = {}
    keys: dict[int, str] = {}

    def waiting() -> Any:
        for index, settings in enumerate(space.points()):
            asked = space.asked(settings)
            keys[index] = key_of(asked) if kept is not None else ""
            known = None if kept is None else kept.get(keys[index])
            if known is None:
                yield Item(index, asked)
            else:
                found[index] = known
                tell(1)

    def finished(item: Item, measures: dict[str, Any], lasting: bool = True) -> None:
        found[item.index] = measures
        if kept is not None and lasting:
            kept.add(keys[item.index], item.settings, measures)
        tell(1)

    if jobs == 1 and scheduler is None:
        for item in waiting():
            finished(item, evaluated(item.settings))
    else:
        engine: Pool | Cluster = (
            Pool(FACTORY, None, jobs, TIME_LIMIT)
            if scheduler is None
            else Cluster(FACTORY, None, scheduler, TIME_LIMIT, fingerprint=FINGERPRINT)
        )
        with engine:
            for done in engine.run(waiting()):
                # What a worker died of may not happen again.
                why = done.failure or (
                    "" if _are_measures(done.result) else "no measures came back"
                )
                failure = {"refused": f"the estimate failed: {why}"}
                finished(done.item, failure if why else done.result, not why)
    return judged(space, [found[index] for index in range(space.size)])


def _are_measures(answer: object) -> bool:
    """Whether a worker, which may be another machine's, answered a point's measures."""
    if not isinstance(answer, dict):
        return False
    if "refused" in answer:
        why = answer["refused"]
        return len(answer) == 1 and isinstance(why, str) and why.isprintable()
    if answer.keys() != {*MEASURES, *TOLD}:
        return False
    widths, said = (answer[name] for name in TOLD)
    if not isinstance(said, list) or len(said) > _MOST_SAID:
        return False
    return all(isinstance(one, str) and one.isprintable() for one in (widths, *said)) and all(
        answer[name] is None or type(answer[name]) in (int, float) for name in MEASURES
    )


def judged(space: Space, measures: list[dict[str, Any]]) -> Exploration:
    """Limits and front over the measures of all points, in the order of the space."""
    points = tuple(
        Explored(settings, values)
        for settings, values in zip(space.points(), measures, strict=True)
    )
    signs = np.array([-1.0 if name in BETTER_LARGER else 1.0 for name in space.objectives])
    values = np.array([[p.value(name) for name in space.objectives] for p in points]) * signs
    within = np.array(
        [
            not p.refusal and all(p.over(name, limit) <= 1 for name, limit in space.limits.items())
            for p in points
        ]
    )
    front = pareto_front(np.where(within[:, None], values, np.nan))
    return Exploration(space, points, tuple(within.tolist()), tuple(front.tolist()))
