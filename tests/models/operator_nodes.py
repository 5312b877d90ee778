"""Small random graphs of single operators at any opset, for tests against onnxruntime.

A case fills in a node: its inputs behind the first (which is "d"), attributes and the shape of
the data, drawn at random where several make sense. Where the operator was another one before an
opset, the case says it as that opset has it; it gives None for opsets that lack it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT64, BOOL = np.float32, np.int64, np.bool_
NEW_IR = {**dict.fromkeys((7, 8), 3), 9: 4, 10: 5, 11: 6, **dict.fromkeys((12, 13, 14), 7),
          **dict.fromkeys(range(15, 19), 8), 19: 9, 20: 9}  # fmt: skip
"""Versions of the format that have the opsets; 10 for newer ones."""


@dataclass
class Made:
    """A model and an input for it."""

    model: Any
    source: Any


class Node:
    """What a case says of its node: inputs behind the first, attributes, the input's shape."""

    def __init__(self, opset, seed):
        self.opset, self.random = opset, np.random.default_rng(seed)
        self.inputs, self.initializers, self.attributes = ["d"], [], {}
        self.shape, self.outputs, self.cast = (2, 4, 5, 6), 1, None

    def add(self, value, kind=FLOAT):
        """A constant input."""
        name = f"c{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.asarray(value, kind), name))
        self.inputs.append(name)
        return self

    def skip(self):
        """An input left out."""
        self.inputs.append("")
        return self

    def set(self, **attributes):
        self.attributes |= attributes
        return self

    def of(self, *shape):
        """The shape of the data."""
        self.shape = shape
        return self

    def normal(self, *shape):
        return self.random.standard_normal(shape)

    def pick(self, *choices):
        return choices[self.random.integers(len(choices))]

    def moved(self, name, value, since, kind=INT64):
        """What was an attribute before an opset and is an input from it on."""
        if self.opset < since:
            return self.set(**{name: value})
        return self.add(value, kind)


@dataclass(frozen=True)
class Case:
    operator: str
    fill: Callable[[Node], Any] = field(default=lambda node: node)


CASES: dict[str, Case] = {}


def case(name, fill=lambda node: node, operator=None):
    CASES[name] = Case(operator or name, fill)


def build(one, opset, seed, *, codes=False):
    """The model of a case behind a quantizer; None where the opset does not have it.

    With `codes` the operator takes the quantizer's codes and not what they stand for.
    """
    node = Node(opset, seed)
    if one.fill(node) is None:
        return None
    source = np.clip(node.normal(*node.shape) * 40, -128, 127)
    nodes = []
    if opset >= 10:
        node.initializers += [
            numpy_helper.from_array(np.float32(2.0**-4), "scale"),
            numpy_helper.from_array(np.int8(0), "zero"),
        ]
        quantized = "d" if codes else "q"
        nodes += [helper.make_node("QuantizeLinear", ["x", "scale", "zero"], [quantized])]
        if not codes:
            nodes += [helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["d"])]
        source = source / 16
    else:
        source = np.rint(source) / 16
        nodes += [helper.make_node("Identity", ["x"], ["d"])]
    if node.cast is not None:
        nodes += [helper.make_node("Cast", ["d"], ["e"], to=node.cast)]
        node.inputs = ["e" if name == "d" else name for name in node.inputs]
    names = [f"y{place}" for place in range(node.outputs)]
    nodes += [helper.make_node(one.operator, node.inputs, names, **node.attributes)]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, list(node.shape))],
        [helper.make_empty_tensor_value_info(name) for name in names if name], node.initializers,
    )  # fmt: skip
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=NEW_IR.get(opset, 10)
    )
    return Made(model, source.astype(np.float32))
