"""The task of a worker: settings to an estimate's totals, or to the sentence why not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from accelerator.errors import EstimateError
from accelerator.exploration.space import ASSUMPTION, DEFAULT_MAPPING, MAPPINGS, SEARCHED
from accelerator.networks import network_names
from accelerator.options import read_widths
from accelerator.pipeline import estimate, open_table
from accelerator.prices import conditions_in
from accelerator.report import Report
from accelerator.search.nearest import nearest_mappings
from accelerator.search.search import Found, NothingWithinError, search_mapping

_LIMITS = ("area_limit", "latency_limit")
_WIDTHS = ("weight_bits", "activation_bits", "first_last", "widths")
_CONDITIONS = ("corner", "vdd", "temperature", "write_vdd", "rows", "columns")
_REPEATS = 5
"""Runs of the images, each with other wrong ANDs."""
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
    mapping = chosen.pop("mapping", DEFAULT_MAPPING)
    labelled = chosen.pop("dataset", None), chosen.pop("data", None)
    limits = {name: chosen.pop(name) for name in _LIMITS if name in chosen}
    if isinstance(chosen.get("widths"), str):
        # The widths of all layers, not those of patterns.
        widths = read_widths("the axis widths", chosen.pop("widths"))
        chosen["weight_bits"], chosen["activation_bits"] = widths
    chosen |= {"assumptions": assumptions, "samples": 0}
    gap = 0.0
    try:
        if mapping == DEFAULT_MAPPING:
            report = estimate(network, **chosen)
        else:
            for name in SEARCHED:
                chosen.pop(name, None)
            report, gap = _searched(network, MAPPINGS[mapping], limits, chosen)
        accuracy = None if labelled[0] is None else _accuracy(network, labelled, chosen)
    except (EstimateError, TableError, OSError) as error:
        return {"refused": " ".join(str(error).split())}
    return _measures(report, gap, accuracy)


def _searched(
    network: str, objective: str, limits: dict[str, Any], chosen: dict[str, Any]
) -> tuple[Report, float]:
    """The best mapping within the limits, else the nearest to them; and the search's gap."""
    try:
        found = search_mapping(network, objective, **limits, **chosen)
    except NothingWithinError:
        asked = json.dumps({**limits, **chosen}, sort_keys=True)
        found = _nearest(network, asked)
    return found.report, found.gap


@lru_cache(maxsize=64)
def _nearest(network: str, asked: str) -> Found:
    """The mapping nearest to limits, whatever was sought within them."""
    return nearest_mappings(network, **json.loads(asked))[0].found


def _accuracy(network: str, labelled: tuple[str, str | None], chosen: dict[str, Any]) -> float:
    """The share of right answers under a point's conditions, with their wrong ANDs.

    Raises EstimateError where the widths are not the file's own, which alone has an accuracy.
    """
    if network in network_names():
        raise EstimateError(
            f"accuracy is that of a quantized ONNX file; {network} is built in and has no weights"
        )
    others = [name for name in _WIDTHS if chosen.get(name) is not None]
    if others:
        raise EstimateError(
            f"accuracy is that of a file at its own widths: leave out {others[0]}, or name a file "
            "for each"
        )
    table = open_table(chosen.get("table"))
    given = {name: chosen[name] for name in _CONDITIONS if name in chosen}
    return _accuracy_of(network, labelled, str(table.path), tuple(given.items()))


@lru_cache(maxsize=256)
def _accuracy_of(
    network: str,
    labelled: tuple[str, str | None],
    table: str,
    given: tuple[tuple[str, Any], ...],
) -> float:
    from accelerator.accuracy import accuracy_curve
    from accelerator.datasets import load_dataset

    opened = open_table(table)
    _, points = accuracy_curve(
        network,
        load_dataset(labelled[0], "test", labelled[1]),
        [conditions_in(opened, **dict(given))],
        tables=[opened],
        repeats=_REPEATS,
        samples=0,
    )
    return points[0].score.accuracy


def _measures(report: Report, gap: float, accuracy: float | None) -> dict[str, Any]:
    wrong = report.sense_errors
    unsure = f"sums of mappings dropped unseen may be {100 * gap:.2g} % lower" if gap else ""
    return {
        "energy": report.energy,
        "latency": report.latency,
        "interval": report.interval,
        "throughput": report.images_per_s,
        "area": report.area,
        "energy_delay": report.energy * report.latency,
        "power": report.power,
        "subarrays": report.subarrays,
        "error_rate": None if wrong is None else wrong.rate,
        "accuracy": accuracy,
        "widths_used": report.widths,
        "said": [one for one in (*report.widths_said, report.batch_said, unsure) if one],
    }
