"""What a run costs: the same walk from layers to joules, with the widths and bits it met."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from accelerator.array import require_room
from accelerator.assumptions import load_assumptions
from accelerator.boundary import OWN_WIDTHS
from accelerator.errors import EstimateError
from accelerator.inference.comparisons import ComparisonRun
from accelerator.inference.results import LayerCounts, NetworkRun
from accelerator.networks import Network, Operation, load_network
from accelerator.occupancy import WeightOccupancy
from accelerator.options import DENSITIES, read_options, whole_number
from accelerator.pipeline import at_nominal_supply, cost_plan, open_table
from accelerator.plan import Plan, PlannedLayer, Seen
from accelerator.prices import conditions_in
from accelerator.uncertainty.propagation import SAMPLES, Sampling

if TYPE_CHECKING:
    from accelerator.report import Report
    from lut import Table


def cost_run(
    network: str | os.PathLike[str],
    run: NetworkRun,
    *,
    table: str | os.PathLike[str] | Table | None = None,
    rows: int = 256,
    columns: int = 256,
    corner: str = "tt",
    vdd: float | None = None,
    temperature: float = 300.15,
    write_vdd: float | None = None,
    assumptions: Mapping[str, float] | None = None,
    samples: int = SAMPLES,
    seed: int = 0,
    batch: int | None = None,
    batch_axis: int | None = None,
    dims: Mapping[str, int] | None = None,
    **options: Any,
) -> Report:
    """Energy, latency and area of one image of a run of the ONNX file `network`.

    Every layer has the widths of its own quantizers and the encoding that its codes are stored
    in; its senses and writes are shared out by the operand bits that it met, a mean over the
    images. Sub-arrays whose weights are all zero are left out unless `skip_empty_subarrays` is
    false. The other arguments are those of `accelerator.estimate`, and so are the errors.
    """
    check_options(options)
    chosen, constants = read_options(options), load_assumptions(assumptions)
    rows, columns = whole_number("rows", rows, least=1), whole_number("columns", columns, least=1)
    require_room(rows, int(constants.reserved_rows.value))
    sampling = Sampling.of(samples, seed)
    parsed = load_network(network, batch=batch, batch_axis=batch_axis, dims=dims)
    opened = open_table(table)
    conditions = conditions_in(
        opened,
        vdd,
        corner=corner,
        temperature=temperature,
        rows=rows,
        columns=columns,
        write_vdd=write_vdd,
    )
    plan = covered(parsed, plan_run(parsed, run), chosen.coverage)
    report = cost_plan(parsed, plan, opened, conditions, chosen, constants, OWN_WIDTHS, sampling)
    return at_nominal_supply(report) if vdd is None else report


def check_options(options: Mapping[str, Any]) -> None:
    """Refuse options of an estimate that a run knows better, before anything is run.

    Raises EstimateError, also for those that there are not and values that cannot be.
    """
    known = {
        "weight_encoding": "the encodings of its own layers",
        **dict.fromkeys(DENSITIES, "the operand bits that it met"),
    }
    for name, own in known.items():
        if name in options:
            raise EstimateError(f"a run has {own}: leave out {name}")
    read_options({name: value for name, value in options.items() if name != "assumptions"})
    load_assumptions(options.get("assumptions"))


def covered(network: Network, plan: Plan, coverage: str) -> Plan:
    """The layers of a plan that `coverage` counts.

    Raises EstimateError where none is left.
    """
    if coverage == "all":
        return plan
    kept = [one for one in plan.layers if one.layer.operation is Operation.CONVOLUTION]
    if not kept:
        raise EstimateError(f"no layer of {network.name} is left: it has no convolution")
    left_out = [
        one.layer
        for one in plan.layers
        if one.layer.mapped and one.layer.operation is not Operation.CONVOLUTION
    ]
    return Plan(tuple(kept), tuple(left_out))


def plan_run(network: Network, run: NetworkRun) -> Plan:
    """The network's layers with what a run met in each.

    Raises EstimateError where the run is of another network.
    """
    runs = {layer.name: layer for layer in run.counts}
    compared = {layer.name: layer for layer in run.comparisons}
    names = [layer.name for layer in network.mapped]
    if not names:
        raise EstimateError(
            f"the network {network.name} has no convolution and no matrix product with weights: "
            "there is nothing to put on sub-arrays"
        )
    missing = [name for name in names if name not in runs]
    if missing or len(runs) != len(names):
        raise EstimateError(
            f"the run has the layers {', '.join(runs)}, the network {network.name} has "
            f"{', '.join(names)}: cost a run with the file that it ran"
        )
    planned = []
    # Data between two layers has the width that the next one on sub-arrays takes.
    taking = [layer.name for layer in network.layers if layer.mapped or layer.row_logic]
    if not set(taking) <= {*runs, *compared}:
        raise EstimateError(
            f"the run lacks comparisons of the network {network.name}: cost a run with the file "
            "that it ran"
        )
    widths = [
        compared[name].bits if name in compared else runs[name].activations.bits for name in taking
    ]
    following = 0
    for layer in network.layers:
        if not layer.mapped:
            bits = widths[min(following, len(widths) - 1)]
            one_compared: ComparisonRun | None = compared.get(layer.name)
            following += layer.row_logic
            output = widths[min(following, len(widths) - 1)]
            planned.append(
                PlannedLayer(layer, 0, bits, output, ran=one_compared)
                if one_compared is not None
                else PlannedLayer(layer, 0, bits, bits)
            )
            continue
        following += 1
        output = widths[min(following, len(widths) - 1)]
        one = runs[layer.name]
        planned.append(
            PlannedLayer(
                layer,
                one.weights.bits,
                one.activations.bits,
                output,
                seen_of(one),
                occupancy=WeightOccupancy(one.nonzero, one.operands.element_ones),
                widths_from=("run", "run"),
            )
        )
    return Plan(tuple(planned), ())


def seen_of(run: LayerCounts) -> Seen:
    """The shares of a layer's operand bits, weights that are left out later included."""
    counts = run.operands
    total = counts.ands
    return Seen(
        run.weight_encoding,
        (
            counts.and_00 / total,
            counts.and_01 / total,
            counts.and_10 / total,
            counts.and_11 / total,
        ),
        counts.patch_ones / counts.patch_bits,
        counts.weight_ones / counts.weight_bits,
    )
