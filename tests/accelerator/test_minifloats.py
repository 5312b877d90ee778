"""Numbers with an exponent as whole ones, and rows with a scale each, equal to other programs."""

import numpy as np
import onnx
import pytest
import quantized_models
from onnx import TensorProto, helper, numpy_helper

from accelerator.errors import EstimateError
from accelerator.inference import QuantizedNetwork, cost_run

DOMAIN = "qonnx.custom_op.general"


def floats(build, x, scale, exponent, mantissa, bias, greatest, **attributes):
    inputs = [build.constant(number) for number in (scale, exponent, mantissa, bias, greatest)]
    attributes = {"has_inf": 0, "has_nan": 0, "has_subnormal": 1, "saturation": 1, **attributes}
    return build.node("FloatQuant", x, *inputs, domain=DOMAIN, **attributes)


@pytest.mark.parametrize(
    ("exponent", "mantissa", "bias", "greatest", "bits"),
    [(3, 1, 3, 1e9, 9), (2, 1, 1, 6.0, 5), (2, 3, 1, 7.5, 7), (3, 2, 3, 28.0, 10)],
)
def test_products_of_small_floats_are_equal_to_qonnx(
    tmp_path, exponent, mantissa, bias, greatest, bits
):
    pytest.importorskip("qonnx")
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.core.onnx_exec import execute_onnx
    from qonnx.transformation.infer_shapes import InferShapes

    build = quantized_models.Builder(exponent + mantissa)
    x = floats(build, "x", 0.5, exponent, mantissa, bias, greatest)
    w = floats(build, build.weights(8, 4), 2.0**-3, exponent, mantissa, bias, greatest)
    y = build.node("MatMul", x, w)
    path = build.save(tmp_path / "n.onnx", [3, 8], y, [3, 4])
    images = (build.random.standard_normal((3, 8)) * 6).astype(np.float32)
    found = QuantizedNetwork(path).run(images)
    model = ModelWrapper(str(path)).transform(InferShapes())
    wanted = execute_onnx(model, {"x": images})[y]
    np.testing.assert_array_equal(found.outputs[y], wanted)
    assert found.layers[0].activations.levels.bits == bits
    assert cost_run(path, found, samples=0).energy > 0


def test_floats_that_become_infinite_or_need_too_many_bits_are_told(tmp_path):
    for attributes, sizes, told in (
        ({"saturation": 0, "has_inf": 1}, (3, 1, 3, 1e9), "infinite"),
        ({}, (5, 2, 15, 1e9), "wider than 16 bits"),
        ({}, (0, 2, 15, 1e9), "0 exponent and 2 mantissa bits"),
    ):
        build = quantized_models.Builder(0)
        w = build.quant(build.weights(8, 4), 2.0**-3, 4)
        y = build.node("MatMul", floats(build, "x", 0.5, *sizes, **attributes), w)
        path = build.save(tmp_path / "n.onnx", [3, 8], y, [3, 4])
        with pytest.raises(EstimateError, match=told):
            QuantizedNetwork(path).run(np.ones((3, 8), np.float32))


def test_codes_of_four_bits_with_an_exponent_run(tmp_path):
    """The numbers 0, 0.5, 1, 1.5, 2, 3, 4 and 6 and their negatives."""
    levels = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6])
    random = np.random.default_rng(0)
    weights = random.choice([*levels, *-levels], (8, 4))
    images = (random.standard_normal((3, 8)) * 2).astype(np.float32)
    kind = helper.tensor_dtype_to_np_dtype(TensorProto.FLOAT4E2M1)
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "s"], ["d"]),
        helper.make_node("DequantizeLinear", ["w", "s"], ["v"]),
        helper.make_node("MatMul", ["d", "v"], ["y"]),
    ]
    constants = [
        numpy_helper.from_array(np.float32(0.5), "s"),
        helper.make_tensor("z", TensorProto.FLOAT4E2M1, [], [0.0]),
        helper.make_tensor("w", TensorProto.FLOAT4E2M1, [8, 4], weights.ravel().tolist()),
    ]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [3, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [3, 4])], constants,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 23)], ir_version=11)
    onnx.save(model, tmp_path / "n.onnx")
    found = QuantizedNetwork(tmp_path / "n.onnx").run(images)
    codes = np.clip(images / np.float32(0.5), -6, 6).astype(kind).astype(np.float64)
    assert set(np.abs(codes).ravel()) <= set(levels)
    np.testing.assert_array_equal(found.outputs["y"], codes @ weights * 0.25)
    assert found.layers[0].activations.levels.bits == 5


def test_rows_may_have_a_scale_each(tmp_path):
    """As tokens quantized by their own greatest value."""
    build = quantized_models.Builder(0)
    scales = build.powers(1, 5, 1)
    x = build.node(
        "Quant", "x", *map(build.constant, (scales, 0.0, 8)), domain=DOMAIN, signed=1, narrow=0,
        rounding_mode="ROUND",
    )  # fmt: skip
    w = build.codes(8, 4)
    w = build.node("DequantizeLinear", w, build.constant(build.powers(4)), axis=1)
    y = build.node("MatMul", x, w)
    path = build.save(tmp_path / "n.onnx", ["N", 5, 8], y, ["N", 5, 4])
    images = build.random.standard_normal((2, 5, 8)).astype(np.float32)
    told = {}
    found = QuantizedNetwork(path).run(images, lambda name, value: told.update({name: value}))
    codes = np.clip(np.rint(images / scales), -128, 127)
    np.testing.assert_array_equal(
        found.layers[0].activations.codes[:, :, 0, 0], codes.reshape(-1, 8)
    )
    constants = {t.name: numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer}
    node = next(n for n in onnx.load(path).graph.node if n.op_type == "DequantizeLinear")
    kernels = constants[node.input[0]].astype(np.float64) * constants[node.input[1]]
    np.testing.assert_array_equal(found.outputs[y], (codes * scales) @ kernels)
