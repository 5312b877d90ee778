"""All layers on one chip: hardware, energy with leakage, latency, area."""

from __future__ import annotations

from dataclasses import dataclass, replace

from accelerator.array import Array
from accelerator.assumptions import Assumptions
from accelerator.costs import Pricing
from accelerator.hardware import (
    Floorplan,
    Hardware,
    buffer_subarrays,
    digital_unit,
    floorplan,
    memory,
    transposer,
)
from accelerator.leakage import IdlePower, buffer_time
from accelerator.logic_counts import LogicCounts
from accelerator.options import Options
from accelerator.organisation import Occupation
from accelerator.pacing import LayerPace, layer_pace
from accelerator.plan import PlannedLayer
from accelerator.prices import Prices
from accelerator.report import LayerReport
from accelerator.throughput import Pace
from accelerator.timing import (
    Clock,
)
from accelerator.traffic import output_width
from accelerator.tree import Tree
from accelerator.work import Work, plan_work, work_busy_leakage, work_energy, work_time


@dataclass(frozen=True, slots=True)
class Chip:
    """All layers on one chip: what they share is the buffer, the digital unit, the wires."""

    works: tuple[Work, ...]
    pricing: Pricing
    buffers: int
    buffer_plan: Floorplan
    digital_plan: Floorplan
    transposer_plan: Floorplan

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
        first = first_mapped(layers)
        known: dict[object, Work] = {}
        works = []
        for entry in layers:
            ends = entry is first, entry is layers[-1]
            alike = (entry.nameless, ends) if entry.by_shape else id(entry)
            if alike not in known:
                known[alike] = plan_work(entry, array, options, assumptions, *ends)
            works.append(replace(known[alike], planned=entry))
        buffers = buffer_subarrays(
            [(e.installed, e.activation_bits, e.output_bits) for e in layers], array, options
        )
        width = max(output_width(w.mapping, w.options.sums_activations) for w in works if w.mapping)
        bits = max(entry.output_bits for entry in layers)
        digital = digital_unit(width, bits, assumptions)
        buffer = memory(array).times(buffers)
        registers = transposer([work.waiting_bits for work in works], options)

        # Wires are as long as what they connect, which is placed without them first.
        subarrays = sum(work.subarrays for work in works) + buffers
        everything = sum((work.hardware for work in works), buffer + digital + registers)
        area = floorplan(everything, None, prices, assumptions).total_area
        tree = Tree.over(area, subarrays, array, assumptions)
        return cls(
            tuple(works),
            Pricing(prices, array, options, assumptions, tree, buffers),
            buffers,
            floorplan(buffer, tree, prices, assumptions),
            floorplan(digital, tree, prices, assumptions),
            floorplan(registers, tree, prices, assumptions),
        )

    def _plan(self, hardware: Hardware) -> Floorplan:
        return floorplan(hardware, self.pricing.tree, self.pricing.prices, self.pricing.assumptions)

    @property
    def occupation(self) -> Occupation:
        """The levels of the chip, and how full they are."""
        tree = self.pricing.tree
        return Occupation(tree.organisation, self.pricing.array, tree.subarrays)

    def area_components(self) -> dict[str, float]:
        """Area by component (m2)."""
        plan = self._plan(sum((work.hardware for work in self.works), Hardware()))
        return {
            **plan.area,
            "buffers": self.buffer_plan.total_area,
            "transpose": self.transposer_plan.total_area,
            "digital_unit": self.digital_plan.total_area,
        }

    def clock(self) -> Clock:
        """Durations of single operations on this chip."""
        pricing = self.pricing
        return Clock(
            pricing.prices,
            pricing.array,
            pricing.assumptions,
            pricing.tree,
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

    def layer_paces(self) -> tuple[LayerPace, ...]:
        """What each layer's time goes to; of prices that are numbers, not samples."""
        clock = self.clock()
        known: dict[int, LayerPace] = {}
        for work in self.works:
            if id(work.counts) not in known:
                known[id(work.counts)] = layer_pace(clock, work)
        return tuple(known[id(work.counts)] for work in self.works)

    def layer_reports(self) -> tuple[LayerReport, ...]:
        """All layers in order, leakage of the whole chip shared out by time."""
        pricing, clock, pace = self.pricing, self.clock(), self.pace()
        plans: dict[int, Floorplan] = {}
        for work in self.works:
            for hardware in (work.hardware, work.running):
                if id(hardware) not in plans:
                    plans[id(hardware)] = self._plan(hardware)
        idle = IdlePower.of(
            pricing,
            installed=sum(plans[id(work.hardware)].leakage_power for work in self.works),
            buffer=self.buffer_plan.leakage_power,
            always_on=self.digital_plan.leakage_power + self.transposer_plan.leakage_power,
        )
        # Layers of one shape share their counts, and so all but their names.
        known: dict[int, LayerReport] = {}
        for work in self.works:
            if id(work.counts) not in known:
                plan, running = plans[id(work.hardware)], plans[id(work.running)]
                known[id(work.counts)] = _layer_report(
                    work, plan, running, clock, pricing, idle, pace
                )
        return tuple(
            replace(
                known[id(work.counts)],
                name=work.planned.layer.name,
                widths_from=work.planned.widths_from,
                activation_encoding=_activation_encoding(work.planned),
            )
            for work in self.works
        )


def first_mapped(layers: tuple[PlannedLayer, ...]) -> PlannedLayer:
    """The first layer on sub-arrays, which takes the network's input."""
    return next(entry for entry in layers if entry.layer.mapped)


def _activation_encoding(planned: PlannedLayer) -> str:
    """That of the layer's own quantizer, if that says its width; empty where it is not known."""
    own = planned.layer.quantized
    if own is None or own.activation_bits != planned.activation_bits:
        return ""
    return own.activation_encoding or ""


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
    energy = work_energy(pricing, work)
    in_buffer = buffer_time(clock, work.traffic)
    if pace is None:
        leaked = idle.during(running.leakage_power, latency, in_buffer)
    else:
        share = latency / pace.latency
        own = running.leakage_power
        leaked = idle.pipelined(own, latency, in_buffer, pace.interval, share)
        leaked += (plan.leakage_power - own) * idle.rest * pace.interval
    energy["leakage"] = leaked - work_busy_leakage(pricing, work)
    cycles: float = work.counts.and_cycles + work.counts.read_cycles
    if isinstance(work.counts, LogicCounts):
        cycles += work.counts.xor_cycles + work.counts.or_cycles
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
        work.subarrays,
        plan.total_area,
        steps,
        cycles,
        {**work.counts.to_dict(), **work.traffic.to_dict()}
        if layer.mapped or layer.row_logic
        else work.traffic.to_dict(),
        _cut(work, pricing.array),
        planned.output_bits,
        work.seen,
        planned.choice,
        work.mapping.kept if work.mapping else None,
        planned.wider,
        work.mapping.subarrays if work.mapping else work.subarrays,
        running.total_area,
        layer.summands,
        work.options.weight_encoding if layer.mapped else "",
    )


def _cut(work: Work, array: Array) -> dict[str, float]:
    """How the layer is cut, and the share of its sub-arrays' cells that hold weights."""
    if work.rows is not None:
        return work.rows.summary()
    if work.mapping is None:
        cells = work.tables * array.rows * array.columns
        share = work.traffic.store_writes / cells if cells else 0.0
        return {"stores": work.tables, "weight_cell_share": share} if work.tables else {}
    held = work.counts.weight_cells + work.traffic.store_writes
    cells = work.subarrays * array.rows * array.columns
    share = held / cells if cells else 0.0
    return {**work.mapping.summary(), "weight_cell_share": share}
