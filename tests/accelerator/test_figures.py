"""The head of a report: its figures against hand-computed ones, and what must hold between them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accelerator import estimate
from accelerator.figures import Figures, PerWidth, Sensing
from accelerator.networks.layers import Layer, Network, Operation
from accelerator.pacing import SENSING, LayerPace
from accelerator.report import LayerReport, Report
from lut import Table


def layer(name: str, bits: tuple[int, int], **settings) -> LayerReport:
    settings = {"energy": 1e-6, "latency": 1e-3, "subarrays": 1, **settings}
    energy = settings.pop("energy")
    latency = settings.pop("latency")
    macs = settings.pop("macs", 1000)
    ands = settings.pop("ands", macs * bits[0] * bits[1])
    return LayerReport(
        name, "convolution", macs, *bits, ands, energy, latency, {"leakage": energy}, **settings
    )


def report(*layers: LayerReport, area: float = 1e-6) -> Report:
    return Report(
        "hand", "", "", (1,), 4, 4, {}, None, layers, {"cells": area},
        sensing=Sensing(32, 4e-9),
    )  # fmt: skip


def test_figures_of_two_layers_by_hand() -> None:
    """32 amplifiers of 4 ns: 8e9 products a second in each sub-array."""
    first = layer("first", (1, 4), macs=1_000_000, energy=2e-6, latency=3e-3, subarrays=2)
    second = layer("second", (2, 8), macs=500_000, energy=1e-6, latency=1e-3, subarrays=3)
    found = report(first, second, area=2e-6).figures
    assert found.operations == PerWidth(3e6, 2 * (4e6 + 8e6))
    assert found.tops.own == pytest.approx(3e6 / 4e-3 / 1e12)
    assert found.tops.one_bit == pytest.approx(24e6 / 4e-3 / 1e12)
    assert found.peak_tops.own == pytest.approx(2 * 8e9 * (2 / 4 + 3 / 16) / 1e12)
    assert found.peak_tops.one_bit == pytest.approx(2 * 8e9 * 5 / 1e12)
    assert found.tops_per_w.own == pytest.approx(1.0)  # 3e6 operations of 3e-6 J: 1e12/J
    assert found.tops_per_w.one_bit == pytest.approx(8.0)
    assert found.tops_per_mm2.own == pytest.approx(found.tops.own / 2)
    assert found.peak_tops_per_mm2.one_bit == pytest.approx(found.peak_tops.one_bit / 2)
    assert found.energy_delay == pytest.approx(3e-6 * 4e-3)
    assert found.power == pytest.approx(3e-6 / 4e-3)
    # 12e6 products of 5 sub-arrays x 8e9/s x 4 ms.
    assert found.amplifier_cycles == pytest.approx(12e6 / (5 * 8e9 * 4e-3))
    assert (found.pace_layer, found.pace_share) == ("first", pytest.approx(0.75))


def test_a_layer_that_sets_the_pace_is_named_with_what_it_waits_for() -> None:
    slow = layer("slow", (1, 1), latency=2e-3, pace=LayerPace(SENSING, {SENSING: 2e-3}, 7))
    fast = layer("fast", (1, 1), pace=LayerPace("reading the buffer", {}, 9))
    found = report(slow, fast).figures
    assert (found.pace_layer, found.pace_resource) == ("slow", SENSING)
    assert (found.useful_copies, found.copies_layer) == (9, "fast")


def test_sub_arrays_that_only_keep_weights_have_no_peak() -> None:
    whole = layer("whole", (1, 1), subarrays=3)
    kept = layer("kept", (1, 1), subarrays=3, mapping={"stores": 2})
    assert report(kept).figures.peak_tops.one_bit == pytest.approx(
        report(whole).figures.peak_tops.one_bit / 3
    )


WIDTHS = st.integers(1, 8)


@st.composite
def networks(draw) -> Network:
    layers, channels = [], draw(st.integers(1, 40))
    for index in range(draw(st.integers(1, 3))):
        size, kernel = draw(st.integers(1, 8)), draw(st.sampled_from([1, 3]))
        out = draw(st.integers(1, 300))
        layers.append(
            Layer(
                f"layer{index}", Operation.CONVOLUTION, channels, (size, size), out, (size, size),
                (kernel, kernel), pad_begin=(kernel // 2,) * 2, pad_end=(kernel // 2,) * 2,
            )
        )  # fmt: skip
        channels = out
    return Network("drawn", tuple(layers), "drawn", (1, 8, 8))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(networks(), WIDTHS, WIDTHS, st.integers(1, 5), st.booleans(), st.booleans())
def test_what_holds_of_any_report(
    synthetic_table, network, weights, activations, copies, pipelined, double
) -> None:
    made = estimate(
        network, table=synthetic_table, weight_bits=weights, activation_bits=activations,
        samples=0, copies=copies, pipelined=pipelined, double_buffer=double,
    )  # fmt: skip
    found = made.figures
    bits = weights * activations
    for own in (found.operations, found.tops, found.peak_tops, found.tops_per_w,
                found.tops_per_mm2, found.peak_tops_per_mm2):  # fmt: skip
        assert own.one_bit == pytest.approx(bits * own.own)
    assert found.tops_per_w.own == pytest.approx(made.tops_per_w)
    assert found.tops_per_w.own * made.power == pytest.approx(found.tops.own)
    assert found.tops.one_bit <= found.peak_tops.one_bit
    # Padding and zero planes make the products no more than a MAC's of W x A.
    assert found.amplifier_cycles <= found.tops.one_bit / found.peak_tops.one_bit * (1 + 1e-9)
    busy = sum(
        one.amplifier_utilization * one.subarrays * one.latency for one in made.layers
    ) / (made.subarrays * made.interval)  # fmt: skip
    assert found.amplifier_cycles == pytest.approx(busy)
    for one in made.layers:
        assert 0 < one.amplifier_utilization <= 1
        assert max(one.pace.resources.values()) <= one.latency * (1 + 1e-9)
        assert one.pace.resources[one.pace.resource] > 0
    content = json.loads(json.dumps(made.to_dict()))
    assert content["figures"]["TOPS"]["one_bit_normalised"] == found.tops.one_bit
    assert content["figures"]["pace"]["layer"] in (None, *(one.name for one in made.layers))


@pytest.mark.parametrize("options", [
    {}, {"double_buffer": True}, {"reuse_overlap": True}, {"pipelined": True},
    {"dataflow": "input_stationary"}, {"count_input_writes": False},
])  # fmt: skip
@pytest.mark.parametrize("network", ["lenet5", "alexnet"])
def test_copies_beyond_those_that_are_useful_make_no_layer_faster(
    synthetic_table: Table, network: str, options: dict[str, object]
) -> None:
    def at(copies: int) -> Report:
        return estimate(network, table=synthetic_table, samples=0, copies=copies, **options)

    one = at(1)
    most = one.figures.useful_copies
    useful, more, many = at(most), at(most + 1), at(4 * most)
    for beyond in (more, many):
        assert beyond.interval >= useful.interval * (1 - 1e-9)
        for here, there in zip(useful.layers, beyond.layers, strict=True):
            if here.macs:
                assert there.latency >= here.latency * (1 - 1e-9)
    assert useful.latency <= one.latency


def test_the_resource_is_what_makes_a_layer_faster(synthetic_table: Table, scaled_table) -> None:
    """A layer that waits for sensing is faster on a table that senses faster."""
    plain = estimate("lenet5", table=synthetic_table, samples=0)
    slow = next(one for one in plain.layers if one.name == plain.figures.pace_layer)
    assert slow.pace.resource == SENSING
    table = scaled_table({("and2", "cycle_time"): 3.0})
    other = estimate("lenet5", table=table, samples=0)
    assert other.figures.pace_resource == SENSING
    found = next(one for one in other.layers if one.name == slow.name)
    assert found.latency > 2 * slow.latency


def test_no_figures_without_the_speed_of_sensing(synthetic_table: Table) -> None:
    made = replace(estimate("lenet5", table=synthetic_table, samples=0), sensing=None)
    assert made.figures is None
    assert made.to_dict()["figures"] is None
    assert isinstance(Figures.of(made, Sensing(1, 1.0)), Figures)
