"""Nodes with weights: what of them runs on sub-arrays, and what the digital unit adds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from accelerator.inference.grid import Array, Coded, Grid, Tensor, integer_range
from accelerator.inference.products import (
    Integers,
    LayerRun,
    ProductError,
    Weights,
    Window,
    code_activations,
    code_weights,
    multiply,
)
from accelerator.inference.quantizers import dequantize_linear, of_integers
from accelerator.networks.onnx_attributes import integer, integers, padding, real

Alteration = Callable[[LayerRun], LayerRun]


def _exact(run: LayerRun) -> LayerRun:
    return run


@dataclass(frozen=True)
class Prepared:
    """A layer's weights as stored, and the scale of each kernel."""

    weights: Weights
    scales: Array


class Layers:
    """Runs nodes with weights and keeps those weights packed from run to run."""

    def __init__(self) -> None:
        self._prepared: dict[tuple[int, ...], Prepared] = {}

    def run(
        self, node: Any, name: str, inputs: list[Tensor | None], altered: Alteration | None = None
    ) -> tuple[Tensor, LayerRun]:
        """The node's output and what was done.

        `altered` gives the layer with other results, as wrong senses make them. Raises
        ProductError where its operands are not integers that sub-arrays take.
        """
        altered = altered or _exact
        operator = str(node.op_type)
        if operator == "QGemm":
            # Its bias stands where the other two have the scale of their output.
            constant, *scaled = [*inputs[6:], None, None, None][:3]
            return self._linear(node, name, [*inputs[:6], *scaled, constant], altered)
        if operator.startswith("QLinear"):
            return self._linear(node, name, inputs, altered)
        if operator.endswith("Integer"):
            return self._integer(node, name, inputs, altered)
        data, weights = _operands(inputs)
        run, scale = self._product(node, name, data, weights, altered)
        real_values = (_shaped(run.results, node, data.values) * scale).astype(np.float32)
        alpha = real(node, "alpha", 1.0) if operator == "Gemm" else 1.0
        if alpha != 1.0:
            real_values = real_values * np.float32(alpha)
        bias = inputs[2].values if len(inputs) > 2 and inputs[2] is not None else None
        if bias is not None:
            if operator == "Conv":
                bias = bias.reshape(-1, *[1] * (real_values.ndim - 2))
            else:
                bias = bias * np.float32(real(node, "beta", 1.0))
            real_values = real_values + bias
        return Tensor(np.asarray(real_values, data.values.dtype)), run

    def _integer(
        self, node: Any, name: str, inputs: list[Tensor | None], altered: Alteration
    ) -> tuple[Tensor, LayerRun]:
        """ConvInteger and MatMulInteger: the integers themselves, zero points taken off."""
        data, weights = (
            _centred(entry, zero, axis)
            for entry, zero, axis in zip(
                _operands(inputs), [*inputs[2:], None, None][:2], _axes(node), strict=True
            )
        )
        run, _ = self._product(node, name, data, weights, altered)
        return Tensor(_shaped(run.results, node, data.values).astype(np.int32)), run

    def _linear(
        self, node: Any, name: str, inputs: list[Tensor | None], altered: Alteration
    ) -> tuple[Tensor, LayerRun]:
        """QLinearConv, QLinearMatMul and QGemm: codes in, codes out, or reals without a scale."""
        x, x_scale, x_zero, w, w_scale, w_zero, y_scale, y_zero, bias = [*inputs, None][:9]
        if x is None or w is None or x_scale is None or w_scale is None:
            raise ProductError("an input left out")
        axes = _axes(node)
        data, weights = _centred(x, x_zero, axes[0]), _centred(w, w_zero, axes[1])
        run, _ = self._product(node, name, data, weights, altered)
        results = run.results
        if bias is not None:
            results = results + bias.values.astype(np.int64).reshape(1, -1, 1, 1)
        # In single precision and in this order, as the operator is implemented elsewhere.
        alpha = np.float32(real(node, "alpha", 1.0))
        factor = (alpha * x_scale.values * w_scale.values).astype(np.float32)
        if y_scale is not None:
            factor = (factor / y_scale.values).astype(np.float32)
        scaled = results.astype(np.float32) * factor.reshape(1, -1, 1, 1)
        if y_scale is None:
            return Tensor(_shaped(scaled, node, data.values)), run
        zero = np.zeros(1, np.uint8) if y_zero is None else y_zero.values
        low, high = integer_range(zero.dtype)
        codes = np.rint(scaled) + zero.astype(np.float32).ravel()[0]
        clipped = np.clip(codes, low, high).astype(zero.dtype)
        values = _shaped(clipped, node, data.values)
        return Tensor(values, Grid(np.ones(()), low, high)), run

    def _product(
        self, node: Any, name: str, data: Tensor, weights: Tensor, altered: Alteration
    ) -> tuple[LayerRun, Array]:
        """The integers of a layer and the scale of each result, as its output broadcasts."""
        for entry, what in ((data, "inputs"), (weights, "weights")):
            if entry.grid is None:
                raise ProductError(f"{what} that no quantizer makes")
        assert data.grid is not None
        operator = str(node.op_type)
        convolution = "Conv" in operator
        # Automatic padding follows the size of the input, which may be free.
        key = (id(node), *data.values.shape[2:])
        if key not in self._prepared:
            self._prepared[key] = _prepare(node, data.values, weights, convolution)
        prepared = self._prepared[key]
        stored = code_activations(data.values, data.grid)
        stored = Coded(_images(stored.codes, node, convolution), stored.levels, stored.offset)
        run = altered(multiply(name, operator, stored, prepared.weights))
        scales = prepared.scales * float(data.grid.scale.ravel()[0])
        if convolution:
            return run, scales.reshape(-1, *[1] * (data.values.ndim - 2))
        return run, scales


def _operands(inputs: list[Tensor | None]) -> tuple[Tensor, Tensor]:
    data, weights = inputs[:2]
    assert data is not None
    assert weights is not None
    return data, weights


def _axes(node: Any) -> tuple[int, int]:
    """Where zero points of rows and of kernels lie, should there be several."""
    if "Conv" in node.op_type:
        return 0, 0
    return -2, 0 if integer(node, "transB", 0) else -1


def _centred(entry: Tensor, zero: Tensor | None, axis: int) -> Tensor:
    """Codes with their zero point taken off."""
    source = Tensor(entry.values, entry.grid or of_integers(entry.values))
    shift = None if zero is None else zero.values
    return dequantize_linear(source, np.ones((), np.float32), shift, axis)


def _prepare(node: Any, data: Array, weights: Tensor, convolution: bool) -> Prepared:
    """Weights as kernels x channels x height x width, coded."""
    assert weights.grid is not None
    values, grid = weights.values, weights.grid
    scale = np.broadcast_to(grid.scale, values.shape)
    lows = np.broadcast_to(grid.low if grid.lows is None else grid.lows, values.shape)
    if convolution:
        if values.ndim not in (3, 4) or data.ndim != values.ndim:
            raise ProductError(f"a window of {values.ndim - 2} dimensions")
        if values.ndim == 3:
            values, scale, lows = values[:, :, None], scale[:, :, None], lows[:, :, None]
        window = _window(node, data.shape[2:], weights.values.shape[2:])
    else:
        if values.ndim != 2:
            raise ProductError(f"weights of {values.ndim} dimensions")
        if not integer(node, "transB", 0):
            values, scale, lows = values.T, scale.T, lows.T
        if integer(node, "transA", 0):
            raise ProductError("a transposed left operand")
        values, scale, lows = (one[:, :, None, None] for one in (values, scale, lows))
        window = Window()
    grid = Grid(scale, grid.low, grid.high, grid.step, None if grid.lows is None else lows)
    return Prepared(code_weights(values, grid, window), scale[:, 0, 0, 0].astype(np.float64))


def _window(node: Any, size: tuple[int, ...], kernel: tuple[int, ...]) -> Window:
    rank = len(kernel)
    ones = (1,) * rank
    stride, dilation = integers(node, "strides", ones), integers(node, "dilations", ones)
    # What "same" pads follows from the size of the output, one for each stride begun.
    target = tuple(-(-s // step) for s, step in zip(size, stride, strict=True))
    begin, end = padding(node, size, target, kernel, stride, dilation)
    if rank == 1:
        stride, dilation, begin, end = (1, *stride), (1, *dilation), (0, *begin), (0, *end)
    return Window(
        (stride[0], stride[1]),
        (begin[0], begin[1], end[0], end[1]),
        (dilation[0], dilation[1]),
        integer(node, "group", 1),
    )


def _images(codes: Integers, node: Any, convolution: bool) -> Integers:
    """Codes as images x channels x height x width."""
    if convolution:
        return codes[:, :, None] if codes.ndim == 3 else codes
    if node.op_type in ("Gemm", "QGemm") and codes.ndim != 2:
        raise ProductError(f"a left operand of {codes.ndim} dimensions")
    return codes.reshape(-1, codes.shape[-1])[:, :, None, None]


def _shaped(results: Array, node: Any, data: Array) -> Array:
    """Results in the shape of the node's output."""
    if "Conv" in node.op_type:
        return results[:, :, 0] if data.ndim == 3 else results
    return results.reshape(*data.shape[:-1], results.shape[1])
