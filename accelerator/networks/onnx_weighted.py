"""Layers of operators whose weights are not those of a convolution or a plain product.

A transposed convolution is one of its input with zeros between the elements. Recurrent layers are
two matrix products, of the input and of the state before; their gates are of the digital unit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from math import prod
from typing import Any

from accelerator.networks.layers import Layer, Operation
from accelerator.networks.onnx_attributes import integer
from accelerator.networks.onnx_contraction import ContractionError, contraction
from accelerator.networks.onnx_operators import RECURRENT_CODES
from accelerator.networks.onnx_transposed import stuffing

LARGEST_WINDOW = 2**16
Shape = Callable[[str, str], tuple[int, ...]]


def weighted_layers(node: Any, name: str, shape: Shape, constants: Collection[str]) -> list[Layer]:
    """The layers of a node, none where it multiplies no weights.

    `shape` gives that of a tensor that is needed at a place of the file. Raises ContractionError
    for what is no product of data with weights, or contradicts itself.
    """
    if node.op_type == "Einsum":
        return _einsum(node, name, shape, constants)
    if node.op_type == "MatMulNBits":
        return [_in_blocks(node, name, shape)]
    if node.op_type == "ConvTranspose":
        held = node.input[1] in constants
        return [_transposed(node, name, shape)] if held else []
    if not all(tensor in constants for tensor in node.input[1:3]):
        return []
    return _recurrent(node, name, shape)


def _einsum(node: Any, name: str, shape: Shape, constants: Collection[str]) -> list[Layer]:
    held = [place for place, tensor in enumerate(node.input) if tensor in constants]
    if len(node.input) != 2 or len(held) != 1:
        return []
    (place,) = held
    first, second = (shape(tensor, name) for tensor in node.input)
    found = contraction(node, (len(first), len(second)), place)
    data, weights = (second, first) if place == 0 else (first, second)
    sizes = found.sizes(data, weights)
    groups, summed, rows, kernels = (
        prod(sizes[axis] for axis in axes)
        for axes in (found.shared, found.summed, found.rows, found.kernels)
    )
    return [_product(name, rows, summed * groups, kernels * groups, groups)]


def _in_blocks(node: Any, name: str, shape: Shape) -> Layer:
    """Weights with a scale for each block of inputs: a product for each block."""
    inner, outer = integer(node, "K", 1), integer(node, "N", 1)
    size = integer(node, "block_size", 32)
    blocks = -(-inner // max(size, 1))
    rows = prod(shape(node.input[0], name)[:-1])
    return _product(name, rows, blocks * size, blocks * outer, blocks)


def _recurrent(node: Any, name: str, shape: Shape) -> list[Layer]:
    source, state = shape(node.input[0], name), shape(node.input[2], name)
    directions, gates, hidden = state
    if node.op_type == RECURRENT_CODES:
        gates, hidden = hidden, gates
    rows = prod(source[:2])
    return [
        _product(f"{name}/input", rows, source[2], directions * gates, 1),
        _product(f"{name}/state", rows, directions * hidden, directions * gates, directions),
    ]


def _product(name: str, rows: int, inner: int, outer: int, groups: int) -> Layer:
    one, none = (1,), (0,)
    return Layer(
        name, Operation.PRODUCT, inner, (rows,), outer, (rows,), one, one, none, none, one, groups
    )


def _transposed(node: Any, name: str, shape: Shape) -> Layer:
    """The convolution of the input with zeros between its elements that runs."""
    source, kernel = shape(node.input[0], name), shape(node.input[1], name)
    target = shape(node.output[0], name)
    groups, rank = integer(node, "group", 1), len(kernel) - 2
    if rank < 1 or len(source) != len(kernel) or len(target) != len(kernel):
        raise ContractionError(f"an input {source}, weights {kernel}, an output {target}")
    if groups < 1 or source[1] != kernel[0] or kernel[0] % groups:
        raise ContractionError(f"{source[1]} channels, {groups} groups and weights {kernel}")
    if max(kernel[2:]) > LARGEST_WINDOW:
        raise ContractionError(f"a window of {kernel[2:]}")
    put = stuffing(node, source[2:], kernel[2:])
    begin, end = (tuple(max(pad, 0) for pad in pads) for pads in (put.begin, put.end))
    return Layer(
        name, Operation.CONVOLUTION, source[1], put.stuffed(source[2:]), kernel[1] * groups,
        target[2:], kernel[2:], (1,) * rank, begin, end, put.dilation, groups,
    )  # fmt: skip
