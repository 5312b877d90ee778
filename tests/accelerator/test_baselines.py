"""Other machines beside an estimate: the same operations, by hand."""

from __future__ import annotations

import pytest

from accelerator import estimate
from accelerator.baselines import PER, beside, render_baselines, shipped_baselines
from accelerator.networks import load_network
from lut import Table


@pytest.fixture(scope="module")
def alexnet(synthetic_table: Table):
    return estimate("alexnet", table=synthetic_table, weight_bits=1, activation_bits=2)


def found(report):
    return {one.baseline.name: one for one in beside(report)}


def test_every_baseline_says_where_it_is_from() -> None:
    for one in shipped_baselines():
        assert one.per in PER
        assert one.layers in ("all", "convolution")
        assert one.tag in ("cited", "unverified")
        assert one.energy > 0
        assert one.source
        assert one.conditions


def test_the_operations_are_ours(alexnet) -> None:
    beside_it = found(alexnet)
    network = load_network("alexnet")
    dram = beside_it["bit-wise DRAM"]
    assert dram.number == network.macs * 2
    # 3.2 nJ a KiB of 8192 bits.
    assert dram.theirs == pytest.approx(network.macs * 2 * 3.2e-9 / 8192)
    assert dram.ratio == pytest.approx(dram.ours / dram.theirs)
    asic = beside_it["CMOS ASIC for binary weights"]
    convolutions = sum(one.macs for one in network.layers if one.operation.value == "convolution")
    assert asic.number == 2 * convolutions
    assert asic.theirs == pytest.approx(2 * convolutions / 61.2e12, rel=1e-3)
    layers = [one for one in alexnet.layers if one.operation == "convolution"]
    assert asic.ours == pytest.approx(sum(one.energy for one in layers))
    cpu = beside_it["one core of a CPU, 8-bit integers"]
    assert cpu.theirs == pytest.approx(network.macs / 220e9 * 360 / 96, rel=0.01)
    assert beside_it["RRAM crossbar with converters"].theirs == 2275.34e-6
    assert beside_it["RRAM crossbar with converters"].ours == alexnet.energy


def test_an_image_of_another_network_is_left_out(synthetic_table: Table) -> None:
    report = estimate("lenet5", table=synthetic_table)
    assert "RRAM crossbar with converters" not in found(report)
    text = render_baselines(report)
    assert "RRAM" not in text
    for one in beside(report):
        assert one.baseline.source in text
        assert f"[{one.baseline.tag}]" in text
