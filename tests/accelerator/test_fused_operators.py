"""Operators that onnxruntime fuses: costed and run as the plain ones that they were made of."""

import numpy as np
import onnx
import pytest
import quantized_models
from onnx import TensorProto, helper

from accelerator import estimate
from accelerator.errors import EstimateError
from accelerator.inference import QuantizedNetwork
from accelerator.networks import load_network

onnxruntime = pytest.importorskip("onnxruntime")
FUSED = "com.microsoft"


def saved(path, build, shape, y):
    build.save(path, shape, y, None)
    model = onnx.load(path)
    model.opset_import.append(helper.make_opsetid(FUSED, 1))
    onnx.save(model, path)
    return path


def assert_equal(path, images, within=0.0):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    (wanted,) = session.run(None, {"x": images})
    (found,) = QuantizedNetwork(path).run(images).outputs.values()
    np.testing.assert_allclose(found, wanted, rtol=0, atol=within * np.abs(wanted).max())


def weights(build, *shape):
    return build.node("DequantizeLinear", build.codes(*shape), build.constant(2.0**-7))


@pytest.mark.parametrize(
    ("activation", "parameters"),
    [("Relu", []), ("LeakyRelu", [0.25]), ("Clip", [-0.5, 0.75]), ("Sigmoid", []), ("Tanh", []),
     ("HardSigmoid", [0.25, 0.5])],
)  # fmt: skip
@pytest.mark.parametrize("more", [False, True])
def test_fused_convolutions_equal_onnxruntime(tmp_path, activation, parameters, more):
    build = quantized_models.Builder(3)
    x = build.qdq("x", 2.0**-4, 100)
    inputs = [x, weights(build, 4, 3, 3, 3), build.weights(4)]
    if more:
        inputs.append(build.constant(build.dyadic(1, 4, 6, 6)))
    attributes = {"activation_params": parameters} if parameters else {}
    y = build.node(
        "FusedConv", *inputs, domain=FUSED, activation=activation, pads=[1, 1, 1, 1],
        kernel_shape=[3, 3], **attributes,
    )  # fmt: skip
    path = saved(tmp_path / "n.onnx", build, [1, 3, 6, 6], y)
    smooth = activation in ("Sigmoid", "Tanh", "HardSigmoid")
    images = build.random.standard_normal((1, 3, 6, 6)).astype(np.float32)
    assert_equal(path, images, 1e-6 if smooth else 0.0)
    assert [one.macs for one in load_network(path).mapped] == [36 * 4 * 27]
    report = estimate(path, samples=0)
    assert {(one.weight_bits, one.activation_bits) for one in report.layers if one.macs} == {(8, 8)}


@pytest.mark.parametrize("turned", [{}, {"transB": 1}])
@pytest.mark.parametrize("alpha", [1.0, 0.25])
def test_fused_products_equal_onnxruntime(tmp_path, turned, alpha):
    build = quantized_models.Builder(4)
    x = build.qdq("x", 2.0**-4, 100)
    held = weights(build, *((5, 8) if turned else (8, 5)))
    y = build.node("FusedMatMul", x, held, domain=FUSED, alpha=alpha, **turned)
    path = saved(tmp_path / "n.onnx", build, [1, 3, 8], y)
    assert_equal(path, build.random.standard_normal((1, 3, 8)).astype(np.float32))
    assert [one.macs for one in load_network(path).mapped] == [3 * 8 * 5]


def test_a_fused_product_with_activation_equals_onnxruntime(tmp_path):
    build = quantized_models.Builder(5)
    x = build.qdq("x", 2.0**-4, 100)
    y = build.node(
        "FusedGemm", x, weights(build, 5, 8), build.weights(5), domain=FUSED, transB=1,
        activation="LeakyRelu", activation_alpha=0.125,
    )  # fmt: skip
    path = saved(tmp_path / "n.onnx", build, ["N", 8], y)
    assert_equal(path, build.random.standard_normal((3, 8)).astype(np.float32))


@pytest.mark.parametrize("operator", ["BiasGelu", "FastGelu", "Gelu", "QuickGelu"])
def test_fused_activations_equal_onnxruntime(tmp_path, operator):
    build = quantized_models.Builder(6)
    y = build.node("MatMul", build.qdq("x", 2.0**-4, 100), weights(build, 8, 5))
    more = [build.weights(5)] if operator in ("BiasGelu", "FastGelu") else []
    path = saved(tmp_path / "n.onnx", build, ["N", 8], build.node(operator, y, *more, domain=FUSED))
    assert_equal(path, build.random.standard_normal((3, 8)).astype(np.float32), 1e-6)


def attention(path, operator, tokens=6, size=16, **attributes):
    """Three products, an operator of attention on what they give, a fourth product."""
    build = quantized_models.Builder(7)
    x = build.qdq("x", 2.0**-4, 128)
    parts = [build.node("MatMul", x, weights(build, size, size)) for _ in range(3)]
    if operator == "GroupQueryAttention":
        empty = build.constant(np.zeros((1, 2, 0, 8)))
        parts += [empty, empty, build.constant([tokens - 1], np.int32),
                  build.constant(tokens, np.int32)]  # fmt: skip
    y = build.node(operator, *parts, domain=FUSED, **attributes)
    y = build.qdq(y, 2.0**-4, 128)
    y = build.node("MatMul", y, weights(build, size, 5))
    return saved(path, build, [1, tokens, size], y)


@pytest.mark.parametrize(
    ("operator", "attributes"),
    [("MultiHeadAttention", {"num_heads": 2}),
     ("GroupQueryAttention", {"num_heads": 2, "kv_num_heads": 2})],
)  # fmt: skip
def test_attention_without_weights_is_named_and_not_refused(tmp_path, operator, attributes):
    path = attention(tmp_path / "n.onnx", operator, **attributes)
    network = load_network(path)
    assert [one.macs for one in network.mapped] == [6 * 16 * 16] * 3 + [6 * 16 * 5]
    # Six queries with six keys, and six values by their weights, sixteen wide.
    assert [(one.operator, one.macs) for one in network.products] == [(operator, 2 * 6 * 6 * 16)]
    with pytest.raises(EstimateError, match=f"{FUSED}.{operator}"):
        QuantizedNetwork(path).run(np.zeros((1, 6, 16), np.float32))


def test_a_table_of_positions_is_no_weight(tmp_path):
    build = quantized_models.Builder(8)
    y = build.node("MatMul", build.qdq("x", 2.0**-4, 128), weights(build, 16, 16))
    positions = build.constant(np.arange(6)[None], np.int64)
    tables = [build.constant(build.dyadic(10, 4)) for _ in range(2)]
    y = build.node("RotaryEmbedding", y, positions, *tables, domain=FUSED, num_heads=2)
    y = build.node("MatMul", build.qdq(y, 2.0**-4, 128), weights(build, 16, 5))
    path = saved(tmp_path / "n.onnx", build, [1, 6, 16], y)
    network = load_network(path)
    assert [one.macs for one in network.mapped] == [6 * 16 * 16, 6 * 16 * 5]
    assert "RotaryEmbedding x 1" in " ".join(network.not_counted)


def test_a_recurrent_layer_of_quantize_dynamic_is_costed(tmp_path):
    from onnxruntime import quantization

    random = np.random.default_rng(1)
    made = [
        helper.make_node("LSTM", ["x", "w", "r"], ["", "h"], "l", hidden_size=8),
        helper.make_node("Squeeze", ["h", "axes"], ["s"], "s"),
        helper.make_node("MatMul", ["s", "v"], ["y"], "m"),
    ]
    held = {"w": random.standard_normal((1, 32, 6)), "r": random.standard_normal((1, 32, 8)),
            "v": random.standard_normal((8, 3))}  # fmt: skip
    tensors = [onnx.numpy_helper.from_array(v.astype(np.float32), k) for k, v in held.items()]
    tensors.append(onnx.numpy_helper.from_array(np.array([0]), "axes"))
    graph = helper.make_graph(
        made, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [5, "N", 6])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 3])], tensors,
    )  # fmt: skip
    plain = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(plain, tmp_path / "plain.onnx")
    quantization.quantize_dynamic(tmp_path / "plain.onnx", tmp_path / "q.onnx")
    found = load_network(tmp_path / "q.onnx", batch_axis=1)
    assert "DynamicQuantizeLSTM" in {n.op_type for n in onnx.load(tmp_path / "q.onnx").graph.node}
    first, second, last = found.mapped
    assert [first.macs, second.macs, last.macs] == [5 * 6 * 32, 5 * 8 * 32, 24]
    widths = [(one.quantized.weight_bits, one.quantized.activation_bits) for one in found.mapped]
    assert widths == [(8, 8), (8, 8), (8, 8)]
    assert "DynamicQuantizeLSTM (gates) x 1" in " ".join(found.not_counted)


def test_a_language_model_of_onnxruntime_is_costed(tmp_path):
    """Words, norms that onnx does not list, products in blocks, grouped queries, a residual sum."""
    build = quantized_models.Builder(9)

    def product(x, inner, outer):
        packed = build.random.integers(0, 256, (outer, inner // 16, 8)).astype(np.uint8)
        scales = build.constant(build.powers(outer * inner // 16))
        return build.node(
            "MatMulNBits", x, build.constant(packed, np.uint8), scales, domain=FUSED, K=inner,
            N=outer, bits=4, block_size=16,
        )  # fmt: skip

    gain = build.constant(np.ones(32))
    words = build.node("Gather", build.constant(build.dyadic(50, 32)), "x", axis=0)
    normed = build.node("SimplifiedLayerNormalization", words, gain, axis=-1, epsilon=1e-5)
    parts = [product(normed, 32, size) for size in (32, 16, 16)]
    empty = build.constant(np.zeros((1, 2, 0, 8)))
    lengths = build.constant([5], np.int32), build.constant(6, np.int32)
    y = build.node(
        "GroupQueryAttention", *parts, empty, empty, *lengths, domain=FUSED, num_heads=4,
        kv_num_heads=2,
    )  # fmt: skip
    build.nodes.append(
        helper.make_node(
            "SkipSimplifiedLayerNormalization", [words, product(y, 32, 32), gain],
            ["normed", "", "", "sum"], "skip", domain=FUSED,
        )
    )  # fmt: skip
    y = product(build.node("QuickGelu", product("normed", 32, 64), domain=FUSED), 64, 32)
    y = product(build.node("Add", "sum", y), 32, 50)
    build.save(tmp_path / "n.onnx", [1, 6], y, [1, 6, 50], source_kind=TensorProto.INT64)
    model = onnx.load(tmp_path / "n.onnx")
    model.opset_import.append(helper.make_opsetid(FUSED, 1))
    onnx.save(model, tmp_path / "n.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "n.onnx")
    assert session.run(None, {"x": np.zeros((1, 6), np.int64)})[0].shape == (1, 6, 50)
    mapped = load_network(tmp_path / "n.onnx").mapped
    sizes = (32 * 32, 32 * 16, 32 * 16, 32 * 32, 32 * 64, 64 * 32, 32 * 50)
    assert [one.macs for one in mapped] == [6 * size for size in sizes]
    assert {one.quantized.weight_bits for one in mapped} == {4}
    assert {one.quantized.activation_bits for one in mapped} == {None}


def run_zeros(path):
    QuantizedNetwork(path).run(np.zeros((2, 4), np.float32))


@pytest.mark.parametrize(
    "inputs", [[], [""], ["x"], ["x", ""], ["", "x"], ["x", "x", "x", "x", "x"]]
)
@pytest.mark.parametrize("outputs", [[], [""], ["y"]])
def test_broken_fused_nodes_are_told_of(tmp_path, inputs, outputs):
    kinds = ["FusedConv", "FusedGemm", "FusedMatMul", "BiasGelu", "FastGelu", "QuickGelu", "Gelu",
             "MultiHeadAttention", "RotaryEmbedding", "SkipLayerNormalization",
             "DynamicQuantizeLSTM", "MatMulNBits"]  # fmt: skip
    told = []
    for operator in kinds:
        node = helper.make_node(operator, inputs, outputs, domain=FUSED, activation=3)
        held = onnx.numpy_helper.from_array(np.ones((4, 4), np.float32), "w")
        nodes = [node, helper.make_node("MatMul", ["x", "w"], ["z"])]
        graph = helper.make_graph(
            nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 4])],
            [helper.make_tensor_value_info("z", TensorProto.FLOAT, [2, 4])], [held],
        )  # fmt: skip
        imports = [helper.make_opsetid("", 17), helper.make_opsetid(FUSED, 1)]
        onnx.save(
            helper.make_model(graph, opset_imports=imports, ir_version=8), tmp_path / "n.onnx"
        )
        for use in (load_network, run_zeros):
            try:
                use(tmp_path / "n.onnx")
            except EstimateError as error:
                told.append(str(error))
    assert not any("\n" in one for one in told)
