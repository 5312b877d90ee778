"""Operators on codes that onnxruntime's quantizer writes (com.microsoft), and what they stand for.

Each is a plain ONNX operator between quantizers: its tensors come as a code, a scale and a zero
point, and its output's scale and zero point are inputs too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accelerator.networks.onnx_attributes import integer
from accelerator.networks.onnx_operators import RECURRENT_CODES

DOMAIN = "com.microsoft"


@dataclass(frozen=True)
class Meaning:
    """The plain operator, and where among the inputs its own stand.

    Each of `coded` is followed by its scale and its zero point; `coded` is empty where all
    inputs but the first two are such triples. `whole` are taken as they are. `target` is where
    the output's scale stands, its zero point behind it.
    """

    operator: str
    coded: tuple[int, ...]
    target: int
    whole: tuple[int, ...] = ()

    def places(self, inputs: int) -> tuple[int, ...]:
        """Where the codes stand among so many inputs."""
        return self.coded or tuple(range(2, inputs - 2, 3))


MEANINGS = {
    "QGemm": Meaning("Gemm", (0, 3), 7),
    "QLinearAdd": Meaning("Add", (0, 3), 6),
    "QLinearMul": Meaning("Mul", (0, 3), 6),
    "QLinearAveragePool": Meaning("AveragePool", (0,), 3),
    "QLinearGlobalAveragePool": Meaning("GlobalAveragePool", (0,), 3),
    "QLinearConcat": Meaning("Concat", (), 0),
    "QLinearLeakyRelu": Meaning("LeakyRelu", (0,), 3),
    "QLinearSigmoid": Meaning("Sigmoid", (0,), 3),
    "QLinearSoftmax": Meaning("Softmax", (0,), 3),
    "QLinearWhere": Meaning("Where", (1, 4), 7, (0,)),
}
SAME_AS_PLAIN = frozenset({"QuantizeLinear", "DequantizeLinear"})
"""Those of the standard for widths that it did not have yet."""


def meaning(node: Any) -> Meaning | None:
    """What a node stands for, where it is one of these operators."""
    return MEANINGS.get(node.op_type) if node.domain == DOMAIN else None


BLOCKED = "MatMulNBits"
"""A product with weights of few bits, which have a scale for each block of inputs."""


AS_FIRST_INPUT = frozenset(
    [
        "MultiHeadAttention",
        "GroupQueryAttention",
        "RotaryEmbedding",
        "SimplifiedLayerNormalization",
        "SkipLayerNormalization",
        "SkipSimplifiedLayerNormalization",
    ]
)
"""Their output has the shape of their first input, another that is used that of the first too."""


UNLISTED = frozenset({"SimplifiedLayerNormalization"})
"""onnxruntime's own operators that it puts into the standard's domain."""


def make_plain(node: Any, graph: Any) -> None:
    """Turn a node of a graph into the plain operator whose output has the same shape."""
    found = meaning(node)
    if node.domain == DOMAIN and node.op_type == BLOCKED:
        from onnx import TensorProto

        # Weights without numbers, which the inference of shapes does not ask for.
        sizes = [integer(node, "K", 1), integer(node, "N", 1)]
        name = f"{node.name or node.output[0]} of {sizes[0]} x {sizes[1]}"
        graph.initializer.add(name=name, dims=sizes, data_type=TensorProto.FLOAT)
        node.op_type, node.domain = "MatMul", ""
        del node.input[1:]
        node.input.append(name)
        del node.attribute[:]
    elif found is not None:
        inputs = [node.input[place] for place in (*found.whole, *found.places(len(node.input)))]
        node.op_type, node.domain = found.operator, ""
        del node.input[:]
        node.input.extend(inputs)
    elif node.domain == DOMAIN and node.op_type == RECURRENT_CODES and len(node.input) > 2:
        held = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
        for place in (1, 2):
            # Gates come last there, so that the weights are turned.
            dims = held.get(node.input[place], [])
            name = f"{node.name or node.output[0]} turned {place}"
            graph.initializer.add(name=name, dims=[*dims[:1], *dims[:0:-1]], data_type=1)
            node.input[place] = name
        node.op_type, node.domain = "LSTM", ""
        del node.input[8:]
    elif node.op_type in AS_FIRST_INPUT and (node.domain == DOMAIN or node.op_type in UNLISTED):
        # Of keys and values that are kept nothing is known; sums are what else is used.
        others = [name for name in node.output[3:] if name]
        node.op_type, node.domain = "Dropout" if others else "Identity", ""
        del node.input[1:], node.output[1:], node.attribute[:]
        node.output.extend(others[:1])
    elif node.domain == DOMAIN and node.op_type in SAME_AS_PLAIN:
        node.op_type, node.domain = "Identity", ""
        del node.input[1:]
        del node.attribute[:]
