"""The same network, widths and copies on bit-wise MRAM and on analog crossbars."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from accelerator.crossbar.cost import ADC_BITS, CrossbarReport, crossbar_cost
from accelerator.networks import Network, load_network
from accelerator.options import bit_width, first_last_widths, whole_number
from accelerator.pipeline import estimate
from accelerator.plan import plan_layers

if TYPE_CHECKING:
    from accelerator.report import Report
    from lut import Table


@dataclass(frozen=True, slots=True)
class Beside:
    """One network on both, with ours over the crossbar's (1)."""

    ours: Report
    crossbar: CrossbarReport

    @property
    def ratios(self) -> dict[str, float]:
        """Ours over the crossbar's: energy, latency, area."""
        return {
            "energy": self.ours.energy / self.crossbar.energy,
            "latency": self.ours.latency / self.crossbar.latency,
            "area": self.ours.area / self.crossbar.area,
        }

    def to_dict(self) -> dict[str, Any]:
        """The JSON."""
        return {
            "format": "mramcim-crossbar/1",
            "network": self.ours.network,
            "weight_bits": self.ours.weight_bits,
            "activation_bits": self.ours.activation_bits,
            "ours": {
                "energy_J": self.ours.energy,
                "latency_s": self.ours.latency,
                "area_m2": self.ours.area,
            },
            "crossbar": self.crossbar.to_dict(),
            "ratios": self.ratios,
        }


def beside_crossbar(
    network: str | os.PathLike[str] | Network,
    *,
    table: str | os.PathLike[str] | Table | None = None,
    weight_bits: int = 1,
    activation_bits: int = 1,
    first_last: str | None = None,
    coverage: str = "all",
    copies: int = 1,
    adc_bits: int = ADC_BITS,
) -> Beside:
    """Cost a network on both with the arguments of `accelerator.estimate`.

    Raises EstimateError and lut.TableError as that does, and for a resolution that no
    converter has.
    """
    parsed = load_network(network)
    plan = plan_layers(
        parsed,
        bit_width("weight bits", weight_bits),
        bit_width("activation bits", activation_bits),
        first_last_widths(first_last),
        coverage,
    )
    copies = whole_number("copies", copies, least=1)
    theirs = crossbar_cost(plan, copies=copies, adc_bits=adc_bits)
    ours = estimate(
        parsed, table=table, weight_bits=weight_bits, activation_bits=activation_bits,
        first_last=first_last, coverage=coverage, copies=copies, samples=0,
    )  # fmt: skip
    return Beside(ours, theirs)
