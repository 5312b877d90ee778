"""Quantized networks on sub-arrays, layer by layer against onnxruntime and qonnx's executor."""

import numpy as np
import onnx
import pytest
import quantized_models
from onnx import helper

from accelerator.inference import AndErrors, QuantizedNetwork

KINDS = ("Conv", "Gemm", "MatMul", "ConvInteger", "MatMulInteger", "QLinearConv", "QLinearMatMul")


def layer_outputs(path):
    """Names of what layers with weights make, in their order."""
    return [node.output[0] for node in onnx.load(path).graph.node if node.op_type in KINDS]


def by_onnxruntime(path, images):
    """Every layer's output and the network's, by onnxruntime without any fusion."""
    onnxruntime = pytest.importorskip("onnxruntime")
    model = onnx.load(path)
    last = model.graph.output[0].name
    wanted = list(dict.fromkeys([*layer_outputs(path), last]))
    for name in wanted:
        if name != last:
            model.graph.output.append(helper.make_empty_tensor_value_info(name))
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    return dict(zip(wanted, session.run(wanted, {"x": images}), strict=True))


def by_qonnx(path, images):
    """Every tensor, by the executor of the qonnx package."""
    pytest.importorskip("qonnx")
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.core.onnx_exec import execute_onnx
    from qonnx.transformation.infer_shapes import InferShapes

    model = ModelWrapper(str(path))
    model.set_tensor_shape("x", list(images.shape))
    model = model.transform(InferShapes())
    return execute_onnx(model, {"x": images}, return_full_exec_context=True)


def run(path, images):
    tensors = {}
    network = QuantizedNetwork(path)
    found = network.run(images, lambda name, tensor: tensors.update({name: tensor}))
    return found, tensors


def images(*shape, seed=1):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def assert_layers_equal(path, found, tensors, expected):
    """What each layer makes is the other program's to the last bit."""
    names = layer_outputs(path)
    assert len(found.layers) == len(names)
    for layer, name in zip(found.layers, names, strict=True):
        assert np.ptp(layer.results) > 0
        np.testing.assert_array_equal(tensors[name].values, expected[name], err_msg=layer.name)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("zero", [0, 100, 128])
@pytest.mark.parametrize("per_kernel", [True, False])
def test_qcdq_equals_onnxruntime(tmp_path, seed, zero, per_kernel):
    path = quantized_models.qcdq(tmp_path / "net.onnx", seed, zero, per_kernel)
    source = images(3, 3, 12, 12, seed=seed)
    found, tensors = run(path, source)
    expected = by_onnxruntime(path, source)
    assert_layers_equal(path, found, tensors, expected)
    widths = [(one.activations.levels.bits, one.weights.stored.levels.bits) for one in found.layers]
    assert widths[0] == (8, 8)  # also with a zero point in the middle of nowhere
    assert widths[1] == (4, 8)  # `Clip` narrows to 0 .. 15
    assert found.layers[2].weights.window.groups == 8


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_integer_operators_equal_onnxruntime(tmp_path, seed):
    for make, shape in (
        (quantized_models.qlinear, (4, 3, 6, 6)),
        (quantized_models.integer, (4, 3, 9)),
    ):
        path = make(tmp_path / "net.onnx", seed)
        source = images(*shape, seed=seed)
        found, tensors = run(path, source)
        expected = by_onnxruntime(path, source)
        assert_layers_equal(path, found, tensors, expected)
        for name, value in found.outputs.items():
            np.testing.assert_array_equal(value, expected[name])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_qonnx_equals_its_executor(tmp_path, seed):
    path = quantized_models.qonnx(tmp_path / "net.onnx", seed)
    source = images(1, 3, 8, 8, seed=seed)
    found, tensors = run(path, source)
    expected = by_qonnx(path, source)
    assert_layers_equal(path, found, tensors, expected)
    stored = [(str(o.activations.levels), str(o.weights.stored.levels)) for o in found.layers]
    assert "2-bit unsigned" in stored[1][0]
    assert "2-bit symmetric" in stored[1][1]
    assert "1-bit symmetric" in stored[2][1]
    assert "1-bit symmetric" in stored[3][0]
    assert "3-bit two's complement" in stored[3][1]


def test_images_run_together_as_one_by_one(tmp_path):
    path = quantized_models.qonnx(tmp_path / "net.onnx")
    network, source = QuantizedNetwork(path), images(5, 3, 8, 8)
    together = network.run(source)
    for index in range(5):
        alone = network.run(source[index : index + 1])
        for one, all_ in zip(alone.layers, together.layers, strict=True):
            np.testing.assert_array_equal(
                one.results[0], all_.results.reshape(5, *one.results.shape[1:])[index]
            )


def test_wrong_ands_follow_a_seed_and_reach_the_outputs(tmp_path):
    path = quantized_models.qonnx(tmp_path / "net.onnx")
    network, source = QuantizedNetwork(path), images(2, 3, 8, 8)
    exact = network.run(source)
    never = network.run(source, errors=AndErrors(0, 0, 0, 0))
    one, two, other = (
        network.run(source, errors=AndErrors(0.01, 0.01, 0.01, 0.02), seed=seed)
        for seed in (1, 1, 2)
    )
    for name, value in exact.outputs.items():
        np.testing.assert_array_equal(never.outputs[name], value)
        np.testing.assert_array_equal(one.outputs[name], two.outputs[name])
        assert np.any(one.outputs[name] != value)
        assert np.any(one.outputs[name] != other.outputs[name])
    first = one.layers[0]
    assert np.any(first.results != exact.layers[0].results)
    np.testing.assert_array_equal(first.activations.codes, exact.layers[0].activations.codes)


def test_automatic_padding_follows_the_size_of_the_input(tmp_path):
    build = quantized_models.Builder(4)
    x = build.qdq("x", 2.0**-5, 100)
    w = build.node("DequantizeLinear", build.codes(4, 3, 3, 3), build.constant(2.0**-6))
    y = build.node("Conv", x, w, auto_pad="SAME_UPPER", strides=[2, 2], kernel_shape=[3, 3])
    free = ["N", 3, "H", "W"]
    path = build.save(tmp_path / "net.onnx", free, y, ["N", 4, "P", "Q"])
    network = QuantizedNetwork(path)
    for side in (8, 9):
        source = images(2, 3, side, side)
        expected = by_onnxruntime(path, source)
        for name, value in network.run(source).outputs.items():
            np.testing.assert_array_equal(value, expected[name])
