"""What a width costs on the chip that holds the weights of the widest network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from accelerator.assumptions import load_assumptions
from accelerator.boundary import OWN_WIDTHS
from accelerator.errors import EstimateError
from accelerator.inference.costing import plan_run
from accelerator.inference.results import NetworkRun
from accelerator.networks import Network, load_network
from accelerator.options import Options
from accelerator.pipeline import cost_plan, open_table
from accelerator.plan import Plan, plan_layers
from accelerator.prices import Conditions
from accelerator.uncertainty.propagation import Sampling

if TYPE_CHECKING:
    from accelerator.report import Report
    from lut import Table

NOMINAL = Conditions("tt", 1.0, 300.15, 256, 256, None)


@dataclass(frozen=True)
class Costs:
    """One image at a width, on the chip of the widest network and on a chip of its own.

    On the shared chip neighbouring kernels share sub-arrays (`shared`), or kernels are `spread`
    over all sub-arrays of a layer.
    """

    shared: Report
    spread: Report
    own: Report

    @property
    def by_order(self) -> dict[str, Report]:
        """The shared chip's reports by the order of its kernels."""
        return {"blocks": self.shared, "spread": self.spread}


def within(plan: Plan, widest: Plan) -> Plan:
    """A plan whose layers are the first channels of those of the widest network's plan.

    What the weights on the chip hold is known where the widest network ran. Raises EstimateError
    where a layer is not in the widest network.
    """
    wider = {entry.layer.name: entry for entry in widest.layers}
    layers = []
    for entry in plan.layers:
        whole = wider.get(entry.layer.name)
        if whole is None:
            raise EstimateError(f"the widest network has no layer {entry.layer.name!r}")
        seen = entry.seen
        if seen is not None and whole.seen is not None:
            seen = replace(seen, weight_ones=whole.seen.weight_ones)
        layers.append(replace(entry, wider=whole.layer, seen=seen))
    return Plan(tuple(layers), plan.left_out)


def cost_widths(
    networks: Mapping[float, Network],
    plans: Mapping[float, Plan],
    *,
    table: str | Path | Table | None = None,
    conditions: Conditions = NOMINAL,
    options: Options | None = None,
) -> dict[float, Costs]:
    """Costs of every width; the largest is what is on the chip."""
    opened, constants = open_table(table), load_assumptions(None)
    options = options or Options()

    def report(width: float, plan: Plan, order: str = "blocks") -> Report:
        chosen, none = replace(options, kernel_order=order), Sampling.of(0, 0)
        return cost_plan(
            networks[width], plan, opened, conditions, chosen, constants, OWN_WIDTHS, none
        )

    widest = plans[max(plans)]
    return {
        width: Costs(
            report(width, within(plan, widest)),
            report(width, within(plan, widest), "spread"),
            report(width, plan),
        )
        for width, plan in plans.items()
    }


def run_costs(
    files: Mapping[float, Path],
    runs: Mapping[float, NetworkRun],
    table: str | Path | Table | None = None,
) -> dict[float, Costs]:
    """Costs of a mean image of the runs of every width's file, at its own operand bits."""
    networks = {width: load_network(path) for width, path in files.items()}
    plans = {width: plan_run(networks[width], run) for width, run in runs.items()}
    return cost_widths(networks, plans, table=table)


def network_costs(
    networks: Mapping[float, Network],
    bits: int,
    table: str | Path | Table | None = None,
) -> dict[float, Costs]:
    """Costs of every width of a network that did not run, half of all bits being one."""
    plans = {
        width: plan_layers(network, bits, bits, None, "all") for width, network in networks.items()
    }
    return cost_widths(networks, plans, table=table)
