"""Operators of the digital unit in the meaning of each opset: equal to onnxruntime."""

import warnings

import numpy as np
import onnx
import operator_cases
import operator_moves
import pytest
from onnx import TensorProto, helper
from operator_nodes import CASES, build

from accelerator.errors import EstimateError
from accelerator.inference import QuantizedNetwork
from accelerator.inference.own_operators import run_own

onnxruntime = pytest.importorskip("onnxruntime")
assert operator_cases.case is operator_moves.case
NEWEST = 26
"""Of what onnxruntime runs in the version that was tried; what it refuses is left out."""


def opsets(operator):
    """Each opset from 7 on that gives the operator a new version, and the newest one."""
    since = [
        schema.since_version
        for schema in onnx.defs.get_all_schemas_with_history()
        if schema.name == operator and not schema.domain and schema.since_version <= NEWEST
    ]
    return sorted({max(version, 7) for version in since} | {NEWEST}) if since else []


def outputs(path, made):
    """Ours, and onnxruntime's without the changes that it makes to a graph; None if it refuses."""
    path.write_bytes(made.model.SerializeToString())
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        wanted = session.run(None, {"x": made.source})
    except Exception:
        return None
    with warnings.catch_warnings():
        # Logarithms and roots of negative numbers are no numbers here and there.
        warnings.simplefilter("ignore", RuntimeWarning)
        found = QuantizedNetwork(path).run(made.source).outputs.values()
    return list(found), wanted


def check(found, wanted, where, beside=1e-6):
    assert len(found) == len(wanted), where
    for one, other in zip(found, wanted, strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype), where
        if other.dtype.kind == "f":
            largest = np.abs(other[np.isfinite(other)]).max(initial=1)
            np.testing.assert_allclose(one, other, 0, beside * largest, err_msg=where)
        else:
            np.testing.assert_array_equal(one, other, where)


def compare(path, name, seeds, *, codes=False):
    """How many graphs were run."""
    case, ran = CASES[name], 0
    for opset in opsets(case.operator):
        for seed in seeds:
            made = build(case, opset, seed, codes=codes)
            if made is None or (codes and (opset < 10 or "smooth" in name)):
                continue
            both = outputs(path, made)
            if both is not None:
                ran += 1
                # The antialiased weights of onnxruntime are in single precision.
                check(*both, f"{name} of opset {opset}", 4e-6 if "smooth" in name else 1e-6)
    return ran


@pytest.mark.parametrize("name", CASES)
def test_operators_mean_what_their_opset_says(tmp_path, name):
    assert compare(tmp_path / "n.onnx", name, [0]) or name in REFUSED_BY_ONNXRUNTIME


REFUSED_BY_ONNXRUNTIME = {"Swish", "Swish with attributes"}
MOVES = [
    "Concat",
    "Reshape",
    "Transpose",
    "Flatten",
    "Squeeze",
    "Unsqueeze",
    "Slice",
    "Split",
    "Gather",
    "GatherElements",
    "GatherND",
    "Expand",
    "Tile",
    "DepthToSpace",
    "SpaceToDepth",
    "Pad",
    "MaxPool",
    "Resize",
    "Upsample",
    "Clip",
    "Relu",
    "Identity",
    "Dropout",
]


@pytest.mark.parametrize("name", [n for n, case in CASES.items() if case.operator in MOVES])
def test_operators_on_codes_are_equal_to_the_last_bit(tmp_path, name):
    compare(tmp_path / "n.onnx", name, [0], codes=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_operators_mean_what_their_opset_says_for_more_graphs(tmp_path, name):
    compare(tmp_path / "n.onnx", name, range(1, 6))
    compare(tmp_path / "n.onnx", name, range(1, 6), codes=CASES[name].operator in MOVES)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_local_response_is_as_defined(size):
    """onnxruntime takes odd sizes only; a plain loop over the definition takes all."""
    values = np.random.default_rng(size).standard_normal((2, 6, 3, 3))
    node = helper.make_node("LRN", ["x"], ["y"], size=size, alpha=0.3, beta=0.6, bias=1.5)
    (found,) = run_own(node, [values], 13)
    for place in np.ndindex(*values.shape):
        image, channel, row, column = place
        first = max(0, channel - (size - 1) // 2)
        last = min(5, channel + -(-(size - 1) // 2))
        total = sum(values[image, c, row, column] ** 2 for c in range(first, last + 1))
        wanted = values[place] / (1.5 + 0.3 / size * total) ** 0.6
        assert found[place] == pytest.approx(wanted, rel=1e-6)


def model_of(nodes, initializers, opset, domains=(), shape=(1, 1, 4, 4), output="y"):
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_empty_tensor_value_info(output)],
        [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in initializers],
    )  # fmt: skip
    imports = [helper.make_opsetid("", opset), *(helper.make_opsetid(one, 1) for one in domains)]
    return helper.make_model(graph, opset_imports=imports, ir_version=6)


@pytest.mark.parametrize("imported", [True, False])
def test_quantizers_of_a_domain_that_is_not_imported_run(tmp_path, imported):
    """Files of Brevitas before 2022: opset 9, axes as attributes, no import of the domain."""
    from accelerator.networks import load_network

    random = np.random.default_rng(0)
    weights = random.standard_normal((16, 4)).astype(np.float32)
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Gather", ["s", "first"], ["g"], axis=0),
        helper.make_node("Unsqueeze", ["g"], ["u"], axes=[0]),
        helper.make_node("Concat", ["u", "rest"], ["c"], axis=0),
        helper.make_node("Reshape", ["x", "c"], ["r"]),
        helper.make_node("BipolarQuant", ["r", "one"], ["a"], domain="onnx.brevitas"),
        helper.make_node("BipolarQuant", ["w", "one"], ["b"], domain="onnx.brevitas"),
        helper.make_node("MatMul", ["a", "b"], ["y"]),
    ]
    constants = [
        ("first", np.int64(0)), ("rest", np.array([-1])), ("w", weights), ("one", np.float32(1)),
    ]  # fmt: skip
    model = model_of(nodes, constants, 9, ["onnx.brevitas"] if imported else [])
    path = tmp_path / "n.onnx"
    path.write_bytes(model.SerializeToString())
    image = random.standard_normal((1, 1, 4, 4)).astype(np.float32)
    (found,) = QuantizedNetwork(path).run(image).outputs.values()
    signs = np.where(image.reshape(1, 16) >= 0, 1, -1) @ np.where(weights >= 0, 1, -1)
    np.testing.assert_array_equal(found, signs)
    assert [layer.macs for layer in load_network(path).mapped] == [64]


def test_opsets_before_broadcasting_are_refused(tmp_path):
    nodes = [helper.make_node("Add", ["x", "a"], ["y"], broadcast=1, axis=1)]
    path = tmp_path / "n.onnx"
    model = model_of(nodes, [("a", np.ones(1, np.float32))], 6)
    path.write_bytes(model.SerializeToString())
    with pytest.raises(EstimateError, match="opset 6; those from 7 on are run"):
        QuantizedNetwork(path)


def test_a_scale_that_fits_no_axis_is_told(tmp_path):
    codes = np.ones((8, 3, 3, 3), np.int8)
    scales, zeros = np.full(8, 0.5, np.float32), np.zeros(8, np.int8)
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "one", "zero"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "one", "zero"], ["d"]),
        helper.make_node("DequantizeLinear", ["w", "s", "z"], ["k"], name="weights"),
        helper.make_node("Conv", ["d", "k"], ["y"]),
    ]
    constants = [
        ("one", np.float32(0.5)), ("zero", np.uint8(0)), ("w", codes), ("s", scales), ("z", zeros),
    ]  # fmt: skip
    path = tmp_path / "n.onnx"
    path.write_bytes(model_of(nodes, constants, 13, shape=(1, 3, 8, 8)).SerializeToString())
    with pytest.raises(EstimateError, match=r"8 scales along axis 1, which has 3; .*one scale"):
        QuantizedNetwork(path)
