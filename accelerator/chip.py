"""All layers on one chip: hardware, energy with leakage, latency, area."""

from __future__ import annotations

from dataclasses import dataclass, replace

from accelerator.array import Array
from accelerator.assumptions import Assumptions
from accelerator.closed_form import count_events
from accelerator.costs import COMPONENTS, Distances, Pricing, layer_energy, outside_energy
from accelerator.counts import Counts
from accelerator.hardware import (
    Floorplan,
    Hardware,
    buffer_subarrays,
    digital_unit,
    floorplan,
    layer_hardware,
    memory,
    transposer,
)
from accelerator.leakage import IdlePower, buffer_time, busy_leakage
from accelerator.mapping import Mapping, map_layer
from accelerator.narrowing import narrow
from accelerator.options import Options
from accelerator.plan import PlannedLayer
from accelerator.prices import Prices
from accelerator.report import LayerReport
from accelerator.throughput import Pace
from accelerator.timing import (
    Clock,
    SharedTime,
    digital_shared_time,
    layer_time,
    loading_time,
    shared_time,
)
from accelerator.traffic import Traffic, digital_traffic, mapped_traffic, output_width


@dataclass(frozen=True, slots=True)
class Work:
    """One planned layer with what is counted of it; `mapping` is None off the array.

    `hardware` is what is on the chip for it, `running` what of that the layer uses.
    """

    planned: PlannedLayer
    mapping: Mapping | None
    counts: Counts
    traffic: Traffic
    hardware: Hardware
    running: Hardware
    options: Options


@dataclass(frozen=True, slots=True)
class Chip:
    """All layers on one chip: what they share is the buffer, the digital unit, the wires."""

    works: tuple[Work, ...]
    pricing: Pricing
    buffers: int
    buffer_plan: Floorplan
    digital_plan: Floorplan
    transposer_plan: Floorplan
    pitch: float

    @classmethod
    def build(
        cls,
        layers: tuple[PlannedLayer, ...],
        array: Array,
        prices: Prices,
        options: Options,
        assumptions: Assumptions,
    ) -> Chip:
        """Map and count all layers, place them, and measure the wires between them."""
        works = tuple(
            plan_work(
                entry,
                array,
                options,
                assumptions,
                entry is first_mapped(layers),
                entry is layers[-1],
            )
            for entry in layers
        )
        buffers = buffer_subarrays(
            [(e.installed, e.activation_bits, e.output_bits) for e in layers], array, options
        )
        width = max(output_width(w.mapping, w.options.sums_activations) for w in works if w.mapping)
        bits = max(entry.output_bits for entry in layers)
        digital = digital_unit(width, bits, assumptions)
        buffer = memory(array).times(buffers)
        mappings = [work.mapping.installed for work in works if work.mapping]
        registers = transposer(mappings, options)

        # Wires are as long as what they connect, which is placed without them first.
        subarrays = sum(mapping.subarrays for mapping in mappings) + buffers
        everything = sum((work.hardware for work in works), buffer + digital + registers)
        area = floorplan(everything, 0.0, prices, assumptions).total_area
        pitch = (area / subarrays) ** 0.5
        distances = Distances(
            assumptions.root_to_leaf_over_side.value * area**0.5,
            assumptions.root_to_leaf_over_side.value * buffers**0.5 * pitch,
            pitch,
        )
        return cls(
            works,
            Pricing(prices, array, options, assumptions, distances),
            buffers,
            floorplan(buffer, pitch, prices, assumptions),
            floorplan(digital, pitch, prices, assumptions),
            floorplan(registers, pitch, prices, assumptions),
            pitch,
        )

    def _plan(self, hardware: Hardware) -> Floorplan:
        return floorplan(hardware, self.pitch, self.pricing.prices, self.pricing.assumptions)

    def area_components(self) -> dict[str, float]:
        """Area by component (m2)."""
        plan = self._plan(sum((work.hardware for work in self.works), Hardware()))
        return {
            **plan.area,
            "buffers": self.buffer_plan.total_area,
            "transpose": self.transposer_plan.total_area,
            "digital_unit": self.digital_plan.total_area,
        }

    def _running(self, plans: list[Floorplan]) -> list[Floorplan]:
        """Floorplans of what every layer uses of its own, `plans`."""
        return [
            plan if work.running is work.hardware else self._plan(work.running)
            for work, plan in zip(self.works, plans, strict=True)
        ]

    def clock(self) -> Clock:
        """Durations of single operations on this chip."""
        pricing = self.pricing
        return Clock(
            pricing.prices,
            pricing.array,
            pricing.assumptions,
            pricing.distances,
            self.buffers,
        )

    def pace(self) -> Pace | None:
        """How often an image can enter where layers are pipelined; else None."""
        if not self.pricing.options.pipelined:
            return None
        clock = self.clock()
        latencies, shared = {}, []
        for work in self.works:
            name = work.planned.layer.name
            latencies[name], _, needed = work_time(clock, work)
            shared += needed
        return Pace.of(latencies, shared)

    def layer_reports(self) -> tuple[LayerReport, ...]:
        """All layers in order, leakage of the whole chip shared out by time."""
        pricing, clock, pace = self.pricing, self.clock(), self.pace()
        plans = [self._plan(work.hardware) for work in self.works]
        idle = IdlePower.of(
            pricing,
            installed=sum(plan.leakage_power for plan in plans),
            buffer=self.buffer_plan.leakage_power,
            always_on=self.digital_plan.leakage_power + self.transposer_plan.leakage_power,
        )
        return tuple(
            _layer_report(work, plan, running, clock, pricing, idle, pace)
            for work, plan, running in zip(self.works, plans, self._running(plans), strict=True)
        )


def first_mapped(layers: tuple[PlannedLayer, ...]) -> PlannedLayer:
    """The first layer on sub-arrays, which takes the network's input."""
    return next(entry for entry in layers if entry.layer.mapped)


def plan_work(
    planned: PlannedLayer,
    array: Array,
    options: Options,
    assumptions: Assumptions,
    first: bool,
    last: bool,
) -> Work:
    """Map a layer and count it; nothing here depends on a price.

    `first` takes the image from outside the chip, `last` sends its result there.
    """
    layer = planned.layer
    if not layer.mapped:
        traffic = digital_traffic(layer, planned.activation_bits, planned.output_bits, last)
        return Work(planned, None, Counts(), traffic, Hardware(), Hardware(), options)
    options = planned.options(options)
    bits = planned.weight_bits, planned.activation_bits
    mapping = map_layer(planned.installed, *bits, array, options)
    if planned.wider is not None:
        mapping = narrow(mapping, layer)
    counts = count_events(mapping, array, options, planned.seen)
    traffic = mapped_traffic(
        mapping, counts, planned.output_bits, options.sums_activations, first, last
    )
    hardware = running = layer_hardware(mapping.installed, array, options, assumptions)
    if planned.wider is not None:
        running = layer_hardware(mapping, array, options, assumptions)
    return Work(planned, mapping, counts, traffic, hardware, running, options)


def work_time(clock: Clock, work: Work) -> tuple[float, int, list[SharedTime]]:
    """A layer's time (s), its row steps, and what it needs of what all layers share."""
    planned, options = work.planned, work.options
    if work.mapping is None:
        elements = planned.layer.output_elements
        needed = digital_shared_time(
            clock, work.traffic, elements, planned.activation_bits, options
        )
        return needed.longest, 0, [needed]
    time = layer_time(clock, work.mapping, work.traffic, options)
    needed = shared_time(clock, work.mapping, work.traffic, options)
    return time.total, time.steps, [needed, loading_time(clock, work.traffic, options)]


def work_energy(pricing: Pricing, work: Work) -> dict[str, float]:
    """Energy of a layer by component (J), leakage left out."""
    if work.mapping is None:
        return dict.fromkeys(COMPONENTS, 0.0) | outside_energy(pricing, work.traffic)
    return layer_energy(pricing, work.mapping, work.counts, work.traffic)


def _layer_report(
    work: Work,
    plan: Floorplan,
    running: Floorplan,
    clock: Clock,
    pricing: Pricing,
    idle: IdlePower,
    pace: Pace | None,
) -> LayerReport:
    planned, layer = work.planned, work.planned.layer
    pricing = replace(pricing, options=work.options)
    latency, steps, _ = work_time(clock, work)
    subarrays = work.mapping.installed.subarrays if work.mapping else 0
    energy = work_energy(pricing, work)
    in_buffer = buffer_time(clock, work.traffic)
    if pace is None:
        leaked = idle.during(running.leakage_power, latency, in_buffer)
    else:
        share = latency / pace.latency
        own = running.leakage_power
        leaked = idle.pipelined(own, latency, in_buffer, pace.interval, share)
        leaked += (plan.leakage_power - own) * idle.rest * pace.interval
    energy["leakage"] = leaked - busy_leakage(pricing, work.counts)
    return LayerReport(
        layer.name,
        layer.operation.value,
        layer.macs,
        planned.weight_bits,
        planned.activation_bits,
        work.counts.ands,
        sum(energy.values()),
        latency,
        energy,
        subarrays,
        plan.total_area,
        steps,
        work.counts.and_cycles + work.counts.read_cycles,
        {**work.counts.to_dict(), **work.traffic.to_dict()}
        if layer.mapped
        else work.traffic.to_dict(),
        _mapping_summary(work.mapping, work.counts, pricing.array) if work.mapping else {},
        planned.output_bits,
        planned.seen,
        planned.choice,
        planned.wider,
        work.mapping.subarrays if work.mapping else 0,
        running.total_area,
    )


def _mapping_summary(mapping: Mapping, counts: Counts, array: Array) -> dict[str, float]:
    """How the layer is cut, and the share of its sub-arrays' cells that hold weights."""
    cells = mapping.installed.subarrays * array.rows * array.columns
    return {**mapping.summary(), "weight_cell_share": counts.weight_cells / cells}
