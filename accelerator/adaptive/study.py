"""The study's table: accuracy, energy, latency, memory and active area by width."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from accelerator.adaptive.costing import Costs, run_costs
from accelerator.adaptive.networks import write_widths
from accelerator.adaptive.setting import SHIPPED, Record, Spread, read_record
from accelerator.inference import QuantizedNetwork

if TYPE_CHECKING:
    from accelerator.datasets import Dataset
    from accelerator.report import Report
    from lut import Table

IMAGES = 36
"""Test images of the mean one that is costed, where no number is given."""


@dataclass(frozen=True)
class OnChip:
    """An image on the chip of all widths: J, s, m2; ratios to the widest network (1).

    components: energy by component (J). excess: energy above the share of multiply-accumulates,
    by component, over the energy of the widest (1).
    """

    energy: float
    energy_ratio: float
    latency: float
    latency_ratio: float
    active_subarrays: int
    active_area: float
    components: dict[str, float]
    excess: dict[str, float]

    @classmethod
    def of(cls, report: Report, widest: Report) -> OnChip:
        """Beside the widest network's report."""
        return cls(
            report.energy,
            report.energy / widest.energy,
            report.latency,
            report.latency / widest.latency,
            sum(layer.active_subarrays for layer in report.layers),
            report.active_area,
            report.components,
            excess(report, widest),
        )


@dataclass(frozen=True)
class WidthResult:
    """One width at one number of bits.

    together, alone: accuracy [1] on all test images, trained with the other widths and alone.
    right: share [1] of the images that were run here, on sub-arrays, that are right.
    weight_bits: cells of weights in use (1). on_chip: by the order of the kernels.
    own_energy (J), own_latency (s), own_area (m2): of an image on a chip of a network of this
    size alone.
    """

    width: float
    bits: int
    together: Spread
    alone: Spread
    right: float
    macs: int
    mac_ratio: float
    weight_bits: int
    on_chip: dict[str, OnChip]
    own_energy: float
    own_latency: float
    own_area: float


@dataclass(frozen=True)
class BitsResult:
    """All widths at one number of bits; area (m2), sub-arrays and weight bits of the chip."""

    bits: int
    area: float
    subarrays: int
    weight_bits: int
    normalizations: int
    widths: tuple[WidthResult, ...]


def study(
    tested: Dataset,
    *,
    folder: Path = SHIPPED,
    table: str | Path | Table | None = None,
) -> tuple[Record, tuple[BitsResult, ...]]:
    """Run the trained files of a folder on test images and cost a mean image at each width.

    Raises EstimateError, DatasetError or TableError for what cannot be used.
    """
    record = read_record(folder)
    setting = record.setting
    images = tested.resized((setting.image[0], setting.image[1], setting.image[1]))
    found = []
    for bits in setting.bits:
        with TemporaryDirectory() as name:
            files = write_widths(folder / setting.file(bits), Path(name))
            runs = {w: QuantizedNetwork(file).run(images.images) for w, file in files.items()}
            costs = run_costs(files, runs, table)
        right = {
            width: float((next(iter(run.outputs.values())).argmax(1) == images.labels).mean())
            for width, run in runs.items()
        }
        found.append(_at_bits(record, bits, costs, right))
    return record, tuple(found)


def _at_bits(
    record: Record, bits: int, costs: dict[float, Costs], right: dict[float, float]
) -> BitsResult:
    widest = costs[max(costs)].own
    networks = {width: record.setting.network(width) for width in costs}
    results = []
    for width, cost in costs.items():
        own = cost.own
        results.append(
            WidthResult(
                width,
                bits,
                record.spread(bits, width, "together"),
                record.spread(bits, width, "alone"),
                right[width],
                own.macs,
                own.macs / widest.macs,
                bits * sum(layer.weights for layer in networks[width].layers),
                {
                    order: OnChip.of(report, costs[max(costs)].by_order[order])
                    for order, report in cost.by_order.items()
                },
                own.energy,
                own.latency,
                own.area,
            )
        )
    channels = [sum(layer.out_channels for layer in one.mapped) for one in networks.values()]
    stored = results[-1].weight_bits
    return BitsResult(bits, widest.area, widest.subarrays, stored, sum(channels), tuple(results))


def excess(report: Report, widest: Report) -> dict[str, float]:
    """Energy by component above the share of multiply-accumulates, over the widest's energy (1)."""
    share = report.macs / widest.macs
    return {
        name: (energy - share * widest.components[name]) / widest.energy
        for name, energy in report.components.items()
    }


def as_dict(
    record: Record,
    results: tuple[BitsResult, ...],
    networks: dict[str, dict[float, Costs]],
) -> dict[str, Any]:
    """The study's JSON; `networks` are those that were costed only."""
    return {
        "format": "mramcim-study-adaptive/1",
        "record": record.to_dict(),
        "bits": [asdict(result) for result in results],
        "networks": {
            name: [
                {
                    "width": width,
                    "macs": one.own.macs,
                    "on_chip": {
                        order: asdict(OnChip.of(report, costs[max(costs)].by_order[order]))
                        for order, report in one.by_order.items()
                    },
                }
                for width, one in costs.items()
            ]
            for name, costs in networks.items()
        },
    }
