"""Writing a trained network of comparisons, or one beside it, as QONNX.

Weights are written as the whole codes that are stored, a byte each, and turned into levels by
constant nodes in front of their quantizer.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from accelerator.comparator.configuration import Configuration
from accelerator.networks.onnx_operators import COMPARISON_DOMAIN

QONNX_DOMAIN = "qonnx.custom_op.general"
_OPSET, _IR_VERSION, _EPSILON = 13, 8, 1e-5

Parameters = Mapping[str, NDArray[Any]]
"""Codes of weights by layer ("stem", "module0.spread"), -1 to 1 where `scale` is beside them
("module0.gather.scale"), and gain, shift, mean and variance (4, channels) of each normalization
("stem.norm")."""


def write_network(
    configuration: Configuration,
    parameters: Parameters,
    path: Path,
    notes: dict[str, str],
    input_levels: tuple[int, int],
) -> None:
    """Write a network with `notes` as its metadata; `input_levels` are bits and highest code."""
    writer = _Writer(parameters)
    score = writer.network(configuration, *input_levels)
    image: list[str | int | None] = ["N", *configuration.input_shape]
    graph = helper.make_graph(
        writer.nodes,
        configuration.name,
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, image)],
        [helper.make_tensor_value_info(score, TensorProto.FLOAT, ["N", configuration.classes])],
        writer.initializers,
        value_info=writer.shapes,
    )
    opsets = [
        helper.make_opsetid(domain, version)
        for domain, version in (("", _OPSET), (QONNX_DOMAIN, 1), (COMPARISON_DOMAIN, 1))
    ]
    model = helper.make_model(graph, opset_imports=opsets, producer_name="mramcim")
    model.ir_version = _IR_VERSION
    helper.set_model_props(model, notes)
    onnx.save(model, path)


class _Writer:
    """Nodes and constants; results are named by what makes them."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self.shapes: list[Any] = []

    def network(self, one: Configuration, bits: int, highest: int) -> str:
        pads = [one.kernel // 2] * 4
        wide: dict[str, Any] = {"kernel_shape": [one.kernel] * 2, "pads": pads}
        at = self._quant("pixels", "image", 1 / highest, 0.0, bits)
        at = self._node("Conv", "stem", at, self._levels("stem", one.end_bits), **wide)
        at = self._activated("stem", at, one)
        for module in range(one.depth):
            name = f"module{module}"
            maps = self._spread(f"{name}.spread", module, at, one, wide)
            ternary = one.kind == "cmpnet"
            gather = f"{name}.gather"
            weights = self._ternary(gather) if ternary else self._levels(gather, one.weight_bits)
            made = self._node("Conv", gather, maps, weights, kernel_shape=[1, 1])
            at = self._activated(name, self._node("Add", f"{name}.add", made, at), one)
        window = [one.pool] * 2
        at = self._node("MaxPool", "pool", at, kernel_shape=window, strides=window)
        at = self._node("Flatten", "flat", at, axis=1)
        if one.full:
            at = self._node("Gemm", "full", at, self._levels("full", one.end_bits), transB=1)
            at = self._activated("full", at, one)
        at = self._node("Gemm", "scores", at, self._levels("scores", one.end_bits), transB=1)
        return self._normalized("scores", at)

    def _spread(
        self, name: str, module: int, at: str, one: Configuration, wide: dict[str, Any]
    ) -> str:
        if one.kind != "cmpnet":
            weights = (
                self._ternary(name) if one.kind == "lbcnn" else self._levels(name, one.weight_bits)
            )
            return self._activated(name, self._node("Conv", name, at, weights, **wide), one)
        pairs = one.pairs(module)
        # No inference of shapes knows the operator.
        shape: list[str | int | None] = ["N", one.maps, *one.size]
        self.shapes.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return self._node(
            "Compare", name, at, domain=COMPARISON_DOMAIN,
            kernel_shape=wide["kernel_shape"], neighbours=pairs.neighbours, pivots=pairs.pivots,
        )  # fmt: skip

    def _activated(self, name: str, at: str, one: Configuration) -> str:
        bits = one.activation_bits
        return self._quant(f"{name}.codes", self._normalized(name, at), 1 / _highest(bits), 0, bits)

    def _normalized(self, name: str, at: str) -> str:
        names = [
            self._constant(f"{name}.{what}", values.astype(np.float32))
            for what, values in zip(
                ("gain", "shift", "mean", "variance"), self.parameters[f"{name}.norm"], strict=True
            )
        ]
        return self._node("BatchNormalization", f"{name}.norm", at, *names, epsilon=_EPSILON)

    def _levels(self, name: str, bits: int) -> str:
        """Weights 2 q / (2^k - 1) - 1, which lie on both sides of zero, none of them on it."""
        highest = _highest(bits)
        codes = self._constant(f"{name}.stored", self.parameters[name].astype(np.uint8))
        real = self._node("Cast", f"{name}.real", codes, to=TensorProto.FLOAT)
        step = self._constant(f"{name}.step", np.float32(2 / highest))
        scaled = self._node("Mul", f"{name}.scaled", real, step)
        one = self._constant(f"{name}.lowest", np.float32(-1))
        return self._quant(
            f"{name}.weights",
            self._node("Add", f"{name}.shifted", scaled, one),
            2 / highest,
            highest / 2,
            bits,
        )

    def _ternary(self, name: str) -> str:
        """Weights of -1, 0 and 1 times one scale."""
        scale = float(self.parameters[f"{name}.scale"])
        codes = self._constant(f"{name}.stored", self.parameters[name].astype(np.int8))
        real = self._node("Cast", f"{name}.real", codes, to=TensorProto.FLOAT)
        step = self._constant(f"{name}.step", np.float32(scale))
        scaled = self._node("Mul", f"{name}.scaled", real, step)
        return self._quant(f"{name}.weights", scaled, scale, 0.0, 2, signed=1, narrow=1)

    def _quant(
        self, out: str, source: str, scale: float, zero: float, bits: int, **more: int
    ) -> str:
        names = [
            self._constant(f"{out}_{what}", np.float32(value))
            for what, value in (("scale", scale), ("zero", zero), ("bits", bits))
        ]
        chosen = {"signed": 0, "narrow": 0, "rounding_mode": "ROUND", **more}
        return self._node("Quant", out, source, *names, domain=QONNX_DOMAIN, **chosen)

    def _constant(self, name: str, value: NDArray[Any] | np.generic) -> str:
        self.initializers.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def _node(self, operator: str, out: str, *inputs: str, domain: str = "", **more: Any) -> str:
        node = helper.make_node(operator, list(inputs), [out], name=out, domain=domain, **more)
        self.nodes.append(node)
        return out


def _highest(bits: int) -> int:
    return (1 << bits) - 1
