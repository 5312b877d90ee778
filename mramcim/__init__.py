"""From a netlist to a network: SOT-MRAM logic simulated, tabulated and costed.

    from mramcim import Table, estimate

    report = estimate("alexnet", table=Table.open("table.h5"), weight_bits=1, activation_bits=4)

The names below are all that a user needs of the packages behind them, which have more. Each is
loaded when it is first used, so that importing this package, as the command does, costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accelerator.bitwise.convolution import bitwise_conv2d
    from accelerator.bitwise.weights import PackedWeights, pack_weights
    from accelerator.comparison import Comparison, compare
    from accelerator.errors import EstimateError, UnsuitableTableError
    from accelerator.exploration.exploration import Exploration, explore
    from accelerator.exploration.space import Space
    from accelerator.figures import Figures
    from accelerator.inference import NetworkRun, QuantizedNetwork, cost_run
    from accelerator.networks import Network, load_network, network_names
    from accelerator.pipeline import estimate
    from accelerator.report import LayerReport, Report
    from accelerator.search.search import search_mapping
    from characterize import Plan, PlanError, load_plan, run_plan
    from lut import Table, TableError, diff, merge, write_table

__all__ = [
    "Comparison",
    "EstimateError",
    "Exploration",
    "Figures",
    "LayerReport",
    "Network",
    "NetworkRun",
    "PackedWeights",
    "Plan",
    "PlanError",
    "QuantizedNetwork",
    "Report",
    "Space",
    "Table",
    "TableError",
    "UnsuitableTableError",
    "bitwise_conv2d",
    "compare",
    "cost_run",
    "diff",
    "estimate",
    "explore",
    "load_network",
    "load_plan",
    "merge",
    "network_names",
    "pack_weights",
    "run_plan",
    "search_mapping",
    "write_table",
]

_HOMES = {
    "accelerator.bitwise.convolution": ("bitwise_conv2d",),
    "accelerator.bitwise.weights": ("PackedWeights", "pack_weights"),
    "accelerator.comparison": ("Comparison", "compare"),
    "accelerator.errors": ("EstimateError", "UnsuitableTableError"),
    "accelerator.exploration.exploration": ("Exploration", "explore"),
    "accelerator.exploration.space": ("Space",),
    "accelerator.figures": ("Figures",),
    "accelerator.inference": ("NetworkRun", "QuantizedNetwork", "cost_run"),
    "accelerator.networks": ("Network", "load_network", "network_names"),
    "accelerator.pipeline": ("estimate",),
    "accelerator.report": ("LayerReport", "Report"),
    "accelerator.search.search": ("search_mapping",),
    "characterize": ("Plan", "PlanError", "load_plan", "run_plan"),
    "lut": ("Table", "TableError", "diff", "merge", "write_table"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
