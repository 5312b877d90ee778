"""Operators that onnxruntime fuses (com.microsoft), as the plain ones that they were made of."""

from __future__ import annotations

from typing import Any

from accelerator.networks.onnx_attributes import integer, real, text

DOMAIN = "com.microsoft"
_EINSUM_SINCE = 12
_OPERANDS = dict.fromkeys(("FusedConv", "FusedGemm", "FusedMatMul", "BiasGelu"), 2)
"""How many inputs an operator cannot do without, where it is more than one."""
_ACTIVATIONS = {
    "Relu": (), "Sigmoid": (), "Tanh": (), "LeakyRelu": ("alpha",), "HardSigmoid": ("alpha", "beta")
}  # fmt: skip
"""Those that a convolution or a product is fused with, and their parameters in order."""


def unfuse(model: Any) -> None:
    """Put the plain nodes in place of each fused one, in the model's own graph.

    The product or convolution keeps the node's name. What has a form that is not known stays.
    """
    graph = model.graph
    if not any(node.domain == DOMAIN and node.op_type in _FORMS for node in graph.node):
        return
    opset = max((one.version for one in model.opset_import if not one.domain), default=1)
    nodes = []
    for node in graph.node:
        whole = node.domain == DOMAIN and node.output and node.output[0]
        whole = whole and all(node.input[: _OPERANDS.get(node.op_type, 1)])
        whole = whole and len(node.input) >= _OPERANDS.get(node.op_type, 1)
        form = _FORMS.get(node.op_type) if whole else None
        made = None if form is None else form(_Maker(graph, node, opset))
        nodes.extend([node] if made is None else made)
    del graph.node[:]
    graph.node.extend(nodes)


class _Maker:
    """Makes the nodes that stand for one; the last has its output."""

    def __init__(self, graph: Any, node: Any, opset: int) -> None:
        self.graph, self.node, self.opset = graph, node, opset
        self.made: list[Any] = []

    def add(self, operator: str, inputs: list[str], **attributes: Any) -> str:
        from onnx import helper

        stem = f"{self.node.name}/{operator}/{len(self.made)}"
        name = stem if self.made else self.node.name
        self.made.append(helper.make_node(operator, inputs, [stem], name, **attributes))
        return stem

    def copied(self, operator: str, inputs: list[str], left_out: frozenset[str]) -> str:
        """A node with the attributes of the fused one but for some."""
        out = self.add(operator, inputs)
        kept = [one for one in self.node.attribute if one.name not in left_out]
        self.made[-1].attribute.extend(kept)
        return out

    def number(self, value: float) -> str:
        from onnx import TensorProto

        name = f"{self.node.name}/constant/{len(self.graph.initializer)}"
        self.graph.initializer.add(name=name, data_type=TensorProto.FLOAT, float_data=[value])
        return name

    def done(self) -> list[Any]:
        self.made[-1].output[0] = self.node.output[0]
        return self.made


def _with_activation(made: _Maker, x: str, parameters: list[float]) -> list[Any] | None:
    name = text(made.node, "activation", "")
    if name in _ACTIVATIONS:
        names = _ACTIVATIONS[name]
        made.add(name, [x], **dict(zip(names, parameters, strict=False)))
        return made.done()
    if name == "Clip" and len(parameters) > 1:
        low, high = parameters[:2]
        made.add("Max", [made.add("Min", [x, made.number(high)]), made.number(low)])
        return made.done()
    return None if name else made.done()


def _convolution(made: _Maker) -> list[Any] | None:
    inputs = list(made.node.input)
    x = made.copied("Conv", inputs[:3], frozenset({"activation", "activation_params"}))
    if len(inputs) > 3 and inputs[3]:
        x = made.add("Add", [x, inputs[3]])
    found = [one for one in made.node.attribute if one.name == "activation_params"]
    return _with_activation(made, x, [float(n) for one in found for n in one.floats])


def _gemm(made: _Maker) -> list[Any] | None:
    names = ("activation_alpha", "activation_beta", "activation_gamma")
    x = made.copied("Gemm", list(made.node.input), frozenset({"activation", *names}))
    held = {one.name for one in made.node.attribute}
    return _with_activation(made, x, [real(made.node, name, 0.0) for name in names if name in held])


def _product(made: _Maker) -> list[Any] | None:
    node = made.node
    turned = [integer(node, name, 0) for name in ("transA", "transB")]
    if any(integer(node, name, 0) for name in ("transBatchA", "transBatchB")):
        return None
    if any(turned) and made.opset < _EINSUM_SINCE:
        return None
    if any(turned):
        left, right = "ji" if turned[0] else "ij", "kj" if turned[1] else "jk"
        x = made.add("Einsum", list(node.input), equation=f"...{left},...{right}->...ik")
    else:
        x = made.add("MatMul", list(node.input))
    alpha = real(node, "alpha", 1.0)
    if alpha != 1.0:
        made.add("Mul", [x, made.number(alpha)])
    return made.done()


def _biased(made: _Maker) -> str:
    inputs = [name for name in made.node.input if name]
    return made.add("Add", inputs[:2]) if len(inputs) > 1 else inputs[0]


def _gelu(made: _Maker) -> list[Any] | None:
    if made.opset < 9:
        return None
    x = _biased(made)
    y = made.add("Erf", [made.add("Mul", [x, made.number(0.5**0.5)])])
    y = made.add("Mul", [x, made.add("Add", [y, made.number(1.0)])])
    made.add("Mul", [y, made.number(0.5)])
    return made.done()


def _fast_gelu(made: _Maker) -> list[Any] | None:
    """By the hyperbolic tangent: x (1 + tanh(x (a + b x^2))) / 2."""
    x = _biased(made)
    square = made.add("Mul", [made.add("Mul", [x, x]), made.number(0.035677408136300125)])
    inner = made.add("Mul", [x, made.add("Add", [square, made.number(0.7978845608028654)])])
    y = made.add("Add", [made.add("Tanh", [inner]), made.number(1.0)])
    made.add("Mul", [made.add("Mul", [x, y]), made.number(0.5)])
    return made.done()


def _quick_gelu(made: _Maker) -> list[Any] | None:
    x = made.node.input[0]
    alpha = made.number(real(made.node, "alpha", 1.702))
    made.add("Mul", [x, made.add("Sigmoid", [made.add("Mul", [x, alpha])])])
    return made.done()


_FORMS = {
    "FusedConv": _convolution, "FusedGemm": _gemm, "FusedMatMul": _product,
    "BiasGelu": _gelu, "Gelu": _gelu, "FastGelu": _fast_gelu, "QuickGelu": _quick_gelu,
}  # fmt: skip
