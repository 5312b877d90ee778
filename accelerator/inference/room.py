"""How large an operator's outputs will be, told before anything asks the memory for them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from math import prod
from typing import Any

from accelerator.inference.grid import Array
from accelerator.inference.windows import Windows

LARGEST_OUTPUT = 2**27
"""Elements of one output of an operator of the digital unit."""
LARGEST_WINDOW = 2**16
"""Positions of a pool's window, which are gone through one by one."""
_FEW = 4096
"""Elements of an input whose values may decide sizes, as shapes, repeats and scales do."""


class DigitalError(ValueError):
    """An operator that cannot be run; the text is part of a sentence."""


def require_room(node: Any, feeds: Mapping[str, Array], versions: Mapping[str, int]) -> None:
    """Raise DigitalError where an output would have more elements than the memory takes.

    The sizes are those of ONNX's own shape inference, given the inputs' shapes and the values of
    the small ones. Where it cannot tell, outputs are no larger than inputs.
    """
    if node.domain not in ("", "ai.onnx"):
        return
    for shape in _inferred(node, feeds, versions):
        if prod(shape) > LARGEST_OUTPUT:
            sizes = " x ".join(map(str, shape))
            raise DigitalError(f"an output of {sizes}, more than {LARGEST_OUTPUT} elements")


def require_windows(windows: Windows | None, shape: tuple[int, ...]) -> None:
    """Raise DigitalError where a pool's windows would see more values than time allows."""
    if windows is None:
        return
    work = prod(shape[:2]) * prod(windows.target) * prod(windows.kernel)
    sizes = zip(shape[2:], windows.pads, strict=True)
    padded = prod(shape[:2]) * prod(size + sum(pads) for size, pads in sizes)
    if max(work // 64, padded) > LARGEST_OUTPUT or prod(windows.kernel) > LARGEST_WINDOW:
        kernel = " x ".join(map(str, windows.kernel))
        raise DigitalError(f"windows of {kernel} that see {work:.2g} values")


def _inferred(
    node: Any, feeds: Mapping[str, Array], versions: Mapping[str, int]
) -> list[tuple[int, ...]]:
    """Shapes of the outputs as far as they are known."""
    from onnx import helper, numpy_helper, shape_inference

    schema = _schema(node.op_type, versions.get("", versions.get("ai.onnx", 1)))
    if schema is None:
        return []
    try:
        types = {
            name: helper.make_tensor_type_proto(
                helper.np_dtype_to_tensor_dtype(value.dtype), value.shape
            )
            for name, value in feeds.items()
        }
        data = {
            name: numpy_helper.from_array(value)
            for name, value in feeds.items()
            if value.size <= _FEW
        }
        found = shape_inference.infer_node_outputs(schema, node, types, data)
    except Exception:
        # The operator itself then says what does not fit.
        return []
    shapes = []
    for kind in found.values():
        dims = kind.tensor_type.shape.dim
        if all(dim.HasField("dim_value") for dim in dims):
            shapes.append(tuple(dim.dim_value for dim in dims))
    return shapes


@cache
def _schema(operator: str, version: int) -> Any:
    from onnx import defs

    try:
        return defs.get_schema(operator, min(version, defs.onnx_opset_version()), "")
    except Exception:
        return None
