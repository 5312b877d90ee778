"""One layer's work: where it lies, what is counted of it, its time and its energy."""

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
from accelerator.costs import (
    COMPONENTS,
    Pricing,
    layer_energy,
    load_share,
    outside_energy,
    table_energy,
)
from accelerator.counts import Counts
from accelerator.cutting import map_layer
from accelerator.elementwise import larger
from accelerator.hardware import (
    Hardware,
    layer_hardware,
    memory,
    patch_bits,
)
from accelerator.leakage import busy_leakage
from accelerator.logic_counts import LogicCounts
from accelerator.mapping import Mapping
from accelerator.narrowing import narrow
from accelerator.networks.layers import Operation
from accelerator.options import Options
from accelerator.plan import PlannedLayer
from accelerator.seen import Seen
from accelerator.timing import (
    Clock,
    SharedTime,
    digital_shared_time,
    layer_time,
    loading_time,
    shared_time,
    table_shared_time,
)
from accelerator.traffic import Traffic, digital_traffic, mapped_traffic, table_traffic


@dataclass(frozen=True, slots=True)
class Work:
    """One planned layer with what is counted of it.

    `mapping` is how its weights lie, `rows` how row logic does; both are None off the array.
    `tables` are the sub-arrays that keep an embedding's table.
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
    tables: int = 0

    @property
    def subarrays(self) -> int:
        """Sub-arrays of the layer, those that only keep weights included (1)."""
        if self.rows is not None:
            return self.rows.subarrays
        if self.mapping is None:
            return self.tables
        return self.mapping.installed.subarrays + self.mapping.stores

    @property
    def waiting_bits(self) -> int:
        """Bits that the layer takes out of the transposing registers at once (1)."""
        if self.rows is not None:
            return self.rows.waiting_bits
        return 0 if self.mapping is None else patch_bits(self.mapping.installed)


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
    if layer.operation is Operation.EMBEDDING:
        return _table_work(planned, array, options, last)
    if not layer.mapped:
        traffic = digital_traffic(layer, planned.activation_bits, planned.output_bits, last)
        nothing = Hardware()
        return Work(planned, None, Counts(), traffic, nothing, nothing, options)
    seen = planned.seen
    # What is known of the weights in use says nothing of the others in their sub-arrays.
    occupancy = planned.occupancy if planned.wider is None else None
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


def _table_work(planned: PlannedLayer, array: Array, options: Options, last: bool) -> Work:
    """An embedding's table, in sub-arrays that only keep it."""
    bits = planned.activation_bits
    tables = -(-planned.layer.table_elements * bits // (array.rows * array.columns))
    traffic = table_traffic(planned.layer, bits, last)
    hardware = memory(array).times(tables)
    return Work(planned, None, Counts(), traffic, hardware, hardware, options, tables=tables)


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
    if planned.layer.operation is Operation.EMBEDDING:
        return _table_time(clock, work)
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


def _table_time(clock: Clock, work: Work) -> tuple[float, int, list[SharedTime]]:
    """Entries are read one after the other, from one sub-array at a time."""
    traffic, options = work.traffic, work.options
    needed = table_shared_time(clock, traffic, options)
    loading = loading_time(clock, traffic, options)
    written = clock.write(traffic.store_writes, work.tables) if work.tables else 0.0
    loaded = larger(loading.longest, load_share(options) * written)
    total = larger(needed.longest, clock.read(traffic.store_reads, 1)) + loaded
    return total, 0, [needed, loading]


def work_energy(pricing: Pricing, work: Work) -> dict[str, float]:
    """Energy of a layer by component (J), leakage left out."""
    if work.rows is not None and isinstance(work.counts, LogicCounts):
        return row_energy(pricing, work.rows, work.counts, work.traffic)
    if work.mapping is None:
        energy = dict.fromkeys(COMPONENTS, 0.0) | outside_energy(pricing, work.traffic)
        if work.planned.layer.operation is Operation.EMBEDDING:
            for name, more in table_energy(pricing, work.traffic, work.tables).items():
                energy[name] += more
        return energy
    return layer_energy(pricing, work.mapping, work.counts, work.traffic)


def work_busy_leakage(pricing: Pricing, work: Work) -> float:
    """Leakage that the table's energies of a layer's senses and writes already contain (J)."""
    leaked = busy_leakage(pricing, work.counts)
    if isinstance(work.counts, LogicCounts):
        leaked += row_busy_leakage(pricing, work.counts)
    return leaked
