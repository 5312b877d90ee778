"""Layers that work on images of their own: the interval, the buffer, what leaks."""

from __future__ import annotations

import json

import pytest

from accelerator import EstimateError, estimate
from accelerator.networks import Layer, Network, Operation
from accelerator.render import render_text
from accelerator.report import Report
from accelerator.search.search import search_mapping
from accelerator.throughput import SHARED
from lut import Table


def pair(network: str | Network, table: Table, **options) -> tuple[Report, Report]:
    """Pipelined, and one image after the other."""
    made = [estimate(network, table=table, pipelined=p, **options) for p in (True, False)]
    return made[0], made[1]


@pytest.mark.parametrize("network", ["lenet5", "svhn", "alexnet", "resnet18"])
@pytest.mark.parametrize("more", [{}, {"off_chip": True, "weight_load": "each_image"}])
def test_the_interval_lies_between_the_slowest_layer_and_all_of_them(
    network: str, more: dict, synthetic_table: Table
) -> None:
    found, serial = pair(network, synthetic_table, samples=0, **more)
    slowest = max(layer.latency for layer in found.layers)
    assert slowest <= found.interval <= found.latency
    assert found.images_per_s == 1 / found.interval
    assert found.power == pytest.approx(found.energy / found.interval)
    assert found.images_per_s > 1.2 * serial.images_per_s
    assert serial.interval == serial.latency
    assert serial.pace is None
    for layer in found.layers:
        assert found.pace.limits[layer.name] == layer.latency


def test_what_all_layers_share_is_added_up(synthetic_table: Table) -> None:
    lanes = {"digital_unit_lanes": 1.0}
    slow, _ = pair("resnet18", synthetic_table, samples=0, assumptions=lanes, copies=64)
    assert slow.pace.bottleneck == SHARED["digital"]
    assert slow.interval > max(layer.latency for layer in slow.layers)
    # One full adder's delay for each bit of each round, one flip-flop's for each round.
    prices = synthetic_table
    at = {"corner": "tt", "vdd": 1.0, "temperature": 300.15}
    adder = prices.value("full_adder", "delay", **at)
    adders = sum(layer.counts["adders"] for layer in slow.layers)
    assert slow.interval == pytest.approx(adders * adder, rel=0.25)


def test_more_copies_of_all_layers_let_images_in_more_often(synthetic_table: Table) -> None:
    one, _ = pair("alexnet", synthetic_table, samples=0)
    four, _ = pair("alexnet", synthetic_table, samples=0, copies=4)
    assert one.pace.bottleneck == four.pace.bottleneck
    assert four.interval == pytest.approx(one.interval / 4, rel=0.1)


def test_the_buffer_holds_every_tensor_between_layers_twice(synthetic_table: Table) -> None:
    found, serial = pair("alexnet", synthetic_table, samples=0)
    bits = sum(
        (2 if layer.operation == "addition" else 1) * one.input_elements * layer.activation_bits
        for layer, one in zip(found.layers, network_layers("alexnet"), strict=True)
    )
    bits += found.layers[-1].output_bits * 1000
    cells = 256 * 256
    per_subarray = serial.area_components["buffers"] / serial_buffers("alexnet", cells)
    expected = -(-2 * bits // cells) * per_subarray
    assert found.area_components["buffers"] == pytest.approx(expected, rel=0.02)


def network_layers(name: str) -> tuple[Layer, ...]:
    from accelerator.networks import load_network

    return load_network(name).layers


def serial_buffers(name: str, cells: int) -> int:
    largest = max(
        layer.operands * layer.input_elements * 4 + layer.output_elements * 4
        for layer in network_layers(name)
    )
    return -(-largest // cells)


def one_layer() -> Network:
    layer = Layer("only", Operation.CONVOLUTION, 16, (12, 12), 32, (10, 10), (3, 3))
    return Network("one", (layer,), "made here", (16, 12, 12))


def test_a_network_of_one_layer_gains_nothing(synthetic_table: Table) -> None:
    found, serial = pair(one_layer(), synthetic_table, samples=0)
    assert found.interval == found.latency
    assert found.pace.bottleneck == "only"
    for name, energy in serial.components.items():
        # The larger buffer leaks more and makes wires longer.
        slack = 0.3 if name in ("leakage", "buffers", "interconnect") else 1e-9
        assert found.components[name] == pytest.approx(energy, rel=slack)


def test_only_time_on_the_chip_is_saved(synthetic_table: Table) -> None:
    found, serial = pair("alexnet", synthetic_table, samples=0)
    assert found.components["leakage"] < serial.components["leakage"]
    for name in ("sense_bias", "input_write", "bit_count", "activation_sum", "weight_load"):
        assert found.components[name] == pytest.approx(serial.components[name], rel=0.02)
    # Without switching off everything leaks over the whole interval, whatever runs.
    on, off = (
        estimate(
            "alexnet", table=synthetic_table, samples=0, pipelined=True, gate_idle_subarrays=gated
        )
        for gated in (True, False)
    )
    assert off.components["leakage"] > on.components["leakage"]


def test_report_and_text_tell_the_interval(synthetic_table: Table) -> None:
    found, serial = pair("lenet5", synthetic_table, samples=64)
    content = json.loads(json.dumps(found.to_dict()))
    assert content["total"]["interval_s"] == found.interval
    assert content["interval_limits_s"][found.pace.bottleneck] == found.interval
    assert f"set by {found.pace.bottleneck}" in render_text(found)
    slowest = max(serial.layers, key=lambda layer: layer.latency)
    assert f"set by {slowest.name}" in render_text(serial)
    assert "an image each" not in render_text(serial)
    assert serial.to_dict()["interval_limits_s"] is None
    assert any("image of its own" in text for text in found.boundary.counted)
    assert found.uncertainty.energy.low < found.energy < found.uncertainty.energy.high


def test_the_search_refuses_it(synthetic_table: Table) -> None:
    with pytest.raises(EstimateError, match="one after the other"):
        search_mapping("lenet5", table=synthetic_table, pipelined=True)
