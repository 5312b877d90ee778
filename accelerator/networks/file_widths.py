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
from accelerator.inference.grid import Grid, Tensor, integer_range
from accelerator.inference.operators import Operators, constant
from accelerator.inference.quantizers import QuantizerError, of_integers
from accelerator.names import printable
from accelerator.networks import onnx_contrib
from accelerator.networks.file_operands import (
    FAULTS,
    Operands,
    one_line,
    slots_of,
    stored_or_none,
)
from accelerator.networks.layers import Quantized
from accelerator.networks.onnx_attributes import integer
from accelerator.networks.onnx_graph import LARGEST_TENSOR, Graph
from accelerator.networks.onnx_operators import COMPARISON_DOMAIN, QUANTIZER_DOMAINS
from accelerator.networks.quantizer_kinds import DYNAMIC_QUANTIZER, LINEAR_QUANTIZERS

_MOST_AXES = 32
_SMALL = 1 << 16
"""Elements of a constant whose values take part as they are."""


def file_widths(graph: Graph) -> dict[int, tuple[Quantized, ...]]:
    """What the file says of the operands of its nodes with weights, by their index.

    It is one for each layer that the node is: recurrent ones are two.
    """
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
        for name in graph.data:
            self.tensors[name] = self._unknown(name)
        for name, tensor in graph.weights.items():
            if prod(tensor.dims) <= _SMALL and (values := graph.values(name)) is not None:
                self.tensors[name] = constant(values)
                self.real.add(name)
            else:
                self.tensors[name] = constant(self._zeros(name, _type_of(tensor.data_type)))
        self.operands = Operands(graph, self.tensors, self.real, self._exact)

    def run(self) -> dict[int, tuple[Quantized, ...]]:
        """All nodes in order."""
        found: dict[int, tuple[Quantized, ...]] = {}
        for index, node in enumerate(self.graph.nodes):
            self._check_scale(node)
            try:
                layers = slots_of(node, self.graph)
                if node.domain == COMPARISON_DOMAIN:
                    data = stored_or_none(self.tensors[node.input[0]].grid)
                    found[index] = (Quantized(None, None, *data),)
                if layers:
                    found[index] = tuple(self.operands.of(node, one) for one in layers)
                outputs = self._outputs(node, weighted=bool(layers))
            except FAULTS:
                outputs = []
            for name, made in zip_longest(node.output, outputs[: len(node.output)]):
                if name:
                    self.tensors[name] = made or self._unknown(name)
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

    def _unknown(self, name: str) -> Tensor:
        """A stand-in for a tensor of which nothing but shape and type is known."""
        return Tensor(self._zeros(name, _type_of(self.graph.kinds.get(name, 0))))

    def _zeros(self, name: str, kind: Any) -> NDArray[Any]:
        sizes = [max(size or 1, 1) for size in self.graph.shapes.get(name) or ()]
        if len(sizes) > _MOST_AXES or prod(sizes) > LARGEST_TENSOR:
            # No array has these: whoever needs the shape refuses it.
            sizes = []
        return np.broadcast_to(np.zeros((), kind), sizes)

    def _exact(self, name: str) -> Tensor | None:
        """A constant with its values, whatever its size."""
        if name in self.real:
            return self.tensors[name]
        if name in self.graph.weights:
            values = self.graph.values(name)
            return None if values is None else constant(values)
        node = self.operands.makers.get(name)
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
        small = Tensor(one_line(source.values, axis), source.grid)
        if any(entry and entry not in self.real for entry in node.input[1:]):
            return [self._of_unknown_scale(node, source)]
        try:
            made, _ = self.operators.run(node, node.op_type, [small, *inputs[1:]], ())
        except QuantizerError:
            return [self._of_unknown_scale(node, source)]
        zeros = self._zeros(node.output[0], made[0].values.dtype)
        return [Tensor(zeros, made[0].grid)]

    def _of_unknown_scale(self, node: Any, source: Tensor) -> Tensor | None:
        """Codes whose scale is no constant: of their type; what they stand for is about zero."""
        if node.op_type == "QuantizeLinear":
            codes = self._unknown(node.output[0]).values
            return Tensor(codes, of_integers(codes))
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


def _type_of(kind: int) -> Any:
    """The type of NumPy of an element type of ONNX; single precision where it has none."""
    from onnx.helper import tensor_dtype_to_np_dtype

    try:
        return tensor_dtype_to_np_dtype(kind)
    except (KeyError, ValueError, TypeError):
        return np.dtype(np.float32)
