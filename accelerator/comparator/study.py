"""CMPNET, LBCNN and a plain network of one configuration, costed beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accelerator.assumptions import load_assumptions
from accelerator.boundary import OWN_WIDTHS
from accelerator.comparator.configuration import KINDS, SVHN, Configuration, network_of
from accelerator.comparator.record import FOLDER, Record, Trained
from accelerator.comparator.summation import SummationRun, summation_of
from accelerator.inference import NetworkRun, QuantizedNetwork
from accelerator.inference.costing import plan_run
from accelerator.networks import Layer, Network, Operation, load_network
from accelerator.options import read_options
from accelerator.pipeline import cost_plan, open_table
from accelerator.plan import Plan, PlannedLayer, Seen
from accelerator.prices import Conditions
from accelerator.report import Report
from accelerator.uncertainty.propagation import Sampling

if TYPE_CHECKING:
    from lut import Table

ADDED = "cmpnet, added in rows"
FORMAT = "mramcim-comparator-study/1"
SVHN_WIDTHS = (8, 4, 2)
TERNARY_SHARE = 0.576
"""Of weights drawn from a normal law, those above 0.7 of the mean size, which stay: 2 (1 -
Phi(0.7 sqrt(2 / pi))). Trained weights have their own share."""


@dataclass(frozen=True)
class Result:
    """One network at one width: its cost, and accuracy where it was trained.

    name: the kind, or ADDED for a CMPNET whose pointwise sums are made by adders of rows.
    """

    name: str
    configuration: Configuration
    report: Report
    trained: Trained | None

    def to_dict(self) -> dict[str, Any]:
        """The network's entry in the JSON."""
        report, trained = self.report, self.trained
        return {
            "name": self.name,
            "weight_bits": self.configuration.weight_bits,
            "activation_bits": self.configuration.activation_bits,
            "accuracy": None if trained is None else trained.mean,
            "accuracy_spread": None if trained is None else trained.spread,
            "seeds": [] if trained is None else list(trained.seeds),
            "energy_J": report.energy,
            "latency_s": report.latency,
            "area_m2": report.area,
            "operations": operations(report),
            "components": report.components,
            "report": report.to_dict(),
        }


def operations(report: Report) -> dict[str, float]:
    """Operations of an image by kind; a comparison is of two whole numbers."""
    totals: dict[str, float] = {
        "multiply_accumulates": report.macs,
        "comparisons": sum(
            layer.counts["output_bits"]
            for layer in report.layers
            if layer.operation == Operation.COMPARISON
        ),
    }
    for kind, names in (
        ("and", ("ands",)),
        ("xor", ("xors",)),
        ("or", ("ors",)),
        ("read", ("reads",)),
        ("cells_written", ("input_cells", "result_cells")),
    ):
        totals[kind] = sum(layer.counts.get(name, 0) for layer in report.layers for name in names)
    return totals


@dataclass(frozen=True)
class Costing:
    """Where and how everything is costed."""

    table: Table
    conditions: Conditions
    options: Mapping[str, Any]

    @classmethod
    def of(cls, table: Table | str | Path | None = None, **options: Any) -> Costing:
        """The nominal conditions of a table, with options of `estimate`."""
        return cls(open_table(table), Conditions(), options)

    def report(self, network: Network, plan: Plan) -> Report:
        """The report of a planned network, without intervals."""
        chosen = dict(self.options)
        assumptions = load_assumptions(chosen.pop("assumptions", None))
        return cost_plan(
            network, plan, self.table, self.conditions, read_options(chosen), assumptions,
            OWN_WIDTHS, Sampling(0),
        )  # fmt: skip


def trained_results(costing: Costing, folder: Path = FOLDER) -> tuple[Result, ...]:
    """The trained networks of a folder, each costed with the bits that it met on its images.

    Raises:
        EstimateError: the folder lacks the record, a network or the images.
    """
    record, images = Record.read(folder), Record.images(folder)
    found = []
    for trained in record.networks:
        one = trained.configuration
        path = folder / f"{one.name}.onnx"
        run = QuantizedNetwork(path).run(images)
        network = load_network(path)
        plan = plan_run(network, run)
        found.append(Result(one.kind, one, costing.report(network, plan), trained))
        if one.kind == "cmpnet":
            report = costing.report(network, added_in_rows(plan, run))
            found.append(Result(ADDED, one, report, trained))
    return tuple(found)


def added_in_rows(plan: Plan, run: NetworkRun) -> Plan:
    """The plan with the pointwise sums of binary maps as additions of rows."""
    runs = {layer.name: layer for layer in run.layers}
    layers = []
    for before, entry in zip((None, *plan.layers), plan.layers, strict=False):
        if before is None or before.layer.operation is not Operation.COMPARISON:
            layers.append(entry)
            continue
        ran = runs[entry.layer.name]
        weights = ran.weights.stored.codes[:, :, 0, 0]
        layer = summation_of(entry.layer, tuple((weights != 0).sum(axis=1).tolist()))
        maps = ran.activations.codes.astype("uint8")
        layers.append(
            PlannedLayer(layer, 0, 1, entry.output_bits, ran=SummationRun(layer, maps, weights))
        )
    return replace(plan, layers=tuple(layers))


def shape_results(
    costing: Costing, configuration: Configuration = SVHN, widths: tuple[int, ...] = SVHN_WIDTHS
) -> tuple[Result, ...]:
    """Networks that are not trained, costed by their shapes with even bits."""
    found = []
    for bits in widths:
        for kind in KINDS:
            one = configuration.of_kind(kind, bits)
            network = network_of(one)
            report = costing.report(network, plan_shapes(network, one))
            found.append(Result(kind, one, report, None))
            if kind == "cmpnet":
                plan = _shapes_added(plan_shapes(network, one))
                found.append(Result(ADDED, one, costing.report(network, plan), None))
    return tuple(found)


def _shapes_added(plan: Plan) -> Plan:
    """The plan with the pointwise sums of binary maps as additions of rows."""
    layers = []
    for entry in plan.layers:
        if entry.layer.mapped and entry.layer.name.endswith("gather"):
            summands = round(TERNARY_SHARE * entry.layer.in_channels)
            layer = summation_of(entry.layer, (summands,) * entry.layer.out_channels)
            entry = PlannedLayer(layer, 0, 1, entry.output_bits)
        layers.append(entry)
    return replace(plan, layers=tuple(layers))


def plan_shapes(network: Network, one: Configuration) -> Plan:
    """Widths and encodings of a configuration's layers; bits are one half the time."""
    layers = network.layers
    taken = [_taken(layer, one) for layer in layers]
    planned = []
    for index, layer in enumerate(layers):
        following = next((i for i in range(index + 1, len(layers)) if taken[i]), index)
        output = taken[following] or one.activation_bits
        own = taken[index] or output
        bits, encoding = _weights(layer, one)
        seen = _even(layer, encoding) if layer.mapped else None
        planned.append(PlannedLayer(layer, bits, own, output, seen))
    return Plan(tuple(planned), ())


def _taken(layer: Layer, one: Configuration) -> int:
    """Bits of the inputs of a layer on sub-arrays, 0 for others."""
    if layer.operation is Operation.COMPARISON:
        return one.activation_bits
    if not layer.mapped:
        return 0
    if layer.name == "stem":
        return 8
    return 1 if one.kind == "cmpnet" and layer.name.endswith("gather") else one.activation_bits


def _weights(layer: Layer, one: Configuration) -> tuple[int, str]:
    """Bits and encoding of a layer's weights."""
    if not layer.mapped:
        return 0, ""
    ternary = {"cmpnet": "gather", "lbcnn": "spread", "cnn": "-"}[one.kind]
    if layer.name.endswith(ternary):
        return 2, "twos_complement"
    inner = layer.name.startswith("module")
    return (one.weight_bits if inner else one.end_bits), "symmetric"


def _even(layer: Layer, encoding: str) -> Seen:
    """Bits that are one half the time inside the image, and zero in its padding."""
    one = 0.5 * layer.valid_fraction
    return Seen(encoding, ((1 - one) / 2, one / 2, (1 - one) / 2, one / 2), one, 0.5)
