"""Run a quantized network: products on sub-arrays, the rest in the digital unit."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from accelerator.errors import EstimateError
from accelerator.inference.comparisons import ComparisonRun
from accelerator.inference.errors import AndErrors, with_errors
from accelerator.inference.grid import OffGridError, Tensor
from accelerator.inference.images import InputQuantizer, Levels, as_images, as_input, split
from accelerator.inference.layers import Alteration
from accelerator.inference.model import Model, check_size, read_model
from accelerator.inference.operators import Operators, constant
from accelerator.inference.products import ProductError
from accelerator.inference.quantizers import QuantizerError
from accelerator.inference.refusals import Refused, listed, operator_of
from accelerator.inference.results import LayerCounts, NetworkRun, joined
from accelerator.inference.room import DigitalError
from accelerator.names import printable
from files import naming, short

_FAULTS = (OffGridError, QuantizerError, DigitalError, EstimateError)
LARGEST_CONSTANTS = 2**29
"""Numbers of a file's constants and what follows from them; the weights of VGG-16 are 1.4e8."""
FOREIGN = (
    LookupError, TypeError, ValueError, ArithmeticError, AttributeError, AssertionError,
    MemoryError,
)  # fmt: skip
"""What a node raises whose inputs contradict it or each other, in ways that nobody foresaw.

Caught around single nodes alone, where a file's data meets their operators.
"""


class QuantizedNetwork:
    """A network whose convolutions and products run as integers on sub-arrays.

    `path` is an ONNX file: QONNX (`Quant`, `BipolarQuant`, `Trunc`), QCDQ (`QuantizeLinear`,
    `Clip`, `DequantizeLinear` around plain operators) or operators on integers (`QLinearConv`,
    `ConvInteger` and their like, those of onnxruntime too). Raises EstimateError where it cannot
    be run; everything that stands in the way is listed.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._model: Model = read_model(Path(path))
        self._operators = Operators(self._model.versions)
        with naming(self._model.path, OffGridError):
            self._constants = {
                name: constant(value) for name, value in self._model.constants.items()
            }
        self._fixed = set(self._constants)
        self._steps = self._folded()
        self._done_with = self._last_uses()

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
        lowest: int = 0,
        highest: int | None = None,
        quantizer: InputQuantizer | None = None,
        keep: bool = True,
    ) -> NetworkRun:
        """Run images through the network, with wrong ANDs where `errors` has rates for them.

        Equal seeds give equal results. `told` is called with the name and value of every
        tensor that is made. A file for so many images at once runs a multiple of them in turn.
        With `highest`, images are whole numbers from `lowest` to it, whatever their type, and
        the network takes them divided by it; with a `quantizer` they are reals that it quantizes.
        So a first layer without a quantizer knows their levels. Without `keep` the
        layers' operands and results are counted and dropped, and images run a few at a time, so
        that the memory does not grow with their number. Raises EstimateError where the images do
        not fit, or operators that cannot be run stand in the way, all of them listed.
        """
        model = self._model
        levels = Levels(lowest, highest, quantizer)
        source = as_images(model.path, images, model.input_shape, levels)
        altered: Alteration | None = None
        if errors is not None:
            altered = partial(with_errors, errors=errors, random=np.random.default_rng(seed))
        parts = split(source, model, self._fixed, several=not keep)
        made = [self._pass(as_input(part, model, levels), told, altered, keep) for part in parts]
        return joined(model.path, made, [len(part) for part in parts])

    def _pass(
        self,
        source: Tensor,
        told: Callable[[str, Tensor], None] | None,
        altered: Alteration | None,
        keep: bool,
    ) -> NetworkRun:
        """What a number of images make together."""
        model, batch = self._model, len(source.values)
        for name, shape in model.shapes.items():
            check_size(model.path, name, shape, batch)
        tensors: dict[str, Tensor] = {**self._constants, model.inputs[0]: source}
        found = NetworkRun({}, ())
        problems: list[Refused] = []
        unsure: set[str] = set()
        for node, done in zip(self._steps, self._done_with, strict=True):
            name = printable(node.name)
            inputs = [tensors[entry] if entry else None for entry in node.input]
            follows = not unsure.isdisjoint(node.input)
            if follows:
                unsure.update(node.output)
            try:
                made, layer = self._operators.run(node, name, inputs, self._constants, altered)
            except (*_FAULTS, *FOREIGN) as error:
                # What stands in for a result before may be the only fault of other operators.
                if not follows or isinstance(error, ProductError):
                    problems.append(Refused(name, operator_of(node), told_of(error)))
                unsure.update(node.output)
                stand_ins = self._in_place_of(node, batch)
                if stand_ins is None:
                    break
                made, layer = stand_ins, None
            if isinstance(layer, ComparisonRun):
                found = replace(found, comparisons=(*found.comparisons, layer))
            elif layer is not None and keep:
                found = replace(found, layers=(*found.layers, layer))
            elif layer is not None:
                found = replace(found, counted=(*found.counted, LayerCounts.of(layer)))
            for output, tensor in zip(node.output, made, strict=False):
                tensors[output] = tensor
                if told is not None:
                    told(output, tensor)
            # Names that nothing takes any more let go of their values.
            inputs, made, layer = [], [], None
            for entry in done:
                tensors.pop(entry, None)
        if problems:
            raise EstimateError(
                f"{model.path} cannot be run: {listed(model.path, problems)}; quantize what is "
                "listed to whole codes of 16 bits at most, one scale for a layer's input and one "
                "for each of its kernels; images need no quantizer where their levels are given "
                "(--highest, --input-bits)"
            )
        outputs = {name: tensors[name].values for name in model.outputs}
        return NetworkRun(outputs, found.layers, found.counted, found.comparisons)

    def _folded(self) -> list[Any]:
        """Compute what follows from constants alone; what is left runs for each image."""
        left = []
        unsupported = []
        uses = Counter(entry for node in self._model.nodes for entry in node.input)
        for node in self._model.nodes:
            name = printable(node.name)
            if not self._operators.supports(node):
                unsupported.append(Refused(name, operator_of(node), ""))
            elif all(entry in self._constants for entry in node.input if entry):
                for output in node.output:
                    check_size(self._model.path, output, self._model.shapes.get(output, ()), 1)
                inputs = [self._constants[entry] if entry else None for entry in node.input]
                try:
                    made, _ = self._operators.run(node, name, inputs, ())
                except (*_FAULTS, *FOREIGN) as error:
                    raise EstimateError(
                        f"{self._model.path} cannot be run: {name} ({node.op_type}): "
                        f"{told_of(error)}"
                    ) from None
                self._constants.update(zip(node.output, made, strict=False))
                self._fixed.update(node.output)
                for entry in node.input:
                    uses[entry] -= 1
                    # What nothing takes any more lets go of its values.
                    if not uses[entry] and entry not in self._model.outputs:
                        self._constants.pop(entry, None)
                held = sum(one.values.size for one in self._constants.values())
                if held > LARGEST_CONSTANTS:
                    raise EstimateError(
                        f"{self._model.path} has constants that become more than "
                        f"{LARGEST_CONSTANTS} numbers; export it with its constants computed"
                    )
            else:
                left.append(node)
        if unsupported:
            raise EstimateError(
                f"{self._model.path} has operators that cannot be run: "
                f"{listed(self._model.path, unsupported)}; export it without them"
            )
        return left

    def _last_uses(self) -> list[tuple[str, ...]]:
        """Which tensors nothing takes after each step."""
        kept = {*self._model.outputs, *self._constants}
        done: list[tuple[str, ...]] = []
        for node in reversed(self._steps):
            last = {name for name in (*node.input, *node.output) if name and name not in kept}
            kept |= last
            done.append(tuple(sorted(last)))
        return done[::-1]

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


def told_of(error: BaseException) -> str:
    """A node's error as part of a sentence: ours as it is, a foreign one cut."""
    if isinstance(error, _FAULTS):
        return str(error)
    if isinstance(error, MemoryError):
        return "the memory does not suffice for it"
    return f"its inputs do not fit it ({short(str(error) or type(error).__name__)})"
