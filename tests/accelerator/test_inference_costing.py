"""The cost of a run: the estimate's own walk, with the widths and bits that were met."""

import numpy as np
import pytest
import quantized_models

from accelerator import estimate
from accelerator.errors import EstimateError
from accelerator.inference import NetworkRun, QuantizedNetwork, cost_run
from accelerator.inference.operands import count_operands


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    path = quantized_models.qonnx(tmp_path_factory.mktemp("run") / "net.onnx")
    images = np.random.default_rng(1).standard_normal((4, 3, 8, 8)).astype(np.float32)
    return path, QuantizedNetwork(path).run(images)


def test_layers_have_their_own_widths_and_the_ands_of_their_macs(ran):
    path, run = ran
    report = cost_run(path, run)
    mapped = [layer for layer in report.layers if layer.macs]
    assert [(one.weight_bits, one.activation_bits) for one in mapped] == [
        (8, 8), (2, 2), (1, 5), (3, 1), (4, 8),
    ]  # fmt: skip
    for layer in mapped:
        assert layer.and_operations == layer.macs * layer.weight_bits * layer.activation_bits
    assert report.widths == "W1-8:A1-8"
    assert "every layer has the widths and the operand bits that it ran with" in (
        report.boundary.counted
    )


def test_ands_by_operands_are_those_that_were_met(ran):
    path, run = ran
    report = cost_run(path, run)
    by_name = {layer.name: layer for layer in report.layers}
    for layer in run.layers:
        met = count_operands(layer)
        counts = by_name[layer.name].counts
        for value in ("00", "01", "10", "11"):
            share = counts[f"and_{value}"] / counts["ands"]
            assert share == pytest.approx(getattr(met, f"and_{value}") / met.ands, rel=1e-12)
    # Weights of odd levels need the sums of patches, the others do not.
    sums = [by_name[layer.name].counts["reads"] > 0 for layer in run.layers]
    assert sums == [False, True, True, False, False]


def test_random_bits_cost_what_an_estimate_expects(tmp_path):
    """Uniform codes have the densities that the estimate assumes, so both must agree."""
    build = quantized_models.Builder(3)
    x = build.quant("x", 1.0, 4, signed=0)
    codes = build.constant(build.random.integers(0, 16, (64, 32, 3, 3)))
    y = build.node("Conv", x, build.quant(codes, 1.0, 4, signed=0), kernel_shape=[3, 3])
    path = build.save(tmp_path / "net.onnx", ["N", 32, 12, 12], y, ["N", 64, 10, 10])
    images = build.random.integers(0, 16, (2, 32, 12, 12)).astype(np.float32)
    ran = cost_run(path, QuantizedNetwork(path).run(images))
    expected = estimate(path, weight_bits=4, activation_bits=4, weight_encoding="unsigned")
    assert ran.energy == pytest.approx(expected.energy, rel=0.01)
    assert ran.latency == expected.latency
    assert ran.area == expected.area


def test_sparse_inputs_cost_less_to_write_but_the_same_time(tmp_path):
    build = quantized_models.Builder(3)
    x = build.quant("x", 1.0, 4, signed=0)
    y = build.node("Conv", x, build.quant(build.weights(8, 3, 3, 3), 0.125, 4), kernel_shape=[3, 3])
    path = build.save(tmp_path / "net.onnx", ["N", 3, 12, 12], y, ["N", 8, 10, 10])
    network = QuantizedNetwork(path)
    dark, light = (cost_run(path, network.run(np.full((1, 3, 12, 12), v))) for v in (0.0, 15.0))
    assert dark.latency == light.latency
    assert dark.layers[0].counts["and_11"] == dark.layers[0].counts["input_1"] == 0
    assert light.layers[0].counts["input_0"] == 0
    assert dark.energy != light.energy


def test_a_run_of_another_network_is_refused(ran, tmp_path):
    path, run = ran
    other = quantized_models.qcdq(tmp_path / "other.onnx")
    with pytest.raises(EstimateError, match="cost a run with the file that it ran"):
        cost_run(other, run)
    with pytest.raises(EstimateError, match="cost a run with the file that it ran"):
        cost_run(path, NetworkRun({}, run.layers[1:]))
    with pytest.raises(EstimateError, match="leave out weight_encoding"):
        cost_run(path, run, weight_encoding="unsigned")
