"""Cases of operators that compute: of single numbers, along axes and in windows."""

import numpy as np
from onnx import TensorProto
from operator_nodes import BOOL, INT64, case

PLAIN = [
    "Abs",
    "Atan",
    "Asinh",
    "Ceil",
    "Cos",
    "Elu",
    "Celu",
    "Erf",
    "Exp",
    "Floor",
    "Gelu",
    "HardSigmoid",
    "HardSwish",
    "Identity",
    "LeakyRelu",
    "Mish",
    "Neg",
    "Reciprocal",
    "Relu",
    "Round",
    "Selu",
    "Shrink",
    "Sigmoid",
    "Sign",
    "Sin",
    "Softplus",
    "Softsign",
    "Swish",
    "Tan",
    "Tanh",
    "ThresholdedRelu",
    "IsNaN",
    "Size",
    "Shape",
    "NonZero",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "GlobalLpPool",
    "Flatten",
    "Transpose",
    "Softmax",
    "LogSoftmax",
    "Hardmax",
    "MeanVarianceNormalization",
    "LpNormalization",
    "Dropout",
]
for name in PLAIN:
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
for name, since in {
    "Equal": 11,
    "Less": 7,
    "Greater": 7,
    "LessOrEqual": 12,
    "GreaterOrEqual": 12,
}.items():
    case(
        name, lambda n, s=since: n.add(np.round(n.normal(5, 6) * 16) / 16) if n.opset >= s else None
    )
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
case(
    "Where",
    lambda n: (
        n.inputs.clear(),
        n.add(n.random.integers(0, 2, (4, 1, 6)), BOOL),
        n.inputs.append("d"),
        n.add(n.normal(6)),
    )[1],
)
case("Clip", lambda n: n.set(min=-1.0, max=0.5) if n.opset < 11 else n.add(-1.0).add(0.5))
case("Clip above", lambda n: n.set(max=0.5) if n.opset < 11 else n.skip().add(0.5), "Clip")
case("Clip below", lambda n: n.set(min=0.5) if n.opset < 11 else n.add(0.5), "Clip")
case(
    "Clip turned",
    lambda n: n.set(min=1.0, max=-1.0) if n.opset < 11 else n.add(1.0).add(-1.0),
    "Clip",
)
case(
    "Clip of whole numbers",
    lambda n: _whole(n).add(-3, np.int32).add(2, np.int32) if n.opset >= 12 else None,
    "Clip",
)


def _normalized(n):
    return (
        n.add(n.normal(4))
        .add(n.normal(4))
        .add(n.normal(4))
        .add(np.abs(n.normal(4)) + 0.1)
        .set(epsilon=0.01)
    )


case("BatchNormalization", _normalized)
case("BatchNormalization of vectors", lambda n: _normalized(n.of(3, 4)), "BatchNormalization")
case("InstanceNormalization", lambda n: n.add(n.normal(4)).add(n.normal(4)).set(epsilon=0.01))
case(
    "InstanceNormalization 1-D",
    lambda n: n.of(2, 4, 9).add(n.normal(4)).add(n.normal(4)),
    "InstanceNormalization",
)
for axis, shape in ((-1, (6,)), (1, (4, 5, 6)), (2, (5, 6))):
    case(
        f"LayerNormalization along {axis}",
        lambda n, a=axis, s=shape: n.add(n.normal(*s)).add(n.normal(*s)).set(axis=a),
        "LayerNormalization",
    )
    case(
        f"RMSNormalization along {axis}",
        lambda n, a=axis, s=shape: n.add(n.normal(*s)).set(axis=a),
        "RMSNormalization",
    )
case("LayerNormalization without bias", lambda n: n.add(n.normal(6)), "LayerNormalization")
case(
    "GroupNormalization",
    lambda n: (
        n.add(n.normal(2 if n.opset < 21 else 4))
        .add(n.normal(2 if n.opset < 21 else 4))
        .set(num_groups=2)
    ),
)
case("LRN", lambda n: n.of(2, n.pick(3, 4, 7), 5, 6).set(size=n.pick(1, 3, 5)))
case("LRN with attributes", lambda n: n.set(size=3, alpha=0.3, beta=0.6, bias=1.5), "LRN")
case("MeanVarianceNormalization along", lambda n: n.set(axes=[1, 3]), "MeanVarianceNormalization")


def _pool(n, dilated=10, ceil=10, rank=2):
    kernel = [int(n.random.integers(1, 4)) for _ in range(rank)]
    strides = [n.pick(1, 2, 3) for _ in range(rank)]
    n.set(kernel_shape=kernel, strides=strides)
    # Where strides leave gaps, "same" would need less than no padding.
    if all(step <= size for step, size in zip(strides, kernel, strict=True)) and n.pick(
        True, False
    ):
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
    return (
        n.set(kernel_shape=[2, 2], strides=[2, 2], storage_order=n.pick(0, 0))
        if n.opset >= 8
        else None
    )


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
            case(
                f"{name} over {axes}, {kept}",
                lambda n, a=axes, k=kept, s=since: n.set(keepdims=k).moved("axes", a, s),
                name,
            )
    case(
        f"{name} from the end",
        lambda n, s=since: n.moved("axes", [-1, 1], s) if n.opset >= 11 else None,
        name,
    )
    case(
        f"{name} of nothing",
        lambda n, s=since: (
            n.add(np.zeros(0), INT64).set(noop_with_empty_axes=n.pick(0, 1))
            if n.opset >= s
            else None
        ),
        name,
    )
for name in ("ArgMax", "ArgMin"):
    for axis in (0, 1, 3):
        case(f"{name} along {axis}", lambda n, a=axis: n.set(axis=a, keepdims=n.pick(0, 1)), name)
    case(
        f"{name} last",
        lambda n: n.set(axis=-1, select_last_index=1) if n.opset >= 12 else None,
        name,
    )
