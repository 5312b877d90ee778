"""Agreement with onnxruntime's ConvInteger, an implementation not written here."""

from __future__ import annotations

import numpy as np
import pytest

from accelerator import bitwise_conv2d
from accelerator.bitwise.convolution import convolve_by
from accelerator.bitwise.encodings import levels

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")


def convolve_integer(activations, weights, **attributes):
    helper, kind = onnx.helper, onnx.TensorProto
    graph = helper.make_graph(
        [helper.make_node("ConvInteger", ["x", "w"], ["y"], **attributes)],
        "convolution",
        [
            helper.make_tensor_value_info("x", kind.UINT8, activations.shape),
            helper.make_tensor_value_info("w", kind.INT8, weights.shape),
        ],
        [helper.make_tensor_value_info("y", kind.INT32, None)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 10)], ir_version=8)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(None, {"x": activations, "w": weights})[0]


@pytest.mark.parametrize(
    ("shape", "kernel", "strides", "pads", "dilations", "group"),
    [
        ((1, 3, 32, 32), (16, 3, 5, 5), [1, 1], [2, 2, 2, 2], [1, 1], 1),
        ((2, 64, 14, 14), (32, 64, 3, 3), [2, 1], [1, 0, 2, 1], [1, 1], 1),
        ((1, 96, 13, 13), (24, 48, 3, 3), [1, 1], [1, 1, 1, 1], [2, 2], 2),
        ((3, 40, 9, 7), (40, 1, 3, 3), [1, 2], [1, 1, 1, 1], [1, 1], 40),
    ],
)
@pytest.mark.parametrize("bits", [1, 3, 8])
def test_eight_bit_codes(shape, kernel, strides, pads, dilations, group, bits):
    rng = np.random.default_rng(bits)
    activations = rng.integers(0, 2**bits, shape).astype(np.uint8)
    weights = rng.integers(-(2 ** (bits - 1)), 2 ** (bits - 1), kernel).astype(np.int8)
    expected = convolve_integer(
        activations, weights, strides=strides, pads=pads, dilations=dilations, group=group
    )
    spatial = {"stride": strides, "padding": pads, "dilation": dilations, "groups": group}
    result = bitwise_conv2d(
        activations,
        weights,
        activation_bits=bits,
        weight_bits=bits,
        weight_encoding="twos_complement",
        **spatial,
    )
    np.testing.assert_array_equal(result, expected)
    bit_serial = convolve_by(
        "bits",
        activations,
        weights,
        activation_levels=levels("unsigned", bits, "activation"),
        weight_levels=levels("twos_complement", bits, "weight"),
        **spatial,
    )
    np.testing.assert_array_equal(bit_serial, expected)
