"""Cases of operators that move, select, enlarge and count values, and of some others."""

import numpy as np
from onnx import TensorProto
from operator_nodes import BOOL, INT64, case

case("Squeeze", lambda n: n.of(1, 4, 1, 6))
case("Squeeze of axes", lambda n: n.of(1, 4, 1, 1).moved("axes", [0, 2], 13), "Squeeze")
case(
    "Squeeze from the end",
    lambda n: n.of(1, 4, 1, 1).moved("axes", [-1], 13) if n.opset >= 11 else None,
    "Squeeze",
)
case("Unsqueeze", lambda n: n.of(3, 4).moved("axes", [0, 3], 13))
case("Unsqueeze unordered", lambda n: n.of(3, 4).moved("axes", [3, 0], 13), "Unsqueeze")
case(
    "Unsqueeze from the end",
    lambda n: n.of(3, 4).moved("axes", [-1, 1], 13) if n.opset >= 11 else None,
    "Unsqueeze",
)
case("Reshape", lambda n: n.add([0, -1, 15], INT64))
case(
    "Reshape of nothing",
    lambda n: n.add([2, 3, -1], INT64).set(allowzero=1) if n.opset >= 14 else None,
    "Reshape",
)
case("Concat", lambda n: n.add(n.normal(2, 3, 5, 6)).set(axis=1))
case(
    "Concat from the end",
    lambda n: n.add(n.normal(2, 4, 5, 2)).set(axis=-1) if n.opset >= 11 else None,
    "Concat",
)


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
        return (
            n.set(starts=starts, ends=ends, **({"axes": axes} if axes else {}))
            if steps is None
            else None
        )
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
case(
    "Pad along axes",
    lambda n: n.add([1, 2, 0, 1], INT64).skip().add([3, 1], INT64) if n.opset >= 18 else None,
    "Pad",
)
case("Gather", lambda n: n.add([[0, 2], [3, 1]], INT64).set(axis=1))
case(
    "Gather from the end",
    lambda n: n.add([-1, 0], INT64).set(axis=2) if n.opset >= 11 else None,
    "Gather",
)
case("GatherElements", lambda n: n.of(3, 4).add([[0, 2, 1, 1]], INT64).set(axis=0))
case("GatherND", lambda n: n.of(3, 4).add([[0, 2], [1, 1]], INT64))
case("Expand", lambda n: n.of(2, 1, 5).add([3, 1, 4, 1], INT64))
case("Tile", lambda n: n.of(2, 3).add([2, 3], INT64))
case("DepthToSpace", lambda n: n.of(2, 8, 3, 4).set(blocksize=2))
case(
    "DepthToSpace CRD",
    lambda n: n.of(2, 8, 3, 4).set(blocksize=2, mode="CRD") if n.opset >= 11 else None,
    "DepthToSpace",
)
case("SpaceToDepth", lambda n: n.of(2, 3, 4, 6).set(blocksize=2))


def _top(n, k=3, **attributes):
    n.outputs = 2
    n.set(axis=n.pick(1, 3, -1) if n.opset >= 10 else n.pick(1, 3), **attributes)
    return n.set(k=k) if n.opset < 10 else n.add([k], INT64)


case("TopK", _top)
case("TopK of the least", lambda n: _top(n, largest=0) if n.opset >= 11 else None, "TopK")
case(
    "CumSum",
    lambda n: n.add(n.pick(1, 2, -1), INT64).set(exclusive=n.pick(0, 1), reverse=n.pick(0, 1)),
)
case("Trilu", lambda n: n.add(n.pick(-1, 0, 2), INT64).set(upper=n.pick(0, 1)))
case("ReverseSequence", lambda n: n.of(4, 3, 2).add([1, 4, 2], INT64))
case("Compress", lambda n: n.add([1, 0, 1], BOOL).set(axis=1))
case("EyeLike", lambda n: n.of(3, 4).set(k=1))
case("ScatterElements", lambda n: n.of(3, 4).add([[0, 2, 1, 1]], INT64).add(n.normal(1, 4)))
case("ScatterND", lambda n: n.of(3, 4).add([[0, 2], [1, 1]], INT64).add(n.normal(2)))
case(
    "Scatter",
    lambda n: n.of(3, 4).add([[0, 2, 1, 1]], INT64).add(n.normal(1, 4)) if n.opset < 11 else None,
)
case(
    "Einsum", lambda n: n.of(2, 3, 4).set(equation="bij,bkj->bik") and (n.inputs.append("d"), n)[1]
)
case(
    "Upsample",
    lambda n: (
        (n.set(scales=[1.0, 1.0, 2.0, 3.0]) if n.opset < 9 else n.add([1, 1, 2, 3]))
        if n.opset < 10
        else None
    ),
)
case(
    "Upsample linear",
    lambda n: (
        (
            n.set(mode="linear", scales=[1.0, 1.0, 2.0, 2.0])
            if n.opset < 9
            else n.set(mode="linear").add([1, 1, 2, 2])
        )
        if n.opset < 10
        else None
    ),
    "Upsample",
)


def _resize(n, scales=(1, 1, 2, 2), sizes=None, **attributes):
    n.set(**attributes)
    if n.opset < 11:
        return n.add(scales) if sizes is None and set(attributes) <= {"mode"} else None
    n = n.skip() if n.opset >= 13 else n.add(np.zeros(8))
    return (
        n.add(scales)
        if sizes is None
        else (n.skip() if n.opset >= 13 else n.add(np.zeros(0))).add(sizes, INT64)
    )


case("Resize", _resize)
for scales in ((1, 1, 2, 3), (1, 1, 0.6, 0.5), (1, 1, 1.7, 2.5)):
    for mode in ("nearest", "linear", "cubic"):
        case(
            f"Resize {mode} by {scales}",
            lambda n, m=mode, s=scales: (
                _resize(n, s, mode=m) if n.opset >= 11 or m != "cubic" else None
            ),
            "Resize",
        )
        for way in (
            "half_pixel",
            "pytorch_half_pixel",
            "align_corners",
            "asymmetric",
            "half_pixel_symmetric",
        ):
            case(
                f"Resize {mode} by {scales}, {way}",
                lambda n, m=mode, s=scales, w=way: (
                    _resize(n, s, mode=m, coordinate_transformation_mode=w)
                    if n.opset >= (19 if w.endswith("symmetric") else 11)
                    else None
                ),
                "Resize",
            )
for near in ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"):
    case(f"Resize {near}", lambda n, r=near: _resize(n, (1, 1, 1.7, 2.5), nearest_mode=r), "Resize")
for mode in ("nearest", "linear", "cubic"):
    case(
        f"Resize {mode} to sizes",
        lambda n, m=mode: _resize(n, None, [2, 4, 7, 9], mode=m),
        "Resize",
    )
    if mode != "nearest":
        case(
            f"Resize {mode}, smooth",
            lambda n, m=mode: (
                _resize(n, (1, 1, 0.6, 0.5), mode=m, antialias=1) if n.opset >= 18 else None
            ),
            "Resize",
        )
case(
    "Resize cubic, inside",
    lambda n: _resize(n, (1, 1, 1.7, 2.5), mode="cubic", exclude_outside=1, cubic_coeff_a=-0.5),
    "Resize",
)
case("MatMul", lambda n: (n.of(2, 3, 4, 4), n.inputs.append("d"), n)[2])
case("Gemm", lambda n: (n.of(4, 4), n.inputs.append("d"), n.set(alpha=0.5, transA=1))[2])
case("DynamicQuantizeLinear", lambda n: (setattr(n, "outputs", 3), n)[1])
case(
    "OneHot",
    lambda n: (setattr(n, "cast", TensorProto.INT64), n.of(3, 4), n.add(7, INT64).add([0.0, 1.0]))[
        2
    ],
)
case("GridSample", lambda n: n.of(2, 3, 5, 6).add(n.normal(2, 4, 4, 2) / 2))
case(
    "RoiAlign",
    lambda n: (
        n.add([[0, 0, 4, 3], [1, 1, 5, 4]])
        .add([0, 1], INT64)
        .set(output_height=2, output_width=2, sampling_ratio=2)
    ),
)
case("MaxRoiPool", lambda n: n.add([[0, 0, 0, 4, 3], [1, 1, 1, 5, 4]]).set(pooled_shape=[2, 2]))
case("CenterCropPad", lambda n: n.add([3, 8], INT64).set(axes=[2, 3]))
case("Det", lambda n: n.of(2, 3, 3))
case("Col2Im", lambda n: n.of(1, 5, 5).add([5, 5], INT64).add([1, 5], INT64))
case(
    "BitShift",
    lambda n: (
        setattr(n, "cast", TensorProto.UINT8),
        n.add([1, 2, 3, 1, 0, 2], np.uint8).set(direction="LEFT"),
    )[1],
)
case("RotaryEmbedding", lambda n: n.of(1, 2, 3, 4).add(n.normal(1, 3, 2)).add(n.normal(1, 3, 2)))
case("IsInf", lambda n: n)
case("Unique", lambda n: (setattr(n, "outputs", 4), n.of(9))[1])
case("ConstantOfShape", lambda n: (n.inputs.clear(), n.add([2, 3], INT64))[1])
case("Mean of two", lambda n: n.add(n.normal(2, 4, 5, 6)), "Mean")
case(
    "Attention",
    lambda n: (n.of(1, 2, 3, 8), n.inputs.extend(["d", "d"]), n)[2] if n.opset >= 23 else None,
)
