"""What is stored of the operands of a node with weights, as far as the file says it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelerator.inference.contractions import block_levels, blocks_of
from accelerator.inference.convolutions import convolution
from accelerator.inference.grid import Grid, OffGridError, Stored, Tensor, stored_as, with_zero
from accelerator.inference.layers import zero_axes
from accelerator.inference.quantizers import QuantizerError, dequantize_linear, of_integers
from accelerator.inference.room import DigitalError
from accelerator.networks.layers import Quantized
from accelerator.networks.onnx_attributes import integer
from accelerator.networks.onnx_contrib import BLOCKED
from accelerator.networks.onnx_graph import Graph
from accelerator.networks.onnx_operators import RECURRENT, RECURRENT_CODES, WEIGHT_INPUT
from accelerator.networks.quantizer_kinds import takes_codes

FAULTS = (
    OffGridError,
    QuantizerError,
    DigitalError,
    ValueError,
    LookupError,
    TypeError,
    ArithmeticError,
    AttributeError,
    AssertionError,
)
"""Of a node that contradicts itself nothing is known; whoever needs it says so."""

_LARGEST_LOOKED_AT = 1 << 24
"""Bytes of packed weights of two bits that are looked through for others than -1, 0 and 1."""


@dataclass(frozen=True)
class Slots:
    """Where data and weights of one layer stand among the inputs; no file quantizes a state."""

    data: int | None
    weights: int
    together: bool = False
    """Whether kernels of several products have one range, whatever their own."""


def slots_of(node: Any, graph: Graph) -> tuple[Slots, ...]:
    """The layers of a node in their order, none where it multiplies no weights."""
    held = [name in graph.constants for name in node.input]
    operator = str(node.op_type)
    if operator == BLOCKED:
        return (Slots(0, 1),)
    if operator in RECURRENT:
        return (Slots(0, 1), Slots(None, 2)) if len(held) > 2 and all(held[1:3]) else ()
    if operator == "Einsum" and len(held) == 2 and held[0] != held[1]:
        place = held.index(True)
        return (Slots(1 - place, place, together=True),)
    slot = WEIGHT_INPUT.get(operator)
    if slot is None or len(held) <= slot:
        return ()
    if held[slot]:
        rank = len(graph.shapes.get(node.input[slot]) or ())
        return (Slots(0, slot, together=operator == "MatMul" and rank != 2),)
    if "Conv" not in operator and held[0]:
        return (Slots(slot, 0, together=operator == "MatMul"),)
    return ()


class Operands:
    """Operands of nodes, given the tensors by name.

    `real` are the names of those whose values are there; `exact` gives a constant with its values,
    whatever its size, or None.
    """

    def __init__(
        self,
        graph: Graph,
        tensors: dict[str, Tensor],
        real: set[str],
        exact: Callable[[str], Tensor | None],
    ) -> None:
        self.graph, self.tensors, self.real, self.exact = graph, tensors, real, exact
        self.makers = {name: node for node in graph.nodes for name in node.output if name}

    def of(self, node: Any, slots: Slots) -> Quantized:
        """The widths of one layer, those of an operand that is unclear left open."""
        if node.op_type == RECURRENT_CODES:
            # Data and states become unsigned codes of eight bits inside the operator.
            about_zero = self.tensors[node.input[slots.weights]].values.dtype == np.int8
            return Quantized(8, "twos_complement" if about_zero else "zero_point", 8, "unsigned")
        weight: Stored | None = None
        data: Grid | None = None
        with suppress(*FAULTS):
            weight = self._weights(node, slots)
        with suppress(*FAULTS):
            data = self._data(node, slots)
        encoding: str | None = None
        if weight is not None:
            encoding = "zero_point" if weight.offset else weight.levels.encoding
        return Quantized(
            None if weight is None else weight.levels.bits, encoding, *stored_or_none(data)
        )

    def _weights(self, node: Any, slots: Slots) -> Stored | None:
        if node.op_type == BLOCKED:
            return self._in_blocks(node)
        grid = self._operand(node, slots.weights)
        if grid is None:
            return None
        if slots.together:
            grid = replace(grid, lows=None)
        ternary = self._is_ternary(node.input[slots.weights], node, slots.weights)
        return _stored(grid, "weight", ternary=ternary)

    def _data(self, node: Any, slots: Slots) -> Grid | None:
        grid = None if slots.data is None else self._operand(node, slots.data)
        if grid is None:
            return None
        if node.op_type == BLOCKED or self._stuffs(node, slots):
            return with_zero(grid)
        return grid

    def _stuffs(self, node: Any, slots: Slots) -> bool:
        """Whether a convolution puts zeros among its data."""
        if "Conv" not in node.op_type or slots.data is None:
            return False
        sizes, kernel = (
            self.graph.shape(node.input[place], node.name)[2:]
            for place in (slots.data, slots.weights)
        )
        return convolution(node, sizes, kernel).stuffs

    def _in_blocks(self, node: Any) -> Stored | None:
        """Weights of `MatMulNBits`; ternary ones have two bits."""
        inputs = [self.exact(name) if name else None for name in node.input[2:]]
        bits = integer(node, "bits", 0) or 4
        packed = self.graph.shapes.get(node.input[1]) or ()
        if bits == 2 and prod(size or 1 for size in packed) <= _LARGEST_LOOKED_AT:
            found = blocks_of(node, [None, self.exact(node.input[1]), *inputs]).weights
            ternary = bool(np.abs(found.values).max(initial=0) <= 1)
            return None if found.grid is None else _stored(found.grid, "weight", ternary=ternary)
        _, grid = block_levels(node, bits, inputs[1] if len(inputs) > 1 else None)
        return _stored(grid, "weight")

    def _operand(self, node: Any, slot: int) -> Grid | None:
        """The integers that an operand stands for, its zero point taken off."""
        source = self.tensors.get(node.input[slot])
        if source is None:
            return None
        if not takes_codes(node):
            return source.grid
        zero = slot + 2
        grid = source.grid or of_integers(source.values)
        name = node.input[zero] if len(node.input) > zero else ""
        if not name:
            return grid
        if name not in self.real:
            # A zero point that is computed for each image: codes of that many bits about it.
            return grid
        axis = zero_axes(node)[1 if slot else 0]
        source = Tensor(one_line(source.values, axis), grid)
        shift = self.tensors[name].values
        return dequantize_linear(source, np.ones((), np.float32), shift, axis).grid

    def _is_ternary(self, name: str, node: Any, slot: int) -> bool:
        """Whether all weights are -1, 0 or 1; those in other files are not looked at."""
        entry = self.tensors[name]
        if entry.grid is None or entry.grid.step != 1:
            return False
        if entry.grid.low >= 0 or self._some_beyond_one(name):
            return False
        exact = self.exact(name)
        if exact is None or exact.grid is None:
            return False
        integers = exact.grid.integers(exact.values)
        if takes_codes(node):
            zero = node.input[slot + 2] if len(node.input) > slot + 2 else ""
            if zero:
                if zero not in self.real:
                    return False
                shift = self.tensors[zero].values.astype(np.int64)
                if shift.size > 1:
                    return False
                integers = integers - shift
        return bool(np.abs(integers).max(initial=0) <= 1)

    def _some_beyond_one(self, name: str) -> bool:
        """A quick look at whether weights behind one quantizer have larger integers."""
        node = self.makers.get(name)
        if node is None or node.op_type not in ("Quant", "IntQuant") or len(node.input) < 3:
            return False
        values = self.graph.values(node.input[0])
        scale, zero = (self.tensors.get(entry) for entry in node.input[1:3])
        if values is None or scale is None or zero is None or np.any(zero.values):
            return False
        return bool(np.abs(values).max(initial=0) > 2.5 * scale.values.max())


def _stored(grid: Grid, kind: str, *, ternary: bool = False) -> Stored | None:
    spread = 0 if grid.lows is None else int(np.ptp(grid.lows))
    return stored_as(grid, kind, ternary=ternary, spread=spread)


def stored_or_none(grid: Grid | None) -> tuple[int | None, str | None]:
    """Bits and encoding of activations on a grid."""
    found = None if grid is None else _stored(grid, "activation")
    return (None, None) if found is None else (found.levels.bits, found.levels.encoding)


def one_line(values: NDArray[Any], axis: int) -> NDArray[Any]:
    """Zeros of one number a dimension, but as many as there are along the axis of the scales."""
    sizes = [1] * values.ndim
    if -values.ndim <= axis < values.ndim:
        sizes[axis] = values.shape[axis]
    return np.zeros(sizes, values.dtype)
