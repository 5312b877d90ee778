"""An estimate made again from its report, so that it can be taken apart."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from accelerator.assumptions import load_assumptions
from accelerator.chip import Chip
from accelerator.comparator.summation import summation_of
from accelerator.errors import EstimateError
from accelerator.explanation.told import require_report
from accelerator.logic_counts import LogicCounts
from accelerator.networks import Operation, load_network
from accelerator.occupancy import KeptTiles
from accelerator.options import Options, bit_width, whole_number
from accelerator.pipeline import build_array, open_table
from accelerator.plan import Choice, PlannedLayer, Seen
from accelerator.prices import Conditions, read_prices
from files import short, typed
from lut.errors import TableError

if TYPE_CHECKING:
    from lut import Table

_SAME = 1e-9


@dataclass(frozen=True)
class Estimate:
    """A report with the table, the conditions and the chip that it is of."""

    report: Mapping[str, Any]
    table: Table
    conditions: Conditions
    chip: Chip


def estimate_again(report: Mapping[str, Any], table: Table | str | None = None) -> Estimate:
    """The estimate that a report's JSON tells of, held against it layer by layer.

    Args:
        report: the JSON of `accelerator.report.Report.to_dict`.
        table: in place of the table that the report names.

    Raises:
        EstimateError: it is no such report, its network cannot be loaded again, or the energies
            are other ones now.
        lut.TableError: the table cannot be read.
    """
    require_report(report)
    try:
        found = _again(report, table)
        told = [(entry["name"], float(entry["energy_J"])) for entry in report["layers"]]
    except (EstimateError, TableError):
        raise
    except (LookupError, TypeError, AttributeError, ArithmeticError, ValueError) as error:
        # A report says much, of which every part may contradict every other.
        raise EstimateError(
            f"the report is incomplete ({type(error).__name__}: {short(str(error))}): "
            "estimate the network again"
        ) from error
    for (name, before), layer in zip(told, found.chip.layer_reports(), strict=True):
        if not math.isclose(before, layer.energy, rel_tol=_SAME):
            raise EstimateError(
                f"layer {name} takes {layer.energy:.6g} J now and {before:.6g} J in the report: "
                "the table, the network or mramcim changed since; estimate it again"
            )
    return found


def _as(value: object, kind: Any, place: str) -> Any:
    return typed(value, kind, f"the report's {place}", EstimateError)


def _kept(told: list[list[str]] | None) -> KeptTiles | None:
    if told is None:
        return None
    return KeptTiles(
        tuple(tuple(tuple(one == "1" for one in column) for column in tile) for tile in told)
    )


def _again(report: Mapping[str, Any], table: Table | str | None) -> Estimate:
    if not report["network_path"]:
        raise EstimateError(
            f"the report's network {report['network']!r} was made in Python and is in no file: "
            "save it as ONNX and estimate that"
        )
    network = load_network(report["network_path"], **report.get("reading", {}))
    entry = report["table"]
    conditions = Conditions(
        _as(entry["corner"], str, "table.corner"),
        _as(entry["vdd_V"], float, "table.vdd_V"),
        _as(entry["temperature_K"], float, "table.temperature_K"),
        whole_number("rows", entry["rows"], least=1),
        whole_number("columns", entry["columns"], least=1),
        _as(entry.get("write_vdd_V"), float | None, "table.write_vdd_V"),
    )
    opened = open_table(_as(entry["path"], str, "table.path") if table is None else table)
    chosen = report["boundary"]["options"]
    options = Options(
        **{field.name: chosen.get(field.name, field.default) for field in fields(Options)}
    )
    shipped = dict(load_assumptions().items())
    told = report["boundary"]["assumptions"]
    assumptions = load_assumptions(
        {
            name: one["value"]
            for name, one in told.items()
            if name not in shipped or one["value"] != shipped[name].value
        }
    )
    if not any(one["macs"] for one in report["layers"]):
        raise EstimateError("the report has no layer with weights: estimate the network again")
    waiting = list(network.layers)
    planned = []
    for one in report["layers"]:
        while waiting and waiting[0].name != one["name"]:
            waiting.pop(0)
        if not waiting:
            raise EstimateError(
                f"the network {network.name} has no layer {one['name']!r} any more: "
                "estimate it again"
            )
        seen, choice = one["seen"], one["choice"]
        layer, wider = waiting.pop(0), one.get("wider_channels")
        if one["operation"] == Operation.SUMMATION:
            layer = summation_of(layer, tuple(one["summands"]))
        planned.append(
            PlannedLayer(
                layer,
                bit_width("weight bits", one["weight_bits"]) if layer.mapped else 0,
                bit_width("activation bits", one["activation_bits"]),
                bit_width("output bits", one["output_bits"]),
                _as(seen, Seen | None, "seen"),
                _as(choice, Choice | None, "choice"),
                _kept(one.get("kept")),
                None
                if wider is None
                else replace(layer, in_channels=wider[0], out_channels=wider[1]),
                LogicCounts.of(one["counts"]) if layer.row_logic else None,
                _as(one.get("weight_encoding"), str | None, "weight_encoding"),
            )
        )
    conditions = replace(conditions, row_logic=any(entry.layer.row_logic for entry in planned))
    prices = read_prices(opened, conditions)
    array = build_array(conditions, prices, options, assumptions)
    chip = Chip.build(tuple(planned), array, prices, options, assumptions)
    return Estimate(report, opened, conditions, chip)
