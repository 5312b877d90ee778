"""ONNX files as networks: files inside the onnx package, and small ones made here."""

from __future__ import annotations

from math import prod
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from accelerator.errors import EstimateError
from accelerator.networks import Layer, Network, Operation, load_network

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
# MACs and sub-array layers as published for these networks, in millions.
LIGHT_MACS = {
    "light_bvlc_alexnet.onnx": (654.560384, 8),
    "light_vgg19.onnx": (19632.062464, 19),
    "light_resnet50.onnx": (4089.184256, 54),
    "light_squeezenet.onnx": (349.151936, 26),
    "light_densenet121.onnx": (2834.161664, 121),
    "light_shufflenet.onnx": (124.664528, 50),
}


def tensor(name: str, *shape: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))


def weights(name: str, *shape: int) -> onnx.TensorProto:
    return numpy_helper.from_array(np.ones(shape, dtype=np.float32), name)


def save(path: Path, nodes, inputs, outputs, initializers=(), **arguments) -> Path:
    graph = helper.make_graph(nodes, "g", inputs, outputs, list(initializers))
    arguments.setdefault("opset_imports", [helper.make_opsetid("", 17)])
    onnx.save(helper.make_model(graph, **arguments), path)
    return path


def macs_from_shape_inference(path: Path) -> list[int]:
    """MACs of every Conv and Gemm: outputs times the weights that one output takes."""
    model = onnx.shape_inference.infer_shapes(onnx.load(path))
    shapes = {
        entry.name: [dim.dim_value for dim in entry.type.tensor_type.shape.dim]
        for entry in (*model.graph.value_info, *model.graph.output, *model.graph.input)
    }
    return [
        prod(shapes[node.output[0]]) * prod(shapes[node.input[1]]) // outputs
        for node in model.graph.node
        if node.op_type in ("Conv", "Gemm")
        for outputs in [shapes[node.output[0]][1]]
    ]


@pytest.mark.parametrize("name", LIGHT_MACS)
def test_files_of_the_onnx_package(name: str) -> None:
    network = load_network(LIGHT / name)
    total, layers = LIGHT_MACS[name]
    assert network.macs == round(total * 1e6)
    assert len(network.mapped) == layers
    assert [layer.macs for layer in network.mapped] == macs_from_shape_inference(LIGHT / name)
    assert network.input_shape == (3, 224, 224)
    assert network.name == name


@pytest.mark.parametrize("name", LIGHT_MACS)
def test_sizes_of_convolutions_follow_from_their_windows(name: str) -> None:
    for layer in load_network(LIGHT / name).mapped:
        for index in range(len(layer.kernel)):
            window = (layer.kernel[index] - 1) * layer.dilation[index] + 1
            padded = layer.in_size[index] + layer.pad_begin[index] + layer.pad_end[index]
            assert layer.out_size[index] == (padded - window) // layer.stride[index] + 1


def test_what_happens_to_the_other_operators() -> None:
    network = load_network(LIGHT / "light_bvlc_alexnet.onnx")
    assert "folded into the quantizer of the layer before: Relu x 7" in network.notes
    assert network.not_counted == ("operators of the digital unit: LRN x 2, Softmax x 1",)
    operations = [layer.operation for layer in network.layers if not layer.mapped]
    assert operations == [Operation.MAX_POOL] * 3
    network = load_network(LIGHT / "light_resnet50.onnx")
    additions = [layer for layer in network.layers if layer.operation is Operation.ADDITION]
    assert [layer.operands for layer in additions] == [2] * 16


def one_layer(network: Network) -> Layer:
    (layer,) = network.mapped
    return layer


def test_a_free_batch_is_one_image(tmp_path: Path) -> None:
    path = save(
        tmp_path / "free.onnx",
        [
            helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1], group=4),
            helper.make_node("Flatten", ["y"], ["f"]),
            helper.make_node("Gemm", ["f", "v"], ["z"], transB=1),
        ],
        [tensor("x", "batch", 4, 9, 7)],
        [tensor("z", "batch", 10)],
        [weights("w", 8, 1, 3, 3), weights("v", 10, 8 * 9 * 7)],
    )
    convolution, product = load_network(path).mapped
    assert (convolution.groups, convolution.patch_length) == (4, 9)
    assert convolution.macs == 8 * 9 * 7 * 9
    assert product.macs == 10 * 8 * 9 * 7


def test_a_fixed_batch_counts_one_image(tmp_path: Path) -> None:
    path = save(
        tmp_path / "batch.onnx",
        [helper.make_node("Gemm", ["x", "w"], ["y"])],
        [tensor("x", 32, 20)],
        [tensor("y", 32, 10)],
        [weights("w", 20, 10)],
    )
    network = load_network(path)
    assert network.macs == 200
    assert "one image of the file's batch of 32" in network.notes


@pytest.mark.parametrize("transposed", [0, 1])
def test_gemm_with_its_weights_on_the_left(tmp_path: Path, transposed: int) -> None:
    shape = (20, 6) if transposed else (6, 20)
    path = save(
        tmp_path / "left.onnx",
        [helper.make_node("Gemm", ["w", "x"], ["y"], transA=transposed)],
        [tensor("x", 20, 1)],
        [tensor("y", 6, 1)],
        [weights("w", *shape)],
    )
    layer = one_layer(load_network(path))
    assert (layer.patch_length, layer.out_channels, layer.positions) == (20, 6, 1)


@pytest.mark.parametrize(
    ("left", "right", "out", "expected"),
    [
        (("x", (1, 7, 20)), ("w", (20, 5)), (1, 7, 5), (20, 5, 7, 1)),
        (("w", (5, 20)), ("x", (1, 20, 7)), (1, 5, 7), (20, 5, 7, 1)),
        (("x", (1, 3, 7, 20)), ("w", (3, 20, 5)), (1, 3, 7, 5), (20, 5, 7, 3)),
        (("x", (1, 20)), ("w", (20,)), (1,), (20, 1, 1, 1)),
    ],
)
def test_matrix_products(tmp_path: Path, left, right, out, expected) -> None:
    shapes = dict([left, right])
    path = save(
        tmp_path / "product.onnx",
        [helper.make_node("MatMul", [left[0], right[0]], ["y"])],
        [tensor("x", *shapes["x"])],
        [tensor("y", *out)],
        [weights("w", *shapes["w"])],
    )
    layer = one_layer(load_network(path))
    length, kernels, positions, groups = expected
    assert layer.patch_length == length
    assert layer.kernels_per_group == kernels
    assert (layer.positions, layer.groups) == (positions, groups)
    assert layer.macs == prod(out) * length


def test_weights_through_nodes_and_one_dimension(tmp_path: Path) -> None:
    """Weights from ConstantOfShape through a Transpose; a convolution over time."""
    shape = numpy_helper.from_array(np.array([5, 3, 8], dtype=np.int64), "shape")
    path = save(
        tmp_path / "nodes.onnx",
        [
            helper.make_node("ConstantOfShape", ["shape"], ["c"]),
            helper.make_node("Transpose", ["c"], ["w"], perm=[2, 1, 0]),
            helper.make_node(
                "Conv", ["x", "w"], ["y"], auto_pad="SAME_LOWER", strides=[2], dilations=[2]
            ),
        ],
        [tensor("x", 1, 3, 30)],
        [tensor("y", 1, 8, 15)],
        [shape],
    )
    layer = one_layer(load_network(path))
    assert (layer.kernel, layer.out_channels, layer.out_size) == ((5,), 8, (15,))
    # 14 steps of 2 and a window of 9 need 37 of 30: 7, the odd one before.
    assert (layer.pad_begin, layer.pad_end) == ((4,), (3,))


def test_weights_as_an_input_that_comes_first(tmp_path: Path) -> None:
    path = save(
        tmp_path / "inputs.onnx",
        [helper.make_node("Conv", ["x", "w"], ["y"])],
        [tensor("w", 6, 3, 2, 2), tensor("x", 1, 3, 8, 8)],
        [tensor("y", 1, 6, 7, 7)],
    )
    assert load_network(path).macs == 6 * 12 * 49


def test_integer_operators(tmp_path: Path) -> None:
    x = helper.make_tensor_value_info("x", TensorProto.UINT8, [1, 2, 6, 6])
    y = helper.make_tensor_value_info("y", TensorProto.INT32, [1, 4, 4, 4])
    codes = numpy_helper.from_array(np.ones((4, 2, 3, 3), dtype=np.uint8), "w")
    path = save(
        tmp_path / "integer.onnx",
        [helper.make_node("ConvInteger", ["x", "w"], ["y"])],
        [x],
        [y],
        [codes],
    )
    assert load_network(path).macs == 4 * 16 * 18


def test_normalization_is_costed_where_it_cannot_be_folded(tmp_path: Path) -> None:
    """A sum that goes on as it is and normalized, as before a residual block."""
    four = [weights(name, 4) for name in ("s", "b", "m", "v")]
    path = save(
        tmp_path / "residual.onnx",
        [
            helper.make_node("Conv", ["x", "w"], ["a"], pads=[1] * 4),
            helper.make_node("BatchNormalization", ["a", "s", "b", "m", "v"], ["n"]),
            helper.make_node("Relu", ["n"], ["r"]),
            helper.make_node("Add", ["r", "x"], ["t"]),
            helper.make_node("BatchNormalization", ["t", "s", "b", "m", "v"], ["o"]),
            helper.make_node("Relu", ["o"], ["p"]),
            helper.make_node("Add", ["p", "t"], ["y"]),
        ],
        [tensor("x", 1, 4, 5, 5)],
        [tensor("y", 1, 4, 5, 5)],
        [weights("w", 4, 4, 3, 3), *four],
    )
    network = load_network(path)
    assert [layer.operation.value for layer in network.layers] == [
        "convolution",
        "addition",
        "normalization",
        "addition",
    ]
    assert any("BatchNormalization x 1, Relu x 2" in note for note in network.notes)


def test_products_of_activations_are_named(tmp_path: Path) -> None:
    path = save(
        tmp_path / "attention.onnx",
        [
            helper.make_node("MatMul", ["x", "w"], ["q"]),
            helper.make_node("Transpose", ["x"], ["k"], perm=[0, 2, 1]),
            helper.make_node("MatMul", ["q", "k"], ["y"]),
        ],
        [tensor("x", 1, 7, 8)],
        [tensor("y", 1, 7, 7)],
        [weights("w", 8, 8)],
    )
    network = load_network(path)
    assert network.macs == 7 * 64
    assert [(one.operator, one.macs) for one in network.products] == [("MatMul", 7 * 7 * 8)]


def test_all_operators_with_weights_that_are_not_supported_are_listed(tmp_path: Path) -> None:
    body = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["inner"])],
        "body",
        [],
        [tensor("inner", 1, 4, 4, 4)],
    )
    path = save(
        tmp_path / "refused.onnx",
        [
            helper.make_node("NhwcConv", ["x", "w"], ["a"], domain="com.microsoft"),
            helper.make_node("Mystery", ["x", "w"], ["b"], domain="made.up"),
            helper.make_node("Mystery", ["x", "w"], ["c"], domain="made.up"),
            helper.make_node("Harmless", ["x"], ["d"], domain="made.up"),
            helper.make_node("If", ["condition"], ["e"], then_branch=body, else_branch=body),
            helper.make_node("Relu", ["x"], ["y"]),
        ],
        [tensor("x", 1, 4, 4, 4), helper.make_tensor_value_info("condition", TensorProto.BOOL, [])],
        [tensor("y", 1, 4, 4, 4)],
        [weights("w", 4, 4, 3, 3)],
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("made.up", 1)],
    )
    with pytest.raises(EstimateError) as caught:
        load_network(path)
    message = str(caught.value)
    assert "If (with Conv inside) x 1, com.microsoft.NhwcConv x 1, made.up.Mystery x 2;" in message
    assert "Harmless" not in message
    assert "\n" not in message


def test_an_unknown_operator_without_weights_is_named(tmp_path: Path) -> None:
    path = save(
        tmp_path / "unknown.onnx",
        [
            helper.make_node("Conv", ["x", "w"], ["a"]),
            helper.make_node("Harmless", ["a"], ["y"], domain="made.up"),
        ],
        [tensor("x", 1, 4, 4, 4)],
        [tensor("y", 1, 4, 2, 2)],
        [weights("w", 4, 4, 3, 3)],
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("made.up", 1)],
    )
    (sentence,) = load_network(path).not_counted
    assert sentence == "operators that are not known and have no weights: Harmless x 1"


def test_quantizers_of_other_domains_keep_shapes_and_weights(tmp_path: Path) -> None:
    domain = "qonnx.custom_op.general"
    path = save(
        tmp_path / "quantized.onnx",
        [
            helper.make_node("Quant", ["w", "s", "s", "s"], ["wq"], domain=domain, signed=1),
            helper.make_node("Quant", ["x", "s", "s", "s"], ["xq"], domain=domain, signed=1),
            helper.make_node("Conv", ["xq", "wq"], ["y"]),
        ],
        [tensor("x", 1, 4, 4, 4)],
        [tensor("y", 1, 4, 2, 2)],
        [weights("w", 4, 4, 3, 3), weights("s", 1)],
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(domain, 1)],
    )
    assert load_network(path).macs == 16 * 36


def test_local_functions_are_inlined(tmp_path: Path) -> None:
    function = helper.make_function(
        "local",
        "Block",
        ["a", "b"],
        ["c"],
        [helper.make_node("Conv", ["a", "b"], ["c"])],
        [helper.make_opsetid("", 17)],
    )
    path = save(
        tmp_path / "function.onnx",
        [helper.make_node("Block", ["x", "w"], ["y"], domain="local")],
        [tensor("x", 1, 4, 4, 4)],
        [tensor("y", 1, 4, 2, 2)],
        [weights("w", 4, 4, 3, 3)],
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("local", 1)],
        functions=[function],
    )
    assert load_network(path).macs == 16 * 36


def test_weights_in_another_file_are_not_needed(tmp_path: Path) -> None:
    path = save(
        tmp_path / "external.onnx",
        [helper.make_node("Conv", ["x", "w"], ["y"])],
        [tensor("x", 1, 4, 4, 4)],
        [tensor("y", 1, 4, 2, 2)],
        [weights("w", 4, 4, 3, 3)],
    )
    model = onnx.load(path)
    onnx.save(model, path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    (tmp_path / "weights.bin").unlink()
    assert load_network(path).macs == 16 * 36


def sentence_for(path: Path) -> str:
    with pytest.raises(EstimateError) as caught:
        load_network(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def test_files_that_are_no_models(tmp_path: Path) -> None:
    good = (LIGHT / "light_vgg19.onnx").read_bytes()
    missing = tmp_path / "missing.onnx"
    assert "there is no ONNX file" in sentence_for(missing)
    assert "there is no ONNX file" in sentence_for(tmp_path / ".onnx" / "x.onnx")
    for content in (b"", b"not a model", bytes(range(256)) * 8, good[: len(good) // 2]):
        path = tmp_path / "bad.onnx"
        path.write_bytes(content)
        assert "ONNX model" in sentence_for(path)
    directory = tmp_path / "directory.onnx"
    directory.mkdir()
    assert "is a folder" in sentence_for(directory)


def test_flipped_bytes_give_a_network_or_a_sentence(tmp_path: Path) -> None:
    good = bytearray((LIGHT / "light_bvlc_alexnet.onnx").read_bytes())
    random = np.random.default_rng(3)
    path = tmp_path / "flipped.onnx"
    for _ in range(150):
        bad = bytearray(good)
        for place in random.integers(0, len(bad), 3):
            bad[place] = random.integers(0, 256)
        path.write_bytes(bytes(bad))
        message = ""
        try:
            network = load_network(path)
        except EstimateError as error:
            message = str(error)
        else:
            assert all(layer.macs >= 0 for layer in network.layers)
        assert "\n" not in message


def test_a_size_that_stays_unknown(tmp_path: Path) -> None:
    path = save(
        tmp_path / "unknown.onnx",
        [helper.make_node("Conv", ["x", "w"], ["y"])],
        [tensor("x", 1, 4, "height", 8)],
        [tensor("y", 1, 4, "rows", 6)],
        [weights("w", 4, 4, 3, 3)],
    )
    assert "is not known: export the network with fixed sizes" in sentence_for(path)


@pytest.mark.parametrize(
    ("attributes", "shape"),
    [
        ({"group": 3}, (4, 2, 3, 3)),
        ({"group": 0}, (4, 4, 3, 3)),
        ({"strides": [0, 1]}, (4, 4, 3, 3)),
        ({"strides": [1]}, (4, 4, 3, 3)),
        ({}, (4, 5, 3, 3)),
        ({}, (4, 4, 9, 9)),
        ({}, (0, 4, 3, 3)),
        ({}, (4,)),
    ],
)
def test_convolutions_that_contradict_themselves(tmp_path: Path, attributes, shape) -> None:
    path = save(
        tmp_path / "wrong.onnx",
        [helper.make_node("Conv", ["x", "w"], ["y"], **attributes)],
        [tensor("x", 1, 4, 4, 4)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [weights("w", *shape)],
    )
    sentence_for(path)


def test_weights_of_one_number_without_dimensions(tmp_path: Path) -> None:
    path = save(
        tmp_path / "scalar.onnx",
        [helper.make_node("Gemm", ["x", "w"], ["y"])],
        [tensor("x", 1, 4)],
        [tensor("y", 1, 4)],
        [weights("w")],
    )
    with pytest.raises(EstimateError):
        load_network(path)


def test_names_of_nodes_are_printed_on_one_line(tmp_path: Path) -> None:
    path = save(
        tmp_path / "names.onnx",
        [helper.make_node("Gemm", ["x", "w"], ["y"], name="fc\n\x1b[31m1")],
        [tensor("x", 1, 4)],
        [tensor("y", 1, 4)],
        [weights("w", 4, 4)],
    )
    (layer,) = load_network(path).layers
    assert layer.name == r"fc\n\x1b[31m1"


def test_operators_without_weights_are_never_refused(tmp_path: Path) -> None:
    """Attention of the standard multiplies activations; constants of other operators are none."""
    grid = numpy_helper.from_array(np.zeros((1, 4, 4, 2), np.float32), "grid")
    path = save(
        tmp_path / "n.onnx",
        [
            helper.make_node("Conv", ["x", "w"], ["a"]),
            helper.make_node("GridSample", ["a", "grid"], ["b"]),
            helper.make_node("Attention", ["b", "b", "b"], ["c"]),
            helper.make_node("Gelu", ["c"], ["y"]),
        ],
        [tensor("x", 1, 4, 6, 6)],
        [tensor("y", 1, 4, 4, 4)],
        [weights("w", 4, 4, 3, 3), grid],
        opset_imports=[helper.make_opsetid("", 23)],
    )
    network = load_network(path)
    told = "; ".join(network.not_counted)
    # Scores of 4 x 4 places over 4 channels in 4 heads, and as many sums over values.
    assert [(one.operator, one.macs) for one in network.products] == [("Attention", 512)]
    assert "GridSample x 1" in told
    assert "Gelu x 1" in told
    assert network.macs == 16 * 4 * 36
