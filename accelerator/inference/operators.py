"""Which part of the accelerator runs a node: sub-arrays, quantizers or the digital unit."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

import numpy as np

from accelerator.inference.comparisons import ComparisonRun, compare_node
from accelerator.inference.contrib import ContribOperators
from accelerator.inference.digital import DigitalUnit
from accelerator.inference.grid import Array, Tensor
from accelerator.inference.layers import Alteration, Layers
from accelerator.inference.minifloats import (
    float_quant,
    is_minifloat,
    minifloat_codes,
    minifloat_grid,
)
from accelerator.inference.products import LayerRun, ProductError
from accelerator.inference.quantizers import (
    QuantizerError,
    along,
    bipolar,
    check_scale,
    dequantize_linear,
    of_integers,
    quant,
    quantize_linear,
    trunc,
)
from accelerator.networks import onnx_contrib
from accelerator.networks.onnx_attributes import integer, text
from accelerator.networks.onnx_operators import (
    COMPARISON_DOMAIN,
    COMPARISONS,
    QUANTIZER_DOMAINS,
    RECURRENT,
    WEIGHT_INPUT,
)

_FROM_CONTRIB = onnx_contrib.SAME_AS_PLAIN | {"QGemm", onnx_contrib.BLOCKED}
_LINEAR = ("QuantizeLinear", "DequantizeLinear")
_QUANTIZERS = frozenset({"Quant", "IntQuant", "BipolarQuant", "Trunc", "FloatQuant"})


class Operators:
    """Runs single nodes of a model with these operator versions."""

    def __init__(self, versions: Mapping[str, int]) -> None:
        self._digital = DigitalUnit(versions)
        self._contrib = ContribOperators(self._digital)
        self._layers = Layers()

    def supports(self, node: Any) -> bool:
        """Whether there is something that runs the node's operator."""
        if node.domain in QUANTIZER_DOMAINS:
            return node.op_type in _QUANTIZERS
        if node.domain == COMPARISON_DOMAIN:
            return node.op_type in COMPARISONS
        if node.domain == onnx_contrib.DOMAIN:
            return node.op_type in _FROM_CONTRIB or self._contrib.supports(node)
        if node.op_type in (*WEIGHT_INPUT, *_LINEAR) and not node.domain:
            return True
        return self._digital.supports(node)

    def run(
        self,
        node: Any,
        name: str,
        inputs: Sequence[Tensor | None],
        constants: Container[str],
        altered: Alteration | None = None,
    ) -> tuple[list[Tensor], LayerRun | ComparisonRun | None]:
        """The node's outputs, and what was done on sub-arrays if it has weights.

        A product is one with weights where its slot for them holds one of `constants`. Raises
        ValueError of several kinds, whose text is part of a sentence, where it cannot be run.
        """
        given = list(inputs)
        if node.domain in QUANTIZER_DOMAINS:
            return [_quantizer(node, given)], None
        if node.domain == COMPARISON_DOMAIN and given[0] is not None:
            maps, comparison = compare_node(node, name, given[0])
            return [maps], comparison
        place = _weights_at(node, constants)
        if place is not None:
            made, run = self._layers.run(node, name, given, altered, place)
            return [made], run
        if node.op_type in RECURRENT and not node.domain:
            raise ProductError("a state from step to step that no quantizer makes")
        if node.op_type in _LINEAR:
            return [_linear_quantizer(node, given)], None
        if node.domain == onnx_contrib.DOMAIN:
            return [self._contrib.run(node, given)], None
        return self._digital.run(node, given), None


def _weights_at(node: Any, constants: Container[str]) -> int | None:
    """Where the weights of a layer are among its inputs; None where it has none."""
    if node.op_type in ("MatMul", "Einsum") and len(node.input) == 2:
        held = [name in constants for name in node.input]
        return None if held[0] == held[1] else held.index(True)
    if node.op_type == onnx_contrib.BLOCKED:
        return 1
    slot = WEIGHT_INPUT.get(node.op_type)
    return slot if slot is not None and node.input[slot] in constants else None


def constant(values: Array) -> Tensor:
    """A constant; codes lie on the grid of their type until something narrows them."""
    if is_minifloat(values.dtype):
        return Tensor(values, minifloat_grid(values.dtype, np.ones(())))
    narrow = values.dtype.kind in "iuV" and 0 < values.dtype.itemsize <= 2
    if narrow and "float" in values.dtype.name:
        # Its numbers lie too far apart for whole ones: told where a layer takes them.
        return Tensor(values)
    return Tensor(values, of_integers(values) if narrow else None)


def _quantizer(node: Any, inputs: list[Tensor | None]) -> Tensor:
    source = inputs[0]
    assert source is not None
    values = [_values(entry) for entry in inputs[1:]]
    if node.op_type == "FloatQuant":
        mode, saturates = text(node, "rounding_mode", "ROUND"), integer(node, "saturation", 1)
        return float_quant(source.values, values, mode=mode, saturates=bool(saturates))
    wanted = {"Quant": (3,), "IntQuant": (3,), "BipolarQuant": (1,), "Trunc": (4, 5)}[node.op_type]
    if len(values) not in wanted:
        raise QuantizerError(f"{len(values) + 1} inputs")
    if node.op_type == "BipolarQuant":
        return bipolar(source.values, values[0])
    signed, narrow = bool(integer(node, "signed", 1)), bool(integer(node, "narrow", 0))
    if node.op_type == "Trunc":
        mode = text(node, "rounding_mode", "FLOOR")
        return trunc(source, values, signed=signed, narrow=narrow, mode=mode)
    mode = text(node, "rounding_mode", "ROUND")
    return quant(
        source.values, values[0], values[1], values[2], signed=signed, narrow=narrow, mode=mode
    )


def _linear_quantizer(node: Any, inputs: list[Tensor | None]) -> Tensor:
    """ONNX's own quantizer or what undoes it."""
    if integer(node, "block_size", 0):
        raise QuantizerError("a scale for each block of values along an axis")
    source, scale, zero = [*inputs, None][:3]
    axis = integer(node, "axis", 1)
    if node.op_type == "QuantizeLinear":
        centre = _zero_point(node) if zero is None else zero.values
        if is_minifloat(centre.dtype):
            return _to_minifloat(_values(source), _values(scale), centre, axis)
        return quantize_linear(_values(source), _values(scale), centre, axis)
    if source is None:
        raise QuantizerError("an input left out")
    if is_minifloat(source.values.dtype):
        return _from_minifloat(source.values, _values(scale), zero, axis)
    return dequantize_linear(source, _values(scale), None if zero is None else zero.values, axis)


def _to_minifloat(values: Array, scale: Array, zero: Array, axis: int) -> Tensor:
    _require_no_shift(zero)
    check_scale(scale)
    scaled = values / along(scale, axis, values.shape)
    return Tensor(minifloat_codes(scaled, zero.dtype), minifloat_grid(zero.dtype, np.ones(())))


def _from_minifloat(codes: Array, scale: Array, zero: Tensor | None, axis: int) -> Tensor:
    if zero is not None:
        _require_no_shift(zero.values)
    check_scale(scale)
    factor = along(scale, axis, codes.shape)
    reals = np.asarray(codes.astype(np.float32) * factor, scale.dtype)
    return Tensor(reals, minifloat_grid(codes.dtype, factor))


def _require_no_shift(zero: Array) -> None:
    if np.any(zero.astype(np.float32)):
        raise QuantizerError("a zero point that is not zero before numbers with an exponent")


def _zero_point(node: Any) -> Array:
    """The zero point of a quantizer that names at most the type of its codes."""
    from onnx import TensorProto
    from onnx.helper import tensor_dtype_to_np_dtype

    kind = integer(node, "output_dtype", 0) or TensorProto.UINT8
    return np.zeros(1, tensor_dtype_to_np_dtype(kind))


def _values(entry: Tensor | None) -> Array:
    if entry is None:
        raise QuantizerError("an input left out")
    return entry.values
