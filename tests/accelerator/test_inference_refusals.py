"""Files that cannot be run: everything that stands in the way, in one sentence."""

import numpy as np
import onnx
import pytest
import quantized_models
from onnx import TensorProto, helper, numpy_helper

from accelerator.errors import EstimateError
from accelerator.inference import QuantizedNetwork


def saved(tmp_path, nodes, initializers=(), shape=("N", 3, 8, 8), output="y"):
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, list(shape))],
        [helper.make_empty_tensor_value_info(output)],
        list(initializers),
    )
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid("com.example", 1)]
    model = helper.make_model(graph, opset_imports=opsets)
    model.ir_version = 8
    path = tmp_path / "net.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def constant(name, value):
    return numpy_helper.from_array(np.asarray(value, np.float32), name)


def refusal(path, images=None):
    source = np.zeros((1, 3, 8, 8), np.float32) if images is None else images
    with pytest.raises(EstimateError) as caught:
        QuantizedNetwork(path).run(source)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_layers_without_quantizers_are_listed_once_a_kind(tmp_path):
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], name="first", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Conv", ["b", "w"], ["c"], name="second", pads=[1, 1, 1, 1]),
        helper.make_node("Flatten", ["c"], ["d"]),
        helper.make_node("Gemm", ["d", "v"], ["y"], name="third"),
    ]
    weights = [constant("w", np.ones((3, 3, 3, 3))), constant("v", np.ones((192, 4)))]
    said = refusal(saved(tmp_path, nodes, weights))
    assert (
        "Conv x 2, Gemm x 1 (first first, 100.0% of the MACs): inputs that no quantizer makes"
    ) in said
    assert "quantize what is listed" in said


def test_operators_that_are_not_known_are_all_listed(tmp_path):
    nodes = [
        helper.make_node("Foo", ["x"], ["a"], name="one", domain="com.example"),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Bar", ["b"], ["c"], name="two", domain="com.example"),
        helper.make_node("Bar", ["c"], ["y"], name="three", domain="com.example"),
    ]
    said = refusal(saved(tmp_path, nodes))
    assert "com.example.Foo x 1, com.example.Bar x 2 (first one)" in said


def test_weights_must_lie_in_the_models_folder(tmp_path):
    (tmp_path / "inside").mkdir()
    (tmp_path / "secret").write_bytes(bytes(4 * 81))
    for place in ("../secret", str(tmp_path / "secret"), "missing"):
        weights = constant("w", np.ones((3, 3, 3, 3)))
        weights.ClearField("raw_data")
        weights.data_location = TensorProto.EXTERNAL
        weights.external_data.add(key="location", value=place)
        nodes = [helper.make_node("Conv", ["x", "w"], ["y"])]
        assert "in its own folder" in refusal(saved(tmp_path / "inside", nodes, [weights]))


def test_weights_beside_the_model_are_taken(tmp_path):
    whole = quantized_models.qcdq(tmp_path / "whole.onnx")
    apart = tmp_path / "apart.onnx"
    onnx.save(
        onnx.load(whole), apart, save_as_external_data=True, location="w.bin", size_threshold=0
    )
    images = np.random.default_rng(0).standard_normal((1, 3, 12, 12)).astype(np.float32)
    for one, two in zip(
        QuantizedNetwork(whole).run(images).layers,
        QuantizedNetwork(apart).run(images).layers,
        strict=True,
    ):
        np.testing.assert_array_equal(one.results, two.results)
    (tmp_path / "w.bin").write_bytes(b"short")
    assert "do not fit the file" in refusal(apart)


def test_cycles_and_missing_tensors_are_told(tmp_path):
    nodes = [
        helper.make_node("Add", ["x", "b"], ["a"], name="sum"),
        helper.make_node("Relu", ["a"], ["b"]),
    ]
    assert "node sum (Add) takes 'b', which nothing before it makes" in refusal(
        saved(tmp_path, nodes, output="b")
    )
    nodes = [helper.make_node("Relu", ["x"], ["a"])]
    assert "nothing makes the output 'y'" in refusal(saved(tmp_path, nodes))


@pytest.mark.timeout(60)
def test_huge_tensors_are_refused_before_they_are_made(tmp_path):
    shape = numpy_helper.from_array(np.array([2**20, 2**20], np.int64), "s")
    nodes = [
        helper.make_node("ConstantOfShape", ["s"], ["a"], name="vast"),
        helper.make_node("Add", ["x", "a"], ["y"]),
    ]
    assert "elements, more than the" in refusal(saved(tmp_path, nodes, [shape]))
    nodes = [
        helper.make_node("Tile", ["x", "r"], ["a"], name="tiles"),
        helper.make_node("Relu", ["a"], ["y"]),
    ]
    repeats = numpy_helper.from_array(np.array([1, 2**15, 2**15, 1], np.int64), "r")
    assert "elements" in refusal(saved(tmp_path, nodes, [repeats]))


def test_images_of_another_shape_are_refused(tmp_path):
    path = quantized_models.qcdq(tmp_path / "net.onnx")
    assert "(any, 3, 12, 12), not (1, 3, 8, 8)" in refusal(path)
    assert "no numbers" in refusal(path, np.full((1, 3, 12, 12), "x"))


def test_weights_that_are_too_wide_are_told(tmp_path):
    build = quantized_models.Builder(0)
    x = build.quant("x", 0.5, 20)
    w = build.quant(build.weights(4, 3, 3, 3), 2.0**-18, 20)
    y = build.node("Conv", x, w, kernel_shape=[3, 3])
    path = build.save(tmp_path / "net.onnx", ["N", 3, 8, 8], y, ["N", 4, 6, 6])
    assert "wider than 16 bits" in refusal(path)
