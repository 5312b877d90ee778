"""The figures of merit that an architect compares, from a report's totals.

An operation is half a multiply-accumulate: a multiplication or an addition, so that there are two
a MAC. Figures are given at the widths as they are, and one-bit-normalised: a MAC of W weight bits
and A activation bits counts W x A times, being as many one-bit products.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from accelerator.report import LayerReport, Report

OPERATIONS_PER_MAC = 2
_TERA = 1e12
_MM2 = 1e-6


@dataclass(frozen=True, slots=True)
class Sensing:
    """How fast one sub-array can sense: amplifiers that fire at once, and their AND's cycle (s)."""

    amplifiers: int
    cycle_time: float

    @property
    def rate(self) -> float:
        """One-bit products of one sub-array in a second, at most (1/s)."""
        return self.amplifiers / self.cycle_time


@dataclass(frozen=True, slots=True)
class PerWidth:
    """One figure at the widths of the layers, and one-bit-normalised."""

    own: float
    one_bit: float

    def over(self, divisor: float) -> PerWidth:
        """Both divided."""
        return PerWidth(self.own / divisor, self.one_bit / divisor)

    def to_dict(self) -> dict[str, float]:
        """The entry in the JSON."""
        return {"as_they_are": self.own, "one_bit_normalised": self.one_bit}


@dataclass(frozen=True, slots=True)
class Figures:
    """What stands at the head of a report.

    energy: of one image (J); latency: of one image (s); interval: from image to image (s).
    area: of everything on the chip (m2); power: energy over interval (W).
    operations: two a MAC, of one image (1).
    tops: operations over interval (1e12/s): what the network gets.
    peak_tops: what the sub-arrays that hold its weights would do if each of their amplifiers
        gave a product in every cycle of an AND (1e12/s).
    tops_per_w: operations over energy (1e12/J).
    tops_per_mm2, peak_tops_per_mm2: those of `tops` and `peak_tops` over the area (1e12/s/mm2).
    energy_delay: energy times latency of one image (J s).
    cells: share of the cells of sub-arrays of layers with weights that hold weights (1).
    amplifier_cycles: share of the cycles of all amplifiers of sub-arrays with weights, from image
        to image, that give a product of two operand bits (1).
    pace_layer, pace_resource, pace_share: the layer that takes longest, what it waits for, and its
        share in the latency; pipelined, the layer or resource that sets the interval. The layer is
        empty where that is a resource which all layers share.
    useful_copies: copies of each layer beyond which none is faster (1); `copies_layer` is the one
        that gains longest.
    """

    energy: float
    latency: float
    interval: float
    area: float
    power: float
    operations: PerWidth
    tops: PerWidth
    peak_tops: PerWidth
    tops_per_w: PerWidth
    tops_per_mm2: PerWidth
    peak_tops_per_mm2: PerWidth
    energy_delay: float
    cells: float
    amplifier_cycles: float
    pace_layer: str
    pace_resource: str
    pace_share: float
    useful_copies: int
    copies_layer: str

    @classmethod
    def of(cls, report: Report, sensing: Sensing) -> Figures:
        """Those of a report on sub-arrays that sense so fast."""
        layers = [layer for layer in report.layers if layer.macs]
        operations = PerWidth(
            OPERATIONS_PER_MAC * sum(layer.macs for layer in layers),
            OPERATIONS_PER_MAC * sum(layer.macs * _products(layer) for layer in layers),
        )
        rate = OPERATIONS_PER_MAC * sensing.rate
        peak = PerWidth(
            rate * sum(sensing_subarrays(layer) / _products(layer) for layer in layers),
            rate * sum(sensing_subarrays(layer) for layer in layers),
        )
        tops = operations.over(report.interval * _TERA)
        peak = peak.over(_TERA)
        area = report.area / _MM2
        layer, resource, share = _slowest(report)
        copies, most = max(
            ((one.pace.useful_copies or 0, one.name) for one in layers if one.pace is not None),
            key=lambda entry: entry[0],
            default=(0, ""),
        )
        return cls(
            report.energy,
            report.latency,
            report.interval,
            report.area,
            report.power,
            operations,
            tops,
            peak,
            operations.over(report.energy * _TERA),
            tops.over(area),
            peak.over(area),
            report.energy * report.latency,
            report.utilization,
            _busy(report, sensing),
            layer,
            resource,
            share,
            copies,
            most,
        )

    def to_dict(self) -> dict[str, Any]:
        """The entry in the JSON."""
        return {
            "energy_J": self.energy,
            "latency_s": self.latency,
            "interval_s": self.interval,
            "area_m2": self.area,
            "power_W": self.power,
            "operations": self.operations.to_dict(),
            "TOPS": self.tops.to_dict(),
            "peak_TOPS": self.peak_tops.to_dict(),
            "TOPS_per_W": self.tops_per_w.to_dict(),
            "TOPS_per_mm2": self.tops_per_mm2.to_dict(),
            "peak_TOPS_per_mm2": self.peak_tops_per_mm2.to_dict(),
            "energy_delay_Js": self.energy_delay,
            "cell_utilization": self.cells,
            "amplifier_utilization": self.amplifier_cycles,
            "pace": {
                "layer": self.pace_layer or None,
                "resource": self.pace_resource,
                "share": self.pace_share,
            },
            "useful_copies": {"copies": self.useful_copies, "layer": self.copies_layer or None},
        }


def _products(layer: LayerReport) -> int:
    """One-bit products of a MAC of the layer (1)."""
    return layer.weight_bits * layer.activation_bits


def sensing_subarrays(layer: LayerReport) -> float:
    """Sub-arrays of a layer in which operands meet, those that only keep weights left out (1)."""
    return layer.subarrays - layer.mapping.get("stores", 0) if layer.macs else 0


def amplifier_share(layer: LayerReport, sensing: Sensing) -> float | None:
    """Share of the amplifiers' cycles while the layer runs that give a product; None off them."""
    most = sensing_subarrays(layer) * sensing.rate * layer.latency
    return layer.and_operations / most if most else None


def _busy(report: Report, sensing: Sensing) -> float:
    """The same of all layers' sub-arrays from image to image."""
    layers = [layer for layer in report.layers if layer.macs]
    most = sum(map(sensing_subarrays, layers)) * sensing.rate * report.interval
    return sum(layer.and_operations for layer in layers) / most if most else 0.0


def _slowest(report: Report) -> tuple[str, str, float]:
    """The layer that sets the pace, what it waits for, its share; no layer where all share it."""
    longest = max(report.layers, key=lambda layer: layer.latency)
    if report.pace is not None and report.pace.bottleneck != longest.name:
        return (
            "",
            report.pace.bottleneck,
            report.pace.limits[report.pace.bottleneck] / (report.interval),
        )
    resource = "" if longest.pace is None else longest.pace.resource
    whole = report.latency if report.pace is None else report.interval
    return longest.name, resource, longest.latency / whole
