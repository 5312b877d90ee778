"""Single ONNX nodes by onnx's own implementations, in the meaning of their file's opset.

The reference implementation takes a node alone for one of the newest opset; within a graph it
heeds the opset. Operators that it lacks and that the standard defines as functions of others
are run as those functions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def opset_of(versions: Mapping[str, int], domain: str = "") -> int:
    """The version of a domain that a file imports; the newest one where it does not say."""
    found = versions.get(domain)
    if found is not None:
        return int(found)
    from onnx.defs import onnx_opset_version

    return 1 if domain else int(onnx_opset_version())


class ReferenceNodes:
    """Runs nodes of a file whose operators have these versions."""

    def __init__(self, versions: Mapping[str, int]) -> None:
        self._versions = {"": opset_of(versions), **versions}
        self._kept: dict[tuple[Any, ...], tuple[Any, Any]] = {}

    @property
    def opset(self) -> int:
        """Version of the standard's operators."""
        return self._versions[""]

    def supports(self, node: Any) -> bool:
        """Whether onnx implements the node's operator in this version."""
        import onnx

        try:
            schema: Any = onnx.defs.get_schema(node.op_type, self._version(node), node.domain)
        except onnx.defs.SchemaError:
            return False
        if schema.has_function or schema.has_context_dependent_function:
            return True
        try:
            self._evaluator(node, [None] * len(node.input))
        except Exception:
            # The evaluator raises several kinds for what it does not know.
            return False
        return True

    def run(self, node: Any, inputs: Sequence[Array | None]) -> list[Any]:
        """The node's outputs; raises what the implementation raises for inputs it refuses."""
        feeds = {
            name: np.asarray(value)
            for name, value in zip(node.input, inputs, strict=True)
            if name and value is not None
        }
        found: list[Any] = self._evaluator(node, inputs).run(None, feeds)
        return found

    def _version(self, node: Any) -> int:
        return opset_of(self._versions, node.domain)

    def _evaluator(self, node: Any, inputs: Sequence[Array | None]) -> Any:
        """One for each node and types of its inputs, on which some functions depend."""
        kinds = tuple(None if value is None else np.asarray(value).dtype for value in inputs)
        key = (id(node), *kinds)
        if key not in self._kept:
            # The node is kept with it, so that its identity stays its own.
            self._kept[key] = node, self._made(node, kinds)
        return self._kept[key][1]

    def _made(self, node: Any, kinds: tuple[Any, ...]) -> Any:
        from onnx import helper
        from onnx.reference import ReferenceEvaluator

        typed = {
            name: helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(kind), None)
            for name, kind in zip(node.input, kinds, strict=True)
            if name and kind is not None
        }
        outputs = [helper.make_empty_tensor_value_info(name) for name in node.output]
        meant = _as_newest(node, self.opset)
        graph = helper.make_graph([meant], "node", list(typed.values()), outputs)
        versions = {**self._versions, node.domain: self._version(node)}
        return ReferenceEvaluator(graph, opsets=versions)


def _as_newest(node: Any, opset: int) -> Any:
    """The node with what its opset left unsaid and newer ones say otherwise."""
    import onnx

    if node.op_type != "RoiAlign" or opset >= 16:
        return node
    meant = onnx.NodeProto()
    meant.CopyFrom(node)
    shifted = onnx.helper.make_attribute("coordinate_transformation_mode", "output_half_pixel")
    meant.attribute.append(shifted)
    return meant
