"""What pruning, ternary weights and clipping are worth: accuracy, compression and costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from accelerator.array import Array
from accelerator.assumptions import load_assumptions
from accelerator.inference import QuantizedNetwork, cost_run
from accelerator.inference.products import LayerRun
from accelerator.networks import load_network
from accelerator.options import Options
from accelerator.pipeline import build_array, open_table
from accelerator.prices import Conditions, read_prices
from accelerator.pruning.compression import Compression, layer_compression, together
from accelerator.pruning.fpga import FieldProgrammable, Grouped, cost_on_fpga
from accelerator.pruning.recipe import ARMS, Arm
from accelerator.pruning.record import Record, Spread
from accelerator.pruning.tiles import Tiles, tiles_of
from accelerator.report import Report

if TYPE_CHECKING:
    from lut import Table


@dataclass(frozen=True)
class ArmResult:
    """One arm: accuracy and rates over the seeds; compression and costs of the first seed's.

    without_skipping: the same network with its empty sub-arrays made and sensed.
    """

    arm: Arm
    accuracy: Spread
    real_accuracy: Spread
    structured: Spread
    total: Spread
    compression: Compression
    report: Report
    without_skipping: Report
    fpga: FieldProgrammable

    def to_dict(self) -> dict[str, Any]:
        """The arm's entry in the JSON, SI units."""
        report = self.report
        return {
            "name": self.arm.name,
            "told": self.arm.told,
            **{
                key: asdict(getattr(self, key))
                for key in ("accuracy", "real_accuracy", "structured", "total", "compression")
            },
            "energy_J": report.energy,
            "latency_s": report.latency,
            "area_m2": report.area,
            "subarrays": report.subarrays,
            "and_operations": report.and_operations,
            "macs": report.macs,
            "components_J": report.components,
            "energy_without_skipping_J": self.without_skipping.energy,
            "area_without_skipping_m2": self.without_skipping.area,
            "subarrays_without_skipping": self.without_skipping.subarrays,
            "fpga": {**asdict(self.fpga), "energy_J": self.fpga.energy},
        }


def pruning_array(rows: int, columns: int, table: Table) -> Array:
    """The table's sub-array at the nominal condition, whose tiles are the groups."""
    conditions = Conditions("tt", 1.0, 300.15, rows, columns)
    prices = read_prices(table, conditions)
    return build_array(conditions, prices, Options(), load_assumptions())


def ablation(record: Record, table: Any = None, **options: Any) -> tuple[ArmResult, ...]:
    """All arms of a record on sub-arrays of its recipe.

    `table` and `options` are those of `accelerator.inference.cost_run`; without intervals.
    """
    opened = open_table(table)
    recipe = record.recipe
    array = pruning_array(recipe.rows, recipe.columns, opened)
    settings: dict[str, Any] = {
        "table": opened, "rows": recipe.rows, "columns": recipe.columns, "samples": 0, **options,
    }  # fmt: skip
    found = []
    for arm in ARMS:
        path = record.path(arm.name)
        run = QuantizedNetwork(path).run(record.images)
        cut = grouped(load_network(path), run.layers, array)
        found.append(
            ArmResult(
                arm,
                record.spread(arm.name, "accuracy"),
                record.spread(arm.name, "real_accuracy"),
                record.spread(arm.name, "structured"),
                record.spread(arm.name, "total"),
                together(
                    layer_compression(layer.tiles, one.weights.stored.codes != 0, layer.weight_bits)
                    for layer, one in zip(cut, run.layers, strict=True)
                ),
                cost_run(path, run, **settings),
                cost_run(path, run, **settings, skip_empty_subarrays=False),
                cost_on_fpga(cut),
            )
        )
    return tuple(found)


def dense_compression(record: Record, arm: str, table: Table) -> Compression:
    """Of an arm's network by the widths alone, no tile left out."""
    array = pruning_array(record.recipe.rows, record.recipe.columns, table)
    path = record.path(arm)
    run = QuantizedNetwork(path).run(record.images[:1])
    return together(
        layer_compression(one.tiles, np.ones(one.layer.weights, dtype=bool), one.weight_bits)
        for one in grouped(load_network(path), run.layers, array)
    )


def grouped(network: Any, runs: tuple[LayerRun, ...], array: Array) -> list[Grouped]:
    """The layers of a run with their tiles, and which of those hold something."""
    by_name: Mapping[str, LayerRun] = {run.name: run for run in runs}
    found = []
    for layer in network.mapped:
        run = by_name[layer.name]
        stored = run.weights.stored
        widths = stored.levels.bits, run.activations.levels.bits
        tiles: Tiles = tiles_of(layer, *widths, array)
        held = tiles.held(stored.codes != 0)
        found.append(Grouped(layer, tiles, held, *widths, stored.levels.encoding == "ternary"))
    return found
