"""Which operators of a file multiply weights in a way that an estimate does not know."""

from __future__ import annotations

from typing import Any

from accelerator.networks.onnx_graph import Graph
from accelerator.networks.onnx_operators import (
    ATTENTION_OF_DATA,
    COMPARISON_DOMAIN,
    CONTROL_FLOW,
    Fate,
    fate,
)


def refusal(graph: Graph, node: Any) -> str | None:
    """The operator's name if it multiplies weights in a way that is not supported."""
    kind = fate(node.op_type)
    name = f"{node.domain}.{node.op_type}" if node.domain else str(node.op_type)
    if kind is Fate.REFUSED:
        of_data = node.op_type in ATTENTION_OF_DATA or name == "Attention"
        return None if of_data else name
    if kind is not Fate.UNKNOWN:
        return None
    if node.op_type in CONTROL_FLOW:
        inside = sorted(_weighted_inside(node))
        return f"{name} (with {', '.join(inside)} inside)" if inside else None
    if node.domain in ("", COMPARISON_DOMAIN):
        # All of the standard's operators that have weights are listed.
        return None
    for tensor in node.input:
        sizes = graph.shapes.get(tensor) or ()
        if tensor in graph.constants and sum(size != 1 for size in sizes) > 1:
            return name
    return None


def _weighted_inside(node: Any) -> set[str]:
    """Operators with weights in the node's own graphs."""
    found: set[str] = set()
    for attribute in node.attribute:
        for graph in (attribute.g, *attribute.graphs):
            for inner in graph.node:
                if fate(inner.op_type) in (Fate.MAPPED, Fate.REFUSED):
                    found.add(inner.op_type)
                found |= _weighted_inside(inner)
    return found
