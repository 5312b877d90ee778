"""Products that are not of rows with a matrix: Einstein sums, blocks, recurrent layers."""

import numpy as np
import onnx
import pytest
import quantized_models
from onnx import TensorProto, helper, numpy_helper

from accelerator.errors import EstimateError
from accelerator.inference import QuantizedNetwork, cost_run
from accelerator.networks import load_network

onnxruntime = pytest.importorskip("onnxruntime")


def both(path, images):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    (wanted,) = session.run(None, {"x": images})
    found = QuantizedNetwork(path).run(images)
    assert cost_run(path, found, samples=0).energy > 0
    (output,) = found.outputs.values()
    return output, wanted


def product(path, operator, shape, held, *, first=False, per_kernel=None, **attributes):
    """A product of quantized data with weights that are held, which may come first."""
    build = quantized_models.Builder(5)
    x = build.qdq("x", 2.0**-4, 100)
    scale, more = 2.0**-6, {}
    if per_kernel is not None:
        scale, more = build.powers(held[per_kernel]), {"axis": per_kernel}
    w = build.node("DequantizeLinear", build.codes(*held), build.constant(scale), **more)
    y = build.node(operator, *((w, x) if first else (x, w)), **attributes)
    build.save(path, list(shape), y, None)
    return path, (build.random.standard_normal(shape) * 4).astype(np.float32)


@pytest.mark.parametrize(
    ("equation", "shape", "held", "first", "macs"),
    [
        ("bij,jk->bik", (1, 3, 4), (4, 5), False, 3 * 4 * 5),
        ("bij,kj->bki", (1, 3, 4), (5, 4), False, 3 * 4 * 5),
        ("bij,jhd->bihd", (1, 3, 4), (4, 2, 5), False, 3 * 4 * 10),
        ("bihd,hdj->bij", (1, 3, 2, 5), (2, 5, 4), False, 3 * 10 * 4),
        ("bhi,hij->bhj", (1, 3, 4), (3, 4, 5), False, 3 * 4 * 5),
        ("nchw,vw->nchv", (1, 2, 3, 4), (5, 4), False, 6 * 4 * 5),
        ("jk,bij->bik", (1, 3, 4), (4, 5), True, 3 * 4 * 5),
        ("...j,jk->...k", (1, 3, 4), (4, 5), False, 3 * 4 * 5),
        ("bij,jk", (1, 3, 4), (4, 5), False, 3 * 4 * 5),
        (" b i j , j k -> k b i ", (1, 3, 4), (4, 5), False, 3 * 4 * 5),
    ],
)  # fmt: skip
def test_einstein_sums_are_equal_to_onnxruntime(tmp_path, equation, shape, held, first, macs):
    path, images = product(
        tmp_path / "n.onnx", "Einsum", shape, held, first=first, equation=equation
    )
    output, wanted = both(path, images)
    np.testing.assert_array_equal(output, wanted)
    assert [layer.macs for layer in load_network(path).mapped] == [macs]


@pytest.mark.parametrize(
    ("shape", "held", "first"),
    [((1, 3, 6, 4), (3, 4, 5), False), ((1, 4, 7), (5, 4), True), ((1, 3, 4, 7), (3, 5, 4), True),
     ((1, 6, 4), (4,), False), ((1, 3, 4), (1, 4, 5), False)],
)  # fmt: skip
def test_products_of_other_ranks_are_equal_to_onnxruntime(tmp_path, shape, held, first):
    path, images = product(tmp_path / "n.onnx", "MatMul", shape, held, first=first)
    output, wanted = both(path, images)
    np.testing.assert_array_equal(output, wanted)


def test_each_kernel_of_a_sum_may_have_its_scale(tmp_path):
    path, images = product(
        tmp_path / "n.onnx", "Einsum", (1, 3, 4), (4, 2, 5), per_kernel=2,
        equation="bij,jhd->bihd",
    )  # fmt: skip
    output, wanted = both(path, images)
    np.testing.assert_array_equal(output, wanted)


@pytest.mark.parametrize("equation", ["bij,jj->bi", "bij,kl->bik", "bij,ij->b,b", "bij,jk->ik"])
def test_sums_that_are_no_product_are_told(tmp_path, equation):
    path, images = product(tmp_path / "n.onnx", "Einsum", (1, 4, 4), (4, 4), equation=equation)
    with pytest.raises(EstimateError):
        QuantizedNetwork(path).run(images)


def in_blocks(path, seed, *, bits=4, size=16, inner=32, outer=6, zeros=True, quantized=True):
    build = quantized_models.Builder(seed)
    count = -(-inner // size)
    packed = build.random.integers(0, 256, (outer, count, size * bits // 8)).astype(np.uint8)
    x = build.qdq("x", 2.0**-4, 128) if quantized else "x"
    inputs = [x, build.constant(packed, np.uint8), build.constant(build.powers(outer * count))]
    if zeros:
        wide = -(-count * bits // 8)
        inputs.append(build.constant(build.random.integers(0, 256, outer * wide), np.uint8))
    y = build.node(
        "MatMulNBits", *inputs, domain="com.microsoft", K=inner, N=outer, bits=bits,
        block_size=size,
    )  # fmt: skip
    build.save(path, ["N", 3, inner], y, None)
    model = onnx.load(path)
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    onnx.save(model, path)
    return path, (build.random.standard_normal((1, 3, inner)) * 4).astype(np.float32)


@pytest.mark.parametrize("zeros", [False, True])
@pytest.mark.parametrize(
    ("bits", "size", "inner"), [(4, 16, 32), (4, 16, 40), (4, 32, 96), (8, 32, 64)]
)
def test_weights_in_blocks_are_equal_to_onnxruntime(tmp_path, bits, size, inner, zeros):
    path, images = in_blocks(
        tmp_path / "n.onnx", bits, bits=bits, size=size, inner=inner, zeros=zeros
    )
    output, wanted = both(path, images)
    np.testing.assert_allclose(output, wanted, rtol=0, atol=1e-6 * np.abs(wanted).max())
    (layer,) = load_network(path).mapped
    assert layer.macs == 3 * 6 * -(-inner // size) * size


def test_weights_in_blocks_alone_are_costed_and_told(tmp_path):
    path, images = in_blocks(tmp_path / "n.onnx", 1, quantized=False)
    assert load_network(path).macs == 3 * 6 * 32
    told = r"MatMulNBits x 1 \(\S+, 100.0% of the MACs\): inputs that no quantizer makes"
    with pytest.raises(EstimateError, match=told):
        QuantizedNetwork(path).run(images)


@pytest.mark.parametrize(("operator", "gates"), [("LSTM", 4), ("GRU", 3), ("RNN", 1)])
@pytest.mark.parametrize("directions", [1, 2])
def test_recurrent_layers_are_costed_as_their_products(tmp_path, operator, gates, directions):
    """Seven steps of 10 numbers into a state of 6: gates x 6 x (10 + 6) a step and direction."""
    random = np.random.default_rng(0)
    weights = {
        "w": random.standard_normal((directions, gates * 6, 10)),
        "r": random.standard_normal((directions, gates * 6, 6)),
    }
    node = helper.make_node(
        operator, ["x", "w", "r"], ["y"], name="layer", hidden_size=6,
        direction="bidirectional" if directions == 2 else "forward",
    )  # fmt: skip
    graph = helper.make_graph(
        [node], "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [7, 1, 10])],
        [helper.make_empty_tensor_value_info("y")],
        [numpy_helper.from_array(np.float32(value), name) for name, value in weights.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path = tmp_path / "n.onnx"
    path.write_bytes(model.SerializeToString())
    network = load_network(path)
    assert [layer.name for layer in network.mapped] == ["layer/input", "layer/state"]
    assert network.macs == 7 * directions * gates * 6 * (10 + 6)
    assert f"{operator} (gates) x 1" in network.not_counted[0]
    told = rf"{operator} x 1 \(layer, 100.0% of the MACs\): a state from step to step"
    with pytest.raises(EstimateError, match=told):
        QuantizedNetwork(path).run(np.zeros((7, 1, 10), np.float32))
