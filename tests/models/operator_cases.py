"""Small random graphs of single operators at any opset, for tests against onnxruntime.

A case fills in a node: its inputs behind the first (which is "d"), attributes and the shape of
the data, drawn at random where several make sense. Where the operator was another one before an
opset, the case says it as that opset has it; it gives None for opsets that lack it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT64, BOOL = np.float32, np.int64, np.bool_
NEW_IR = {7: 3, 8: 3, 9: 4, 10: 5, 11: 6, 12: 7, 13: 7, 14: 7, 15: 8, 16: 8, 17: 8, 18: 8, 19: 9, 20: 9}


@dataclass
class Made:
    """A model and an input for it."""

    model: Any
    source: Any


class Node:
    """What a case says of its node: inputs behind the first, attributes, the input's shape."""

    def __init__(self, opset, seed):
        self.opset, self.random = opset, np.random.default_rng(seed)
        self.inputs, self.initializers, self.attributes = ["d"], [], {}
        self.shape, self.outputs, self.cast = (2, 4, 5, 6), 1, None

    def add(self, value, kind=FLOAT):
        """A constant input."""
        name = f"c{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.asarray(value, kind), name))
        self.inputs.append(name)
        return self

    def skip(self):
        """An input left out."""
        self.inputs.append("")
        return self

    def set(self, **attributes):
        self.attributes |= attributes
        return self

    def of(self, *shape):
        """The shape of the data."""
        self.shape = shape
        return self

    def normal(self, *shape):
        return self.random.standard_normal(shape)

    def pick(self, *choices):
        return choices[self.random.integers(len(choices))]

    def moved(self, name, value, since, kind=INT64):
        """What was an attribute before an opset and is an input from it on."""
        if self.opset < since:
            return self.set(**{name: value})
        return self.add(value, kind)


@dataclass(frozen=True)
class Case:
    operator: str
    fill: Callable[[Node], Any] = field(default=lambda node: node)


CASES: dict[str, Case] = {}


def case(name, fill=lambda node: node, operator=None):
    CASES[name] = Case(operator or name, fill)


def build(one, opset, seed, *, codes=False):
    """The model of a case behind a quantizer; None where the opset does not have it.

    With `codes` the operator takes the quantizer's codes and not what they stand for.
    """
    node = Node(opset, seed)
    if one.fill(node) is None:
        return None
    source = np.clip(node.normal(*node.shape) * 40, -128, 127)
    nodes = []
    if opset >= 10:
        node.initializers += [
            numpy_helper.from_array(np.float32(2.0**-4), "scale"),
            numpy_helper.from_array(np.int8(0), "zero"),
        ]
        quantized = "d" if codes else "q"
        nodes += [helper.make_node("QuantizeLinear", ["x", "scale", "zero"], [quantized])]
        if not codes:
            nodes += [helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["d"])]
        source = source / 16
    else:
        source = np.rint(source) / 16
        nodes += [helper.make_node("Identity", ["x"], ["d"])]
    if node.cast is not None:
        nodes += [helper.make_node("Cast", ["d"], ["e"], to=node.cast)]
        node.inputs = ["e" if name == "d" else name for name in node.inputs]
    names = [f"y{place}" for place in range(node.outputs)]
    nodes += [helper.make_node(one.operator, node.inputs, names, **node.attributes)]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, list(node.shape))],
        [helper.make_empty_tensor_value_info(name) for name in names if name], node.initializers,
    )  # fmt: skip
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=NEW_IR.get(opset, 10)
    )
    return Made(model, source.astype(np.float32))


for name in ("Abs Atan Asinh Ceil Cos Elu Celu Erf Exp Floor Gelu HardSigmoid HardSwish Identity "
             "LeakyRelu Mish Neg Reciprocal Relu Round Selu Shrink Sigmoid Sign Sin Softplus "
             "Softsign Swish Tan Tanh ThresholdedRelu IsNaN Size Shape NonZero GlobalAveragePool "
             "GlobalMaxPool GlobalLpPool Flatten Transpose Softmax LogSoftmax Hardmax "
             "MeanVarianceNormalization LpNormalization Dropout").split():  # fmt: skip
    case(name)
for name, attributes in {
    "Elu": {"alpha": 0.7}, "Celu": {"alpha": 0.7}, "HardSigmoid": {"alpha": 0.3, "beta": 0.4},
    "LeakyRelu": {"alpha": 0.2}, "Selu": {"alpha": 1.5, "gamma": 1.1}, "Swish": {"alpha": 1.3},
    "Shrink": {"lambd": 0.9, "bias": 0.3}, "ThresholdedRelu": {"alpha": 0.6},
    "Gelu": {"approximate": "tanh"}, "Transpose": {"perm": [2, 0, 3, 1]},
    "GlobalLpPool": {"p": 3}, "LpNormalization": {"axis": 1, "p": 1},
}.items():  # fmt: skip
    case(f"{name} with attributes", lambda n, a=attributes: n.set(**a), name)
for axis in (0, 1, 2, 3, -1, -2):
    for name in ("Softmax", "LogSoftmax", "Hardmax", "Flatten"):
        case(
            f"{name} along {axis}",
            lambda n, a=axis: n.set(axis=a) if a >= 0 or n.opset >= 11 else None, name,
        )  # fmt: skip
for name in ("Acos", "Asin", "Atanh"):
    case(name, lambda n: (n.inputs.__setitem__(0, "d"), n)[1])
for name in ("Log", "Sqrt", "Acosh", "Cosh", "Sinh"):
    case(name)
for name in ("Add", "Sub", "Mul", "Div"):
    for shape in ((4, 1, 1), (6,), (2, 4, 5, 6), ()):
        case(f"{name} {shape}", lambda n, s=shape: n.add(n.normal(*s) + 3), name)
case("Pow", lambda n: n.add(2.0))
case("Pow of whole numbers", lambda n: n.add([2] * 6, INT64) if n.opset >= 12 else None, "Pow")
case("PRelu", lambda n: n.add(np.abs(n.normal(4, 1, 1))))
for name in ("Max", "Min", "Mean", "Sum"):
    case(name, lambda n: n.add(n.normal(4, 1, 1)).add(n.normal(6)) if n.opset >= 8 else None)
    case(f"{name} of one", lambda n: n, name)
for name, since in {"Equal": 11, "Less": 7, "Greater": 7, "LessOrEqual": 12, "GreaterOrEqual": 12}.items():
    case(name, lambda n, s=since: n.add(np.round(n.normal(5, 6) * 16) / 16) if n.opset >= s else None)
case("Mod", lambda n: n.add(0.7).set(fmod=1))
def _whole(n):
    n.cast = TensorProto.INT32
    return n
case("Mod of whole numbers", lambda n: _whole(n).add([3, -3, 5, 2, -7, 1], np.int32), "Mod")
case("Cast", lambda n: n.set(to=TensorProto.INT32))
case("Cast to bytes", lambda n: n.set(to=TensorProto.INT8), "Cast")
case("Div of whole numbers", lambda n: _whole(n).add([3, -3, 5, 2, -7, 1], np.int32), "Div")
for name in ("Not",):
    def _truth(n):
        n.cast = TensorProto.BOOL
        return n
    case(name, _truth)
for name in ("And", "Or", "Xor"):
    case(name, lambda n: _truth(n).add(n.random.integers(0, 2, (5, 6)), BOOL))
case("Where", lambda n: (n.inputs.clear(), n.add(n.random.integers(0, 2, (4, 1, 6)), BOOL), n.inputs.append("d"), n.add(n.normal(6)))[1])
case("Clip", lambda n: n.set(min=-1.0, max=0.5) if n.opset < 11 else n.add(-1.0).add(0.5))
case("Clip above", lambda n: n.set(max=0.5) if n.opset < 11 else n.skip().add(0.5), "Clip")
case("Clip below", lambda n: n.set(min=0.5) if n.opset < 11 else n.add(0.5), "Clip")
case("Clip turned", lambda n: n.set(min=1.0, max=-1.0) if n.opset < 11 else n.add(1.0).add(-1.0), "Clip")
case("Clip of whole numbers", lambda n: _whole(n).add(-3, np.int32).add(2, np.int32) if n.opset >= 12 else None, "Clip")

def _normalized(n):
    return n.add(n.normal(4)).add(n.normal(4)).add(n.normal(4)).add(np.abs(n.normal(4)) + 0.1).set(epsilon=0.01)
case("BatchNormalization", _normalized)
case("BatchNormalization of vectors", lambda n: _normalized(n.of(3, 4)), "BatchNormalization")
case("InstanceNormalization", lambda n: n.add(n.normal(4)).add(n.normal(4)).set(epsilon=0.01))
case("InstanceNormalization 1-D", lambda n: n.of(2, 4, 9).add(n.normal(4)).add(n.normal(4)), "InstanceNormalization")
for axis, shape in ((-1, (6,)), (1, (4, 5, 6)), (2, (5, 6))):
    case(f"LayerNormalization along {axis}", lambda n, a=axis, s=shape: n.add(n.normal(*s)).add(n.normal(*s)).set(axis=a), "LayerNormalization")
    case(f"RMSNormalization along {axis}", lambda n, a=axis, s=shape: n.add(n.normal(*s)).set(axis=a), "RMSNormalization")
case("LayerNormalization without bias", lambda n: n.add(n.normal(6)), "LayerNormalization")
case("GroupNormalization", lambda n: n.add(n.normal(2 if n.opset < 21 else 4)).add(n.normal(2 if n.opset < 21 else 4)).set(num_groups=2))
case("LRN", lambda n: n.of(2, n.pick(3, 4, 7), 5, 6).set(size=n.pick(1, 3, 5)))
case("LRN with attributes", lambda n: n.set(size=3, alpha=0.3, beta=0.6, bias=1.5), "LRN")
case("MeanVarianceNormalization along", lambda n: n.set(axes=[1, 3]), "MeanVarianceNormalization")

def _pool(n, dilated=10, ceil=10, rank=2):
    kernel = [int(n.random.integers(1, 4)) for _ in range(rank)]
    strides = [n.pick(1, 2, 3) for _ in range(rank)]
    n.set(kernel_shape=kernel, strides=strides)
    # Where strides leave gaps, "same" would need less than no padding.
    if all(step <= size for step, size in zip(strides, kernel)) and n.pick(True, False):
        n.set(auto_pad=n.pick("SAME_UPPER", "SAME_LOWER", "VALID"))
    else:
        n.set(pads=[int(n.random.integers(0, k)) for k in kernel * 2])
        if n.opset >= dilated and n.pick(True, False):
            n.set(dilations=[n.pick(1, 2) for _ in range(rank)])
        if n.opset >= ceil:
            n.set(ceil_mode=n.pick(0, 1))
    return n
case("MaxPool", _pool)
case("MaxPool 1-D", lambda n: _pool(n.of(2, 3, 9), rank=1), "MaxPool")
case("MaxPool 3-D", lambda n: _pool(n.of(1, 2, 5, 6, 4), rank=3), "MaxPool")
def _places(n):
    n.outputs = 2
    return n.set(kernel_shape=[2, 2], strides=[2, 2], storage_order=n.pick(0, 0)) if n.opset >= 8 else None
case("MaxPool with places", _places, "MaxPool")
def _mean(n, **more):
    _pool(n, dilated=19, **more)
    return n.set(count_include_pad=n.pick(0, 1))
case("AveragePool", _mean)
case("AveragePool 1-D", lambda n: _mean(n.of(2, 3, 9), rank=1), "AveragePool")
case("LpPool", lambda n: _pool(n, dilated=18, ceil=18).set(p=n.pick(1, 2, 3)))
REDUCED = {"ReduceSum": 13, "ReduceMean": 18, "ReduceMax": 18, "ReduceMin": 18, "ReduceProd": 18,
           "ReduceL1": 18, "ReduceL2": 18, "ReduceLogSum": 18, "ReduceLogSumExp": 18,
           "ReduceSumSquare": 18}  # fmt: skip
for name, since in REDUCED.items():
    case(name)
    for axes in ([1], [2, 3], [0, 2]):
        for kept in (0, 1):
            case(f"{name} over {axes}, {kept}", lambda n, a=axes, k=kept, s=since: n.set(keepdims=k).moved("axes", a, s), name)
    case(f"{name} from the end", lambda n, s=since: n.moved("axes", [-1, 1], s) if n.opset >= 11 else None, name)
    case(f"{name} of nothing", lambda n, s=since: n.add(np.zeros(0), INT64).set(noop_with_empty_axes=n.pick(0, 1)) if n.opset >= s else None, name)
for name in ("ArgMax", "ArgMin"):
    for axis in (0, 1, 3):
        case(f"{name} along {axis}", lambda n, a=axis: n.set(axis=a, keepdims=n.pick(0, 1)), name)
    case(f"{name} last", lambda n: n.set(axis=-1, select_last_index=1) if n.opset >= 12 else None, name)
case("Squeeze", lambda n: n.of(1, 4, 1, 6))
case("Squeeze of axes", lambda n: n.of(1, 4, 1, 1).moved("axes", [0, 2], 13), "Squeeze")
case("Squeeze from the end", lambda n: n.of(1, 4, 1, 1).moved("axes", [-1], 13) if n.opset >= 11 else None, "Squeeze")
case("Unsqueeze", lambda n: n.of(3, 4).moved("axes", [0, 3], 13))
case("Unsqueeze unordered", lambda n: n.of(3, 4).moved("axes", [3, 0], 13), "Unsqueeze")
case("Unsqueeze from the end", lambda n: n.of(3, 4).moved("axes", [-1, 1], 13) if n.opset >= 11 else None, "Unsqueeze")
case("Reshape", lambda n: n.add([0, -1, 15], INT64))
case("Reshape of nothing", lambda n: n.add([2, 3, -1], INT64).set(allowzero=1) if n.opset >= 14 else None, "Reshape")
case("Concat", lambda n: n.add(n.normal(2, 3, 5, 6)).set(axis=1))
case("Concat from the end", lambda n: n.add(n.normal(2, 4, 5, 2)).set(axis=-1) if n.opset >= 11 else None, "Concat")
def _split(n):
    n.outputs = 2
    return n.set(axis=1).moved("split", [1, 3], 13)
case("Split", _split)
def _even(n):
    n.outputs = 2
    return n.set(axis=3, **({"num_outputs": 2} if n.opset >= 18 else {}))
case("Split evenly", _even, "Split")
def _uneven(n):
    n.outputs = 3
    return n.set(axis=1, num_outputs=3) if n.opset >= 18 else None
case("Split unevenly", _uneven, "Split")
def _slice(n, starts, ends, axes=None, steps=None):
    if n.opset < 10:
        return n.set(starts=starts, ends=ends, **({"axes": axes} if axes else {})) if steps is None else None
    n.add(starts, INT64).add(ends, INT64)
    if axes is not None or steps is not None:
        n.add(axes, INT64)
    return n if steps is None else n.add(steps, INT64)
case("Slice", lambda n: _slice(n, [1, 0], [3, 4], [1, 2]))
case("Slice of the first", lambda n: _slice(n, [1, 0], [2, 2]), "Slice")
case("Slice to the end", lambda n: _slice(n, [-3], [2**31 - 1], [3]), "Slice")
case("Slice in steps", lambda n: _slice(n, [-1, 0], [-100, 9], [3, 2], [-2, 2]), "Slice")
def _pad(n, mode="constant", pads=(0, 1, 2, 0, 0, 0, 1, 3), value=None):
    n.set(mode=mode)
    if n.opset < 11:
        return n.set(pads=list(pads), **({} if value is None else {"value": value}))
    n.add(pads, INT64)
    return n if value is None else n.add(value)
case("Pad", _pad)
case("Pad with a number", lambda n: _pad(n, value=0.5), "Pad")
case("Pad, cutting", lambda n: _pad(n, pads=(0, -1, 2, 0, 0, 0, -1, 3)), "Pad")
for mode in ("reflect", "edge"):
    case(f"Pad, {mode}", lambda n, m=mode: _pad(n, m, pads=(0, 0, 2, 1, 0, 0, 1, 3)), "Pad")
case("Pad, wrap", lambda n: _pad(n, "wrap") if n.opset >= 19 else None, "Pad")
case("Pad along axes", lambda n: n.add([1, 2, 0, 1], INT64).skip().add([3, 1], INT64) if n.opset >= 18 else None, "Pad")
case("Gather", lambda n: n.add([[0, 2], [3, 1]], INT64).set(axis=1))
case("Gather from the end", lambda n: n.add([-1, 0], INT64).set(axis=2) if n.opset >= 11 else None, "Gather")
case("GatherElements", lambda n: n.of(3, 4).add([[0, 2, 1, 1]], INT64).set(axis=0))
case("GatherND", lambda n: n.of(3, 4).add([[0, 2], [1, 1]], INT64))
case("Expand", lambda n: n.of(2, 1, 5).add([3, 1, 4, 1], INT64))
case("Tile", lambda n: n.of(2, 3).add([2, 3], INT64))
case("DepthToSpace", lambda n: n.of(2, 8, 3, 4).set(blocksize=2))
case("DepthToSpace CRD", lambda n: n.of(2, 8, 3, 4).set(blocksize=2, mode="CRD") if n.opset >= 11 else None, "DepthToSpace")
case("SpaceToDepth", lambda n: n.of(2, 3, 4, 6).set(blocksize=2))
def _top(n, k=3, **attributes):
    n.outputs = 2
    n.set(axis=n.pick(1, 3, -1) if n.opset >= 10 else n.pick(1, 3), **attributes)
    return n.set(k=k) if n.opset < 10 else n.add([k], INT64)
case("TopK", _top)
case("TopK of the least", lambda n: _top(n, largest=0) if n.opset >= 11 else None, "TopK")
case("CumSum", lambda n: n.add(n.pick(1, 2, -1), INT64).set(exclusive=n.pick(0, 1), reverse=n.pick(0, 1)))
case("Trilu", lambda n: n.add(n.pick(-1, 0, 2), INT64).set(upper=n.pick(0, 1)))
case("ReverseSequence", lambda n: n.of(4, 3, 2).add([1, 4, 2], INT64))
case("Compress", lambda n: n.add([1, 0, 1], BOOL).set(axis=1))
case("EyeLike", lambda n: n.of(3, 4).set(k=1))
case("ScatterElements", lambda n: n.of(3, 4).add([[0, 2, 1, 1]], INT64).add(n.normal(1, 4)))
case("ScatterND", lambda n: n.of(3, 4).add([[0, 2], [1, 1]], INT64).add(n.normal(2)))
case("Scatter", lambda n: n.of(3, 4).add([[0, 2, 1, 1]], INT64).add(n.normal(1, 4)) if n.opset < 11 else None)
case("Einsum", lambda n: n.of(2, 3, 4).set(equation="bij,bkj->bik") and (n.inputs.append("d"), n)[1])
case("Upsample", lambda n: (n.set(scales=[1.0, 1.0, 2.0, 3.0]) if n.opset < 9 else n.add([1, 1, 2, 3])) if n.opset < 10 else None)
case("Upsample linear", lambda n: (n.set(mode="linear", scales=[1.0, 1.0, 2.0, 2.0]) if n.opset < 9 else n.set(mode="linear").add([1, 1, 2, 2])) if n.opset < 10 else None, "Upsample")
def _resize(n, scales=(1, 1, 2, 2), sizes=None, **attributes):
    n.set(**attributes)
    if n.opset < 11:
        return n.add(scales) if sizes is None and set(attributes) <= {"mode"} else None
    n = n.skip() if n.opset >= 13 else n.add(np.zeros(8))
    return n.add(scales) if sizes is None else (n.skip() if n.opset >= 13 else n.add(np.zeros(0))).add(sizes, INT64)
case("Resize", _resize)
for scales in ((1, 1, 2, 3), (1, 1, 0.6, 0.5), (1, 1, 1.7, 2.5)):
    for mode in ("nearest", "linear", "cubic"):
        case(f"Resize {mode} by {scales}", lambda n, m=mode, s=scales: _resize(n, s, mode=m) if n.opset >= 11 or m != "cubic" else None, "Resize")
        for way in ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "half_pixel_symmetric"):
            case(f"Resize {mode} by {scales}, {way}", lambda n, m=mode, s=scales, w=way: _resize(n, s, mode=m, coordinate_transformation_mode=w) if n.opset >= (19 if w.endswith("symmetric") else 11) else None, "Resize")
for near in ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"):
    case(f"Resize {near}", lambda n, r=near: _resize(n, (1, 1, 1.7, 2.5), nearest_mode=r), "Resize")
for mode in ("nearest", "linear", "cubic"):
    case(f"Resize {mode} to sizes", lambda n, m=mode: _resize(n, None, [2, 4, 7, 9], mode=m), "Resize")
    if mode != "nearest":
        case(f"Resize {mode}, smooth", lambda n, m=mode: _resize(n, (1, 1, 0.6, 0.5), mode=m, antialias=1) if n.opset >= 18 else None, "Resize")
case("Resize cubic, inside", lambda n: _resize(n, (1, 1, 1.7, 2.5), mode="cubic", exclude_outside=1, cubic_coeff_a=-0.5), "Resize")
case("MatMul", lambda n: (n.of(2, 3, 4, 4), n.inputs.append("d"), n)[2])
case("Gemm", lambda n: (n.of(4, 4), n.inputs.append("d"), n.set(alpha=0.5, transA=1))[2])
case("DynamicQuantizeLinear", lambda n: (setattr(n, "outputs", 3), n)[1])
case("OneHot", lambda n: (setattr(n, "cast", TensorProto.INT64), n.of(3, 4), n.add(7, INT64).add([0.0, 1.0]))[2])
case("GridSample", lambda n: n.of(2, 3, 5, 6).add(n.normal(2, 4, 4, 2) / 2))
case("RoiAlign", lambda n: n.add([[0, 0, 4, 3], [1, 1, 5, 4]]).add([0, 1], INT64).set(output_height=2, output_width=2, sampling_ratio=2))
case("MaxRoiPool", lambda n: n.add([[0, 0, 0, 4, 3], [1, 1, 1, 5, 4]]).set(pooled_shape=[2, 2]))
case("CenterCropPad", lambda n: n.add([3, 8], INT64).set(axes=[2, 3]))
case("Det", lambda n: n.of(2, 3, 3))
case("Col2Im", lambda n: n.of(1, 5, 5).add([5, 5], INT64).add([1, 5], INT64))
case("BitShift", lambda n: (setattr(n, "cast", TensorProto.UINT8), n.add([1, 2, 3, 1, 0, 2], np.uint8).set(direction="LEFT"))[1])
case("RotaryEmbedding", lambda n: n.of(1, 2, 3, 4).add(n.normal(1, 3, 2)).add(n.normal(1, 3, 2)))
case("IsInf", lambda n: n)
case("Unique", lambda n: (setattr(n, "outputs", 4), n.of(9))[1])
case("ConstantOfShape", lambda n: (n.inputs.clear(), n.add([2, 3], INT64))[1])
case("Mean of two", lambda n: n.add(n.normal(2, 4, 5, 6)), "Mean")
case("Attention", lambda n: (n.of(1, 2, 3, 8), n.inputs.extend(["d", "d"]), n)[2] if n.opset >= 23 else None)
