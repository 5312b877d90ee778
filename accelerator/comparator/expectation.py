"""The events of a layer of row logic that did not run, as its bits make them likely.

Bits are independent, one with the options' `activation_density`. Two bits then differ with 1 - q,
q = d^2 + (1 - d)^2, and a lane is undecided after t planes with q^t; where one pixel lies in the
padding, which is zero, with (1 - d)^t. Real neighbours are alike and often both zero; a run of
the network knows better.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

from accelerator.array import Array
from accelerator.comparator.addition import (
    FULL_ADDER_SENSES,
    HALF_ADDER_SENSES,
    counting_adders,
)
from accelerator.comparator.mapping import RowMapping
from accelerator.comparator.pattern import Pairs
from accelerator.logic_counts import LogicCounts
from accelerator.mapping import row_phases, shared_out
from accelerator.networks.layers import Layer, Operation
from accelerator.options import Options


def expected_counts(mapping: RowMapping, array: Array, options: Options) -> LogicCounts:
    """Events of one image."""
    counts = LogicCounts()
    if mapping.layer.operation is Operation.COMPARISON:
        _comparisons(counts, mapping, array, options.activation_density)
    else:
        _summation(counts, mapping, array)
    return counts


def _comparisons(counts: LogicCounts, mapping: RowMapping, array: Array, ones: float) -> None:
    layer = mapping.layer
    assert layer.pairs is not None, "a comparison knows what it compares"
    fresh = layer.pairs.new_pivots(layer.in_channels)
    alike = ones**2 + (1 - ones) ** 2
    both, first, second = _inside(layer, layer.pairs)
    neither = 1 - both - first - second
    for lanes, times in Counter(mapping.tiles).items():
        writes = times * mapping.bits * (len(fresh) + sum(fresh))
        _write(counts, "input", lanes, writes, array, ones * layer.valid_fraction)
        for plane in range(mapping.bits):
            pairs, lone = both * alike**plane, (1 - ones) ** plane
            values = {
                "00": pairs * (1 - ones) ** 2 + (first + second) * lone * (1 - ones) + neither,
                "01": pairs * ones * (1 - ones) + second * lone * ones,
                "10": pairs * ones * (1 - ones) + first * lone * ones,
                "11": pairs * ones**2,
            }
            steps = times * len(fresh)
            still, differ = sum(values.values()), values["01"] + values["10"]
            _sense(counts, "xor", lanes, steps, array, still)
            _sense(counts, "read", lanes, steps, array, differ)
            for value, share in values.items():
                _add(counts, f"xor_{value}", steps * lanes * share)
            decided = steps * lanes * differ
            _add(counts, "read_0", steps * lanes * values["01"])
            _add(counts, "read_1", steps * lanes * values["10"])
            _add(counts, "mask_flip_flops", steps * lanes * still + decided)
            _add(counts, "mask_gates", decided)


@lru_cache(maxsize=256)
def _inside(layer: Layer, pairs: Pairs) -> tuple[float, float, float]:
    """Shares of the lanes with both pixels inside the image, and with the first or second alone."""
    height, width = layer.out_size
    tops = [tap // layer.kernel[1] - layer.pad_begin[0] for tap in range(layer.taps)]
    lefts = [tap % layer.kernel[1] - layer.pad_begin[1] for tap in range(layer.taps)]

    def share(*taps: int) -> float:
        """Of positions at which all these taps lie inside."""
        rows = height - max(0, *(tops[tap] for tap in taps)) + min(0, *(tops[t] for t in taps))
        columns = width - max(0, *(lefts[tap] for tap in taps)) + min(0, *(lefts[t] for t in taps))
        return max(rows, 0) * max(columns, 0) / (height * width)

    both = first = second = 0.0
    for neighbour, pivot in zip(pairs.neighbours, pairs.pivots, strict=True):
        together = share(neighbour, pivot)
        both += together
        first += share(neighbour) - together
        second += share(pivot) - together
    number = len(pairs.pivots)
    return both / number, first / number, second / number


def _summation(counts: LogicCounts, mapping: RowMapping, array: Array) -> None:
    """Counting takes the adders that its inputs need; inner bits are taken as even."""
    layer = mapping.layer
    full = half = planes = 0
    for inputs in layer.summands:
        for summands in shared_out(inputs, len(mapping.chunks)):
            more = counting_adders(summands)
            full, half = full + more[0], half + more[1]
            planes += summands.bit_length()
    for lanes, times in Counter(mapping.tiles).items():
        _write(counts, "input", lanes, times * 2 * layer.in_channels, array, 0.5)
        for name, values, result in (
            ("xor", {"00": 0.25, "01": 0.25, "10": 0.25, "11": 0.25}, 0.5),
            ("and", {"00": 0.25, "01": 0.25, "10": 0.25, "11": 0.25}, 0.25),
            # Both carries of a full adder never come together.
            ("or", {"00": 0.5, "01": 0.25, "10": 0.25, "11": 0.0}, 0.5),
        ):
            senses = full * FULL_ADDER_SENSES[name] + half * HALF_ADDER_SENSES.get(name, 0)
            rows = times * senses
            _sense(counts, name, lanes, rows, array, 1.0)
            for value, share in values.items():
                _add(counts, f"{name}_{value}", rows * lanes * share)
            _write(counts, "result", lanes, rows, array, result)
        _sense(counts, "read", lanes, times * planes, array, 1.0)
        _add(counts, "read_0", times * planes * lanes / 2)
        _add(counts, "read_1", times * planes * lanes / 2)


def _sense(
    counts: LogicCounts, name: str, lanes: int, rows: float, array: Array, active: float
) -> None:
    """`rows` rows of so many lanes, each active with a probability; idle ones do not fire."""
    _add(counts, f"{name}s", rows * lanes * active)
    _add(counts, f"{name}_rows", rows * (1 - (1 - active) ** lanes))
    group = array.amplifiers_per_reference
    for used, times in row_phases(1, lanes, array, lanes):
        cycles = array.sense_cycles(used) * (1 - (1 - active) ** used)
        _add(counts, f"{name}_cycles", rows * times * cycles)
        references = array.reference_shares(used) * (1 - (1 - active) ** min(group, used))
        _add(counts, f"{name}_reference_idle", rows * times * (references - used * active))


def _write(
    counts: LogicCounts, name: str, lanes: int, rows: int, array: Array, ones: float
) -> None:
    pulses = array.write_pulses(lanes)
    events: tuple[tuple[str, float], ...] = (
        ("cells", rows * lanes),
        ("0", rows * lanes * (1 - ones)),
        ("1", rows * lanes * ones),
        ("rows", rows),
        ("pulses", rows * pulses),
        ("half_selected", rows * (pulses * array.columns - lanes)),
    )
    for event, number in events:
        _add(counts, f"{name}_{event}", number)


def _add(counts: LogicCounts, event: str, number: float) -> None:
    setattr(counts, event, getattr(counts, event) + number)
