"""Convolutions of one to three dimensions and transposed ones, exact against onnxruntime."""

import numpy as np
import onnx
import pytest
import quantized_models
from hypothesis import given, settings
from hypothesis import strategies as st

from accelerator.inference import QuantizedNetwork, cost_run
from accelerator.networks import load_network

onnxruntime = pytest.importorskip("onnxruntime")


def both(path, images):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    try:
        (wanted,) = session.run(None, {"x": images})
    except Exception:
        # A window that reaches beyond its input.
        return None
    found = QuantizedNetwork(path).run(images)
    return found, wanted


def built(path, seed, rank, operator, zero, *, bias=True):
    """A layer between quantizers with scales of powers of two, drawn at random; None if empty."""
    build = quantized_models.Builder(seed)
    draw = build.random.integers
    group = int(draw(1, 3))
    inner, outer = group * int(draw(1, 3)), group * int(draw(1, 3))
    kernel = [int(size) for size in draw(1, 4, rank)]
    size = [int(one) for one in draw(3, 6, rank)]
    dilations = [int(one) for one in draw(1, 3, rank)]
    attributes = {
        "kernel_shape": kernel, "strides": [int(one) for one in draw(1, 4, rank)],
        "dilations": dilations, "group": group,
    }  # fmt: skip
    if operator == "ConvTranspose":
        weights = build.codes(inner, outer // group, *kernel)
        attributes["pads"] = [
            int(draw(0, (k - 1) * d + 1)) for k, d in [*zip(kernel, dilations, strict=True)] * 2
        ]
        attributes["output_padding"] = [int(draw(0, step)) for step in attributes["strides"]]
    else:
        weights = build.codes(outer, inner // group, *kernel)
        attributes["pads"] = [int(draw(0, k)) for k in kernel * 2]
    x = build.qdq("x", 2.0**-4, zero)
    w = build.node("DequantizeLinear", weights, build.constant(2.0**-6))
    inputs = [x, w, build.weights(outer)] if bias else [x, w]
    y = build.node(operator, *inputs, **attributes)
    build.save(path, ["N", inner, *size], y, [None] * (rank + 2))
    try:
        shapes = onnx.shape_inference.infer_shapes(onnx.load(path), strict_mode=True)
    except Exception:
        return None
    sizes = [dim.dim_value for dim in shapes.graph.output[0].type.tensor_type.shape.dim[2:]]
    if not sizes or min(sizes) < 1:
        return None
    return build.random.standard_normal((2, inner, *size)).astype(np.float32) * 4


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    operator=st.sampled_from(["Conv", "ConvTranspose"]), rank=st.integers(1, 3),
    zero=st.sampled_from([0, 100, 128]), seed=st.integers(0, 10**6),
)  # fmt: skip
def test_layers_are_equal_to_onnxruntime_and_have_their_costs(
    tmp_path_factory, operator, rank, zero, seed
):
    path = tmp_path_factory.mktemp("one") / "n.onnx"
    images = built(path, seed, rank, operator, zero)
    if images is None:
        return
    made = both(path, images)
    if made is None:
        return
    found, wanted = made
    (output,) = found.outputs.values()
    np.testing.assert_array_equal(output, wanted)
    (layer,) = load_network(path).mapped
    assert layer.out_size == wanted.shape[2:]
    assert layer.valid_fraction <= 1
    report = cost_run(path, found, samples=0)
    assert report.energy > 0


def test_a_transposed_layer_multiplies_the_zeros_too(tmp_path):
    """A 2 x 2 window with a stride of 2 over 4 x 4 gives 8 x 8, each of 4 taps x 3 channels."""
    build = quantized_models.Builder(0)
    x = build.qdq("x", 0.5, 0)
    w = build.node("DequantizeLinear", build.codes(3, 5, 2, 2), build.constant(0.5))
    y = build.node("ConvTranspose", x, w, kernel_shape=[2, 2], strides=[2, 2])
    path = build.save(tmp_path / "n.onnx", ["N", 3, 4, 4], y, ["N", 5, 8, 8])
    (layer,) = load_network(path).mapped
    assert (layer.in_size, layer.pad_begin, layer.pad_end) == ((7, 7), (1, 1), (1, 1))
    assert layer.macs == 8 * 8 * 5 * 3 * 4
    assert layer.weights == 3 * 5 * 4


@pytest.mark.parametrize("way", ["SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET"])
@pytest.mark.parametrize("asked", [False, True])
def test_transposed_padding_follows_the_size_of_the_output(tmp_path, way, asked):
    build = quantized_models.Builder(1)
    x = build.qdq("x", 0.5, 3)
    w = build.node("DequantizeLinear", build.codes(2, 3, 3, 4), build.constant(0.5))
    attributes = {"auto_pad": way, "strides": [2, 3], "kernel_shape": [3, 4]}
    if asked:
        attributes["output_shape"] = [10, 12]
    y = build.node("ConvTranspose", x, w, **attributes)
    path = build.save(tmp_path / "n.onnx", ["N", 2, 5, 4], y, [None] * 4)
    images = build.random.standard_normal((2, 2, 5, 4)).astype(np.float32) * 9
    found, wanted = both(path, images)
    np.testing.assert_array_equal(next(iter(found.outputs.values())), wanted)


@pytest.mark.parametrize("bits", [1, 2])
def test_signs_have_a_zero_where_zeros_are_put_in(tmp_path, bits):
    build = quantized_models.Builder(2)
    x = build.bipolar("x", 0.5) if bits == 1 else build.quant("x", 0.5, bits)
    w = build.bipolar(build.weights(3, 2, 2, 2), 1.0)
    y = build.node("ConvTranspose", x, w, kernel_shape=[2, 2], strides=[2, 2])
    path = build.save(tmp_path / "n.onnx", ["N", 3, 4, 4], y, ["N", 2, 8, 8])
    images = build.random.standard_normal((2, 3, 4, 4)).astype(np.float32)
    found = QuantizedNetwork(path).run(images)
    (layer,) = found.layers
    seen = layer.activations.codes[:, :, ::2, ::2]
    assert np.count_nonzero(layer.activations.codes) == np.count_nonzero(seen)
    kernels = layer.weights.stored.codes
    wanted = np.zeros((2, 2, 8, 8))
    for y_, x_, i, j in np.ndindex(4, 4, 2, 2):
        wanted[:, :, 2 * y_ + i, 2 * x_ + j] += seen[:, :, y_, x_] @ kernels[:, :, 1 - i, 1 - j].T
    np.testing.assert_array_equal(next(iter(found.outputs.values())), wanted * 0.5)
