"""Attributes of ONNX nodes."""

from __future__ import annotations

from math import prod
from typing import Any

from accelerator.comparator.pattern import Pairs
from accelerator.errors import EstimateError


def _attribute(node: Any, name: str) -> Any:
    return next((entry for entry in node.attribute if entry.name == name), None)


def integer(node: Any, name: str, default: int) -> int:
    """A whole-number attribute of a node."""
    found = _attribute(node, name)
    return default if found is None else int(found.i)


def real(node: Any, name: str, default: float) -> float:
    """A real-number attribute of a node."""
    found = _attribute(node, name)
    return default if found is None else float(found.f)


def text(node: Any, name: str, default: str) -> str:
    """A text attribute of a node."""
    found = _attribute(node, name)
    return default if found is None else str(found.s.decode(errors="replace"))


def integers(node: Any, name: str, default: tuple[int, ...]) -> tuple[int, ...]:
    """An attribute of a node that is a list of whole numbers."""
    found = _attribute(node, name)
    return default if found is None else tuple(int(value) for value in found.ints)


def compared_pairs(node: Any) -> tuple[tuple[int, ...], Pairs]:
    """Window and pairs of pixels of a `Compare` node.

    Raises:
        EstimateError: no odd window of two dimensions, or taps that are not in it.
    """
    kernel = integers(node, "kernel_shape", ())
    pairs = Pairs(integers(node, "neighbours", ()), integers(node, "pivots", ()))
    taps = (*pairs.neighbours, *pairs.pivots)
    if len(kernel) != 2 or not all(size > 0 and size % 2 for size in kernel):
        raise EstimateError(f"a Compare has the window {kernel}: give it two odd sizes")
    if not taps or len(pairs.neighbours) != len(pairs.pivots):
        raise EstimateError("a Compare has no neighbour and pivot for each map: give it both")
    if not 0 <= min(taps) <= max(taps) < prod(kernel):
        raise EstimateError(f"a Compare has a tap outside its window {kernel}: give 0 or more")
    return kernel, pairs


def padding(
    node: Any,
    source: tuple[int, ...],
    target: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Padding before and after; the automatic ones split what the output's size needs."""
    rank = len(kernel)
    found = _attribute(node, "auto_pad")
    automatic = found.s.decode(errors="replace") if found is not None else "NOTSET"
    if automatic in ("SAME_UPPER", "SAME_LOWER"):
        totals = [
            max((target[i] - 1) * stride[i] + (kernel[i] - 1) * dilation[i] + 1 - source[i], 0)
            for i in range(rank)
        ]
        less = tuple(total // 2 for total in totals)
        more = tuple(total - total // 2 for total in totals)
        return (less, more) if automatic == "SAME_UPPER" else (more, less)
    pads = integers(node, "pads", (0,) * (2 * rank)) if automatic == "NOTSET" else (0,) * 2 * rank
    return (pads[:rank], pads[rank:]) if len(pads) == 2 * rank else ((0,) * rank, (0,) * rank)
