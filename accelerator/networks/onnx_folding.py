"""Sizes that a file computes from the shapes of its tensors, which the inference leaves open."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelerator.networks.onnx_attributes import integer
from accelerator.networks.onnx_reference import ReferenceNodes

_MOST = 512
"""Elements of a constant that sizes may be computed from; larger ones have lost their data."""


def fold_sizes(
    model: Any, shapes: Mapping[str, tuple[int | None, ...]], replaced: dict[int, Any]
) -> bool:
    """Put constants for nodes whose whole numbers follow from known shapes, in place.

    The nodes go to `replaced` by their index. Returns whether there were any.
    """
    import onnx
    from onnx import numpy_helper

    graph = model.graph
    values = _small_constants(graph)
    reference = ReferenceNodes({entry.domain: entry.version for entry in model.opset_import})
    found = False
    for index, node in enumerate(graph.node):
        value = _value(node, values, shapes, reference)
        if value is None:
            continue
        values[node.output[0]] = value
        if node.op_type == "Constant":
            continue
        replaced.setdefault(index, onnx.NodeProto()).CopyFrom(node)
        tensor = numpy_helper.from_array(value)
        node.CopyFrom(onnx.helper.make_node("Constant", [], node.output, value=tensor))
        found = True
    return found


def _small_constants(graph: Any) -> dict[str, NDArray[Any]]:
    from onnx import TensorProto, numpy_helper

    values = {}
    for tensor in graph.initializer:
        if tensor.data_location != TensorProto.EXTERNAL and prod(tensor.dims) <= _MOST:
            try:
                values[tensor.name] = numpy_helper.to_array(tensor)
            except Exception:
                # A damaged one is told of by those who need its values.
                continue
    return values


def _value(
    node: Any,
    values: Mapping[str, NDArray[Any]],
    shapes: Mapping[str, tuple[int | None, ...]],
    reference: ReferenceNodes,
) -> NDArray[Any] | None:
    """The numbers that a node of one output makes, where they are few and known."""
    if len(node.output) != 1 or node.domain:
        return None
    if node.op_type == "Shape":
        sizes = shapes.get(node.input[0], (None,))
        if None in sizes:
            return None
        every = np.array(sizes, np.int64)
        return every[integer(node, "start", 0) : integer(node, "end", len(sizes))]
    inputs = [name for name in node.input if name]
    constant = node.op_type == "Constant" or bool(inputs)
    if not constant or node.op_type.startswith("Random") or any(i not in values for i in inputs):
        return None
    try:
        (value,) = reference.run(node, [values[name] if name else None for name in node.input])
    except Exception:
        # What cannot be computed here stays as it is; the evaluator raises several kinds.
        return None
    value = np.asarray(value)
    return value if value.size <= _MOST and value.dtype.kind in "iufb" else None
