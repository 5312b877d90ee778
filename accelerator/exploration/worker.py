"""The task of a worker: settings to an estimate's totals, or to the sentence why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accelerator.errors import EstimateError
from accelerator.exploration.space import ASSUMPTION
from accelerator.pipeline import estimate
from accelerator.report import Report

FACTORY = "accelerator.exploration.worker:Estimating"


@dataclass(frozen=True)
class Item:
    """A point: its place in the space, and its settings by axis."""

    index: int
    settings: dict[str, Any]


class Estimating:
    """Answers the settings of a point; there is nothing to set up."""

    def __init__(self, _: object) -> None:
        self.hello = None
        self.spent = False

    def __call__(self, item: Item) -> dict[str, Any]:
        """The measures of a point, or its refusal."""
        return evaluated(item.settings)


def evaluated(settings: dict[str, Any]) -> dict[str, Any]:
    """The measures of a point by name (SI), or `refused` with one sentence."""
    from lut import TableError

    chosen = dict(settings)
    network = chosen.pop("network")
    assumptions = {
        name.removeprefix(ASSUMPTION): chosen.pop(name)
        for name in list(chosen)
        if name.startswith(ASSUMPTION)
    }
    try:
        report = estimate(network, assumptions=assumptions, samples=0, **chosen)
    except (EstimateError, TableError, OSError) as error:
        return {"refused": " ".join(str(error).split())}
    return _measures(report)


def _measures(report: Report) -> dict[str, Any]:
    wrong = report.sense_errors
    return {
        "energy": report.energy,
        "latency": report.latency,
        "interval": report.interval,
        "area": report.area,
        "energy_delay": report.energy * report.latency,
        "power": report.power,
        "subarrays": report.subarrays,
        "error_rate": None if wrong is None else wrong.rate,
        "widths_used": report.widths,
        "said": [one for one in (*report.widths_said, report.batch_said) if one],
    }
