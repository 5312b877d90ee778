"""Which widths the quantizers of an ONNX file give its layers, without running it.

The walk is that of a run with tensors of no values: the same quantizers and the same rules on what
keeps a grid, so that an estimate and a run of one file agree.
"""

from __future__ import annotations

from itertools import zip_longest
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelerator.errors import EstimateError
from accelerator.inference.digital import kept_grids
from accelerator.inference.grid import (
    Grid,
    OffGridError,
    Stored,
    Tensor,
    integer_range,
    stored_as,
)
from accelerator.inference.operators import Operators, constant
from accelerator.inference.quantizers import QuantizerError, dequantize_linear, of_integers
from accelerator.inference.room import DigitalError
from accelerator.names import printable
from accelerator.networks import onnx_contrib
from accelerator.networks.layers import Quantized
from accelerator.networks.onnx_attributes import integer
from accelerator.networks.onnx_graph import Graph
from accelerator.networks.onnx_operators import (
    COMPARISON_DOMAIN,
    QUANTIZER_DOMAINS,
    WEIGHT_INPUT,
)
from accelerator.networks.quantizer_kinds import (
    DYNAMIC_QUANTIZER,
    LINEAR_QUANTIZERS,
    takes_codes,
)

_SMALL = 1 << 16
"""Elements of a constant whose values take part as they are."""
_FAULTS = (
    OffGridError,
    QuantizerError,
    DigitalError,
    ValueError,
    LookupError,
    TypeError,
    ArithmeticError,
    AttributeError,
)
"""Of a node that contradicts itself nothing is known; whoever needs it says so."""


def file_widths(graph: Graph) -> dict[int, Quantized]:
    """What the file says of the operands of its nodes with weights, by their index."""
    return _Walk(graph).run()


class _Walk:
    """Tensors by name: constants as they are where they are small, else stand-ins.

    A stand-in has the shape and type of its tensor as far as they are known, the tensor's grid,
    and zeros that take no memory.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.operators = Operators(graph.versions)
        self.tensors: dict[str, Tensor] = {}
        self.real: set[str] = set()
        self.makers = {name: node for node in graph.nodes for name in node.output if name}
        for name, kind in graph.kinds.items():
            self.tensors[name] = Tensor(self._zeros(name, _type_of(kind)))
        for name, tensor in graph.weights.items():
            if prod(tensor.dims) <= _SMALL and (values := graph.values(name)) is not None:
                self.tensors[name] = constant(values)
                self.real.add(name)
            else:
                self.tensors[name] = constant(self._zeros(name, _type_of(tensor.data_type)))

    def run(self) -> dict[int, Quantized]:
        """All nodes in order."""
        found = {}
        for index, node in enumerate(self.graph.nodes):
            self._check_scale(node)
            try:
                slots = self._weighted(node)
                if node.domain == COMPARISON_DOMAIN:
                    data = _stored_or_none(self.tensors[node.input[0]].grid)
                    found[index] = Quantized(None, None, *data)
                if slots is not None:
                    found[index] = self._quantized(node, slots)
                outputs = self._outputs(node, weighted=slots is not None)
            except _FAULTS:
                outputs = []
            for name, made in zip_longest(node.output, outputs[: len(node.output)]):
                if name:
                    self.tensors[name] = made or Tensor(self._zeros(name, np.float32))
        return found

    def _check_scale(self, node: Any) -> None:
        """Refuse scales of a linear quantizer that are not one for each along its axis."""
        if node.op_type not in LINEAR_QUANTIZERS or len(node.input) < 2:
            return
        scale = self.graph.shapes.get(node.input[1]) or ()
        sizes = self.graph.shapes.get(node.input[0]) or ()
        count, axis = prod(size or 1 for size in scale), integer(node, "axis", 1)
        if count == 1 or integer(node, "block_size", 0) or not sizes:
            return
        along = sizes[axis] if -len(sizes) <= axis < len(sizes) else 0
        if along not in (None, count):
            shown = " x ".join("?" if size is None else str(size) for size in sizes)
            raise EstimateError(
                f"{self.graph.path}: {printable(node.name or node.op_type)} ({node.op_type}) has "
                f"{count} scales along axis {axis} of a tensor of {shown}: give one, or one for "
                "each along its axis"
            )

    def _zeros(self, name: str, kind: Any) -> NDArray[Any]:
        shape = self.graph.shapes.get(name) or ()
        return np.broadcast_to(np.zeros((), kind), [size or 1 for size in shape])

    def _weighted(self, node: Any) -> tuple[int, int] | None:
        """Where data and weights stand among the node's inputs, if it has weights."""
        slot = WEIGHT_INPUT.get(node.op_type)
        if slot is None or len(node.input) <= slot:
            return None
        if node.input[slot] in self.graph.constants:
            return 0, slot
        if "Conv" not in node.op_type and node.input[0] in self.graph.constants:
            return slot, 0
        return None

    def _quantized(self, node: Any, slots: tuple[int, int]) -> Quantized:
        data, weights = (self._operand(node, slot) for slot in slots)
        weight = None
        if weights is not None:
            ternary = self._is_ternary(node.input[slots[1]], node, slots[1])
            weight = _stored(weights, "weight", ternary=ternary)
        encoding = None
        if weight is not None:
            encoding = "zero_point" if weight.offset else weight.levels.encoding
        return Quantized(
            None if weight is None else weight.levels.bits,
            encoding,
            *_stored_or_none(data),
        )

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
        axis = 0 if "Conv" in node.op_type else -1 if slot else -2
        source = Tensor(_one_line(source.values, axis), grid)
        shift = self.tensors[name].values
        return dequantize_linear(source, np.ones((), np.float32), shift, axis).grid

    def _is_ternary(self, name: str, node: Any, slot: int) -> bool:
        """Whether all weights are -1, 0 or 1; those in other files are not looked at."""
        entry = self.tensors[name]
        if entry.grid is None or entry.grid.step != 1:
            return False
        if entry.grid.low >= 0 or self._some_beyond_one(name):
            return False
        exact = self._exact(name)
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

    def _exact(self, name: str) -> Tensor | None:
        """A constant with its values, whatever its size."""
        if name in self.real:
            return self.tensors[name]
        if name in self.graph.weights:
            values = self.graph.values(name)
            return None if values is None else constant(values)
        node = self.makers.get(name)
        if node is None:
            return None
        inputs = [self._exact(entry) if entry else None for entry in node.input]
        if any(entry and one is None for entry, one in zip(node.input, inputs, strict=True)):
            return None
        made, _ = self.operators.run(node, name, inputs, ())
        return made[list(node.output).index(name)]

    def _outputs(self, node: Any, *, weighted: bool) -> list[Tensor | None]:
        """What the node makes, as far as something is known of it."""
        inputs = [self.tensors.get(entry) if entry else None for entry in node.input]
        given = [entry for entry in node.input if entry]
        operator = str(node.op_type)
        contrib = onnx_contrib.meaning(node)
        if weighted or (contrib is not None and operator != "QGemm"):
            return self._codes_out(node, contrib)
        if node.domain == COMPARISON_DOMAIN:
            return [Tensor(self._zeros(node.output[0], np.float32), Grid(np.ones(()), 0, 1))]
        if operator == DYNAMIC_QUANTIZER:
            grid = Grid(np.ones(()), *integer_range(np.uint8))
            return [Tensor(self._zeros(node.output[0], np.uint8), grid)]
        sizes = [prod(size or 1 for size in self.graph.shapes.get(o, ())) for o in node.output]
        if all(entry in self.real for entry in given) and max(sizes, default=0) <= _SMALL:
            made, _ = self.operators.run(node, operator, inputs, ())
            self.real.update(node.output)
            return list(made)
        if node.domain in QUANTIZER_DOMAINS or operator in LINEAR_QUANTIZERS:
            return self._quantizer(node, inputs)
        if node.domain or any(one is None for one in inputs[:1]):
            return []
        kind = next((one.values.dtype for one in inputs if one is not None), np.dtype(np.float32))
        outputs = [self._zeros(name, kind) for name in node.output]
        grids = kept_grids(node, inputs, outputs)
        return [Tensor(value, grid) for value, grid in zip(outputs, grids, strict=True)]

    def _quantizer(self, node: Any, inputs: list[Tensor | None]) -> list[Tensor | None]:
        """A quantizer, or what undoes it, on one line of numbers."""
        source = inputs[0]
        if source is None:
            return []
        axis = integer(node, "axis", 1)
        small = Tensor(_one_line(source.values, axis), source.grid)
        if any(entry and entry not in self.real for entry in node.input[1:]):
            return [self._of_unknown_scale(node, source)]
        try:
            made, _ = self.operators.run(node, node.op_type, [small, *inputs[1:]], ())
        except QuantizerError:
            return [self._of_unknown_scale(node, source)]
        zeros = self._zeros(node.output[0], made[0].values.dtype)
        return [Tensor(zeros, made[0].grid)]

    def _of_unknown_scale(self, node: Any, source: Tensor) -> Tensor | None:
        """Codes whose zero point is not one number: as many bits as their type, about zero."""
        if node.op_type != "DequantizeLinear":
            return None
        grid = source.grid or of_integers(source.values)
        half = (grid.high - grid.low + 1) // 2
        zeros = self._zeros(node.output[0], np.float32)
        return Tensor(zeros, Grid(np.ones(()), -half, half - 1))

    def _codes_out(self, node: Any, contrib: Any) -> list[Tensor | None]:
        """The output of an operator on codes: whole numbers of its zero point's type."""
        if contrib is not None:
            place = contrib.target + 1
        elif str(node.op_type).startswith("QLinear"):
            place = 7
        else:
            return []
        if contrib is not None and len(node.input) < place:
            return []  # A product that keeps its reals.
        zero = self.tensors.get(node.input[place]) if len(node.input) > place else None
        kind = np.dtype(np.uint8) if zero is None else zero.values.dtype
        grid = Grid(np.ones(()), *integer_range(kind))
        return [Tensor(self._zeros(node.output[0], kind), grid)]


def _stored(grid: Grid, kind: str, *, ternary: bool = False) -> Stored | None:
    spread = 0 if grid.lows is None else int(np.ptp(grid.lows))
    return stored_as(grid, kind, may_shift=True, ternary=ternary, spread=spread)


def _stored_or_none(grid: Grid | None) -> tuple[int | None, str | None]:
    """Bits and encoding of activations on a grid."""
    found = None if grid is None else _stored(grid, "activation")
    return (None, None) if found is None else (found.levels.bits, found.levels.encoding)


def _one_line(values: NDArray[Any], axis: int) -> NDArray[Any]:
    """Zeros of one number a dimension, but as many as there are along the axis of the scales."""
    sizes = [1] * values.ndim
    if -values.ndim <= axis < values.ndim:
        sizes[axis] = values.shape[axis]
    return np.zeros(sizes, values.dtype)


def _type_of(kind: int) -> Any:
    """The type of NumPy of an element type of ONNX; single precision where it has none."""
    from onnx.helper import tensor_dtype_to_np_dtype

    try:
        return tensor_dtype_to_np_dtype(kind)
    except (KeyError, ValueError, TypeError):
        return np.dtype(np.float32)
