"""A vision transformer as an ONNX graph, with weights of zero: its shapes are what counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def save_vision_transformer(
    path: Path, *, blocks: int = 12, width: int = 64, heads: int = 4, patches: int = 4
) -> Path:
    """`patches` x `patches` tokens of an image of 16 pixels a patch; MLPs of four times the width.

    As exporters write it: queries, keys and values from one product, scores and their sum by
    `MatMul`, biases by `Add`.
    """
    graph = _Graph()
    tokens, size = patches * patches, width // heads
    now = graph.add("Conv", ["image", graph.weights("patch.weight", (width, 3, 16, 16))],
                    "/patch/Conv", kernel_shape=[16, 16], strides=[16, 16])  # fmt: skip
    now = graph.reshaped(now, (1, width, tokens), "/patch/Reshape")
    now = graph.add("Transpose", [now], "/patch/Transpose", perm=[0, 2, 1])
    for block in range(blocks):
        here = f"/blocks.{block}"
        skip = now
        now = graph.normalized(now, width, f"{here}/norm1")
        now = graph.linear(now, (width, 3 * width), f"{here}/attn/qkv")
        now = graph.reshaped(now, (1, tokens, 3, heads, size), f"{here}/attn/Reshape")
        now = graph.add("Transpose", [now], f"{here}/attn/Transpose", perm=[2, 0, 3, 1, 4])
        parts = [f"{here}/attn/{name}" for name in "qkv"]
        graph.nodes.append(
            helper.make_node(
                "Split", [now], parts, name=f"{here}/attn/Split", axis=0, num_outputs=3
            )
        )
        axes = graph.numbers(f"{here}.axes", [0])
        query, key, value = (graph.add("Squeeze", [one, axes], f"{one}/Squeeze") for one in parts)
        key = graph.add("Transpose", [key], f"{here}/attn/Transpose_1", perm=[0, 1, 3, 2])
        now = graph.add("MatMul", [query, key], f"{here}/attn/MatMul")
        now = graph.add("Softmax", [now], f"{here}/attn/Softmax", axis=-1)
        now = graph.add("MatMul", [now, value], f"{here}/attn/MatMul_1")
        now = graph.add("Transpose", [now], f"{here}/attn/Transpose_2", perm=[0, 2, 1, 3])
        now = graph.reshaped(now, (1, tokens, width), f"{here}/attn/Reshape_1")
        now = graph.linear(now, (width, width), f"{here}/attn/proj")
        skip = now = graph.add("Add", [skip, now], f"{here}/Add")
        now = graph.normalized(now, width, f"{here}/norm2")
        now = graph.linear(now, (width, 4 * width), f"{here}/mlp/fc1")
        now = graph.add("Gelu", [now], f"{here}/mlp/act/Gelu")
        now = graph.linear(now, (4 * width, width), f"{here}/mlp/fc2")
        now = graph.add("Add", [skip, now], f"{here}/Add_1")
    now = graph.add("ReduceMean", [now, graph.numbers("axes", [1])], "/ReduceMean", keepdims=0)
    graph.linear(now, (width, 10), "/head", name="result")
    return graph.save(path, (1, 3, 16 * patches, 16 * patches), (1, 10))


class _Graph:
    """Nodes and weights, each node named as its output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.held: list[onnx.TensorProto] = []

    def add(self, operator: str, inputs: list[str], name: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def weights(self, name: str, shape: tuple[int, ...]) -> str:
        self.held.append(numpy_helper.from_array(np.zeros(shape, np.float32), name))
        return name

    def numbers(self, name: str, values: list[int]) -> str:
        self.held.append(numpy_helper.from_array(np.array(values, np.int64), name))
        return name

    def reshaped(self, source: str, shape: tuple[int, ...], name: str) -> str:
        return self.add("Reshape", [source, self.numbers(f"{name}.shape", list(shape))], name)

    def normalized(self, source: str, width: int, name: str) -> str:
        scale, bias = (self.weights(f"{name}.{part}", (width,)) for part in ("weight", "bias"))
        return self.add("LayerNormalization", [source, scale, bias], f"{name}/LayerNormalization")

    def linear(self, source: str, shape: tuple[int, int], where: str, name: str = "") -> str:
        made = self.add(
            "MatMul", [source, self.weights(f"{where}.weight", shape)], f"{where}/MatMul"
        )
        bias = self.weights(f"{where}.bias", shape[1:])
        return self.add("Add", [bias, made], name or f"{where}/Add")

    def save(self, path: Path, source: tuple[int, ...], target: tuple[int, ...]) -> Path:
        of_numbers = TensorProto.FLOAT
        made = helper.make_graph(
            self.nodes, "transformer",
            [helper.make_tensor_value_info("image", of_numbers, source)],
            [helper.make_tensor_value_info("result", of_numbers, target)],
            self.held,
        )  # fmt: skip
        model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)])
        onnx.save(model, path)
        return path
