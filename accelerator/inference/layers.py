"""Nodes with weights: what of them runs on sub-arrays, and what the digital unit adds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from accelerator.inference.contractions import blocks_of, sum_of
from accelerator.inference.convolutions import Convolution, convolution
from accelerator.inference.grid import Array, Coded, Grid, Tensor, integer_range, with_zero
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
from accelerator.networks.onnx_attributes import integer, real

Alteration = Callable[[LayerRun], LayerRun]


def _exact(run: LayerRun) -> LayerRun:
    return run


@dataclass(frozen=True)
class Prepared:
    """A layer's weights as stored, and the scale of each kernel."""

    weights: Weights
    scales: Array
    way: Convolution | None
    """How a convolution runs as one of two dimensions; None for a product."""


class Layers:
    """Runs nodes with weights and keeps those weights packed from run to run."""

    def __init__(self) -> None:
        self._prepared: dict[tuple[int, ...], Prepared] = {}

    def run(
        self,
        node: Any,
        name: str,
        inputs: list[Tensor | None],
        altered: Alteration | None = None,
        place: int = 1,
    ) -> tuple[Tensor, LayerRun]:
        """The node's output and what was done.

        Of an Einstein sum or a product with two operands, the one at `place` has the weights.
        `altered` gives the layer with other results, as wrong senses make them. Raises
        ProductError where its operands are not integers that sub-arrays take.
        """
        altered = altered or _exact
        operator = str(node.op_type)
        if operator == "QGemm":
            # Its bias stands where the other two have the scale of their output.
            constant, *scaled = [*inputs[6:], None, None, None][:3]
            return self._linear(node, name, [*inputs[:6], *scaled, constant], altered)
        if operator == "MatMulNBits":
            return self._in_blocks(node, name, inputs, altered)
        if operator.startswith("QLinear"):
            return self._linear(node, name, inputs, altered)
        if operator.endswith("Integer"):
            return self._integer(node, name, inputs, altered)
        data, weights = _operands(inputs)
        if (
            operator == "Einsum"
            or place == 0
            or (operator == "MatMul" and weights.values.ndim != 2)
        ):
            data, weights = (weights, data) if place == 0 else (data, weights)
            return self._sum(node, name, data, weights, place, altered)
        run, results, scale = self._product(node, name, data, weights, altered)
        real_values = (results * scale).astype(np.float32)
        alpha = real(node, "alpha", 1.0) if operator == "Gemm" else 1.0
        if alpha != 1.0:
            real_values = real_values * np.float32(alpha)
        bias = inputs[2].values if len(inputs) > 2 and inputs[2] is not None else None
        if bias is not None:
            if operator in ("Conv", "ConvTranspose"):
                bias = bias.reshape(-1, *[1] * (real_values.ndim - 2))
            else:
                bias = bias * np.float32(real(node, "beta", 1.0))
            real_values = real_values + bias
        return Tensor(np.asarray(real_values, data.values.dtype)), run

    def _sum(
        self, node: Any, name: str, data: Tensor, weights: Tensor, place: int, altered: Alteration
    ) -> tuple[Tensor, LayerRun]:
        """Einstein sums and products of other ranks, as rows with grouped kernels."""
        grid = _on_grid(data, weights)
        require_one_scale(grid)
        # Sizes of the data, which may be free, tell the axes of the weights alone apart.
        found = sum_of(node, data.values, weights.values, place)
        key = (id(node), place)
        if key not in self._prepared:
            levels = weights.grid
            assert levels is not None
            scale = found.kernels(np.broadcast_to(levels.scale, weights.values.shape))
            kernels = found.kernels(weights.values)
            self._prepared[key] = _grouped(kernels, scale, levels, found.groups)
        prepared = self._prepared[key]
        stored = code_activations(data.values, grid)
        codes = found.rows(stored.codes)[:, :, None, None]
        stored = Coded(codes, stored.levels, stored.offset)
        run = altered(multiply(name, str(node.op_type), stored, prepared.weights))
        scaled = run.results[:, :, 0, 0] * (prepared.scales * float(grid.scale.ravel()[0]))
        return Tensor(np.asarray(found.shaped(scaled), data.values.dtype)), run

    def _in_blocks(
        self, node: Any, name: str, inputs: list[Tensor | None], altered: Alteration
    ) -> tuple[Tensor, LayerRun]:
        """MatMulNBits: a product for each block of inputs, which the digital unit adds up."""
        data = inputs[0]
        assert data is not None
        blocks = blocks_of(node, inputs)
        grid = _on_grid(data, blocks.weights)
        require_one_scale(grid)
        key = (id(node),)
        if key not in self._prepared:
            kernels, levels = blocks.weights.values, blocks.weights.grid
            assert levels is not None
            self._prepared[key] = _grouped(kernels, np.ones(kernels.shape), levels, blocks.count)
        # What a last block lacks is zero.
        whole = blocks.rows(grid.integers(data.values))[:, :, None, None]
        stored = code_activations(whole, with_zero(grid))
        run = altered(multiply(name, str(node.op_type), stored, self._prepared[key].weights))
        total = blocks.summed(run.results[:, :, 0, 0] * float(grid.scale.ravel()[0]))
        bias = [*inputs, None, None, None, None, None][5]
        if bias is not None:
            total = total + bias.values
        return Tensor(np.asarray(total.reshape(*data.values.shape[:-1], -1), np.float32)), run

    def _integer(
        self, node: Any, name: str, inputs: list[Tensor | None], altered: Alteration
    ) -> tuple[Tensor, LayerRun]:
        """ConvInteger and MatMulInteger: the integers themselves, zero points taken off."""
        data, weights = (
            _centred(entry, zero, axis)
            for entry, zero, axis in zip(
                _operands(inputs), [*inputs[2:], None, None][:2], zero_axes(node), strict=True
            )
        )
        run, results, _ = self._product(node, name, data, weights, altered)
        return Tensor(results.astype(np.int32)), run

    def _linear(
        self, node: Any, name: str, inputs: list[Tensor | None], altered: Alteration
    ) -> tuple[Tensor, LayerRun]:
        """QLinearConv, QLinearMatMul and QGemm: codes in, codes out, or reals without a scale."""
        x, x_scale, x_zero, w, w_scale, w_zero, y_scale, y_zero, bias = [*inputs, None][:9]
        if x is None or w is None or x_scale is None or w_scale is None:
            raise ProductError("an input left out")
        axes = zero_axes(node)
        data, weights = _centred(x, x_zero, axes[0]), _centred(w, w_zero, axes[1])
        run, results, _ = self._product(node, name, data, weights, altered)
        # Kernels lie along the second axis of a convolution, the last one of a product.
        along = (-1, *[1] * (results.ndim - 2)) if "Conv" in node.op_type else (-1,)
        if bias is not None:
            results = results + bias.values.astype(np.int64).reshape(along)
        # In single precision and in this order, as the operator is implemented elsewhere.
        alpha = np.float32(real(node, "alpha", 1.0))
        factor = (alpha * x_scale.values * w_scale.values).astype(np.float32)
        if y_scale is not None:
            factor = (factor / y_scale.values).astype(np.float32)
        scaled = results.astype(np.float32) * factor.reshape(along)
        if y_scale is None:
            return Tensor(scaled), run
        zero = np.zeros(1, np.uint8) if y_zero is None else y_zero.values
        low, high = integer_range(zero.dtype)
        codes = np.rint(scaled) + zero.astype(np.float32).ravel()[0]
        values = np.clip(codes, low, high).astype(zero.dtype)
        return Tensor(values, Grid(np.ones(()), low, high)), run

    def _product(
        self, node: Any, name: str, data: Tensor, weights: Tensor, altered: Alteration
    ) -> tuple[LayerRun, Array, Array]:
        """The layer, its integers in the shape of its output, and the scale of each of them."""
        grid = _on_grid(data, weights)
        # Automatic padding follows the size of the input, which may be free.
        key = (id(node), *data.values.shape[2:])
        if key not in self._prepared:
            self._prepared[key] = _prepare(node, data.values, weights)
        prepared = self._prepared[key]
        way, values = prepared.way, data.values
        if way is not None:
            require_one_scale(grid)
        stored = _coded(data, way)
        codes = _rows(stored.codes, node) if way is None else stored.codes
        stored = Coded(codes, stored.levels, stored.offset)
        run = altered(multiply(name, str(node.op_type), stored, prepared.weights))
        if way is None:
            results = run.results.reshape(*values.shape[:-1], run.results.shape[1])
            return run, results, prepared.scales * grid.scale
        results = way.shaped(run.results, len(values))
        scales = prepared.scales * float(grid.scale.ravel()[0])
        return run, results, scales.reshape(-1, *[1] * (values.ndim - 2))


def _on_grid(data: Tensor, weights: Tensor) -> Grid:
    """The grid of the data.

    Raises ProductError where they or the weights lie on none.
    """
    for entry, what in ((data, "inputs"), (weights, "weights")):
        if entry.grid is None:
            raise ProductError(f"{what} that no quantizer makes")
    grid = data.grid
    assert grid is not None
    if not grid.scalar and grid.scale.shape[-1] != 1:
        raise ProductError("inputs with a scale for each channel")
    return grid


def require_one_scale(grid: Grid) -> None:
    """Raise ProductError where rows have scales of their own."""
    if not grid.scalar:
        raise ProductError("inputs with a scale for each channel")


def _grouped(kernels: Array, scale: Array, levels: Grid, groups: int) -> Prepared:
    """Kernels of several products side by side."""
    grid = Grid(scale[:, :, None, None], levels.low, levels.high, levels.step)
    weights = code_weights(kernels[:, :, None, None], grid, Window(groups=groups))
    return Prepared(weights, scale[:, 0].astype(np.float64), None)


def _coded(data: Tensor, way: Convolution | None) -> Coded:
    """Activations as they are stored, those of a convolution as its planes."""
    grid = data.grid
    assert grid is not None
    if way is None or not way.stuffs:
        stored = code_activations(data.values, grid)
        return stored if way is None else replace(stored, codes=way.planes(stored.codes))
    # The zeros that are put in are numbers of the grid too.
    return code_activations(way.planes(grid.integers(data.values)), with_zero(grid))


def _operands(inputs: list[Tensor | None]) -> tuple[Tensor, Tensor]:
    data, weights = inputs[:2]
    assert data is not None
    assert weights is not None
    return data, weights


def zero_axes(node: Any) -> tuple[int, int]:
    """Where zero points of rows and of kernels lie, should there be several."""
    if "Conv" in node.op_type:
        return 0, 0
    return -2, 0 if integer(node, "transB", 0) else -1


def _centred(entry: Tensor, zero: Tensor | None, axis: int) -> Tensor:
    """Codes with their zero point taken off."""
    source = Tensor(entry.values, entry.grid or of_integers(entry.values))
    shift = None if zero is None else zero.values
    return dequantize_linear(source, np.ones((), np.float32), shift, axis)


def _prepare(node: Any, data: Array, weights: Tensor) -> Prepared:
    """Weights as kernels x channels x height x width, coded."""
    assert weights.grid is not None
    values, grid = weights.values, weights.grid
    scale = np.broadcast_to(grid.scale, values.shape)
    lows = np.broadcast_to(grid.low if grid.lows is None else grid.lows, values.shape)
    way, window = None, Window()
    if "Conv" in node.op_type:
        if values.ndim < 3 or data.ndim != values.ndim:
            raise ProductError(f"a window of {values.ndim - 2} dimensions over {data.ndim - 2}")
        way = convolution(node, data.shape[2:], values.shape[2:])
        values, scale, lows = (way.kernels(one) for one in (values, scale, lows))
        window = way.window
    else:
        if values.ndim != 2:
            raise ProductError(f"weights of {values.ndim} dimensions")
        if not integer(node, "transB", 0):
            values, scale, lows = values.T, scale.T, lows.T
        if integer(node, "transA", 0):
            raise ProductError("a transposed left operand")
        values, scale, lows = (one[:, :, None, None] for one in (values, scale, lows))
    grid = Grid(scale, grid.low, grid.high, grid.step, None if grid.lows is None else lows)
    scales = scale[:, 0, 0, 0].astype(np.float64)
    return Prepared(code_weights(values, grid, window), scales, way)


def _rows(codes: Integers, node: Any) -> Integers:
    """Rows of a product as images of one pixel."""
    if node.op_type in ("Gemm", "QGemm") and codes.ndim != 2:
        raise ProductError(f"a left operand of {codes.ndim} dimensions")
    return codes.reshape(-1, codes.shape[-1])[:, :, None, None]
