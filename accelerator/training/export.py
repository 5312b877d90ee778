"""Writing a trained network as QONNX: quantizers beside plain operators of ONNX."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from accelerator.networks.layers import Operation
from accelerator.training.graph import (
    Activate,
    Add,
    Graph,
    Normalize,
    Pool,
    Product,
    Quantize,
    WeightLevels,
)
from accelerator.training.quantizers import ternary, whole

SCORES = "scores"
"""The output's name."""
QONNX_DOMAIN = "qonnx.custom_op.general"
NORM_PARTS = ("gain", "shift", "mean", "variance")
"""What a normalization's constants are called, after its result."""
_OPSET, _IR_VERSION = 13, 8


class Trained(Protocol):
    """What is written: steps, the weights of each on their levels, and normalizations."""

    graph: Graph
    norms: Any

    def quantized(self, number: int) -> Any:
        """The weights of step `number`, a tensor of reals on their levels."""

    def learnt(self, number: int) -> Any:
        """The real weights that gradients move."""


def export_qonnx(
    model: Trained, path: Path, notes: dict[str, str], *, as_codes: bool = False
) -> None:
    """Write the model, its weights on their levels, with `notes` as its metadata.

    `as_codes` stores weights of more than one bit as whole codes of 8 or 16 bits, which nodes
    of constants turn into reals: a quarter or half of the size.
    """
    graph = model.graph
    writer = _Writer(model, as_codes)
    score = writer.write(graph)
    classes = model.norms[str(len(graph.steps) - 1)].num_features
    made = helper.make_graph(
        writer.nodes,
        graph.name,
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", *graph.input_shape])],
        [helper.make_tensor_value_info(score, TensorProto.FLOAT, ["N", classes])],
        writer.initializers,
    )
    opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(QONNX_DOMAIN, 1)]
    found = helper.make_model(made, opset_imports=opsets, producer_name="mramcim")
    found.ir_version = _IR_VERSION
    helper.set_model_props(found, notes)
    onnx.save(found, path)


class _Writer:
    """Nodes and constants of a graph; results are named by the step that makes them."""

    def __init__(self, model: Trained, as_codes: bool) -> None:
        self.model, self.as_codes = model, as_codes
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []

    def write(self, graph: Graph) -> str:
        made: list[str] = []
        flat: set[str] = set()
        for number, step in enumerate(graph.steps):
            source = "image" if step.source < 0 else made[step.source]
            if isinstance(step, Product) and step.layer.operation is Operation.PRODUCT:
                if source not in flat:
                    source = self._node("Flatten", f"{step.layer.name}_flat", source, axis=1)
                flat.add(f"step{number}")
            elif isinstance(step, Normalize | Activate) and source in flat:
                flat.add(f"step{number}")
            last = number == len(graph.steps) - 1
            made.append(self._step(SCORES if last else f"step{number}", number, step, source))
        return made[-1]

    def _step(self, out: str, number: int, step: object, source: str) -> str:
        match step:
            case Quantize(bits=bits, highest=highest):
                return self._quant(out, source, 1 / highest, 0.0, bits)
            case Product(layer=layer, bits=bits, levels=levels):
                weights = (
                    self._weights(number, layer.name, bits)
                    if levels is WeightLevels.DOREFA
                    else self._codes(number, step)
                )
                if layer.operation is Operation.PRODUCT:
                    return self._node("Gemm", out, source, weights, name=layer.name, transB=1)
                return self._node(
                    "Conv", out, source, weights, name=layer.name, kernel_shape=layer.kernel,
                    strides=layer.stride, dilations=layer.dilation, group=layer.groups,
                    pads=(*layer.pad_begin, *layer.pad_end),
                )  # fmt: skip
            case Normalize():
                norm = self.model.norms[str(number)]
                entries = (norm.weight, norm.bias, norm.running_mean, norm.running_var)
                values = [entry.detach().numpy() for entry in entries]
                names = [
                    self._constant(f"{out}_{what}", value)
                    for what, value in zip(NORM_PARTS, values, strict=True)
                ]
                return self._node("BatchNormalization", out, source, *names, epsilon=norm.eps)
            case Activate(bits=bits, signed=True):
                return self._quant(out, source, 1 / ((1 << bits - 1) - 1), 0.0, bits, signed=1)
            case Activate(bits=bits):
                return self._quant(out, source, 1 / ((1 << bits) - 1), 0.0, bits)
            case Add(other=other, name=name):
                return self._node("Add", out, source, f"step{other}", name=name)
            case Pool(layer=layer):
                largest = layer.operation is Operation.MAX_POOL
                if not largest and layer.kernel == layer.in_size:
                    # Sums of codes, which are exact where nothing rounds them.
                    return self._node("GlobalAveragePool", out, source, name=layer.name)
                return self._node(
                    "MaxPool" if largest else "AveragePool", out, source, name=layer.name,
                    kernel_shape=layer.kernel, strides=layer.stride,
                    pads=(*layer.pad_begin, *layer.pad_end),
                )  # fmt: skip
        raise TypeError(f"unknown step {step!r}")

    def _weights(self, number: int, name: str, bits: int) -> str:
        """Weights as reals on their levels, behind the quantizer that says which those are."""
        values = self.model.quantized(number).detach().numpy()
        out = f"{name}_quantized"
        if self.as_codes and bits > 1:
            plain = self._decoded(f"{name}_weights", values, bits)
        else:
            plain = self._constant(f"{name}_weights", values)
        if bits == 1:
            scale = self._constant(f"{out}_scale", np.abs(values).max())
            return self._node("BipolarQuant", out, plain, scale, domain=QONNX_DOMAIN)
        # Levels 2 q / (2^k - 1) - 1 lie on both sides of zero, which is none of them.
        highest = (1 << bits) - 1
        return self._quant(out, plain, 2 / highest, highest / 2, bits)

    def _codes(self, number: int, step: Product) -> str:
        """Weights as whole numbers of a byte each, behind what scales them."""
        learnt = self.model.learnt(number).detach()
        if step.levels is WeightLevels.REAL:
            raise ValueError(f"{step.layer.name} has weights on no levels; round them first")
        ternarized = step.levels is WeightLevels.TERNARY
        codes, scale = ternary(learnt) if ternarized else whole(learnt, step.bits)
        name = f"{step.layer.name}_codes"
        self.initializers.append(numpy_helper.from_array(codes.numpy().astype(np.int8), name))
        size = self._constant(f"{name}_scale", scale.numpy())
        return self._node("DequantizeLinear", f"{step.layer.name}_quantized", name, size)

    def _decoded(self, name: str, values: NDArray[Any], bits: int) -> str:
        """Reals 2 q / (2^k - 1) - 1 made of the codes q."""
        highest = (1 << bits) - 1
        codes = np.rint((values.astype(np.float64) + 1) * highest / 2)
        codes = codes.astype(np.uint8 if bits <= 8 else np.uint16)
        self.initializers.append(numpy_helper.from_array(codes, f"{name}_codes"))
        whole = self._node("Cast", f"{name}_whole", f"{name}_codes", to=TensorProto.FLOAT)
        half = self._constant(f"{name}_half", np.float32(highest / 2))
        step = self._constant(f"{name}_step", np.float32(2 / highest))
        return self._node("Mul", name, self._node("Sub", f"{name}_odd", whole, half), step)

    def _quant(
        self, out: str, source: str, scale: float, zero: float, bits: int, signed: int = 0
    ) -> str:
        """A quantizer; a signed one has as many levels below zero as above."""
        names = [
            self._constant(f"{out}_{what}", np.float32(value))
            for what, value in (("scale", scale), ("zero", zero), ("bits", bits))
        ]
        return self._node(
            "Quant", out, source, *names, domain=QONNX_DOMAIN,
            signed=signed, narrow=signed, rounding_mode="ROUND",
        )  # fmt: skip

    def _constant(self, name: str, value: NDArray[Any] | np.floating[Any]) -> str:
        array = np.ascontiguousarray(value, np.float32).reshape(np.shape(value))
        self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def _node(
        self, operator: str, out: str, *inputs: str, name: str = "", domain: str = "", **more: Any
    ) -> str:
        node = helper.make_node(
            operator, list(inputs), [out], name=name or out, domain=domain, **more
        )
        self.nodes.append(node)
        return out
