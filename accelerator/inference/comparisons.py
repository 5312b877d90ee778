"""Comparison of pixels in a graph: the node `Compare`, on sub-arrays by row logic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelerator.array import Array
from accelerator.comparator.layer import compare_maps, count_comparisons
from accelerator.comparator.pattern import Pairs
from accelerator.inference.grid import Grid, Tensor
from accelerator.inference.products import ProductError
from accelerator.logic_counts import LogicCounts
from accelerator.networks.onnx_attributes import compared_pairs


@dataclass(frozen=True)
class ComparisonRun:
    """One layer of comparisons as it was run: `codes` are its inputs, images first."""

    name: str
    codes: NDArray[np.int64]
    bits: int
    kernel: tuple[int, int]
    pairs: Pairs

    def counts(self, array: Array) -> LogicCounts:
        """Mean events of an image."""
        total = count_comparisons(self.codes, self.pairs, self.kernel, self.bits, array)
        return total.scaled(1 / len(self.codes))


def compare_node(node: Any, name: str, source: Tensor) -> tuple[Tensor, ComparisonRun]:
    """The node's maps, and what was compared.

    Raises ProductError where its inputs are not whole numbers from zero on.
    """
    grid = source.grid
    if grid is None or not grid.scalar or grid.low < 0 or source.values.ndim != 4:
        raise ProductError("inputs that are not images of whole codes from 0 on, of one scale")
    kernel, pairs = compared_pairs(node)
    if len(pairs.neighbours) % source.values.shape[1]:
        raise ProductError("maps that are no multiple of the channels")
    codes = grid.integers(source.values)
    run = ComparisonRun(name, codes, max(grid.high.bit_length(), 1), (kernel[0], kernel[1]), pairs)
    maps = compare_maps(codes, pairs, run.kernel).astype(source.values.dtype)
    return Tensor(maps, Grid(np.ones(()), 0, 1)), run
