"""Follows the images of a batch through a graph, or tells what takes them together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accelerator.networks import onnx_contrib
from accelerator.networks.batch_places import Place, Places, Tensors, UnclearError, named
from accelerator.networks.batch_rules import RULES, elementwise, unknown
from accelerator.networks.onnx_graph import Graph
from accelerator.networks.onnx_operators import QUANTIZER_DOMAINS


def follow_images(graph: Graph, starts: Mapping[str, Place], images: int) -> dict[str, Place]:
    """Places of `images` in all tensors that hold any, from those of some inputs.

    Raises MixedError where an operator takes several together, UnclearError where it is not known
    to keep them apart.
    """
    tensors = Tensors(graph, starts, images)
    for node in graph.nodes:
        if any(name in tensors.places for name in (*node.input, *_captured(node))):
            for name, place in zip(node.output, _after(tensors, node), strict=False):
                if name and place is not None:
                    tensors.places[name] = place
    return tensors.places


def _after(tensors: Tensors, node: Any) -> Places:
    operator = str(node.op_type)
    if _captured(node):
        raise UnclearError(named(node))
    if operator in ("Shape", "Size"):
        return [None]
    contrib = onnx_contrib.meaning(node)
    if contrib is not None:
        inputs = [node.input[i] for i in (*contrib.whole, *contrib.places(len(node.input)))]
        operator = contrib.operator
    else:
        inputs = list(node.input)
        if operator in ("QLinearConv", "QLinearMatMul"):
            inputs = [node.input[0], node.input[3]]
        elif operator in ("ConvInteger", "MatMulInteger"):
            inputs = inputs[:2]
    quantizer = node.domain in QUANTIZER_DOMAINS
    rule = elementwise if quantizer else RULES.get(operator.removeprefix("QLinear"), unknown)
    return rule(tensors, node, inputs)


def _captured(node: Any) -> list[str]:
    """Names that the node's own graphs take."""
    return [
        name
        for attribute in node.attribute
        for graph in (attribute.g, *attribute.graphs)
        for inner in graph.node
        for name in (*inner.input, *_captured(inner))
    ]
