"""What an image takes on one group of lanes: energy, time, idle power, area.

All lanes work on neighbouring outputs of one kernel (in products with one position on as many
images), so that they share each weight: a weight of magnitude W takes W cycles, or as long as it
takes to sense the next operands, which goes on meanwhile. Zeros among the weights are sensed and
skipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil
from typing import Any

import numpy as np

from accelerator.array import Array
from accelerator.assumptions import Assumptions, load_assumptions
from accelerator.costs import Pricing, outside_energy
from accelerator.hardware import Hardware, floorplan, memory
from accelerator.options import Options
from accelerator.organisation import Organisation
from accelerator.pipeline import build_array
from accelerator.prices import Conditions, Prices
from accelerator.stochastic.lanes import LaneGroup
from accelerator.stochastic.multiplier import remaining
from accelerator.stochastic.network import FixedLayer, FixedNetwork
from accelerator.traffic import Traffic, digital_traffic
from accelerator.tree import Tree

PHASES = 2
"""Sense cycles in which the lanes get their activations; docs/stochastic.md compares others."""


@dataclass(frozen=True, slots=True)
class ImageCost:
    """One image on one group of lanes.

    components: energy (J) by component, leakage among them. time: s an image, the group always
    busy. cycles: in which a lane counts. products: multiply-accumulates. waiting: share (1) of
    the time in which lanes wait for operands.
    """

    components: dict[str, float]
    time: float
    cycles: float
    products: int
    waiting: float
    area: float

    @property
    def energy(self) -> float:
        """J an image."""
        return sum(self.components.values())

    @property
    def power(self) -> float:
        """W while images follow each other."""
        return self.energy / self.time

    def to_dict(self) -> dict[str, Any]:
        """Entry in the JSON, in SI units."""
        return {
            "energy_J": self.energy,
            "components_J": self.components,
            "time_s": self.time,
            "cycles": self.cycles,
            "products": self.products,
            "waiting": self.waiting,
            "area_m2": self.area,
        }


@dataclass(frozen=True)
class LaneMachine:
    """A fixed network on sub-arrays with one group of lanes; conditions and constants."""

    network: FixedNetwork
    conditions: Conditions
    prices: Prices
    assumptions: Assumptions
    phases: int

    @classmethod
    def of(
        cls,
        network: FixedNetwork,
        conditions: Conditions,
        prices: Prices,
        phases: int = PHASES,
        assumptions: Assumptions | None = None,
    ) -> LaneMachine:
        """With the shipped constants, where no others are given."""
        return cls(network, conditions, prices, assumptions or load_assumptions(), phases)

    def with_prices(self, prices: Prices) -> LaneMachine:
        """The same after some time, or anywhere else in the table."""
        return replace(self, prices=prices)

    @cached_property
    def pricing(self) -> Pricing:
        """Prices of senses, wires and the rest; all sub-arrays stand side by side."""
        array = build_array(self.conditions, self.prices, Options(), self.assumptions)
        side = floorplan(memory(array), None, self.prices, self.assumptions).total_area ** 0.5
        subarrays = self._subarrays(array)
        tree = Tree(
            Organisation.of(self.assumptions),
            subarrays,
            side,
            self.assumptions.root_to_leaf_over_side.value,
            array.amplifiers,
        )
        return Pricing(self.prices, array, Options(), self.assumptions, tree, subarrays)

    @cached_property
    def group(self) -> LaneGroup:
        """The lanes, their sums wide enough for the longest patch."""
        longest = max(own.layer.patch_length for own in self.network.layers)
        return LaneGroup.beside(self.pricing.array, self.network.bits, longest, self.phases)

    @property
    def period(self) -> float:
        """The shortest period of the lanes' clock (s)."""
        return self.group.period(self.prices)

    @cached_property
    def hardware(self) -> Hardware:
        """Lanes, and the sub-arrays beside them."""
        array = self.pricing.array
        subarrays = self._subarrays(array)
        mats = Organisation.of(self.assumptions).mats(subarrays)
        registers = Hardware(flip_flops=mats * self.assumptions.control_flip_flops.value)
        return memory(array).times(subarrays) + registers + self.group.hardware

    def _subarrays(self, array: Array) -> int:
        """Sub-arrays for all weights with signs and for the largest tensors (1).

        Where a layer has fewer positions than there are lanes, tensors of as many images as fill
        them.
        """
        bits = self.network.bits
        cells = array.operand_rows * array.columns
        weights = sum(own.weights.size for own in self.network.layers) * (bits + 1)
        tensors = max(e.input_elements + e.output_elements for e in self.network.network.layers)
        lanes = LaneGroup.beside(array, bits, 1, self.phases).lanes
        batch = ceil(lanes / min(own.layer.positions for own in self.network.layers))
        return ceil(weights / cells) + ceil(tensors * bits * batch / cells)

    def time(self, dropped: int | Sequence[int], period: float) -> float:
        """Time of an image (s) at a clock's period (s)."""
        return sum(
            own.layer.positions / self.group.lanes * self._duration(own, cut, period)
            for own, cut in self._cut(dropped)
        )

    def cost(self, dropped: int | Sequence[int], period: float) -> ImageCost:
        """Everything of an image at a clock's period (s)."""
        pricing, group = self.pricing, self.group
        components: dict[str, float] = {}
        cycles, counting = 0.0, 0.0
        for own, cut in self._cut(dropped):
            for name, energy in _layer_energy(pricing, group, own, cut).items():
                components[name] = components.get(name, 0.0) + energy
            counted = float(_counted(own, cut).sum())
            cycles += counted * own.layer.positions
            counting += counted * own.layer.positions / group.lanes * period
        for name, energy in outside_energy(pricing, self._traffic()).items():
            components[name] = components.get(name, 0.0) + energy
        time = self.time(dropped, period)
        plan = floorplan(self.hardware, pricing.tree, self.prices, self.assumptions)
        components["leakage"] = plan.leakage_power * time
        return ImageCost(
            {name: energy for name, energy in components.items() if energy},
            time,
            cycles,
            sum(own.layer.macs for own in self.network.layers),
            1 - counting / time,
            plan.total_area,
        )

    def period_for(self, dropped: int | Sequence[int], time: float) -> float:
        """The slowest clock's period (s) at which an image takes no longer than `time` (s).

        The time is piecewise linear in the period and grows with it. Zero where sensing the
        operands alone takes longer.
        """
        if self.time(dropped, 0.0) > time:
            return 0.0
        low, high = 0.0, time
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if self.time(dropped, middle) <= time else (low, middle)
        return low

    def _cut(self, dropped: int | Sequence[int]) -> list[tuple[FixedLayer, int]]:
        cuts = self.network.dropped_by_layer(dropped)
        return list(zip(self.network.layers, cuts, strict=True))

    def _duration(self, own: FixedLayer, cut: int, period: float) -> float:
        """Time (s) of all weights, each its cycles or sensing the next operands."""
        sensing = self.phases * self.prices.read.cycle_time
        return float(np.maximum(_counted(own, cut) * period, sensing).sum())

    def _traffic(self) -> Traffic:
        """Outputs into the memory and what the digital unit does, for one image."""
        bits, last = self.network.bits, self.network.network.layers[-1]
        total = Traffic()
        for layer in self.network.network.layers:
            if layer.mapped:
                # The sum is shifted and rounded by an addition, and the code kept.
                part = Traffic(
                    buffer_writes=layer.output_elements * bits,
                    adders=layer.output_elements * self.group.sum_bits,
                    flip_flops=layer.output_elements * bits,
                )
            else:
                part = digital_traffic(layer, bits, bits, layer is last)
            for name, value in part.to_dict().items():
                setattr(total, name, getattr(total, name) + value)
        return total


def _counted(own: FixedLayer, cut: int) -> Any:
    return np.abs(own.weights) >> cut


def _layer_energy(
    pricing: Pricing, group: LaneGroup, own: FixedLayer, cut: int
) -> dict[str, float]:
    """Energy of a layer's operands and lanes for one image (J)."""
    prices, width = pricing.prices, remaining(group.bits, cut)
    counted = _counted(own, cut)
    rounds = own.layer.positions / group.lanes
    weights, used = counted.size * rounds, int(np.count_nonzero(counted)) * rounds
    cycles = float(counted.sum()) * rounds

    ones = pricing.options.activation_density
    sensed = used * group.lanes * width
    stored = weights * (width + 1)
    set_bits = sum(int(((counted >> place) & 1).sum()) for place in range(width))
    set_bits += int((own.weights < 0).sum())
    ones_stored = set_bits * rounds
    selections = weights + used

    # Low bits of the sums stand still while they are cut off.
    counters = 2 * width + group.lanes * (group.sum_bits - cut)
    gates = width + group.lanes * 2
    return {
        "activation_reads": pricing.sense(
            prices.read, {"0": sensed * (1 - ones), "1": sensed * ones}
        ),
        "weight_reads": pricing.sense(prices.read, {"0": stored - ones_stored, "1": ones_stored}),
        "word_lines": selections * prices.read_line.energy,
        "decoder": pricing.decoding(selections),
        "control_clock": pricing.control(selections),
        "operand_registers": pricing.flip_flops(used * (group.lanes * width + width)),
        "counters": cycles * counters * (prices.full_adder.energy + prices.flip_flop.energy),
        "multiplexers": cycles
        * (gates * prices.decoder_gate.energy + group.lanes * prices.flip_flop.energy),
    }
