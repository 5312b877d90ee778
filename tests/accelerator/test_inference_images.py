"""Images that no quantizer takes first, sums and means that stay on a grid, sizes left open."""

import numpy as np
import onnx
import pytest
import quantized_models
from onnx import TensorProto, helper, numpy_helper

from accelerator.errors import EstimateError
from accelerator.inference import QuantizedNetwork
from accelerator.networks import Operation, load_network


def by_onnxruntime(path, source):
    onnxruntime = pytest.importorskip("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(path, options).run(None, {"x": source})[0]


def bare(path):
    """A convolution that takes the image as it is."""
    build = quantized_models.Builder(2)
    w = build.node("DequantizeLinear", build.codes(4, 3, 3, 3), build.constant(2.0**-6))
    y = build.node("Conv", "x", w, kernel_shape=[3, 3])
    return build.save(path, ["N", 3, 8, 8], y, ["N", 4, 6, 6])


def test_whole_numbers_need_no_quantizer(tmp_path):
    network = QuantizedNetwork(bare(tmp_path / "net.onnx"))
    codes = np.random.default_rng(0).integers(0, 256, (3, 3, 8, 8), np.uint8)
    run = network.run(codes)
    (found,) = run.outputs.values()
    np.testing.assert_array_equal(
        found, by_onnxruntime(tmp_path / "net.onnx", codes.astype(np.float32))
    )
    divided = network.run(codes, highest=255)
    (values,) = divided.outputs.values()
    wanted = by_onnxruntime(tmp_path / "net.onnx", codes.astype(np.float32) / np.float32(255))
    np.testing.assert_allclose(values, wanted, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(divided.layers[0].results, run.layers[0].results)
    assert divided.layers[0].activations.levels.bits == 8
    few = network.run(codes // 16, highest=15)
    assert few.layers[0].activations.levels.bits == 4


def test_images_that_are_no_such_numbers_are_refused(tmp_path):
    network = QuantizedNetwork(bare(tmp_path / "net.onnx"))
    for images in (
        np.full((1, 3, 8, 8), 0.5),
        np.full((1, 3, 8, 8), 16),
        np.full((1, 3, 8, 8), -1),
    ):
        with pytest.raises(EstimateError, match="not whole numbers from 0 to 15"):
            network.run(images, highest=15)
    with pytest.raises(EstimateError, match="where their levels are given"):
        network.run(np.full((1, 3, 8, 8), 0.5))


@pytest.mark.parametrize(
    ("operator", "attributes"),
    [
        ("AveragePool", {"kernel_shape": [2, 2], "strides": [2, 2]}),
        ("AveragePool", {"kernel_shape": [4, 2], "pads": [1, 1, 1, 0], "count_include_pad": 1}),
        ("ReduceMean", {"axes": [2, 3]}),
        ("Resize", {}),
    ],
)
def test_a_layer_takes_what_stays_on_a_grid(tmp_path, operator, attributes):
    build = quantized_models.Builder(3)
    x = build.qdq("x", 2.0**-4, 3, clip=(0, 15))
    scales = [build.constant([]), build.constant([1, 1, 2, 2])] if operator == "Resize" else []
    y = build.node(operator, x, *scales, **attributes)
    w = build.node("DequantizeLinear", build.codes(5, 3, 1, 1), build.constant(2.0**-6))
    y = build.node("Conv", y, w, kernel_shape=[1, 1])
    path = build.save(tmp_path / "net.onnx", ["N", 3, 8, 8], y, None)
    source = np.random.default_rng(1).standard_normal((2, 3, 8, 8)).astype(np.float32)
    run = QuantizedNetwork(path).run(source)
    (found,) = run.outputs.values()
    np.testing.assert_array_equal(found, by_onnxruntime(path, source))
    assert run.layers[0].activations.levels.bits == {"Resize": 4, "ReduceMean": 10}.get(
        operator, 6 if len(attributes) == 2 else 7
    )


def test_a_mean_over_axes_is_a_pool(tmp_path):
    build = quantized_models.Builder(1)
    y = build.node("ReduceMean", build.node("Conv", "x", build.weights(4, 3, 3, 3)), axes=[2, 3])
    network = load_network(build.save(tmp_path / "net.onnx", ["N", 3, 8, 8], y, None))
    pool = network.layers[-1]
    assert pool.operation is Operation.AVERAGE_POOL
    assert (pool.output_elements, pool.taps) == (4, 36)
    assert network.not_counted == ()


def test_sizes_computed_from_shapes_are_found(tmp_path):
    """Half of the channels, as PyTorch's older exporter writes `chunk`."""
    constants = {"one": [1], "two": [2], "zero": [0]}
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Gather", ["s", "one"], ["c"]),
        helper.make_node("Div", ["c", "two"], ["h"]),
        helper.make_node("Slice", ["x", "zero", "h", "one"], ["half"]),
        helper.make_node("Conv", ["half", "w"], ["y"], name="conv"),
    ]
    path = tmp_path / "net.onnx"
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 6, 5, 5])],
        [helper.make_empty_tensor_value_info("y")],
        [numpy_helper.from_array(np.array(v, np.int64), k) for k, v in constants.items()]
        + [numpy_helper.from_array(np.ones((2, 3, 3, 3), np.float32), "w")],
    )  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), path)
    (layer,) = load_network(path).mapped
    assert (layer.in_channels, layer.out_size, layer.macs) == (3, (3, 3), 9 * 2 * 27)


@pytest.mark.parametrize(
    ("operator", "extra", "said"),
    [
        ("DequantizeLinear", {"block_size": 4, "axis": 0}, "a scale for each block"),
        ("QuantizeLinear", {"output_dtype": TensorProto.FLOAT8E5M2}, "which are no integers"),
    ],
)
def test_codes_of_other_kinds_are_told(tmp_path, operator, extra, said):
    build = quantized_models.Builder(1)
    if operator == "DequantizeLinear":
        scale = build.constant(np.ones((2, 3, 3, 3)))
        w = build.node(operator, build.codes(8, 3, 3, 3), scale, **extra)
        y = build.node("Conv", build.quant("x", 0.5, 4), w)
    else:
        y = build.node(operator, "x", build.constant(0.5), **extra)
    path = build.save(tmp_path / "net.onnx", ["N", 3, 8, 8], y, None)
    with pytest.raises(EstimateError, match=said):
        QuantizedNetwork(path).run(np.zeros((1, 3, 8, 8), np.float32))
