"""What a layer of row logic takes: its energy by component, its time, its hardware, its traffic."""

from __future__ import annotations

from accelerator.array import Array
from accelerator.assumptions import Assumptions
from accelerator.comparator.mapping import RowMapping
from accelerator.costs import (
    COMPONENTS,
    COUNTER_ACTIVITY,
    Pricing,
    outside_energy,
)
from accelerator.elementwise import larger
from accelerator.errors import UnsuitableTableError
from accelerator.hardware import Hardware, memory
from accelerator.logic_counts import LogicCounts
from accelerator.networks.layers import Operation
from accelerator.options import Options
from accelerator.organisation import Organisation
from accelerator.prices import Prices, SensePrice
from accelerator.timing import Clock, SharedTime
from accelerator.traffic import Traffic

VALUES = ("00", "01", "10", "11")


def logic_prices(prices: Prices) -> tuple[SensePrice, SensePrice]:
    """The prices of XOR and OR.

    Raises:
        UnsuitableTableError: they were not read.
    """
    if prices.xor2 is None or prices.or2 is None:
        raise UnsuitableTableError(
            "a layer of row logic needs XOR and OR: characterize xor2 and or2 with the table"
        )
    return prices.xor2, prices.or2


def row_energy(
    pricing: Pricing, mapping: RowMapping, counts: LogicCounts, traffic: Traffic
) -> dict[str, float]:
    """Energy of a layer of row logic by component (J), leakage left out."""
    prices, counted = pricing.prices, pricing.options.count_input_writes
    xor2, or2 = logic_prices(prices)

    def senses(price: SensePrice, name: str, values: tuple[str, ...] = VALUES) -> float:
        number = {value: getattr(counts, f"{name}_{value}") for value in values}
        idle = getattr(counts, f"{name}_reference_idle")
        return pricing.sense(price, number) + pricing.idle_references(price, idle)

    out = {
        "logic_xor": senses(xor2, "xor"),
        "logic_and_or": senses(prices.and2, "and") + senses(or2, "or"),
        "logic_read": senses(prices.read, "read", ("0", "1")),
        "logic_mask": pricing.flip_flops(counts.mask_flip_flops)
        + counts.mask_gates * prices.decoder_gate.energy,
        "result_write": pricing.writing(counts.result_0, counts.result_1),
    }
    input_rows = counts.input_rows if counted else 0
    read_lines = 2 * (counts.xor_rows + counts.and_rows + counts.or_rows) + counts.read_rows
    write_lines = input_rows + counts.result_rows
    out["word_lines"] = (
        read_lines * prices.read_line.energy + write_lines * prices.write_line.energy
    )
    out["decoder"] = pricing.decoding(read_lines + write_lines)
    half_selected = counts.result_half_selected
    if counted:
        out["input_write"] = pricing.writing(counts.input_0, counts.input_1)
        half_selected += counts.input_half_selected
    out["half_select"] = half_selected * prices.write.half_selected
    out["control_clock"] = pricing.control(
        counts.xor_cycles
        + counts.and_cycles
        + counts.or_cycles
        + counts.read_cycles
        + counts.result_pulses
        + (counts.input_pulses if counted else 0),
        mapping.subarrays,
    )
    out["shift_accumulate"] = pricing.adders(counts.partial_adders) + pricing.flip_flops(
        counts.partial_flip_flops
    )
    tree = pricing.tree
    collected = COUNTER_ACTIVITY * (
        traffic.partial_bits * len(mapping.chunks) ** 0.5 * tree.pitch
        + traffic.output_bits * tree.root_to_leaf
    )
    out["interconnect"] = (
        pricing.sent(traffic.input_bits, tree.subarrays, pricing.options.activation_density)
        + collected * 1e3 * prices.wire.energy
        + pricing.flip_flops(tree.stages(tree.subarrays) * traffic.output_bits)
    )
    out |= outside_energy(pricing, traffic)
    return {name: out.get(name, 0.0) for name in COMPONENTS}


def row_busy_leakage(pricing: Pricing, counts: LogicCounts) -> float:
    """Leakage that the table's energies of XOR, OR and results written contain (J)."""
    prices = pricing.prices
    xor2, or2 = logic_prices(prices)
    return (
        counts.xors * xor2.cycle_time * xor2.leakage_power
        + counts.ors * or2.cycle_time * or2.leakage_power
        + counts.result_cells * prices.write.cycle_time * prices.write.leakage_power
    )


def add_partial_sums(counts: LogicCounts, mapping: RowMapping) -> LogicCounts:
    """With the adders that join the counts of maps in several sub-arrays."""
    layer, more = mapping.layer, LogicCounts()
    more.add(counts)
    bits = sum(inputs.bit_length() for inputs in layer.summands)
    adders = layer.positions * (len(mapping.chunks) - 1) * bits
    more.partial_adders = more.partial_flip_flops = adders
    return more


def row_traffic(mapping: RowMapping, counts: LogicCounts, next_bits: int) -> Traffic:
    """Around a layer of row logic; the maps of a comparison leave as the bits that they are.

    Sums are compared with `next_bits` thresholds, as a convolution's are. A map's complement is
    made where it is written, so that the map alone is fetched.
    """
    layer = mapping.layer
    outputs = layer.output_elements
    inside = layer.valid_fraction
    if layer.operation is Operation.COMPARISON:
        fetched = counts.input_cells * inside
        return Traffic(
            buffer_reads=fetched,
            buffer_writes=outputs,
            transposed=fetched,
            input_bits=fetched,
            output_bits=outputs,
        )
    fetched = counts.input_cells / 2
    bits = layer.positions * sum(inputs.bit_length() for inputs in layer.summands)
    return Traffic(
        buffer_reads=fetched,
        buffer_writes=outputs * next_bits,
        input_bits=fetched,
        partial_bits=bits * (len(mapping.chunks) - 1),
        output_bits=bits,
        adders=bits * next_bits,
        flip_flops=bits + outputs * next_bits,
    )


def row_hardware(mapping: RowMapping, array: Array, assumptions: Assumptions) -> Hardware:
    """Sub-arrays whose amplifiers are pairs, with two latches and a gate a column."""
    plain = memory(array)
    mats = Organisation.of(assumptions).mats(mapping.subarrays)
    control = mats / mapping.subarrays * assumptions.control_flip_flops.value
    one = Hardware(
        cells=plain.cells,
        write_drivers=plain.write_drivers,
        wordline_drivers=plain.wordline_drivers,
        decoder_gates=plain.decoder_gates + array.columns,
        flip_flops=2 * array.columns + control,
        leaves=plain.leaves,
        paired_amplifiers=plain.amplifiers,
    )
    adders = (len(mapping.chunks) - 1) * array.amplifiers
    adders *= max((inputs.bit_length() for inputs in mapping.layer.summands), default=0)
    return one.times(mapping.subarrays) + Hardware(full_adders=adders, flip_flops=adders)


def row_shared_time(
    clock: Clock, mapping: RowMapping, traffic: Traffic, options: Options
) -> SharedTime:
    """What a layer of row logic needs of buffer, wires and digital unit."""
    layer = mapping.layer
    width = max((inputs.bit_length() for inputs in layer.summands), default=1)
    digital = 0.0
    if traffic.adders:
        rounds = max(round(traffic.adders / layer.output_elements / width), 1)
        digital = clock.digital(layer.output_elements, rounds, width)
    return SharedTime(
        clock.buffer_read(traffic.buffer_reads),
        clock.buffer_write(traffic.buffer_writes),
        clock.root(traffic.input_bits),
        clock.root(traffic.output_bits),
        digital,
        clock.off_chip(traffic.off_chip_bits, options),
    )


def row_time(
    clock: Clock, mapping: RowMapping, counts: LogicCounts, traffic: Traffic, options: Options
) -> float:
    """Time of a layer (s): its row operations one after the other, in sub-arrays side by side."""
    prices = clock.prices
    xor2, or2 = logic_prices(prices)
    pulses, rows = counts.result_pulses, counts.result_rows
    if options.count_input_writes:
        pulses, rows = pulses + counts.input_pulses, rows + counts.input_rows
    series = (
        counts.xor_cycles * xor2.cycle_time
        + counts.and_cycles * prices.and2.cycle_time
        + counts.or_cycles * or2.cycle_time
        + counts.read_cycles * prices.read.cycle_time
        + (counts.xor_rows + counts.and_rows + counts.or_rows + counts.read_rows) * clock.read_start
        + pulses * prices.write.cycle_time
        + rows * clock.write_start
    )
    outside = row_shared_time(clock, mapping, traffic, options).longest
    return larger(series / mapping.parallel, outside)
