"""One image of a file's batch: layers of an export for N images are those of one for one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from accelerator.errors import EstimateError
from accelerator.networks import Network, load_network
from accelerator.networks.batch import find_batch
from accelerator.networks.onnx_graph import read_graph


class Graph:
    """Nodes and constants; every method gives the name of what it makes."""

    def __init__(self, opset: int = 17) -> None:
        self.opset, self.nodes, self.constants, self.inputs = opset, [], [], []

    def input(self, *shape: int | str, kind: int = TensorProto.FLOAT) -> str:
        name = f"x{len(self.inputs)}"
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def constant(self, value, kind=np.float32) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, kind), name))
        return name

    def weights(self, *shape: int) -> str:
        random = np.random.default_rng(len(self.constants))
        return self.constant(random.standard_normal(shape))

    def node(self, operator: str, *inputs: str, outputs: int = 1, **attributes) -> str:
        names = [f"t{len(self.nodes)}_{place}" for place in range(outputs)]
        node = helper.make_node(operator, list(inputs), names, f"n{len(self.nodes)}", **attributes)
        self.nodes.append(node)
        return names[0]

    def shape(self, *sizes: int) -> str:
        return self.constant(sizes, np.int64)

    def save(self, path: Path, *outputs: str) -> Path:
        given = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
        graph = helper.make_graph(self.nodes, "g", self.inputs, given, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)])
        model.ir_version = 8
        onnx.save(model, path)
        return path


def convolutions(rank: int):
    def build(graph: Graph, images: int | str) -> str:
        x = graph.input(images, 3, *[8] * rank)
        x = graph.node("Conv", x, graph.weights(4, 3, *[3] * rank), pads=[1] * 2 * rank)
        x = graph.node("Relu", x)
        x = graph.node("MaxPool", x, kernel_shape=[2] * rank, strides=[2] * rank)
        x = graph.node("Add", x, graph.node("Conv", x, graph.weights(4, 4, *[1] * rank)))
        x = graph.node("GlobalAveragePool", x)
        return graph.node("Gemm", graph.node("Flatten", x), graph.weights(4, 10))

    return build


def perceptron(graph: Graph, images: int | str) -> str:
    x = graph.input(images, 12)
    x = graph.node("Relu", graph.node("Gemm", x, graph.weights(12, 8), graph.weights(8)))
    return graph.node("MatMul", x, graph.weights(8, 4))


def rows_of_vectors(graph: Graph, images: int | str) -> str:
    x = graph.input(images, 7, 12)
    x = graph.node("Relu", graph.node("MatMul", x, graph.weights(12, 8)))
    x = graph.node("ReduceMean", x, axes=[1], keepdims=0)
    return graph.node("MatMul", x, graph.weights(8, 4))


def attention(graph: Graph, x: str, images: int, tokens: int, *, first: bool) -> str:
    """Two heads of four, as exporters write them, their fixed sizes as constants."""
    heads = []
    order = (images, tokens, 2, 4) if first else (tokens, images * 2, 4)
    for _ in range(3):
        one = graph.node("MatMul", x, graph.weights(8, 8))
        one = graph.node("Reshape", one, graph.shape(*order))
        heads.append(graph.node("Transpose", one, perm=[0, 2, 1, 3] if first else [1, 0, 2]))
    turned = [0, 1, 3, 2] if first else [0, 2, 1]
    scores = graph.node("MatMul", heads[0], graph.node("Transpose", heads[1], perm=turned))
    scores = graph.node("Softmax", graph.node("Div", scores, graph.constant(2.0)), axis=-1)
    mixed = graph.node("MatMul", scores, heads[2])
    mixed = graph.node("Transpose", mixed, perm=[0, 2, 1, 3] if first else [1, 0, 2])
    whole = (images, tokens, 8) if first else (tokens * images, 8)
    mixed = graph.node("MatMul", graph.node("Reshape", mixed, graph.shape(*whole)),
                       graph.weights(8, 8))  # fmt: skip
    if not first:
        mixed = graph.node("Reshape", mixed, graph.shape(tokens, images, 8))
    x = graph.node("Add", x, mixed)
    return graph.node("LayerNormalization", x, graph.weights(8), graph.weights(8), axis=-1)


def transformer(*, first: bool):
    """Embedding, one block of attention and a classifier; the batch is axis 0 or axis 1."""

    def build(graph: Graph, images: int | str) -> str:
        count = images if isinstance(images, int) else 1
        sizes = (images, 5) if first else (5, images)
        x = graph.input(*sizes, kind=TensorProto.INT64)
        x = graph.node("Gather", graph.weights(20, 8), x)
        places = (1, 5, 8) if first else (5, 1, 8)
        x = graph.node("Add", x, graph.weights(*places))
        x = attention(graph, x, count, 5, first=first)
        return graph.node("MatMul", x, graph.weights(8, 20))

    return build


def vision(graph: Graph, images: int) -> str:
    """Patches, a class token expanded to the batch when it was exported, and attention."""
    x = graph.input(images, 3, 8, 8)
    x = graph.node("Conv", x, graph.weights(8, 3, 4, 4), strides=[4, 4])
    x = graph.node("Reshape", x, graph.shape(images, 8, 4))
    x = graph.node("Transpose", x, perm=[0, 2, 1])
    token = np.broadcast_to(np.arange(8, dtype=np.float32), (images, 1, 8))
    x = graph.node("Concat", graph.constant(token), x, axis=1)
    x = graph.node("Add", x, graph.weights(1, 5, 8))
    x = attention(graph, x, images, 5, first=True)
    x = graph.node("Gather", x, graph.constant(0, np.int64), axis=1)
    return graph.node("Gemm", x, graph.weights(8, 10))


def video(graph: Graph, images: int) -> str:
    """Frames are put into the batch, convolved, and averaged over again."""
    x = graph.input(images, 6, 3, 8, 8)
    x = graph.node("Reshape", x, graph.shape(images * 6, 3, 8, 8))
    x = graph.node("Conv", x, graph.weights(4, 3, 3, 3))
    x = graph.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = graph.node("Sigmoid", graph.node("Softmax", x))
    x = graph.node("Reshape", x, graph.shape(images, 6, 36))
    x = graph.node("ReduceMean", x, axes=[1], keepdims=0)
    return graph.node("Gemm", x, graph.weights(36, 10))


def two_inputs(graph: Graph, images: int) -> str:
    """A mask of the first input's batch beside it."""
    x, mask = graph.input(images, 6, 4), graph.input(images, 6)
    x = graph.node("Mul", x, graph.node("Unsqueeze", mask, graph.shape(2)))
    x = graph.node("Einsum", x, graph.weights(4, 3), equation="bte,ef->btf")
    return graph.node("MatMul", x, graph.weights(3, 2))


KINDS: dict[str, Callable[[Graph, int], str]] = {
    "conv1d": convolutions(1),
    "conv2d": convolutions(2),
    "conv3d": convolutions(3),
    "perceptron": perceptron,
    "rows of vectors": rows_of_vectors,
    "transformer, batch first": transformer(first=True),
    "transformer, tokens first": transformer(first=False),
    "vision transformer": vision,
    "video": video,
}


def loaded(folder: Path, kind: str, images: int | str, **reading) -> Network:
    graph = Graph()
    path = graph.save(folder / f"{images}.onnx", KINDS[kind](graph, images))
    return load_network(path, **reading)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(kind=st.sampled_from(sorted(KINDS)), images=st.integers(2, 9))
def test_layers_of_a_batch_are_those_of_one_image(kind, images, tmp_path_factory) -> None:
    folder = tmp_path_factory.mktemp("batch")
    one, many = loaded(folder, kind, 1), loaded(folder, kind, images)
    assert many.layers == one.layers
    assert many.input_shape == one.input_shape
    assert f"batch {images} (axis " in many.batch_said
    assert "costs are of one image" in many.batch_said
    assert loaded(folder, kind, images, batch=images).layers == one.layers


@pytest.mark.parametrize(
    "kind", ["conv1d", "conv2d", "conv3d", "perceptron", "rows of vectors"],
)  # fmt: skip
def test_a_free_batch_is_one_image_whatever_is_said_of_it(kind: str, tmp_path: Path) -> None:
    one = loaded(tmp_path, kind, 1)
    for reading in ({}, {"batch": 4}, {"dims": {"N": 4}}, {"batch_axis": 0}):
        free = loaded(tmp_path, kind, "N", **reading)
        assert free.layers == one.layers
        assert "costs are of one image" in free.batch_said


def test_tokens_are_no_batch_and_the_reason_is_told(tmp_path: Path) -> None:
    one = loaded(tmp_path, "transformer, tokens first", 1)
    assert [layer.positions for layer in one.mapped] == [5] * 5
    assert one.input_shape == (5,)
    assert "the 5 along axis 0 of 'x0' are no images: Add 'n1' has a constant" in one.batch_said
    many = loaded(tmp_path, "transformer, tokens first", 3)
    assert "batch 3 (axis 1 of 'x0')" in many.batch_said


def test_frames_of_an_image_are_all_counted(tmp_path: Path) -> None:
    layer = loaded(tmp_path, "video", 4).layers[0]
    assert layer.out_size == (6, 6, 6)
    assert layer.macs == 6 * 36 * 4 * 27


def test_positions_of_their_own_make_tokens(tmp_path: Path) -> None:
    """Rows without anything between them are a batch, unless each has a constant of its own."""
    macs = []
    for own in (False, True):
        graph = Graph()
        x = graph.input(16, 12)
        x = graph.node("Add", x, graph.weights(16 if own else 1, 12))
        path = graph.save(tmp_path / "p.onnx", graph.node("MatMul", x, graph.weights(12, 3)))
        macs.append(load_network(path).macs)
    assert macs == [36, 16 * 36]


def test_the_user_decides_where_both_can_be(tmp_path: Path) -> None:
    graph = Graph()
    x = graph.node("MatMul", graph.input(16, 3, 12), graph.weights(12, 4))
    path = graph.save(tmp_path / "p.onnx", x)
    told = {
        (): 3 * 48,
        (("batch", 1),): 16 * 3 * 48,
        (("batch", 16),): 3 * 48,
        (("batch", 3),): 16 * 48,
        (("batch_axis", 1),): 16 * 48,
    }
    for reading, macs in told.items():
        network = load_network(path, **dict(reading))
        assert network.macs == macs, reading
        assert network.batch_said
    for reading, words in (
        ({"batch": 5}, "has no batch of 5 along an axis"),
        ({"batch": 3, "batch_axis": 0}, "has no batch of 3 along axis 0"),
        ({"batch_axis": 3}, "has no axis 3"),
        ({"batch_axis": 2}, "takes them together"),
        ({"dims": {"T": 3}}, "has no free size 'T'"),
        ({"dims": {"T": 0}}, "the size 'T' is a whole number at least 1"),
        ({"dims": 3}, "dims are whole numbers by name"),
        ({"batch": 0}, "the batch is a whole number at least 1"),
        ({"batch": "two"}, "the batch is a whole number at least 1"),
        ({"batch_axis": -1}, "the axis of the batch is a whole number at least 0"),
    ):
        with pytest.raises(EstimateError, match=words):
            load_network(path, **reading)
    with pytest.raises(EstimateError, match="batch is said of an ONNX file"):
        load_network("lenet5", batch=2)


def test_free_sizes_beside_the_batch_are_given_by_name(tmp_path: Path) -> None:
    graph = Graph()
    x = graph.node("MatMul", graph.input("N", "T", 12), graph.weights(12, 4))
    path = graph.save(tmp_path / "p.onnx", x)
    with pytest.raises(EstimateError, match="--dims NAME=N"):
        load_network(path)
    assert load_network(path, dims={"T": 6}).macs == 6 * 48
    assert load_network(path, dims={"T": 6, "N": 3}).macs == 6 * 48


def test_a_free_axis_that_is_no_batch_is_told(tmp_path: Path) -> None:
    graph = Graph()
    x = graph.input("T", 12)
    scores = graph.node("MatMul", x, graph.node("Transpose", x))
    x = graph.node("MatMul", graph.node("Softmax", scores), x)
    path = graph.save(tmp_path / "p.onnx", graph.node("MatMul", x, graph.weights(12, 4)))
    said = load_network(path).batch_said
    assert "MatMul 'n1' takes them together, so that it may be none: say its size" in said
    told = load_network(path, dims={"T": 6})
    assert told.macs == 6 * 48
    assert told.batch_said.startswith("no batch: costs are of the whole input")


def test_a_mask_of_the_same_batch(tmp_path: Path) -> None:
    for images in (1, 4):
        graph = Graph()
        graph.save(tmp_path / "p.onnx", two_inputs(graph, images))
        read = read_graph(tmp_path / "p.onnx")
        batch = find_batch(read)
        assert batch.images == images
        last = read.nodes[-1].output[0]
        assert batch.of_one(last, read.shapes[last]) == (1, 6, 2)


@pytest.mark.parametrize("operator", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("layout", [0, 1])
def test_recurrent_layers_take_steps_one_after_the_other(operator, layout, tmp_path: Path) -> None:
    graph = Graph()
    gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[operator]
    x = graph.input(*((4, 9, 6) if layout else (9, 4, 6)))
    weights = graph.weights(1, gates * 5, 6), graph.weights(1, gates * 5, 5)
    y = graph.node(operator, x, *weights, hidden_size=5, layout=layout)
    read = read_graph(graph.save(tmp_path / "p.onnx", y))
    batch = find_batch(read)
    assert (batch.images, batch.axis) == (4, 0 if layout else 1)
    assert batch.of_one(y, read.shapes[y]) == ((1, 9, 1, 5) if layout else (9, 1, 1, 5))


SOFTMAX_OF_OLD = {11: 1, 13: 5}


@pytest.mark.parametrize("opset", SOFTMAX_OF_OLD)
def test_softmax_of_old_takes_all_further_axes_together(opset: int, tmp_path: Path) -> None:
    graph = Graph(opset)
    x = graph.node("Softmax", graph.input(5, 3, 2), axis=0)
    path = graph.save(tmp_path / "p.onnx", graph.node("MatMul", x, graph.weights(2, 4)))
    network = load_network(path)
    # Axis 0 is taken together in both; axis 1 with it before 13 alone.
    assert network.macs == (15 * 8 if opset == 11 else 5 * 8)


def test_a_constant_batch_that_differs_between_images_is_none(tmp_path: Path) -> None:
    graph = Graph()
    x = graph.input(4, 5, 8)
    rows = np.arange(4 * 8, dtype=np.float32).reshape(4, 1, 8)
    x = graph.node("Concat", graph.constant(rows), x, axis=1)
    path = graph.save(tmp_path / "p.onnx", graph.node("MatMul", x, graph.weights(8, 2)))
    network = load_network(path)
    assert "the 4 along axis 0 of 'x0' are no images: Concat" in network.batch_said


def test_the_digital_unit_works_on_one_image_too(tmp_path: Path) -> None:
    for images in (1, 6):
        graph = Graph()
        x = graph.input(images, 4, 9)
        y = graph.node("Sigmoid", graph.node("Conv", x, graph.weights(4, 4, 1)))
        y = graph.node("Mul", y, x)
        y = graph.node("ReduceMean", y, axes=[2], keepdims=0)
        network = load_network(graph.save(tmp_path / f"{images}.onnx", y))
        elements = [layer.output_elements for layer in network.layers]
        assert elements == [36, 36, 4]
