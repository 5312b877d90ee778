"""What the digital unit does with tensors: ONNX's reference operators, and the grids they keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from accelerator.inference.grid import Array, Grid, Tensor
from accelerator.inference.own_operators import OWN, run_own
from accelerator.inference.room import DigitalError, require_room, require_windows
from accelerator.inference.windows import greatest, means, windows_of
from accelerator.networks.onnx_attributes import integer, integers, text
from accelerator.networks.onnx_operators import CONTROL_FLOW
from accelerator.networks.onnx_reference import ReferenceNodes
from files import short

_SAME = frozenset(
    [
        "Identity",
        "Reshape",
        "Flatten",
        "Squeeze",
        "Unsqueeze",
        "Dropout",
        "Slice",
        "Gather",
        "Split",
        "Expand",
        "Tile",
        "DepthToSpace",
        "SpaceToDepth",
        "GlobalMaxPool",
    ]
)
"""They move or select values."""
NOT_RUN = CONTROL_FLOW | {"NonMaxSuppression", "RegexFullMatch", "StringSplit", "TfIdfVectorizer"}
"""How long they run, nothing bounds: loops within files, and searches for patterns of theirs."""
_MEANS = frozenset(["AveragePool", "GlobalAveragePool", "ReduceMean"])
_FARTHEST, _BESIDE = 2**16, 1e-4
"""Numbers that move a grid: how many levels at most, and how near to whole ones."""
_KEEPS_CHANNELS = frozenset(["Identity", "Dropout", "Relu", "MaxPool", "GlobalMaxPool"])


class DigitalUnit:
    """Runs single nodes in the meaning of the model's operator versions."""

    def __init__(self, versions: Mapping[str, int]) -> None:
        self._reference = ReferenceNodes(versions)

    def supports(self, node: Any) -> bool:
        """Whether there is an implementation of the node's operator."""
        if node.op_type in NOT_RUN:
            return False
        own = node.op_type in OWN and not node.domain
        return own or self._reference.supports(node)

    def run(self, node: Any, inputs: list[Tensor | None]) -> list[Tensor]:
        """The node's outputs, on grids where its operator keeps them.

        Raises DigitalError where the operator refuses its inputs.
        """
        given = [None if entry is None else entry.values for entry in inputs]
        feeds = {
            name: value
            for name, value in zip(node.input, given, strict=True)
            if name and value is not None
        }
        require_room(node, feeds, {"": self._reference.opset})
        try:
            outputs = (
                _pooled(node, inputs)
                or run_own(node, given, self._reference.opset)
                or self._reference.run(node, given)
            )
            values = [np.asarray(value) for value in outputs]
        except (MemoryError, DigitalError):
            raise
        except Exception as error:
            raise DigitalError(short(str(error)) or type(error).__name__) from None
        grids = kept_grids(node, inputs, outputs)
        return [Tensor(value, grid) for value, grid in zip(values, grids, strict=True)]


def _pooled(node: Any, inputs: list[Tensor | None]) -> list[Any] | None:
    """What pools make of windows; None where that is for the reference implementation.

    That one goes from output to output, which takes a thousand times as long.
    """
    if node.op_type not in ("MaxPool", "AveragePool") or len(node.output) > 1 or not inputs[0]:
        return None
    values = inputs[0].values
    windows = windows_of(node, values.shape[2:])
    require_windows(windows, values.shape)
    if windows is None or values.dtype.kind not in "fiu":
        return None
    if node.op_type == "MaxPool":
        return [greatest(values, windows)]
    if values.dtype != np.float32:
        return None
    with_padding = bool(integer(node, "count_include_pad", 0))
    return [means(values, windows, with_padding=with_padding, lacking=False)]


def kept_grids(node: Any, inputs: list[Tensor | None], outputs: list[Any]) -> list[Grid | None]:
    """Grids of the outputs; those after the first hold masks and indices.

    Of the tensors only sizes, types and constants matter, so that others may stand in for them.
    """
    first: Grid | None = None
    present = [entry for entry in inputs if entry is not None]
    source = present[0].grid if present else None
    operator = str(node.op_type)
    if operator == "Concat":
        first = _joined([entry.grid for entry in present])
    elif operator in ("Add", "Sub"):
        first = _summed(present, operator)
    elif source is not None and (source.scalar or operator in _KEEPS_CHANNELS):
        first = _grid_after(node, source, present, outputs)
    elif source is not None and operator == "Transpose":
        first = _turned(source, present[0].values, node)
    every = operator == "Split"
    return [first if index == 0 or every else None for index in range(len(outputs))]


def _grid_after(node: Any, grid: Grid, inputs: list[Tensor], outputs: list[Any]) -> Grid | None:
    operator = str(node.op_type)
    if operator in _SAME or operator == "Transpose":
        return grid
    if operator in ("Resize", "Upsample"):
        return grid if text(node, "mode", "nearest") == "nearest" else None
    if operator == "MaxPool":
        # Padding is never the largest unless a window holds nothing else.
        return grid
    if operator == "Relu":
        return grid.bounded(low=0) if grid.step == 1 else None
    if operator == "Pad":
        return (
            replace(grid, low=min(grid.low, 0), high=max(grid.high, 0))
            if _pads_zero(inputs) and grid.step == 1
            else None
        )
    if operator in _MEANS and grid.step == 1:
        count = _averaged(node, operator, inputs[0].values, outputs[0])
        return None if count is None else _summed_over(grid, count)
    if operator in ("Mul", "Div") and len(inputs) == 2 and inputs[1].values.size == 1:
        factor = float(inputs[1].values.ravel()[0])
        if not np.isfinite(factor) or factor <= 0:
            return None
        return replace(
            grid, scale=grid.scale * factor if operator == "Mul" else grid.scale / factor
        )
    if operator == "Clip" and np.issubdtype(inputs[0].values.dtype, np.integer):
        ends = [entry.values.ravel() for entry in inputs[1:]]
        low, high = (int(end[0]) if end.size else None for end in [*ends, np.empty(0)][:2])
        return grid.bounded(low, high) if len(ends) == 2 else None
    return None


def _pads_zero(inputs: list[Tensor]) -> bool:
    return len(inputs) < 3 or not np.any(inputs[2].values)


def _averaged(node: Any, operator: str, source: Array, target: Any) -> int | None:
    """How many numbers each mean is of, where all are of as many."""
    if operator != "AveragePool":
        return source.size // max(np.size(target), 1)
    # Padding is zero, a number of the grid, where it counts; elsewhere windows differ in size.
    padded = any(integers(node, "pads", ())) or text(node, "auto_pad", "NOTSET") != "NOTSET"
    if integer(node, "ceil_mode", 0) or (padded and not integer(node, "count_include_pad", 0)):
        return None
    return prod(integers(node, "kernel_shape", ()))


def _summed_over(grid: Grid, count: int) -> Grid:
    """A mean of whole numbers is their sum on a finer grid."""
    low, high = min(grid.low, 0), max(grid.high, 0)
    return Grid(grid.scale / count, low * count, high * count)


def _joined(grids: list[Grid | None]) -> Grid | None:
    known = [grid for grid in grids if grid is not None]
    if not known or len(known) < len(grids):
        return None
    one = known[0]
    if any(
        not grid.scalar or grid.step != one.step or float(grid.scale.item()) != one.scale.item()
        for grid in known
    ):
        return None
    return replace(one, low=min(g.low for g in known), high=max(g.high for g in known))


def _summed(inputs: list[Tensor], operator: str) -> Grid | None:
    """A sum of two tensors on one grid of ones lies on it, in a wider range.

    With a number that the grid has, it lies on the grid moved.
    """
    grids = [entry.grid for entry in inputs]
    if len(grids) == 2 and None in grids:
        return _moved(inputs, operator)
    joined = _joined(grids)
    if joined is None or joined.step != 1 or len(grids) != 2:
        return None
    left, right = (grid for grid in grids if grid is not None)
    if operator == "Sub":
        return replace(joined, low=left.low - right.high, high=left.high - right.low)
    return replace(joined, low=left.low + right.low, high=left.high + right.high)


def _moved(inputs: list[Tensor], operator: str) -> Grid | None:
    """The grid of a tensor to which one number is added, or which is taken from it."""
    left, right = inputs
    turned = left.grid is None
    grid, number = (right.grid, left.values) if turned else (left.grid, right.values)
    if grid is None or not grid.scalar or number.size != 1 or number.dtype.kind not in "fiu":
        return None
    shift = float(number.ravel()[0]) / float(grid.scale.item())
    if not abs(shift) < _FARTHEST or abs(shift - round(shift)) > _BESIDE:
        return None
    by = round(shift)
    if operator == "Sub" and turned:
        return _in_ones(replace(grid, low=by - grid.high, high=by - grid.low))
    by = -by if operator == "Sub" else by
    return _in_ones(replace(grid, low=grid.low + by, high=grid.high + by))


def _in_ones(grid: Grid) -> Grid:
    """A grid of every second number from zero is one of all numbers, of twice the scale."""
    if grid.low % grid.step:
        return grid
    return Grid(grid.scale * grid.step, grid.low // grid.step, grid.high // grid.step)


def _turned(grid: Grid, source: Array, node: Any) -> Grid:
    """Scales of channels turn with them."""
    found = next((entry.ints for entry in node.attribute if entry.name == "perm"), None)
    order = list(found) if found is not None else list(range(source.ndim))[::-1]
    whole = np.broadcast_to(grid.scale, source.shape)
    lows = None if grid.lows is None else np.broadcast_to(grid.lows, source.shape)
    return replace(
        grid,
        scale=np.transpose(whole, order),
        lows=None if lows is None else np.transpose(lows, order),
    )
