"""Products that are not of rows with a matrix: Einstein sums, and weights in blocks."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from accelerator.inference.grid import Array, Grid, Tensor
from accelerator.inference.products import ProductError
from accelerator.networks.onnx_attributes import integer
from accelerator.networks.onnx_contraction import Contraction, ContractionError, contraction


@dataclass(frozen=True)
class Sum:
    """A contraction with the sizes of its axes, as products of rows with grouped kernels."""

    axes: Contraction
    sizes: dict[str, int]

    @property
    def groups(self) -> int:
        """Products side by side."""
        return prod(self.sizes[axis] for axis in self.axes.shared)

    def rows(self, values: Array) -> Array:
        """Data as rows x (products x summed)."""
        found = self.axes
        turned = _turned(values, found.data, found.rows + found.shared + found.summed)
        inner = self.groups * prod(self.sizes[axis] for axis in found.summed)
        return turned.reshape(-1, inner)

    def kernels(self, values: Array) -> Array:
        """Weights as (products x kernels) x summed."""
        found = self.axes
        turned = _turned(values, found.weights, found.shared + found.kernels + found.summed)
        return turned.reshape(-1, prod(self.sizes[axis] for axis in found.summed))

    def shaped(self, results: Array) -> Array:
        """Results (rows x kernels of all products) in the shape of the output."""
        found = self.axes
        order = found.rows + found.shared + found.kernels
        return _turned(results.reshape([self.sizes[axis] for axis in order]), order, found.output)


def _turned(values: Array, before: str, after: str) -> Array:
    return np.transpose(values, [before.index(axis) for axis in after])


def sum_of(node: Any, data: Array, weights: Array, place: int) -> Sum:
    """How a node whose operand number `place` holds the weights runs.

    Raises ProductError where it is no product of data with weights.
    """
    ranks = (weights.ndim, data.ndim) if place == 0 else (data.ndim, weights.ndim)
    try:
        found = contraction(node, ranks, place)
        return Sum(found, found.sizes(data.shape, weights.shape))
    except ContractionError as error:
        raise ProductError(str(error)) from None


@dataclass(frozen=True)
class Blocks:
    """Weights of `MatMulNBits`: codes (blocks x kernels) x inputs of a block, and their scales."""

    weights: Tensor
    scales: Array
    inner: int
    count: int

    def rows(self, values: Array) -> Array:
        """Data as rows x (blocks x inputs of a block); what a last block lacks is zero."""
        wide = self.count * self.weights.values.shape[1]
        flat = values.reshape(-1, self.inner)
        return np.pad(flat, [(0, 0), (0, wide - self.inner)])

    def summed(self, results: Array) -> Array:
        """Results (rows x kernels of all blocks), scaled and added up in single precision."""
        scaled = results.astype(np.float64) * self.scales
        return np.asarray(scaled.reshape(len(results), self.count, -1).sum(axis=1), np.float32)


def blocks_of(node: Any, inputs: list[Tensor | None]) -> Blocks:
    """The weights of a `MatMulNBits`, unpacked.

    Raises ProductError where they do not fit.
    """
    _, packed, scales, zeros, order = [*inputs, None, None, None, None][:5]
    inner, outer, bits = (integer(node, name, 0) for name in ("K", "N", "bits"))
    bits, size = bits or 4, integer(node, "block_size", 32)
    if packed is None or scales is None or bits not in (2, 4, 8) or size < 1 or order is not None:
        raise ProductError(f"weights of {bits} bits in blocks of {size}, or in another order")
    count = -(-inner // size)
    codes = _unpacked(packed.values, bits).reshape(outer, count, -1)[:, :, :size]
    centre, grid = block_levels(node, bits, zeros)
    values = codes.astype(np.int64) - centre[:, :, None]
    # What a last block has beyond the inputs meets zeros.
    beyond = np.arange(count * size).reshape(count, size) >= inner
    values = np.where(beyond, 0, values)
    kernels = np.moveaxis(values, 0, 1).reshape(count * outer, size)
    by_block = scales.values.astype(np.float64).reshape(outer, count).T.ravel()
    return Blocks(Tensor(kernels, grid), by_block, inner, count)


def block_levels(node: Any, bits: int, zeros: Tensor | None) -> tuple[Array, Grid]:
    """Zero points (kernels x blocks) of a `MatMulNBits`, and the whole numbers about them.

    Raises ProductError for zero points that are reals.
    """
    inner, outer = integer(node, "K", 0), integer(node, "N", 0)
    count = -(-inner // integer(node, "block_size", 32))
    centre: Array = np.full((outer, count), 1 << bits - 1)
    if zeros is not None and zeros.values.dtype != np.uint8:
        raise ProductError("zero points that are no whole numbers")
    if zeros is not None:
        centre = _unpacked(zeros.values.reshape(outer, -1), bits)[:, :count]
    return centre, Grid(np.ones(()), -int(centre.max()), (1 << bits) - 1 - int(centre.min()))


def _unpacked(values: Array, bits: int) -> Array:
    """Codes from bytes, the lowest bits first."""
    parts = [values >> shift & (1 << bits) - 1 for shift in range(0, 8, bits)]
    return np.stack(parts, axis=-1).reshape(*values.shape[:-1], -1).astype(np.int64)
