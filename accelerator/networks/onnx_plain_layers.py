"""Layers of plain convolutions and of products of rows with a matrix."""

from __future__ import annotations

from math import prod
from typing import Any

from accelerator.networks.layers import Layer, Operation, Quantized
from accelerator.networks.onnx_attributes import integer, integers, padding
from accelerator.networks.onnx_contraction import ContractionError
from accelerator.networks.onnx_weighted import LARGEST_WINDOW, Shape


def convolution_layer(
    node: Any, name: str, shape: Shape, data: str, weights: str, quantized: Quantized | None
) -> Layer:
    """A plain convolution; `shape` and the errors are those of `weighted_layers`."""
    source, kernel = shape(data, name), shape(weights, name)
    target = shape(node.output[0], name)
    groups = integer(node, "group", 1)
    rank = len(kernel) - 2
    if rank < 1 or len(source) != len(kernel) or len(target) != len(kernel):
        raise ContractionError(f"an input {source}, weights {kernel}, an output {target}")
    if groups < 1 or source[1] != kernel[1] * groups or kernel[0] % groups:
        raise ContractionError(f"{source[1]} channels, {groups} groups and weights {kernel}")
    if max(kernel[2:]) > LARGEST_WINDOW:
        raise ContractionError(f"a window of {kernel[2:]}")
    stride = integers(node, "strides", (1,) * rank)
    dilation = integers(node, "dilations", (1,) * rank)
    if len(stride) != rank or len(dilation) != rank or min(*stride, *dilation) < 1:
        raise ContractionError(f"strides {stride} and dilations {dilation}")
    begin, end = padding(node, source[2:], target[2:], kernel[2:], stride, dilation)
    layer = Layer(
        name,
        Operation.CONVOLUTION,
        source[1],
        source[2:],
        kernel[0],
        target[2:],
        kernel[2:],
        stride,
        begin,
        end,
        dilation,
        groups,
        quantized=quantized,
    )
    return layer.times(target[0])


def product_layer(
    node: Any, name: str, shape: Shape, left: str, right: str, turned: bool,
    quantized: Quantized | None,
) -> Layer:  # fmt: skip
    """A matrix product; `turned` when the left operand holds the weights."""
    weights = shape(left if turned else right, name)
    target = shape(node.output[0], name)
    transposed = integer(node, "transA" if turned else "transB", 0)
    if not weights:
        raise ContractionError("one number for weights")
    if len(weights) < 2:
        weights = (weights[0], 1)
    inner, outer = weights[-2:]
    if turned != bool(transposed):
        inner, outer = outer, inner
    groups = prod(weights[:-2])
    rows = prod(target) // (outer * groups)
    if rows < 1 or rows * outer * groups != prod(target):
        raise ContractionError(f"weights {weights} and an output {target}")
    one = (1,)
    return Layer(
        name,
        Operation.PRODUCT,
        inner * groups,
        (rows,),
        outer * groups,
        (rows,),
        one,
        one,
        (0,),
        (0,),
        one,
        groups,
        quantized=quantized,
    )
