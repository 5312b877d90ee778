"""The widths of a file's own quantizers in an estimate: those of a run, without running."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import quantized_models
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from accelerator import estimate
from accelerator.errors import EstimateError
from accelerator.explanation.again import estimate_again
from accelerator.inference import QuantizedNetwork, cost_run
from accelerator.networks import load_network
from accelerator.search.search import search_mapping

FILES = sorted((Path(__file__).parents[1] / "data" / "onnx").glob("*.onnx"))
DIALECTS = {
    "qcdq": (quantized_models.qcdq, (3, 12, 12)),
    "qcdq of one scale": (lambda p: quantized_models.qcdq(p, 1, 3, False), (3, 12, 12)),
    "qonnx": (quantized_models.qonnx, (3, 8, 8)),
    "qlinear": (quantized_models.qlinear, (3, 6, 6)),
    "integer": (quantized_models.integer, (3, 9)),
}
OPERAND_BITS = {
    "sense_bias", "sense_reference", "sense_latch", "sense_clock", "sense_equalize",
    "input_write", "weight_load", "activation_sum", "buffers", "interconnect",
}  # fmt: skip
"""Components whose energy depends on which bits the operands have."""


def mapped(report):
    return [layer for layer in report.layers if layer.macs]


def told(report):
    return [
        (one.name, one.weight_bits, one.activation_bits, one.output_bits, one.weight_encoding)
        for one in report.layers
    ]


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize(
    "options", [{}, {"copies": 2, "double_buffer": True, "weight_load": "each_image"}], ids=str
)
def test_an_estimate_and_a_run_agree(name: str, options, tmp_path: Path) -> None:
    build, shape = DIALECTS[name]
    path = build(tmp_path / "net.onnx")
    images = np.random.default_rng(1).standard_normal((3, *shape)).astype(np.float32)
    ran = cost_run(path, QuantizedNetwork(path).run(images), samples=0, **options)
    expected = estimate(path, samples=0, **options)
    assert told(expected) == told(ran)
    assert expected.latency == ran.latency
    assert expected.area_components == ran.area_components
    assert {one.widths_from for one in mapped(expected)} == {("file", "file")}
    assert {one.widths_from for one in mapped(ran)} == {("run", "run")}
    for one, other in zip(expected.layers, ran.layers, strict=True):
        for component in one.components.keys() - OPERAND_BITS:
            assert one.components[component] == other.components[component], component
    assert expected.energy == pytest.approx(ran.energy, rel=0.15)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    weight_bits=st.integers(1, 8), bits=st.integers(1, 8), signed=st.booleans(),
    narrow=st.booleans(), zero=st.sampled_from([0.0, 1.0, 3.0]), seed=st.integers(0, 99),
)  # fmt: skip
def test_random_codes_cost_what_the_estimate_expects(
    weight_bits, bits, signed, narrow, zero, seed, tmp_path_factory
) -> None:
    """Codes that use all their bits as often as not are what an estimate takes them for."""
    build = quantized_models.Builder(seed)
    low = -(1 << weight_bits - 1) if signed else 0
    if weight_bits == 1 and signed:
        codes, zero = build.random.choice([-1, 1], (16, 8, 3, 3)), 0.0
    else:
        codes = build.random.integers(low, low + (1 << weight_bits), (16, 8, 3, 3)) - zero
    x = build.quant("x", 1.0, bits, signed=0)
    w = build.quant(
        build.constant(codes), 1.0, weight_bits, zero=zero, signed=int(signed),
        narrow=int(narrow and weight_bits > 3),
    )  # fmt: skip
    y = build.node("Conv", x, w, kernel_shape=[3, 3])
    path = tmp_path_factory.mktemp("random") / "net.onnx"
    build.save(path, ["N", 8, 9, 9], y, ["N", 16, 7, 7])
    images = build.random.integers(0, 1 << bits, (2, 8, 9, 9)).astype(np.float32)
    ran = cost_run(path, QuantizedNetwork(path).run(images), samples=0)
    expected = estimate(path, samples=0)
    assert told(expected) == told(ran)
    assert expected.latency == ran.latency
    assert expected.energy == pytest.approx(ran.energy, rel=0.06)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_exported_files_have_the_widths_that_they_run_with(path: Path) -> None:
    network = QuantizedNetwork(path)
    shape = [size or 1 for size in network.input_shape]
    images = np.random.default_rng(2).uniform(0, 1, shape).astype(np.float32)
    try:
        run = network.run(images)
    except EstimateError:
        pytest.skip("it runs on whole numbers")
    ran = cost_run(path, run, samples=0)
    assert told(estimate(path, samples=0)) == told(ran)


def test_flags_override_the_file_and_say_so(tmp_path: Path) -> None:
    path = quantized_models.qonnx(tmp_path / "net.onnx")
    own = [(8, 8), (2, 2), (1, 5), (3, 1), (4, 8)]

    def widths(**asked):
        report = estimate(path, samples=0, **asked)
        pairs = [(one.weight_bits, one.activation_bits) for one in mapped(report)]
        return pairs, " ".join(report.widths_said)

    found, said = widths()
    assert found == own
    assert said == "widths are those of the file's own quantizers, layer by layer"
    found, said = widths(weight_bits=4)
    assert found == [(4, a) for _, a in own]
    assert "--weights overrides the file's weights: W4 in place of W1-8 in " in said
    found, said = widths(first_last="6:7")
    assert found == [(6, 7), *own[1:-1], (6, 7)]
    assert "--first-last overrides the file's weights: W6 in place of W4-8 in " in said
    found, said = widths(weight_bits=2, activation_bits=3)
    assert found == [(2, 3)] * 5
    assert "layer by layer" not in said
    names = [one.name for one in mapped(estimate(path, samples=0))]
    found, said = widths(widths={"*": "5:5", names[1]: {"weights": 7}}, first_last="6:7")
    assert found == [(5, 5), (7, 5), (5, 5), (5, 5), (5, 5)]
    assert f"--widths overrides the file's weights: W5-7 in place of W1-8 in {names[0]}" in said


def test_a_flag_changes_the_width_and_not_the_encoding(tmp_path: Path) -> None:
    path = quantized_models.qonnx(tmp_path / "net.onnx")

    def encodings(**asked):
        return [one.weight_encoding for one in mapped(estimate(path, samples=0, **asked))]

    own = ["twos_complement", "symmetric", "symmetric", "twos_complement", "twos_complement"]
    assert encodings() == encodings(weight_bits=4) == own
    assert encodings(weight_encoding="unsigned") == ["unsigned"] * 5


def test_a_ternary_tensor_is_seen_whatever_its_width(tmp_path: Path) -> None:
    for values, expected in (([-1, 0, 1], ("ternary", 2)), ([-1, 0, 2], ("twos_complement", 8))):
        build = quantized_models.Builder(1)
        weights = build.constant(build.random.choice(values, (64, 40, 6, 6)))
        y = build.node("Conv", build.quant("x", 1.0, 4), build.quant(weights, 1.0, 8))
        path = build.save(tmp_path / "net.onnx", ["N", 40, 8, 8], y, ["N", 64, 3, 3])
        (layer,) = load_network(path).mapped
        assert (layer.quantized.weight_encoding, layer.quantized.weight_bits) == expected


def test_a_mixed_file_says_what_it_assumes(tmp_path: Path) -> None:
    build = quantized_models.Builder(1)
    x = build.quant("x", 1.0, 6, signed=0)
    y = build.node("MatMul", x, build.quant(build.weights(8, 16), 2.0**-4, 5))
    y = build.node("MatMul", y, build.weights(16, 4))
    path = build.save(tmp_path / "net.onnx", ["N", 8], y, ["N", 4])
    report = estimate(path, samples=0)
    assert [(one.weight_bits, one.activation_bits) for one in report.layers] == [(5, 6), (1, 4)]
    name = report.layers[1].name
    assert report.layers[1].widths_from == ("default", "default")
    assert f"the file does not quantize the weights of {name}: W1 is assumed" in report.widths_said
    assert estimate(path, samples=0, weight_bits=3).layers[1].weight_bits == 3


def test_a_file_of_reals_says_so(tmp_path: Path) -> None:
    build = quantized_models.Builder(1)
    path = build.save(
        tmp_path / "net.onnx", ["N", 8], build.node("MatMul", "x", build.weights(8, 16)), ["N", 16]
    )
    told = {
        (): "the file is not quantized: W1:A4 is assumed",
        (("weight_bits", 8),): "the file is not quantized: A4 is assumed",
        (("weight_bits", 8), ("activation_bits", 8)): "the file is not quantized: widths as given",
    }
    for asked, sentence in told.items():
        assert estimate(path, samples=0, **dict(asked)).widths_said == (sentence,)
    assert estimate("lenet5", samples=0).widths_said == ()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"nothing*": "8:8"}, "'nothing\\*' is no layer with weights of net.onnx, nor a pattern"),
        ({"*": "8"}, "give their widths as W:A"),
        ({"*": "8:17"}, "between 1 and 16, not 17"),
        ({"*": {"bits": 8}}, "have no 'bits': give weights, activations, encoding"),
        ({"*": {}}, "are empty"),
        ({"*": {"weights": 3, "encoding": "ternary"}}, "ternary weights have 2 bits"),
        ({"*": {"encoding": "binary"}}, "is none of symmetric"),
        ({}, "one entry at least"),
    ],
)
def test_patterns_that_say_nothing_are_refused(given, words: str, tmp_path: Path) -> None:
    path = quantized_models.qcdq(tmp_path / "net.onnx")
    with pytest.raises(EstimateError, match=words):
        estimate(path, widths=given)


def test_a_search_of_mappings_keeps_the_widths(tmp_path: Path) -> None:
    path = quantized_models.qcdq(tmp_path / "net.onnx")
    plain, found = estimate(path, samples=0), search_mapping(path, samples=0).report
    assert told(found) == told(plain)
    assert found.widths_said == plain.widths_said


# --- types of codes


def typed(path: Path, kind: int, bits: int, zero: int, *, domain: str = "") -> Path:
    """A product of codes of a type of ONNX, both operands of that type."""
    make = helper.make_tensor
    values = [make("w", kind, (6, 4), [1, 3] * 12), make("s", TensorProto.FLOAT, (), [0.5])]
    values.append(make("z", kind, (), [zero]))
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"], domain=domain),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["d"], domain=domain),
        helper.make_node("DequantizeLinear", ["w", "s", "z"], ["v"], domain=domain),
        helper.make_node("MatMul", ["d", "v"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 6))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], values,
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 21)] + [helper.make_opsetid(domain, 1)] * bool(domain)
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), path)
    return path


@pytest.mark.parametrize(
    ("kind", "bits"),
    [
        (TensorProto.UINT4, 4), (TensorProto.INT4, 4), (TensorProto.UINT8, 8),
        (TensorProto.INT8, 8), (TensorProto.UINT16, 16), (TensorProto.INT16, 16),
    ],
)  # fmt: skip
@pytest.mark.parametrize("zero", [0, 3])
@pytest.mark.parametrize("domain", ["", "com.microsoft"])
def test_codes_take_the_bits_of_their_type(kind, bits, zero, domain, tmp_path: Path) -> None:
    """A zero point costs a correction and no bit."""
    path = typed(tmp_path / "net.onnx", kind, bits, zero, domain=domain)
    (layer,) = load_network(path).mapped
    own = layer.quantized
    assert (own.weight_bits, own.activation_bits) == (bits, bits)
    signed = kind in (TensorProto.INT4, TensorProto.INT8, TensorProto.INT16)
    plain = "twos_complement" if signed else "unsigned"
    assert own.weight_encoding == ("zero_point" if zero else plain)


def test_dynamic_quantization_has_eight_bits(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]),
        helper.make_node("MatMulInteger", ["q", "w", "z"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, (3, 6))],
        [helper.make_tensor_value_info("y", TensorProto.INT32, None)],
        [helper.make_tensor("w", TensorProto.INT8, (6, 4), [1, 3] * 12)],
    )  # fmt: skip
    path = tmp_path / "net.onnx"
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path
    )
    network = load_network(path)
    own = network.mapped[0].quantized
    assert (own.weight_bits, own.activation_bits) == (8, 8)
    assert "batch 3" in network.batch_said


@pytest.mark.parametrize("axis", [0, 1])
def test_zero_points_of_kernels_take_no_bit(axis: int, tmp_path: Path) -> None:
    """Asymmetric codes of bytes with a zero point for each kernel: exact, in eight bits."""
    build = quantized_models.Builder(5)
    x = build.qdq("x", 0.5, 7)
    kernels = 4
    zeros = build.constant([0, 100, 128, 255], np.uint8)
    scales = build.constant(build.powers(kernels))
    if axis == 0:
        codes = build.codes(kernels, 3, 3, 3, kind=np.uint8)
        w = build.node("DequantizeLinear", codes, scales, zeros, axis=0)
        y = build.node("Conv", x, w, pads=[1, 1, 1, 1], kernel_shape=[3, 3])
        shape = ["N", 3, 6, 6]
    else:
        codes = build.codes(12, kernels, kind=np.uint8)
        w = build.node("DequantizeLinear", codes, scales, zeros, axis=1)
        y = build.node("MatMul", x, w)
        shape = ["N", 12]
    path = build.save(tmp_path / "net.onnx", shape, y, None)
    images = build.random.uniform(-4, 60, (2, *shape[1:])).astype(np.float32)
    run = QuantizedNetwork(path).run(images)
    ran, expected = cost_run(path, run, samples=0), estimate(path, samples=0)
    assert told(ran) == told(expected)
    (layer,) = mapped(ran)
    assert (layer.weight_bits, layer.weight_encoding) == (8, "zero_point")
    assert layer.components["activation_sum"] > 0
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (wanted,) = session.run(None, {"x": images})
    np.testing.assert_array_equal(next(iter(run.outputs.values())), wanted)


def test_a_correction_costs_less_than_a_bit(tmp_path: Path) -> None:
    """What the ninth bit would cost in ANDs is more than the sums of the patches."""
    build = quantized_models.Builder(5)
    x = build.qdq("x", 0.5, 0)
    scale, zero = build.constant(0.5), build.constant(120, np.uint8)
    w = build.node("DequantizeLinear", build.codes(32, 16, 3, 3, kind=np.uint8), scale, zero)
    path = build.save(tmp_path / "net.onnx", ["N", 16, 9, 9], build.node("Conv", x, w), None)
    own = estimate(path, samples=0)
    nine = estimate(path, samples=0, weight_bits=9, weight_encoding="twos_complement")
    assert own.widths == "W8:A8"
    assert own.and_operations * 9 == nine.and_operations * 8
    assert own.energy < nine.energy


def test_scales_that_fit_no_axis_are_refused(tmp_path: Path) -> None:
    build = quantized_models.Builder(5)
    scales = build.constant(build.powers(8))
    w = build.node("DequantizeLinear", build.codes(8, 3, 3, 3), scales)
    y = build.node("Conv", build.qdq("x", 0.5, 0), w)
    path = build.save(tmp_path / "net.onnx", ["N", 3, 6, 6], y, None)
    with pytest.raises(EstimateError, match="has 8 scales along axis 1 of a tensor of 8 x 3 x 3"):
        load_network(path)


def test_floats_of_eight_bits_are_no_codes(tmp_path: Path) -> None:
    path = typed(tmp_path / "net.onnx", TensorProto.FLOAT8E4M3FN, 8, 0)
    assert load_network(path).mapped[0].quantized.weight_bits is None
    report = estimate(path, samples=0)
    assert report.widths_said == (
        "the file's quantizers make no whole codes of 16 bits at most for any layer: "
        "W1:A4 is assumed",
    )
    with pytest.raises(EstimateError, match=r"net\.onnx"):
        QuantizedNetwork(path).run(np.ones((1, 6), np.float32))


@pytest.mark.parametrize("asked", [{}, {"weight_bits": 4}, {"widths": {"*": "3:5"}}], ids=str)
def test_a_report_is_made_again_at_its_widths(asked, tmp_path: Path) -> None:
    path = quantized_models.qonnx(tmp_path / "net.onnx")
    report = json.loads(json.dumps(estimate(path, samples=0, **asked).to_dict()))
    again = estimate_again(report).chip.layer_reports()
    assert [one.energy for one in again] == [one["energy_J"] for one in report["layers"]]


@pytest.mark.parametrize("shape", [[1, -3], [1 << 40, 1 << 40], [1] * 70, [1, 0]], ids=str)
def test_shapes_that_no_array_has_are_told_of(tmp_path: Path, shape: list[int]) -> None:
    build = quantized_models.Builder(1)
    w = build.node("DequantizeLinear", build.codes(4, 4), build.constant(2.0**-7))
    y = build.node("MatMul", build.qdq("x", 2.0**-4, 100), w)
    path = build.save(tmp_path / "net.onnx", shape, y, None)
    with pytest.raises(EstimateError):
        load_network(path)
