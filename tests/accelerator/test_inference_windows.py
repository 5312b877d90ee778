"""Pools of the digital unit: the values of onnxruntime's."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from accelerator.inference.windows import greatest, means, windows_of

onnxruntime = pytest.importorskip("onnxruntime")


def by_onnxruntime(node, source):
    graph = helper.make_graph(
        [node], "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, source.shape)],
        [helper.make_empty_tensor_value_info("y")],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(None, {"x": source})[0]


@settings(max_examples=80, deadline=None)
@given(
    operator=st.sampled_from(["MaxPool", "AveragePool"]), seed=st.integers(0, 10**6),
    rank=st.integers(1, 3), ceil=st.integers(0, 1), include=st.integers(0, 1),
    automatic=st.sampled_from(["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"]),
)  # fmt: skip
def test_windows_see_what_onnxruntime_s_see(operator, seed, rank, ceil, include, automatic):
    random = np.random.default_rng(seed)
    size, kernel, stride, dilation = (
        tuple(int(one) for one in random.integers(low, high, rank))
        for low, high in ((5, 10), (1, 4), (1, 4), (1, 3))
    )
    # Where strides leave values out, onnxruntime refuses automatic padding.
    stride = tuple(min(pair) for pair in zip(stride, kernel, strict=True))
    if operator == "AveragePool":
        ceil = 0
    attributes = {"kernel_shape": kernel, "strides": stride}
    if automatic == "NOTSET":
        attributes |= {"dilations": dilation, "ceil_mode": ceil}
        attributes["pads"] = [int(random.integers(0, width)) for width in (*kernel, *kernel)]
    else:
        attributes["auto_pad"] = automatic
    if operator == "AveragePool":
        attributes["count_include_pad"] = include
    node = helper.make_node(operator, ["x"], ["y"], **attributes)
    source = random.integers(-64, 64, (2, 3, *size)).astype(np.float32)
    windows = windows_of(node, size)
    assume(windows is not None)
    wanted = by_onnxruntime(node, source)
    if operator == "MaxPool":
        found = greatest(source, windows)
    else:
        found = means(source, windows, with_padding=bool(include))
    np.testing.assert_allclose(found, wanted, rtol=3e-7)
