"""Run a quantized network: products on sub-arrays, the rest in the digital unit."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from accelerator.errors import EstimateError
from accelerator.inference.contrib import ContribOperators
from accelerator.inference.digital import DigitalError, DigitalUnit
from accelerator.inference.errors import AndErrors, with_errors
from accelerator.inference.grid import Array, OffGridError, Tensor
from accelerator.inference.layers import Alteration, Layers
from accelerator.inference.model import Model, as_images, check_size, read_model
from accelerator.inference.products import LayerRun
from accelerator.inference.quantizers import (
    QuantizerError,
    bipolar,
    dequantize_linear,
    of_integers,
    quant,
    quantize_linear,
    trunc,
)
from accelerator.names import printable
from accelerator.networks import onnx_contrib
from accelerator.networks.onnx_attributes import integer, text
from accelerator.networks.onnx_operators import QUANTIZER_DOMAINS, WEIGHT_INPUT

_FAULTS = (OffGridError, QuantizerError, DigitalError, EstimateError)
_FROM_CONTRIB = onnx_contrib.SAME_AS_PLAIN | {"QGemm"}
_QUANTIZERS = frozenset({"Quant", "IntQuant", "BipolarQuant", "Trunc"})


@dataclass(frozen=True)
class NetworkRun:
    """Outputs by name, and the layers that ran on sub-arrays, in their order."""

    outputs: dict[str, Array]
    layers: tuple[LayerRun, ...]


class QuantizedNetwork:
    """A network whose convolutions and products run as integers on sub-arrays.

    `path` is an ONNX file: QONNX (`Quant`, `BipolarQuant`, `Trunc`), QCDQ (`QuantizeLinear`,
    `Clip`, `DequantizeLinear` around plain operators) or operators on integers (`QLinearConv`,
    `ConvInteger` and their products). Raises EstimateError where it cannot be run; everything
    that stands in the way is listed.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._model: Model = read_model(Path(path))
        self._digital = DigitalUnit(self._model.versions)
        self._contrib = ContribOperators(self._digital)
        self._layers = Layers()
        self._constants = {name: _constant(value) for name, value in self._model.constants.items()}
        self._steps = self._folded()

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """What `run` takes; None is a free number of images."""
        return self._model.input_shape

    def run(
        self,
        images: object,
        told: Callable[[str, Tensor], None] | None = None,
        *,
        errors: AndErrors | None = None,
        seed: int = 0,
    ) -> NetworkRun:
        """Run images through the network, with wrong ANDs where `errors` has rates for them.

        Equal seeds give equal results. `told` is called with the name and value of every
        tensor that is made. Raises EstimateError where the images do not fit, or operators
        that cannot be run stand in the way, all of them listed.
        """
        model = self._model
        source = as_images(model.path, images, model.input_shape)
        if source.dtype == np.float64:
            source = source.astype(np.float32)
        for name, shape in model.shapes.items():
            check_size(model.path, name, shape, len(source))
        tensors: dict[str, Tensor] = {**self._constants, model.inputs[0]: Tensor(source)}
        layers: list[LayerRun] = []
        altered: Alteration | None = None
        if errors is not None:
            random = np.random.default_rng(seed)
            altered = partial(with_errors, errors=errors, random=random)
        problems: list[str] = []
        for index, node in self._steps:
            name = printable(node.name or f"{node.op_type}_{index}")
            try:
                made = self._step(node, name, tensors, layers, altered)
            except _FAULTS as error:
                problems.append(f"{name} ({node.op_type}): {error}")
                stand_ins = self._in_place_of(node, len(source))
                if stand_ins is None:
                    break
                made = stand_ins
            for output, tensor in zip(node.output, made, strict=False):
                tensors[output] = tensor
                if told is not None:
                    told(output, tensor)
        if problems:
            raise EstimateError(
                f"{model.path} cannot be run: " + "; ".join(problems) + "; quantize what is "
                "listed to whole codes of 16 bits at most, one scale for a layer's input and one "
                "for each of its kernels"
            )
        outputs = {name: tensors[name].values for name in model.outputs}
        return NetworkRun(outputs, tuple(layers))

    def _folded(self) -> list[tuple[int, Any]]:
        """Compute what follows from constants alone; what is left runs for each image."""
        left = []
        unsupported = []
        for index, node in enumerate(self._model.nodes):
            name = printable(node.name or f"{node.op_type}_{index}")
            if not self._supported(node):
                domain = f"{node.domain}." if node.domain else ""
                unsupported.append(f"{name} ({domain}{node.op_type})")
            elif all(entry in self._constants for entry in node.input if entry):
                for output in node.output:
                    check_size(self._model.path, output, self._model.shapes.get(output, ()), 1)
                try:
                    made = self._step(node, name, self._constants, [])
                except _FAULTS as error:
                    raise EstimateError(
                        f"{self._model.path} cannot be run: {name} ({node.op_type}): {error}"
                    ) from None
                self._constants.update(zip(node.output, made, strict=False))
            else:
                left.append((index, node))
        if unsupported:
            raise EstimateError(
                f"{self._model.path} has operators that cannot be run: {', '.join(unsupported)}; "
                "export it without them"
            )
        return left

    def _supported(self, node: Any) -> bool:
        if node.domain in QUANTIZER_DOMAINS:
            return node.op_type in _QUANTIZERS
        if node.domain == onnx_contrib.DOMAIN:
            return node.op_type in _FROM_CONTRIB or self._contrib.supports(node)
        if node.op_type in WEIGHT_INPUT and not node.domain:
            return True
        return self._digital.supports(node)

    def _step(
        self,
        node: Any,
        name: str,
        tensors: dict[str, Tensor],
        layers: list[LayerRun],
        altered: Alteration | None = None,
    ) -> list[Tensor]:
        inputs = [tensors[entry] if entry else None for entry in node.input]
        if node.domain in QUANTIZER_DOMAINS:
            return [_quantizer(node, inputs)]
        slot = WEIGHT_INPUT.get(node.op_type)
        if slot is not None and node.input[slot] in self._constants:
            made, run = self._layers.run(node, name, inputs, altered)
            layers.append(run)
            return [made]
        if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            return [_linear_quantizer(node, inputs)]
        if node.domain == onnx_contrib.DOMAIN:
            return [self._contrib.run(node, inputs)]
        return self._digital.run(node, inputs)

    def _in_place_of(self, node: Any, batch: int) -> list[Tensor] | None:
        """Zeros of the shapes that should have come out, so that the search for faults goes on."""
        made = []
        for output in node.output:
            shape = self._model.shapes.get(output)
            if shape is None:
                return None
            sizes = [batch if size is None else size for size in shape]
            made.append(Tensor(np.zeros(sizes, np.float32)))
        return made


def _quantizer(node: Any, inputs: list[Tensor | None]) -> Tensor:
    source = inputs[0]
    assert source is not None
    values = [_values(entry) for entry in inputs[1:]]
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
        return quantize_linear(_values(source), _values(scale), centre, axis)
    if source is None:
        raise QuantizerError("an input left out")
    return dequantize_linear(source, _values(scale), None if zero is None else zero.values, axis)


def _zero_point(node: Any) -> Array:
    """The zero point of a quantizer that names at most the type of its codes."""
    from onnx import TensorProto
    from onnx.helper import tensor_dtype_to_np_dtype

    kind = integer(node, "output_dtype", 0) or TensorProto.UINT8
    return np.zeros(1, tensor_dtype_to_np_dtype(kind))


def _constant(values: Array) -> Tensor:
    """A constant; codes lie on the grid of their type until something narrows them."""
    narrow = values.dtype.kind in "iuV" and 0 < values.dtype.itemsize <= 2
    return Tensor(values, of_integers(values) if narrow else None)


def _values(entry: Tensor | None) -> Array:
    if entry is None:
        raise QuantizerError("an input left out")
    return entry.values
