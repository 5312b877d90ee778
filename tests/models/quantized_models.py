"""Small quantized ONNX models of each dialect, with random weights, for the tests.

Scales are powers of two and reals dyadic, so that single precision is exact in any order and
what two programs make of a model is equal to the last bit.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Builder:
    """Collects nodes and constants; every method gives the name of what it makes."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.nodes, self.initializers, self.count = [], [], 0

    def name(self, stem):
        self.count += 1
        return f"{stem}{self.count}"

    def constant(self, value, dtype=np.float32):
        name = self.name("c")
        self.initializers.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def node(self, operator, *inputs, domain="", **attributes):
        out = self.name(operator.lower())
        self.nodes.append(
            helper.make_node(
                operator, list(inputs), [out], name=f"n_{out}", domain=domain, **attributes
            )
        )
        return out

    def quant(self, x, scale, bits, zero=0.0, signed=1, narrow=0, mode="ROUND"):
        return self.node(
            "Quant", x, *map(self.constant, (scale, zero, bits)), domain="qonnx.custom_op.general",
            signed=signed, narrow=narrow, rounding_mode=mode,
        )  # fmt: skip

    def bipolar(self, x, scale):
        return self.node("BipolarQuant", x, self.constant(scale), domain="qonnx.custom_op.general")

    def weights(self, *shape):
        return self.constant(self.dyadic(*shape))

    def dyadic(self, *shape):
        """Sixteenths about zero."""
        return np.round(self.random.standard_normal(shape) * 8) / 16

    def powers(self, *shape):
        return 2.0 ** self.random.integers(-7, -3, shape)

    def qdq(self, x, scale, zero, kind=np.uint8, clip=None):
        scale, zero = self.constant(scale), self.constant(zero, kind)
        x = self.node("QuantizeLinear", x, scale, zero)
        if clip is not None:
            x = self.node("Clip", x, *(self.constant(end, kind) for end in clip))
        return self.node("DequantizeLinear", x, scale, zero)

    def codes(self, *shape, kind=np.int8):
        ends = np.iinfo(kind)
        return self.constant(self.random.integers(ends.min + 1, ends.max + 1, shape), kind)

    def save(
        self, path, source_shape, target, target_shape, kind=TensorProto.FLOAT, source_kind=None
    ):
        graph = helper.make_graph(
            self.nodes,
            "network",
            [helper.make_tensor_value_info("x", source_kind or TensorProto.FLOAT, source_shape)],
            [helper.make_tensor_value_info(target, kind, target_shape)],
            self.initializers,
        )
        opsets = [helper.make_opsetid("", 13), helper.make_opsetid("qonnx.custom_op.general", 1)]
        model = helper.make_model(graph, opset_imports=opsets)
        model.ir_version = 8
        onnx.save(model, path)
        return path


def qcdq(path, seed=0, zero=128, per_kernel=True):
    """Convolution, grouped convolution, residual sum and product between quantizers."""
    build = Builder(seed)
    scales = build.powers(8) if per_kernel else 2.0**-6
    zeros = build.constant(np.zeros(8) if per_kernel else 0, np.int8)
    x = build.qdq("x", 2.0**-6, zero)
    first = build.node(
        "DequantizeLinear", build.codes(8, 3, 3, 3), build.constant(scales), zeros, axis=0
    )
    y = build.node("Conv", x, first, build.weights(8), pads=[1, 1, 1, 1], kernel_shape=[3, 3])
    y = build.qdq(build.node("Relu", y), 2.0**-3, 0, clip=(0, 15))
    y = build.node("MaxPool", y, kernel_shape=[2, 2], strides=[2, 2])
    second = build.node("DequantizeLinear", build.codes(8, 4, 3, 3), build.constant(2.0**-9))
    z = build.node("Conv", y, second, group=2, pads=[1, 1, 1, 1], kernel_shape=[3, 3])
    y = build.qdq(build.node("Add", y, z), 2.0**-4, 3, np.int8)
    depthwise = build.node("DequantizeLinear", build.codes(8, 1, 3, 3), build.constant(2.0**-7))
    y = build.node(
        "Conv", y, depthwise, group=8, strides=[2, 2], dilations=[2, 2], pads=[2, 1, 2, 1],
        kernel_shape=[3, 3],
    )  # fmt: skip
    y = build.node("Flatten", build.qdq(y, 0.25, 0, np.int8))
    last = build.node("DequantizeLinear", build.codes(48, 10), build.constant(2.0**-7))
    return build.save(path, ["N", 3, 12, 12], build.node("MatMul", y, last), ["N", 10])


def qonnx(path, seed=0):
    """Widths from 1 to 8, symmetric and other levels, normalization, a sum, a mean and Trunc."""
    build = Builder(seed)
    x = build.quant("x", 2.0**-5, 8)
    w = build.quant(build.weights(8, 3, 3, 3), 2.0**-6, 8, narrow=1)
    y = build.node("Conv", x, w, pads=[1, 1, 1, 1], kernel_shape=[3, 3])
    gain, shift, mean = (
        build.constant(value) for value in (build.powers(8) * 16, build.dyadic(8), build.dyadic(8))
    )
    variance = build.constant(4.0 ** build.random.integers(-1, 2, 8))
    y = build.node("BatchNormalization", y, gain, shift, mean, variance, epsilon=0.0)
    y = build.quant(build.node("Relu", y), 0.25, 2, signed=0)
    # Odd multiples of a quarter, as DoReFa's levels at two bits are odd multiples of a third.
    w = build.quant(build.weights(8, 8, 3, 3), 0.5, 2, zero=1.5, signed=0)
    z = build.node("Conv", y, w, pads=[1, 1, 1, 1], kernel_shape=[3, 3])
    z = build.quant(z, 0.25, 4)
    y = build.node("Add", y, z)
    w = build.bipolar(build.weights(8, 1, 3, 3), 0.5)
    y = build.node("Conv", y, w, group=8, pads=[1, 1, 1, 1], kernel_shape=[3, 3])
    y = build.bipolar(y, 1.0)
    w = build.quant(build.weights(6, 8, 1, 1), build.powers(6, 1, 1, 1), 3)
    y = build.quant(build.node("Conv", y, w, kernel_shape=[1, 1]), 0.125, 8, signed=0)
    y = build.node("AveragePool", y, kernel_shape=[2, 2], strides=[2, 2])
    y = build.quant(y, 0.125, 6, signed=0)
    y = build.node(
        "Trunc", y, *map(build.constant, (0.125, 0.0, 6.0, 4.0)),
        domain="qonnx.custom_op.general", rounding_mode="FLOOR",
    )  # fmt: skip
    y = build.node("GlobalAveragePool", y)
    y = build.node("Flatten", y)
    w = build.quant(build.weights(10, 6), 2.0**-4, 4)
    y = build.node("Gemm", y, w, build.weights(10), transB=1)
    return build.save(path, ["N", 3, 8, 8], y, ["N", 10])


def qlinear(path, seed=0):
    """Codes in, codes out: QLinearConv and QLinearMatMul."""
    build = Builder(seed)

    def scaled(scale, zero, kind):
        return build.constant(scale), build.constant(zero, kind)

    x = build.node("QuantizeLinear", "x", *scaled(2.0**-5, 120, np.uint8))
    w = build.codes(6, 3, 3, 3)
    w_scales = build.constant(build.powers(6))
    y = build.node(
        "QLinearConv", x, *scaled(2.0**-5, 120, np.uint8), w, w_scales,
        build.constant(np.zeros(6), np.int8), *scaled(2.0**-2, 60, np.uint8),
        build.constant(build.random.integers(-500, 500, 6), np.int32), pads=[1, 1, 1, 1],
        kernel_shape=[3, 3],
    )  # fmt: skip
    y = build.node("Reshape", y, build.constant([-1, 6 * 36], np.int64))
    y = build.node(
        "QLinearMatMul", y, *scaled(2.0**-2, 60, np.uint8), build.codes(216, 10),
        *scaled(2.0**-7, 0, np.int8), *scaled(2.0**-1, 128, np.uint8),
    )  # fmt: skip
    y = build.node("DequantizeLinear", y, *scaled(2.0**-1, 128, np.uint8))
    return build.save(path, ["N", 3, 6, 6], y, ["N", 10])


def integer(path, seed=0):
    """ConvInteger and MatMulInteger with zero points, rows of vectors."""
    build = Builder(seed)
    x = build.node("QuantizeLinear", "x", build.constant(2.0**-5), build.constant(100, np.uint8))
    y = build.node(
        "ConvInteger", x, build.codes(4, 3, 3), build.constant(100, np.uint8),
        build.constant(5, np.int8), kernel_shape=[3], pads=[1, 1],
    )  # fmt: skip
    y = build.node("Cast", y, to=TensorProto.FLOAT)
    y = build.node("QuantizeLinear", y, build.constant(256.0), build.constant(7, np.int8))
    y = build.node("MatMulInteger", y, build.codes(9, 5), build.constant(7, np.int8))
    return build.save(path, ["N", 3, 9], y, ["N", 4, 5], TensorProto.INT32)
