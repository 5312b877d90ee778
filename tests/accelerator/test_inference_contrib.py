"""onnxruntime's operators on codes, to the last bit at any scale."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from accelerator.errors import EstimateError
from accelerator.inference import QuantizedNetwork
from accelerator.networks import load_network

onnxruntime = pytest.importorskip("onnxruntime")
DOMAIN = "com.microsoft"
KINDS = {np.uint8: TensorProto.UINT8, np.int8: TensorProto.INT8}
SHAPE = (2, 3, 7, 6)


class Codes:
    """Draws scales, zero points and codes of one type and collects them as constants."""

    def __init__(self, seed, kind):
        self.random, self.kind, self.initializers = np.random.default_rng(seed), kind, []

    def constant(self, value, kind=np.float32):
        name = f"c{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.asarray(value, kind), name))
        return name

    def scale(self, about=0.05):
        return self.constant(about * np.exp(self.random.normal()))

    def codes(self, *shape):
        ends = np.iinfo(self.kind)
        return self.random.integers(ends.min, ends.max + 1, shape).astype(self.kind)

    def parameters(self, about=0.05):
        return self.scale(about), self.constant(self.codes(), self.kind)


def saved(path, made, operator, inputs, domain=DOMAIN, shape=SHAPE, **attributes):
    kind = KINDS[made.kind]
    node = helper.make_node(operator, inputs, ["y"], name="n", domain=domain, **attributes)
    graph = helper.make_graph(
        [node], "g", [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_empty_tensor_value_info("y")], made.initializers,
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(DOMAIN, 1)]
    path.write_bytes(
        helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()
    )
    return path


def both(path, made, shape=SHAPE):
    source = made.codes(*shape)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (wanted,) = session.run(None, {"x": source})
    (found,) = QuantizedNetwork(path).run(source).outputs.values()
    assert found.dtype == wanted.dtype
    return found, wanted


def operator_inputs(made, operator):
    """One operator's inputs with random parameters."""
    if operator == "QLinearConcat":
        other = made.constant(made.codes(*SHAPE), made.kind)
        return [*made.parameters(), "x", *made.parameters(), other, *made.parameters()]
    if operator == "QLinearSoftmax":
        highest = np.iinfo(made.kind).min
        scale, zero = made.constant(1 / 256), made.constant(highest, made.kind)
        return ["x", *made.parameters(), scale, zero]
    if operator in ("QLinearAdd", "QLinearMul"):
        other = made.constant(made.codes(*SHAPE), made.kind)
        scales = made.parameters(), made.parameters(), made.parameters(0.2)
        return ["x", *scales[0], other, *scales[1], *scales[2]]
    return ["x", *made.parameters(), *made.parameters()]


@settings(max_examples=60, deadline=None)
@given(
    operator=st.sampled_from(
        ["QLinearAdd", "QLinearMul", "QLinearConcat", "QLinearGlobalAveragePool",
         "QLinearAveragePool", "QLinearLeakyRelu"]
    ),
    kind=st.sampled_from(sorted(KINDS, key=str)), seed=st.integers(0, 10**6),
    stride=st.integers(1, 3), pad=st.integers(0, 1), include=st.integers(0, 1),
    ceil=st.integers(0, 1),
)  # fmt: skip
def test_codes_are_onnxruntime_s(
    tmp_path_factory, operator, kind, seed, stride, pad, include, ceil
):
    made = Codes(seed, kind)
    attributes = {
        "QLinearConcat": {"axis": 1},
        "QLinearLeakyRelu": {"alpha": 0.1},
        "QLinearAveragePool": {
            "kernel_shape": [3, 2], "strides": [stride] * 2, "pads": [pad] * 4,
            "count_include_pad": include, "ceil_mode": ceil,
        },
    }.get(operator, {})  # fmt: skip
    path = saved(
        tmp_path_factory.mktemp("one") / "n.onnx", made, operator, operator_inputs(made, operator),
        **attributes,
    )  # fmt: skip
    found, wanted = both(path, made)
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("kind", sorted(KINDS, key=str))
@pytest.mark.parametrize("operator", ["QLinearSigmoid", "QLinearSoftmax"])
def test_curves_are_onnxruntime_s_within_a_level(tmp_path, operator, kind):
    """Its sigmoid and exponentials are approximations of its own."""
    made = Codes(3, kind)
    attributes = {"axis": 1, "opset": 17} if operator == "QLinearSoftmax" else {}
    path = saved(tmp_path / "n.onnx", made, operator, operator_inputs(made, operator), **attributes)
    found, wanted = both(path, made)
    assert np.abs(found.astype(int) - wanted).max() <= 1
    assert np.mean(found == wanted) > 0.95


@pytest.mark.parametrize("kind", sorted(KINDS, key=str))
@pytest.mark.parametrize("turned", [0, 1])
@pytest.mark.parametrize("per_kernel", [False, True])
@pytest.mark.parametrize("reals", [False, True])
def test_qgemm_is_onnxruntime_s(tmp_path, kind, turned, per_kernel, reals):
    made = Codes(7, kind)
    weights = made.codes(5, 12) if turned else made.codes(12, 5)
    size = (5,) if per_kernel else ()
    scales = made.constant(0.01 * np.exp(made.random.normal(size=size)))
    zeros = made.constant(made.codes(*size), kind)
    inputs = [
        "x", *made.parameters(), made.constant(weights, kind), scales, zeros,
        made.constant(made.random.integers(-999, 999, 5), np.int32),
        *([] if reals else made.parameters(0.5)),
    ]  # fmt: skip
    path = saved(
        tmp_path / "n.onnx", made, "QGemm", inputs, shape=(4, 12), transB=turned, alpha=0.7
    )
    found, wanted = both(path, made, (4, 12))
    np.testing.assert_array_equal(found, wanted)
    assert [layer.macs for layer in load_network(path).mapped] == [60]


def test_what_is_not_known_of_that_domain_is_listed(tmp_path):
    made = Codes(1, np.uint8)
    path = saved(tmp_path / "n.onnx", made, "QLinearReduceMean", ["x", *made.parameters()])
    with pytest.raises(EstimateError, match=r"com\.microsoft\.QLinearReduceMean x 1 \(n\)"):
        QuantizedNetwork(path)
    path = saved(
        tmp_path / "n.onnx", made, "QLinearGlobalAveragePool",
        operator_inputs(made, "QLinearGlobalAveragePool"), channels_last=1,
    )  # fmt: skip
    with pytest.raises(EstimateError, match="cannot be run"):
        QuantizedNetwork(path)


def test_scales_that_make_no_sense_are_told(tmp_path):
    made = Codes(1, np.uint8)
    several = made.constant([0.1, 0.2])
    zero = made.constant(0, np.uint8)
    path = saved(tmp_path / "n.onnx", made, "QLinearSigmoid", ["x", several, zero, several, zero])
    with pytest.raises(EstimateError, match="a scale that is not one positive number"):
        QuantizedNetwork(path).run(made.codes(*SHAPE))
