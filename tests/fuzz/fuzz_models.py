"""Mutations of ONNX models and of arrays' files, which know their structure."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from fuzz_values import ESCAPES, changed_bytes
from onnx import TensorProto, helper, numpy_helper

_NUMBERS = (0, -1, 1, 2, 3, 5, 255, -(2**31), 2**31, 2**40, 2**62, -(2**63))
_OPERATORS = (
    "Conv", "Gemm", "MatMul", "Relu", "MaxPool", "AveragePool", "Reshape", "Concat", "Split",
    "ConstantOfShape", "Tile", "Expand", "Range", "Loop", "If", "Pad", "Resize", "Softmax",
    "DequantizeLinear", "QuantizeLinear", "QLinearConv", "LRN", "OneHot", "TopK", "Einsum", "LSTM",
    "Transpose", "Squeeze", "Unsqueeze", "Slice", "Gather", "Cast", "DepthToSpace", "NoSuch",
    "GlobalAveragePool", "ReduceMean", "Clip", "BatchNormalization", "Identity", "Constant",
)  # fmt: skip


def changed_model(image: bytes, draw: random.Random) -> bytes:
    """A model with one to three parts changed; now and then its bytes instead."""
    if draw.random() < 0.15:
        return changed_bytes(image, draw)
    model = onnx.load_model_from_string(image)
    for _ in range(draw.choice((1, 1, 2, 3))):
        draw.choice(_CHANGES)(model, draw)
    return bytes(model.SerializeToString())


def _node(model: Any, draw: random.Random) -> Any:
    return draw.choice(model.graph.node)


def _tensor(model: Any, draw: random.Random) -> Any:
    found = list(model.graph.initializer)
    found += [
        entry.t for node in model.graph.node for entry in node.attribute if entry.HasField("t")
    ]
    return draw.choice(found or [model.graph.initializer.add()])


def _names(model: Any) -> list[str]:
    graph = model.graph
    made = [name for node in graph.node for name in node.output]
    return [*made, *(e.name for e in graph.initializer), *(e.name for e in graph.input), "", "none"]


def _rename(model: Any, draw: random.Random) -> None:
    node = _node(model, draw)
    names = draw.choice((node.input, node.output))
    if names:
        names[draw.randrange(len(names))] = draw.choice(_names(model))


def _call(model: Any, draw: random.Random) -> None:
    node = _node(model, draw)
    node.name = draw.choice((ESCAPES, "x" * 3000, "", "same", _node(model, draw).name, "a\nb"))


def _inputs(model: Any, draw: random.Random) -> None:
    node = _node(model, draw)
    if node.input and draw.random() < 0.6:
        del node.input[draw.randrange(len(node.input))]
    else:
        node.input.append(draw.choice(_names(model)))


def _outputs(model: Any, draw: random.Random) -> None:
    node = _node(model, draw)
    if draw.random() < 0.5:
        del node.output[:]
    else:
        node.output.append(draw.choice(["more", *_names(model)]))


def _operator(model: Any, draw: random.Random) -> None:
    node = _node(model, draw)
    node.op_type = draw.choice(_OPERATORS)
    if draw.random() < 0.3:
        node.domain = draw.choice(("", "com.microsoft", "qonnx.custom_op.general", ESCAPES))


def _attribute(model: Any, draw: random.Random) -> None:
    node = _node(model, draw)
    names = ["axis", "strides", "pads", "dilations", "group", "kernel_shape", "transB", "alpha",
             "block_size", "signed", "rounding_mode", "perm", "to", "ceil_mode",
             "auto_pad"]  # fmt: skip
    name = draw.choice([entry.name for entry in node.attribute] or names)
    if draw.random() < 0.3:
        name = draw.choice(names)
    kept = [entry for entry in node.attribute if entry.name != name or draw.random() < 0.1]
    value = draw.choice(
        (draw.choice(_NUMBERS), [draw.choice(_NUMBERS) for _ in range(draw.randrange(1, 5))],
         [draw.choice((0, 1, 2, 3))] * draw.choice((1, 2, 4)), 1.5, [0.5], "SAME_UPPER", ESCAPES,
         ["a"], helper.make_tensor("t", TensorProto.INT64, [2], [1, 1]), model.graph)
    )  # fmt: skip
    del node.attribute[:]
    node.attribute.extend(kept)
    if draw.random() < 0.8:
        node.attribute.append(helper.make_attribute(name, value))
        if draw.random() < 0.15:
            node.attribute[-1].type = draw.randrange(15)


def _remove(model: Any, draw: random.Random) -> None:
    part = draw.choice(
        (model.graph.node, model.graph.initializer, model.graph.output, model.graph.input,
         model.graph.value_info, model.opset_import)
    )  # fmt: skip
    if part:
        del part[draw.randrange(len(part))]


def _double(model: Any, draw: random.Random) -> None:
    part = draw.choice((model.graph.node, model.graph.initializer, model.graph.output,
                        model.graph.input, model.opset_import))  # fmt: skip
    if part:
        part.add().CopyFrom(draw.choice(part))


def _swap(model: Any, draw: random.Random) -> None:
    part = draw.choice((model.graph.node, model.graph.initializer))
    if len(part) > 1:
        one, two = draw.sample(range(len(part)), 2)
        first = type(part[one])()
        first.CopyFrom(part[one])
        part[one].CopyFrom(part[two])
        part[two].CopyFrom(first)


def _dims(model: Any, draw: random.Random) -> None:
    tensor = _tensor(model, draw)
    if tensor.dims and draw.random() < 0.7:
        tensor.dims[draw.randrange(len(tensor.dims))] = draw.choice(_NUMBERS)
    else:
        tensor.dims.append(draw.choice(_NUMBERS))


def _data(model: Any, draw: random.Random) -> None:
    tensor = _tensor(model, draw)
    what = draw.randrange(4)
    if what == 0:
        tensor.data_type = draw.randrange(26)
    elif what == 1 and tensor.raw_data:
        tensor.raw_data = tensor.raw_data[: draw.randrange(len(tensor.raw_data))]
    elif what == 2:
        tensor.float_data.extend([1.0, float("nan")])
    else:
        _values(tensor, draw)


def _values(tensor: Any, draw: random.Random) -> None:
    try:
        values = numpy_helper.to_array(tensor).copy()
    except Exception:
        return
    if values.size and values.dtype.kind in "fiu":
        odd = draw.choice((0, 1, 3, 100, -1, 1e30, float("nan"), float("inf"), 65536, 2**40))
        place = slice(None) if draw.random() < 0.5 else draw.randrange(values.size)
        with np.errstate(all="ignore"):
            values.reshape(-1)[place] = np.asarray(odd).astype(values.dtype)
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))


def _shape(model: Any, draw: random.Random) -> None:
    graph = model.graph
    entry = draw.choice([*graph.input, *graph.output, *graph.value_info])
    dims = entry.type.tensor_type.shape.dim
    what = draw.randrange(5)
    if what == 0:
        entry.type.tensor_type.elem_type = draw.randrange(26)
    elif what == 1:
        entry.ClearField("type")
    elif what == 2 or not dims:
        dims.add().dim_value = draw.choice(_NUMBERS)
    elif what == 3:
        dims[draw.randrange(len(dims))].dim_param = draw.choice(("N", ESCAPES))
    else:
        dims[draw.randrange(len(dims))].dim_value = draw.choice(_NUMBERS)


def _versions(model: Any, draw: random.Random) -> None:
    model.opset_import[0].version = draw.choice((0, 1, 5, 9, 11, 13, 18, 23, 99, 2**40, -1))


def _names_of_bytes(model: Any, draw: random.Random) -> None:
    tensor = _tensor(model, draw)
    old = tensor.name
    new = draw.choice((ESCAPES, "y" * 5000))
    tensor.name = new
    for node in model.graph.node:
        for index, name in enumerate(node.input):
            if name == old:
                node.input[index] = new


_CHANGES: tuple[Callable[[Any, random.Random], None], ...] = (
    _rename, _rename, _call, _inputs, _outputs, _operator, _operator, _attribute, _attribute,
    _attribute, _remove, _double, _swap, _dims, _data, _data, _shape, _shape, _versions,
    _names_of_bytes,
)  # fmt: skip


def changed_array(image: bytes, draw: random.Random) -> bytes:
    """The file of an array with another header, other values or other bytes."""
    what = draw.randrange(4)
    if what == 0:
        return changed_bytes(image, draw)
    values = np.load(io.BytesIO(image))
    if what == 1:
        kind = draw.choice(("f2", "f8", "i1", "u2", "i8", "c8", "O", "U3", "S4", "?", "M8[s]"))
        shape = draw.choice(
            (values.shape, values.shape[1:], (0, *values.shape[1:]), (-1,), (2**40, 2**30), (),
             values.shape[::-1], (3, *values.shape), (2**62, 4))
        )  # fmt: skip
        header = repr({"descr": kind, "fortran_order": draw.random() < 0.5, "shape": shape})
        header = draw.choice((header, header[:-3], "(" * 900, "{" + header, header * 3, ""))
        body = header.encode() + b"\n"
        head = b"\x93NUMPY" + bytes((draw.choice((1, 2, 3, 9)), 0))
        return head + len(body).to_bytes(2, "little") + body + values.tobytes()
    if what == 2:
        values = values.astype(np.float32)
        values.reshape(-1)[draw.randrange(values.size)] = draw.choice(
            (float("nan"), float("inf"), 1e30, -1e30, 0.3)
        )
    else:
        kind = draw.choice((np.float16, np.float64, np.uint8, np.int64, np.bool_, np.complex64))
        with np.errstate(all="ignore"):
            values = (values * draw.choice((1, 0, 1e5, -3))).astype(kind)
    target = io.BytesIO()
    np.save(target, values)
    return target.getvalue()
