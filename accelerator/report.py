"""The result of an estimate, and its machine-readable form."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from accelerator.figures import Figures, Sensing
from accelerator.mapping import Kept
from accelerator.networks.layers import Layer
from accelerator.organisation import Occupation
from accelerator.pacing import LayerPace
from accelerator.plan import Choice, Seen
from accelerator.sense_errors import SenseErrors
from accelerator.throughput import Pace
from accelerator.uncertainty.result import Uncertainty
from files import short

FORMAT = "mramcim-estimate/1"


def _told(kept: Kept) -> list[list[str]]:
    """By group tile and column tile, a 1 for each kernel tile that has a sub-array, else a 0."""
    return [["".join("01"[one] for one in column) for column in tile] for tile in kept]


@dataclass(frozen=True, slots=True)
class LayerReport:
    """One layer: energies in J, latency in s, area of its own sub-arrays in m2.

    `kept` tells which of its sub-arrays are there; None where all are. Where it uses the first
    channels of a `wider` layer, `subarrays` and `area` are those of the wider,
    `active_subarrays` and `active_area` of what it uses. `widths_from` is who says the widths of
    weights and activations: "file", "flag", "first_last", "widths" (a pattern), "default",
    "comparison" (whose maps are bits) or "run"; the encodings are empty where there is none, or
    none is known.
    """

    name: str
    operation: str
    macs: int
    weight_bits: int
    activation_bits: int
    and_operations: int
    energy: float
    latency: float
    components: dict[str, float]
    subarrays: int = 0
    area: float = 0.0
    row_steps: int = 0
    sense_cycles: float = 0
    counts: dict[str, float] = field(default_factory=dict)
    mapping: dict[str, float] = field(default_factory=dict)
    output_bits: int = 0
    seen: Seen | None = None
    choice: Choice | None = None
    kept: Kept | None = None
    wider: Layer | None = None
    active_subarrays: int = 0
    active_area: float = 0.0
    summands: tuple[int, ...] = ()
    weight_encoding: str = ""
    activation_encoding: str = ""
    widths_from: tuple[str, str] = ("", "")
    pace: LayerPace | None = None
    amplifier_utilization: float | None = None
    """Share of the cycles of its amplifiers, while it runs, that give a product of two bits."""

    def __repr__(self) -> str:
        widths = f"W{self.weight_bits}:A{self.activation_bits}" if self.macs else self.operation
        return (
            f"<layer {short(self.name)} {widths}: "
            f"{self.energy * 1e6:.4g} uJ, {self.latency * 1e6:.4g} us, {self.subarrays} sub-arrays>"
        )

    @property
    def utilization(self) -> float | None:
        """Share of the cells of its sub-arrays that hold weights (1); None off the array."""
        return self.mapping.get("weight_cell_share")

    def to_dict(self) -> dict[str, Any]:
        """The layer's entry in the JSON."""
        return {
            "name": self.name,
            "operation": self.operation,
            "macs": self.macs,
            "weight_bits": self.weight_bits,
            "activation_bits": self.activation_bits,
            "and_operations": self.and_operations,
            "energy_J": self.energy,
            "latency_s": self.latency,
            "components": dict(self.components),
            "subarrays": self.subarrays,
            "area_m2": self.area,
            "row_steps": self.row_steps,
            "sense_cycles": self.sense_cycles,
            "counts": dict(self.counts),
            "mapping": dict(self.mapping),
            "output_bits": self.output_bits,
            "seen": None if self.seen is None else asdict(self.seen),
            "choice": None if self.choice is None else asdict(self.choice),
            "kept": None if self.kept is None else _told(self.kept),
            "wider_channels": None
            if self.wider is None
            else [self.wider.in_channels, self.wider.out_channels],
            "active_subarrays": self.active_subarrays,
            "active_area_m2": self.active_area,
            "weight_encoding": self.weight_encoding or None,
            "activation_encoding": self.activation_encoding or None,
            "widths_from": dict(zip(("weights", "activations"), self.widths_from, strict=True))
            if self.macs
            else None,
            "utilization": self.utilization,
            "amplifier_utilization": self.amplifier_utilization,
            "pace": None if self.pace is None else self.pace.to_dict(),
            **({"summands": list(self.summands)} if self.summands else {}),
        }


@dataclass(frozen=True, slots=True)
class Reference:
    """A published figure beside ours: the same quantity in the same unit."""

    name: str
    quantity: str
    published: float
    ours: float
    conditions: str

    @property
    def ratio(self) -> float:
        """Ours over the published one (1)."""
        return self.ours / self.published

    def to_dict(self) -> dict[str, Any]:
        """The figure's entry in the JSON."""
        return {
            "name": self.name,
            "quantity": self.quantity,
            "published": self.published,
            "ours": self.ours,
            "ratio": self.ratio,
            "conditions": self.conditions,
        }


@dataclass(frozen=True, slots=True)
class Boundary:
    """What is counted and what is not, the choices and the constants behind the figures.

    `uncounted` are the first of `not_counted`: what of the network itself has no share in the
    figures, with its size. `layout` says whether what stands at the columns' ends has room there,
    and in how many mats, banks and groups the sub-arrays stand.
    """

    counted: tuple[str, ...]
    not_counted: tuple[str, ...]
    layout: tuple[str, ...]
    options: dict[str, Any]
    assumptions: dict[str, dict[str, Any]]
    uncounted: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The boundary's entry in the JSON."""
        return {
            "counted": list(self.counted),
            "not_counted": list(self.not_counted),
            "layout": list(self.layout),
            "options": dict(self.options),
            "assumptions": dict(self.assumptions),
        }


@dataclass(frozen=True, slots=True)
class Report:
    """Energy, latency and area of one image through one network."""

    network: str
    network_source: str
    network_path: str
    input_shape: tuple[int, ...]
    weight_bits: int
    activation_bits: int
    table: dict[str, Any]
    boundary: Boundary
    layers: tuple[LayerReport, ...]
    area_components: dict[str, float]
    references: tuple[Reference, ...] = ()
    sense_errors: SenseErrors | None = None
    """None where the table has no statistics of ANDs under these conditions."""
    uncertainty: Uncertainty | None = None
    """None where no samples were asked for."""
    pace: Pace | None = None
    """None where an image enters when the one before has left."""
    occupation: Occupation | None = None
    sensing: Sensing | None = None
    widths_said: tuple[str, ...] = ()
    """Where the widths of a file are from, and what overrides them."""
    batch_said: str = ""
    """What of a file's input was taken for one image."""
    reading: tuple[tuple[str, Any], ...] = ()
    """What the network's file was read with, besides its path."""

    def __repr__(self) -> str:
        return (
            f"<report of {short(self.network)} {self.widths} on "
            f"{short(str(self.table.get('name', 'no table')))}: "
            f"{self.energy * 1e6:.4g} uJ, {self.latency * 1e3:.4g} ms an image, "
            f"{self.area * 1e6:.4g} mm2>"
        )

    def _repr_html_(self) -> str:
        """The report in a notebook."""
        from accelerator.page import report_html

        return report_html(self)

    def to_dataframe(self) -> Any:
        """A pandas data frame with a row for each layer, as in the CSV; SI units.

        Raises:
            ImportError: pandas is not installed.
        """
        from accelerator.render import csv_rows
        from lut.frames import frame_of_rows

        return frame_of_rows(csv_rows(self))

    @property
    def energy(self) -> float:
        """Energy of one image (J)."""
        return sum(layer.energy for layer in self.layers)

    @property
    def latency(self) -> float:
        """Time of one image, layers one after the other (s)."""
        return sum(layer.latency for layer in self.layers)

    @property
    def interval(self) -> float:
        """Time from one image to the next (s)."""
        return self.latency if self.pace is None else self.pace.interval

    @property
    def area(self) -> float:
        """Area of everything (m2)."""
        return sum(self.area_components.values())

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the layers that are costed (1)."""
        return sum(layer.macs for layer in self.layers)

    @property
    def and_operations(self) -> int:
        """ANDs of a weight bit with an activation bit (1)."""
        return sum(layer.and_operations for layer in self.layers)

    @property
    def subarrays(self) -> int:
        """Sub-arrays that hold weights (1)."""
        return sum(layer.subarrays for layer in self.layers)

    @property
    def subarray_area(self) -> float:
        """Area of the sub-arrays that hold weights, with their logic (m2)."""
        return sum(layer.area for layer in self.layers)

    @property
    def active_area(self) -> float:
        """Area of what works in an image: sub-arrays in use, and all that layers share (m2)."""
        return self.area - self.subarray_area + sum(layer.active_area for layer in self.layers)

    @property
    def one_subarray_area(self) -> float:
        """Mean area of a sub-array that holds weights, with its logic (m2)."""
        return self.subarray_area / self.subarrays

    @property
    def sense_cycles(self) -> float:
        """Sense cycles, summed over sub-arrays (1)."""
        return sum(layer.sense_cycles for layer in self.layers)

    @property
    def components(self) -> dict[str, float]:
        """Energy by component (J)."""
        names = self.layers[0].components
        return {name: sum(layer.components[name] for layer in self.layers) for name in names}

    @property
    def power(self) -> float:
        """Mean power while images follow each other (W)."""
        return self.energy / self.interval

    @property
    def images_per_s(self) -> float:
        """Images in a second (1/s)."""
        return 1 / self.interval

    @property
    def figures(self) -> Figures | None:
        """What stands at the head: None where it is not known how fast sub-arrays sense."""
        return None if self.sensing is None else Figures.of(self, self.sensing)

    @property
    def tops_per_w(self) -> float:
        """Operations over energy, a multiply-accumulate being two operations (1e12/J)."""
        return 2 * self.macs / self.energy / 1e12

    @property
    def utilization(self) -> float:
        """Share of the cells of all sub-arrays of layers with weights that hold some (1)."""
        own = [
            (one.utilization, one.subarrays) for one in self.layers if one.utilization is not None
        ]
        cells = sum(subarrays for _, subarrays in own)
        return sum(share * number for share, number in own) / cells if cells else 0.0

    @property
    def widths(self) -> str:
        """Weight and activation bits of the layers on sub-arrays, as ranges where they differ."""
        mapped = [layer for layer in self.layers if layer.macs]
        if not mapped:
            return f"W{self.weight_bits}:A{self.activation_bits}"
        spans = []
        for name in ("weight_bits", "activation_bits"):
            found = [getattr(layer, name) for layer in mapped]
            low, high = min(found), max(found)
            spans.append(f"{low}" if low == high else f"{low}-{high}")
        return "W{}:A{}".format(*spans)

    def to_dict(self) -> dict[str, Any]:
        """The JSON of format "mramcim-estimate/1"."""
        return {
            "format": FORMAT,
            "network": self.network,
            "network_source": self.network_source,
            "network_path": self.network_path,
            "input_shape": list(self.input_shape),
            "weight_bits": self.weight_bits,
            "activation_bits": self.activation_bits,
            "widths": {"range": self.widths, "said": list(self.widths_said)},
            "batch": self.batch_said or None,
            "reading": dict(self.reading),
            "table": dict(self.table),
            "boundary": self.boundary.to_dict(),
            "total": {
                "name": self.network,
                "macs": self.macs,
                "weight_bits": self.weight_bits,
                "activation_bits": self.activation_bits,
                "and_operations": self.and_operations,
                "energy_J": self.energy,
                "latency_s": self.latency,
                "interval_s": self.interval,
                "components": self.components,
                "area_m2": self.area,
                "power_W": self.power,
                "images_per_s": self.images_per_s,
                "TOPS_per_W": self.tops_per_w,
                "subarrays": self.subarrays,
                "utilization": self.utilization,
                "subarray_area_m2": self.subarray_area,
                "area_components_m2": dict(self.area_components),
                "sense_cycles": self.sense_cycles,
            },
            "figures": None if self.figures is None else self.figures.to_dict(),
            "layers": [layer.to_dict() for layer in self.layers],
            "references": [reference.to_dict() for reference in self.references],
            "sense_errors": None if self.sense_errors is None else self.sense_errors.to_dict(),
            "uncertainty": None if self.uncertainty is None else self.uncertainty.to_dict(),
            "organisation": None if self.occupation is None else self.occupation.to_dict(),
            "interval_limits_s": None if self.pace is None else dict(self.pace.limits),
        }
