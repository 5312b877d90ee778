"""ONNX files whose structure does not hold: one sentence with the file's and the node's name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import quantized_models
from onnx import TensorProto, helper, numpy_helper

from accelerator import estimate
from accelerator.errors import EstimateError
from accelerator.inference import QuantizedNetwork
from accelerator.networks import load_network
from accelerator.networks.onnx_wire import LARGEST_FRAME, WireError, frame_size


@pytest.fixture
def model(tmp_path: Path):
    return onnx.load(quantized_models.qcdq(tmp_path / "sound.onnx"))


def node_of(model, operator):
    return next(node for node in model.graph.node if node.op_type == operator)


def attribute(model, operator, name):
    return next(entry for entry in node_of(model, operator).attribute if entry.name == name)


def _replaced(repeated, place, value):
    repeated[place] = value


BREAKS = {
    "without outputs": (lambda m: m.graph.ClearField("output"), "without outputs"),
    "an output that nothing makes": (
        lambda m: setattr(m.graph.output[0], "name", "none"), "nothing makes the output"),
    "an input that nothing makes": (
        lambda m: _replaced(node_of(m, "Conv").input, 0, "none"), "nothing before it makes"),
    "one name made twice": (
        lambda m: _replaced(node_of(m, "Relu").output, 0, node_of(m, "Conv").output[0]),
        "is there"),
    "weights twice": (
        lambda m: m.graph.initializer.append(m.graph.initializer[0]), "twice"),
    "too few inputs": (lambda m: node_of(m, "Conv").ClearField("input"), "has 0 inputs"),
    "no output of a node": (lambda m: node_of(m, "Relu").ClearField("output"), "outputs"),
    "an attribute of another kind": (
        lambda m: attribute(m, "Conv", "pads").CopyFrom(helper.make_attribute("pads", 1.5)),
        "another kind"),
    "an attribute twice": (
        lambda m: node_of(m, "Conv").attribute.append(attribute(m, "Conv", "pads")), "twice"),
    "a stride of zero": (
        lambda m: _replaced(attribute(m, "MaxPool", "strides").ints, 0, 0), "not from 1 on"),
    "a group of zero": (
        lambda m: node_of(m, "Conv").attribute.append(helper.make_attribute("group", 0)),
        "not from 1 on"),
    "a negative size of weights": (
        lambda m: _replaced(m.graph.initializer[3].dims, 0, -1), "shape"),
    "a huge size of weights": (
        lambda m: _replaced(m.graph.initializer[3].dims, 0, 2**50), "not whole"),
    "cut weights": (
        lambda m: setattr(m.graph.initializer[3], "raw_data", b"\0"), "do not hold"),
    "weights of no known type": (
        lambda m: setattr(m.graph.initializer[3], "data_type", 99), "no known type"),
    "an opset of zero": (lambda m: setattr(m.opset_import[0], "version", 0), "version 0"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BREAKS)
def test_what_does_not_hold_is_one_sentence(model, kind, tmp_path):
    change, said = BREAKS[kind]
    change(model)
    path = tmp_path / "broken.onnx"
    onnx.save(model, path)
    for read in (load_network, QuantizedNetwork):
        with pytest.raises(EstimateError, match=said) as caught:
            read(path)
        assert "broken.onnx" in str(caught.value)
        assert "\n" not in str(caught.value)


def test_nodes_of_one_name_are_told_apart(model, tmp_path):
    plain = estimate(tmp_path / "sound.onnx", samples=0).energy
    for node in model.graph.node:
        node.name = "same"
    path = tmp_path / "same.onnx"
    onnx.save(model, path)
    report = estimate(path, samples=0)
    assert report.energy == plain
    names = [layer.name for layer in report.layers]
    assert len(set(names)) == len(names)


def test_weights_that_are_no_numbers_are_refused(model, tmp_path):
    tensor = next(e for e in model.graph.initializer if e.data_type == TensorProto.FLOAT)
    values = numpy_helper.to_array(tensor).copy().reshape(-1)
    values[0] = np.nan
    fresh = numpy_helper.from_array(values.reshape(tuple(tensor.dims)), tensor.name)
    tensor.CopyFrom(fresh)
    path = tmp_path / "nan.onnx"
    onnx.save(model, path)
    with pytest.raises(EstimateError, match="no numbers"):
        QuantizedNetwork(path)


def test_functions_that_become_too_many_nodes(model, tmp_path):
    """Thirty functions, each calling the next twice: a thousand million nodes."""
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid("own", 1)]
    for level in range(30):
        inner = f"f{level + 1}" if level < 29 else "Relu"
        domain = "own" if level < 29 else ""
        nodes = [helper.make_node(inner, ["x"], ["t"], domain=domain),
                 helper.make_node(inner, ["t"], ["y"], domain=domain)]  # fmt: skip
        made = helper.make_function("own", f"f{level}", ["x"], ["y"], nodes, opsets)
        model.functions.append(made)
    model.opset_import.append(helper.make_opsetid("own", 1))
    relu = node_of(model, "Relu")
    relu.op_type, relu.domain = "f0", "own"
    path = tmp_path / "laughs.onnx"
    onnx.save(model, path)
    with pytest.raises(EstimateError, match="more than 100000 nodes"):
        load_network(path)
    model.functions[0].node[0].op_type = "f0"
    onnx.save(model, path)
    with pytest.raises(EstimateError, match="calls itself"):
        load_network(path)


def test_what_becomes_too_large_is_told_before_it_is_made(tmp_path):
    build = quantized_models.Builder(0)
    x = build.quant("x", 0.25, 4)
    shape = build.constant([2**20, 2**20, 1, 1], np.int64)
    y = build.node("Expand", x, shape)
    path = build.save(tmp_path / "large.onnx", ["N", 1, 4, 4], y, None)
    with pytest.raises(EstimateError, match="elements"):
        QuantizedNetwork(path).run(np.zeros((1, 1, 4, 4), np.float32))


def test_the_memory_of_a_file_is_bounded_before_it_is_parsed(tmp_path, model):
    image = model.SerializeToString()
    numbers = sum(len(tensor.raw_data) for tensor in model.graph.initializer)
    assert frame_size(image) == len(image) - numbers
    # An empty node takes two bytes, and an object of a hundred.
    nodes = b"\x0a\x00" * 1_100_000
    many = b"\x3a" + _varint(len(nodes)) + nodes
    with pytest.raises(WireError, match="parts"):
        frame_size(many)
    for bad in (b"\x3a\xff\xff", b"\x3b", b"\x3a\x05\x0a"):
        with pytest.raises(WireError):
            frame_size(bad)
    path = tmp_path / "texts.onnx"
    model.doc_string = "x" * (LARGEST_FRAME + 1)
    onnx.save(model, path)
    with pytest.raises(EstimateError, match="besides the numbers"):
        load_network(path)


def _varint(value: int) -> bytes:
    found = bytearray()
    while value >= 128:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def test_what_the_inference_of_shapes_may_take_is_bounded(tmp_path):
    build = quantized_models.Builder(0)
    sizes = (build.constant(value, np.int64) for value in (0, 2**40, 1))
    numbers = build.node("Cast", build.node("Range", *sizes), to=TensorProto.FLOAT)
    y = build.node("Add", "x", build.node("ReduceMean", numbers, keepdims=0))
    path = build.save(tmp_path / "long.onnx", ["N", 1, 4, 4], y, None)
    with pytest.raises(EstimateError, match=r"long\.onnx has tensors of so many elements"):
        load_network(path)


def test_windows_beyond_any_network_are_refused_at_once(tmp_path):
    for index, (operator, attributes) in enumerate((
        ("MaxPool", {"kernel_shape": [3000, 3000], "pads": [2999] * 4}),
        ("AveragePool", {"kernel_shape": [2, 2], "pads": [1] * 4, "strides": [1, 1]}),
    )):  # fmt: skip
        build = quantized_models.Builder(0)
        y = build.node(operator, build.quant("x", 0.25, 4), **attributes)
        path = build.save(tmp_path / f"{index}.onnx", ["N", 1, 4, 4], y, None)
        network, images = QuantizedNetwork(path), np.zeros((1, 1, 4, 4), np.float32)
        if index:
            assert network.run(images).outputs[y].shape == (1, 1, 5, 5)
            continue
        with pytest.raises(EstimateError, match="windows of 3000 x 3000"):
            network.run(images)


def test_loops_within_a_file_are_not_run(tmp_path):
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Identity", ["s"], ["t"])],
        "body",
        [helper.make_tensor_value_info("i", TensorProto.INT64, []),
         helper.make_tensor_value_info("go", TensorProto.BOOL, []),
         helper.make_tensor_value_info("s", TensorProto.FLOAT, None)],
        [helper.make_tensor_value_info("on", TensorProto.BOOL, []),
         helper.make_tensor_value_info("t", TensorProto.FLOAT, None)],
    )  # fmt: skip
    build = quantized_models.Builder(0)
    y = build.node("Loop", build.constant(2**62, np.int64), "", "x", body=body)
    path = build.save(tmp_path / "loop.onnx", ["N", 1, 4, 4], y, None)
    with pytest.raises(EstimateError, match=r"cannot be run: Loop x 1 \(n_loop\d+\)"):
        QuantizedNetwork(path)
