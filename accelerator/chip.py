"""All layers on one chip: hardware, energy with leakage, latency, area."""

from __future__ import annotations

from dataclasses import dataclass, replace

from accelerator.array import Array
from accelerator.assumptions import Assumptions
from accelerator.closed_form import count_events
from accelerator.comparator.costs import (
    add_partial_sums,
    row_busy_leakage,
    row_energy,
    row_hardware,
    row_shared_time,
    row_time,
    row_traffic,
)
from accelerator.comparator.expectation import expected_counts
from accelerator.comparator.mapping import RowMapping, map_rows
from accelerator.costs import COMPONENTS, Pricing, layer_energy, outside_energy
from accelerator.counts import Counts
from accelerator.hardware import (
    Floorplan,
    Hardware,
    buffer_subarrays,
    digital_unit,
    floorplan,
    layer_hardware,
    memory,
    patch_bits,
    transposer,
)
from accelerator.leakage import IdlePower, buffer_time, busy_leakage
from accelerator.logic_counts import LogicCounts
from accelerator.mapping import Mapping, map_layer
from accelerator.narrowing import narrow
from accelerator.options import Options
from accelerator.organisation import Occupation
from accelerator.plan import PlannedLayer
from accelerator.prices import Prices
from accelerator.report import LayerReport
from accelerator.seen import Seen
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
from accelerator.tree import Tree


@dataclass(frozen=True, slots=True)
class Work:
    """One planned layer with what is counted of it.

    `mapping` is how its weights lie, `rows` how row logic does; both are None off the array.
    `hardware` is what is on the chip for it, `running` what of that the layer uses.
    """

    planned: PlannedLayer
    mapping: Mapping | None
    counts: Counts
    traffic: Traffic
    hardware: Hardware
    running: Hardware
    options: Options
    seen: Seen | None = None
    rows: RowMapping | None = None

    @property
    def subarrays(self) -> int:
        """Sub-arrays of the layer, those that only keep weights included (1)."""
        if self.rows is not None:
            return self.rows.subarrays
        return self.mapping.installed.subarrays + self.mapping.stores if self.mapping else 0

    @property
    def waiting_bits(self) -> int:
        """Bits that the layer takes out of the transposing registers at once (1)."""
        if self.rows is not None:
            return self.rows.waiting_bits
        return 0 if self.mapping is None else patch_bits(self.mapping.installed)


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
        registers = transposer([work.waiting_bits for work in works], options)

        # Wires are as long as what they connect, which is placed without them first.
        subarrays = sum(work.subarrays for work in works) + buffers
        everything = sum((work.hardware for work in works), buffer + digital + registers)
        area = floorplan(everything, None, prices, assumptions).total_area
        tree = Tree.over(area, subarrays, array, assumptions)
        return cls(
            works,
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
            _layer_report(
                work,
                plan,
                plan if work.running is work.hardware else self._plan(work.running),
                clock,
                pricing,
                idle,
                pace,
            )
            for work, plan in zip(self.works, plans, strict=True)
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
    if layer.row_logic:
        return _row_work(planned, array, options, assumptions)
    if not layer.mapped:
        traffic = digital_traffic(layer, planned.activation_bits, planned.output_bits, last)
        nothing = Hardware()
        return Work(planned, None, Counts(), traffic, nothing, nothing, options)
    seen, occupancy = planned.seen, planned.occupancy
    own = planned.options(options)
    widths = planned.weight_bits, planned.activation_bits
    mapping = map_layer(planned.installed, *widths, array, own, occupancy)
    if planned.wider is not None:
        mapping = narrow(mapping, layer)
    if seen is not None and occupancy is not None and mapping.kept is not None:
        # Of the sub-arrays that are left, no longer of all.
        seen = occupancy.seen(mapping, seen)
    options = replace(planned, seen=seen).options(options)
    counts = count_events(mapping, array, options, seen)
    traffic = mapped_traffic(
        mapping, counts, planned.output_bits, options.sums_activations, first, last
    )
    running = hardware = layer_hardware(mapping.installed, array, options, assumptions)
    if mapping.wider is not None:
        running = layer_hardware(mapping, array, options, assumptions)
    return Work(planned, mapping, counts, traffic, hardware, running, options, seen)


def _row_work(
    planned: PlannedLayer, array: Array, options: Options, assumptions: Assumptions
) -> Work:
    """Place a layer of row logic; its events are those of its run, or what is likely."""
    rows = map_rows(planned.layer, planned.activation_bits, array, options)
    counts = planned.ran
    if not isinstance(counts, LogicCounts):
        counts = expected_counts(rows, array, options)
    counts = add_partial_sums(counts, rows)
    traffic = row_traffic(rows, counts, planned.output_bits)
    hardware = row_hardware(rows, array, assumptions)
    return Work(planned, None, counts, traffic, hardware, hardware, options, rows=rows)


def work_time(clock: Clock, work: Work) -> tuple[float, int, list[SharedTime]]:
    """A layer's time (s), its row steps, and what it needs of what all layers share."""
    planned, options = work.planned, work.options
    if work.rows is not None and isinstance(work.counts, LogicCounts):
        total = row_time(clock, work.rows, work.counts, work.traffic, options)
        needed = row_shared_time(clock, work.rows, work.traffic, options)
        return total, work.rows.rounds, [needed]
    if work.mapping is None:
        elements = planned.layer.output_elements
        needed = digital_shared_time(
            clock, work.traffic, elements, planned.activation_bits, options
        )
        return needed.longest, 0, [needed]
    needed = shared_time(clock, work.mapping, work.traffic, options)
    loading = loading_time(clock, work.traffic, options)
    time = layer_time(clock, work.mapping, work.traffic, options, needed, loading)
    return time.total, time.steps, [needed, loading]


def work_energy(pricing: Pricing, work: Work) -> dict[str, float]:
    """Energy of a layer by component (J), leakage left out."""
    if work.rows is not None and isinstance(work.counts, LogicCounts):
        return row_energy(pricing, work.rows, work.counts, work.traffic)
    if work.mapping is None:
        return dict.fromkeys(COMPONENTS, 0.0) | outside_energy(pricing, work.traffic)
    return layer_energy(pricing, work.mapping, work.counts, work.traffic)


def work_busy_leakage(pricing: Pricing, work: Work) -> float:
    """Leakage that the table's energies of a layer's senses and writes already contain (J)."""
    leaked = busy_leakage(pricing, work.counts)
    if isinstance(work.counts, LogicCounts):
        leaked += row_busy_leakage(pricing, work.counts)
    return leaked


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
    )


def _cut(work: Work, array: Array) -> dict[str, float]:
    """How the layer is cut, and the share of its sub-arrays' cells that hold weights."""
    if work.mapping is None:
        return {} if work.rows is None else work.rows.summary()
    held = work.counts.weight_cells + work.traffic.store_writes
    cells = work.subarrays * array.rows * array.columns
    share = held / cells if cells else 0.0
    return {**work.mapping.summary(), "weight_cell_share": share}
