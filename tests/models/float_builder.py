"""A builder of small float ONNX graphs that are the same network at every opset.

What moved from attributes to inputs, or did not exist yet, is written as the opset has it.
Weights and biases are sixteenths, so that quantized sums are exact in single precision.
"""

import numpy as np
from onnx import TensorProto, helper, numpy_helper, shape_inference
from operator_nodes import NEW_IR

INT64 = np.int64


class Net:
    """Collects nodes and constants; every method gives the name of what it makes."""

    def __init__(self, opset, shape, seed=0, kind=TensorProto.FLOAT):
        self.opset, self.shape, self.kind = opset, shape, kind
        self.random = np.random.default_rng(seed)
        self.nodes, self.initializers, self.domains = [], [], {}
        self.count = 0

    def constant(self, value, kind=np.float32):
        self.count += 1
        name = f"c{self.count}"
        self.initializers.append(numpy_helper.from_array(np.asarray(value, kind), name))
        return name

    def dyadic(self, *shape):
        """Sixteenths about zero."""
        return self.constant(np.round(self.random.standard_normal(shape) * 8) / 16)

    def node(self, operator, *inputs, outputs=1, domain="", **attributes):
        self.count += 1
        names = [f"{operator.lower()}{self.count}_{i}" for i in range(outputs)]
        self.nodes.append(
            helper.make_node(
                operator, list(inputs), names, f"{operator}_{self.count}", domain=domain,
                **attributes,
            )
        )  # fmt: skip
        if domain:
            self.domains[domain] = 1
        return names[0] if outputs == 1 else names

    def moved(self, operator, x, name, value, since, **attributes):
        """An operator with a list that is an input from an opset on."""
        if self.opset >= since:
            return self.node(operator, x, self.constant(value, INT64), **attributes)
        return self.node(operator, x, **{name: value}, **attributes)

    def conv(self, x, source, target, kernel, *, bias=True, same=True, **attributes):
        """A convolution of as many dimensions as its kernel has, padded to keep the size."""
        if same:
            dilation = attributes.get("dilations", [1] * len(kernel))
            pads = [(size - 1) * wide // 2 for size, wide in zip(kernel, dilation, strict=True)]
            attributes["pads"] = pads * 2
        groups = attributes.get("group", 1)
        inputs = [x, self.dyadic(target, source // groups, *kernel)]
        if bias:
            inputs.append(self.dyadic(target))
        return self.node("Conv", *inputs, kernel_shape=list(kernel), **attributes)

    def transposed(self, x, source, target):
        """Doubles height and width."""
        inputs = [x, self.dyadic(source, target, 2, 2), self.dyadic(target)]
        return self.node("ConvTranspose", *inputs, kernel_shape=[2, 2], strides=[2, 2])

    def norm(self, x, channels):
        """Batch normalization by powers of two."""
        gain, variance = (
            self.constant(base ** self.random.integers(-1, 2, channels)) for base in (2.0, 4.0)
        )
        shift, mean = self.dyadic(channels), self.dyadic(channels)
        return self.node("BatchNormalization", x, gain, shift, mean, variance, epsilon=0.0)

    def relu(self, x):
        return self.node("Relu", x)

    def relu6(self, x):
        if self.opset >= 11:
            return self.node("Clip", x, self.constant(0.0), self.constant(6.0))
        return self.node("Clip", x, min=0.0, max=6.0)

    def pool(self, x, kernel, operator="MaxPool", **attributes):
        attributes.setdefault("strides", list(kernel))
        return self.node(operator, x, kernel_shape=list(kernel), **attributes)

    def flat(self, x):
        return self.node("Flatten", self.node("GlobalAveragePool", x))

    def gemm(self, x, inner, outer):
        return self.node("Gemm", x, self.dyadic(outer, inner), self.dyadic(outer), transB=1)

    def product(self, x, inner, outer):
        """A product behind a sum with a bias, as transformers are exported."""
        y = self.node("MatMul", x, self.dyadic(inner, outer))
        return self.node("Add", y, self.dyadic(outer))

    def reshape(self, x, *shape):
        return self.node("Reshape", x, self.constant(shape, INT64))

    def turned(self, x, *order):
        return self.node("Transpose", x, perm=list(order))

    def mean(self, x, axes, keep=0):
        return self.moved("ReduceMean", x, "axes", axes, 18, keepdims=keep)

    def squeeze(self, x, axes):
        return self.moved("Squeeze", x, "axes", axes, 13)

    def split(self, x, sizes, axis):
        if self.opset >= 13:
            sizes_in = self.constant(sizes, INT64)
            return self.node("Split", x, sizes_in, outputs=len(sizes), axis=axis)
        return self.node("Split", x, outputs=len(sizes), axis=axis, split=sizes)

    def cut(self, x, start, end, axis):
        if self.opset >= 10:
            ends = (self.constant([one], INT64) for one in (start, end, axis))
            return self.node("Slice", x, *ends)
        return self.node("Slice", x, starts=[start], ends=[end], axes=[axis])

    def doubled(self, x, mode="nearest"):
        """Height and width twice as large."""
        scales = self.constant([1.0, 1.0, 2.0, 2.0]) if self.opset >= 9 else ""
        if self.opset >= 11:
            more = {"coordinate_transformation_mode": "asymmetric"}
            if mode == "nearest":
                more["nearest_mode"] = "floor"
            return self.node("Resize", x, self.constant([]), scales, mode=mode, **more)
        if self.opset == 10:
            return self.node("Resize", x, scales, mode=mode)
        if self.opset == 9:
            return self.node("Upsample", x, scales, mode=mode)
        return self.node("Upsample", x, scales=[1.0, 1.0, 2.0, 2.0], mode=mode)

    def layer_norm(self, x, size):
        """Of the last axis; before opset 17 as its own arithmetic."""
        if self.opset >= 17:
            return self.node("LayerNormalization", x, self.dyadic(size), self.dyadic(size))
        centred = self.node("Sub", x, self.mean(x, [-1] if self.opset >= 11 else [2], 1))
        square = self.node("Mul", centred, centred)
        spread = self.mean(square, [-1] if self.opset >= 11 else [2], 1)
        spread = self.node("Sqrt", self.node("Add", spread, self.constant(1e-5)))
        y = self.node("Mul", self.node("Div", centred, spread), self.dyadic(size))
        return self.node("Add", y, self.dyadic(size))

    def gelu(self, x):
        """One operator from opset 20 on, before that the error function (from 9 on), or tanh."""
        if self.opset >= 20:
            return self.node("Gelu", x)
        if self.opset >= 9:
            y = self.node("Erf", self.node("Div", x, self.constant(np.sqrt(2.0))))
        else:
            y = self.node("Tanh", self.node("Mul", x, self.constant(0.8)))
        y = self.node("Mul", x, self.node("Add", y, self.constant(1.0)))
        return self.node("Mul", y, self.constant(0.5))

    def dropout(self, x):
        return self.node("Dropout", x)

    def model(self, y):
        version = NEW_IR.get(self.opset, 10)
        inputs = [helper.make_tensor_value_info("x", self.kind, list(self.shape))]
        if version < 4:
            # Constants were inputs with a default then.
            inputs += [
                helper.make_tensor_value_info(one.name, one.data_type, one.dims)
                for one in self.initializers
            ]
        graph = helper.make_graph(
            self.nodes, "network", inputs, [helper.make_empty_tensor_value_info(y)],
            self.initializers,
        )  # fmt: skip
        imports = [helper.make_opsetid("", self.opset)]
        imports += [
            helper.make_opsetid(domain, version) for domain, version in self.domains.items()
        ]
        model = helper.make_model(graph, opset_imports=imports, ir_version=version)
        (found,) = shape_inference.infer_shapes(model).graph.output
        model.graph.output[0].CopyFrom(found)
        return model
