"""What a report's JSON tells: energies, times and areas by layer and component."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from accelerator.errors import EstimateError
from accelerator.report import FORMAT
from files import typed

_UNITS = ("J", "s", "m2", "W")


def require_report(content: object) -> Mapping[str, Any]:
    """The JSON of a report.

    Raises:
        EstimateError: it is something else.
    """
    if not isinstance(content, Mapping) or content.get("format") != FORMAT:
        raise EstimateError(
            f"this is not a report of format {FORMAT!r}: give what `mramcim estimate --json` or "
            "`mramcim run --json` wrote"
        )
    return content


@dataclass(frozen=True)
class ToldLayer:
    """A layer as its report tells of it (J, s, m2)."""

    name: str
    energy: float
    latency: float
    components: dict[str, float]
    area: float = 0.0


@dataclass(frozen=True)
class ToldTotal:
    """All layers together (J, s, m2, W, 1)."""

    energy: float
    latency: float
    interval: float
    area: float
    power: float
    subarrays: float
    area_components: dict[str, float]


@dataclass(frozen=True)
class ToldReport:
    """A report as its JSON tells of it.

    `chosen` are the conditions, widths, options and constants by name.
    """

    network: str
    total: ToldTotal
    layers: tuple[ToldLayer, ...]
    chosen: dict[str, Any] = field(default_factory=dict)


def read_told(content: object) -> ToldReport:
    """What the JSON of a report tells.

    Raises:
        EstimateError: it is no report, or a part is missing or of another kind.
    """
    report = require_report(content)

    def part(name: str, kind: Any, of: Mapping[str, Any] = report) -> Any:
        if name not in of:
            raise EstimateError(
                f"the report is incomplete, it has no {name!r}: estimate the network again"
            )
        return typed(of[name], kind, f"the report's {name}", EstimateError)

    boundary = part("boundary", dict[str, Any])
    constants = part("assumptions", dict[str, dict[str, Any]], boundary)
    chosen: dict[str, Any] = {
        **{f"table {name}": value for name, value in part("table", dict[str, Any]).items()},
        **part("options", dict[str, Any], boundary),
        **{f"assumptions.{name}": one.get("value") for name, one in constants.items()},
    }
    if "widths" in report:
        chosen["widths"] = part("widths", dict[str, Any]).get("range")
    total = _fields(part("total", dict[str, Any]), ToldTotal)
    layers = [_fields(layer, ToldLayer) for layer in part("layers", list[dict[str, Any]])]
    return ToldReport(
        part("network", str),
        typed(total, ToldTotal, "the report's total", EstimateError),
        typed(layers, tuple[ToldLayer, ...], "the report's layers", EstimateError),
        chosen,
    )


def _fields(entry: Mapping[str, Any], kind: type[ToldLayer] | type[ToldTotal]) -> dict[str, Any]:
    """The fields of a dataclass by their keys in the JSON, which end in a unit."""
    found = {}
    for one in fields(kind):
        for key in (one.name, *(f"{one.name}_{unit}" for unit in _UNITS)):
            if key in entry:
                found[one.name] = entry[key]
    return found
