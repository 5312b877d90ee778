"""Quantizers put into float graphs as exporters of QONNX and QCDQ do, before what has weights.

Every scale is a power of two, so that sums are exact in single precision in any order.
"""

from dataclasses import dataclass

import numpy as np
from onnx import helper, numpy_helper

QONNX = "qonnx.custom_op.general"
QUANTIZED = {
    **dict.fromkeys(("Conv", "ConvTranspose", "Gemm", "MatMul", "Einsum"), (0, 1)),
    **dict.fromkeys(("LSTM", "GRU"), (0, 1, 2)),
    "MatMulNBits": (0,),
}
"""Which inputs of an operator get a quantizer."""


@dataclass(frozen=True)
class Widths:
    """Of weights and activations; 0 leaves the operands as they are."""

    weights: int = 8
    activations: int = 8
    per_kernel: bool = False
    import_domain: bool = True


class Writer:
    """Puts quantizers before the operands of every node with weights."""

    def __init__(self, model, widths):
        self.model, self.widths = model, widths
        self.constants = {one.name: one for one in model.graph.initializer}
        self.made, self.nodes = {}, []

    def constant(self, stem, value, kind=np.float32):
        name = f"{stem}_{len(self.model.graph.initializer)}"
        self.model.graph.initializer.append(numpy_helper.from_array(np.asarray(value, kind), name))
        return name

    def run(self):
        for node in self.model.graph.node:
            for place in QUANTIZED.get(node.op_type, ()):
                node.input[place] = self.operand(node, place)
            self.nodes.append(node)
        del self.model.graph.node[:]
        self.model.graph.node.extend(self.nodes)
        return self.model

    def operand(self, node, place):
        name = node.input[place]
        if name in self.made:
            return self.made[name]
        if name in self.constants:
            scale = self.scales(node, name)
            made = self.weights(name, scale, 1 if node.op_type == "ConvTranspose" else 0)
        else:
            made = self.activations(name)
        self.made[name] = made
        return made

    def scales(self, node, name):
        """Powers of two that hold the weights, one for each kernel of a convolution or for all."""
        values = numpy_helper.to_array(self.constants[name])
        top = 2 ** (self.widths.weights - 1) - 1 or 1
        if self.widths.per_kernel and node.op_type == "Conv":
            largest = np.abs(values).reshape(len(values), -1).max(axis=1)
            return np.exp2(np.ceil(np.log2(np.maximum(largest, 2.0**-4) / top)))
        return np.exp2(np.ceil(np.log2(np.abs(values).max() / top)))

    def add(self, operator, *inputs, **attributes):
        out = f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(operator, list(inputs), [out], name=f"n_{out}", **attributes)
        )
        return out


class Qonnx(Writer):
    """`Quant` nodes; one bit is `BipolarQuant`."""

    def run(self):
        super().run()
        if self.widths.import_domain:
            self.model.opset_import.append(helper.make_opsetid(QONNX, 1))
        return self.model

    def weights(self, name, scale, axis):
        if scale.ndim:
            scale = scale.reshape(-1, *[1] * (len(self.constants[name].dims) - 1))
        return self.quant(name, scale, self.widths.weights)

    def activations(self, name):
        return self.quant(name, 2.0 ** (3 - self.widths.activations), self.widths.activations)

    def quant(self, name, scale, bits):
        if bits == 1:
            return self.add("BipolarQuant", name, self.constant("s", scale), domain=QONNX)
        inputs = [self.constant("s", scale), self.constant("z", 0.0), self.constant("b", bits)]
        return self.add("Quant", name, *inputs, domain=QONNX, signed=1, narrow=0,
                        rounding_mode="ROUND")  # fmt: skip


class Qcdq(Writer):
    """`QuantizeLinear`, `Clip`, `DequantizeLinear`; weights as their integers. Opset 13 on."""

    def weights(self, name, scale, axis):
        values = numpy_helper.to_array(self.constants[name]).astype(np.float64)
        along = scale.reshape(-1, *[1] * (values.ndim - 1)) if scale.ndim else scale
        top = 2 ** (self.widths.weights - 1)
        codes = np.clip(np.rint(values / along), -top + 1, top - 1)
        inputs = [self.constant("w", codes, np.int8)]
        if self.widths.weights < 8:
            ends = (self.constant("e", end, np.int8) for end in (-top + 1, top - 1))
            inputs = [self.add("Clip", *inputs, *ends)]
        inputs += [self.constant("s", scale), self.constant("z", np.zeros(scale.shape), np.int8)]
        more = {"axis": axis} if scale.ndim else {}
        return self.add("DequantizeLinear", *inputs, **more)

    def activations(self, name):
        bits = self.widths.activations
        scale, zero = self.constant("s", 2.0 ** (3 - bits)), self.constant("z", 0, np.int8)
        y = self.add("QuantizeLinear", name, scale, zero)
        if bits < 8:
            top = 2 ** (bits - 1)
            y = self.add("Clip", y, *(self.constant("e", e, np.int8) for e in (-top, top - 1)))
        return self.add("DequantizeLinear", y, scale, zero)
