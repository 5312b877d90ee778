"""What each kind of operator does with the images of a batch.

Each rule says along which axis of the outputs the images lie, given the axes of the inputs. An
operator that computes one number from several images ends the flow: then what was taken for
images are tokens, frames or the like.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from accelerator.networks import batch_products as products
from accelerator.networks.batch_places import (
    MixedError,
    Place,
    Places,
    Tensors,
    UnclearError,
    every,
    mixed,
    named,
)
from accelerator.networks.onnx_attributes import integer, integers


def unknown(flow: Tensors, node: Any, inputs: list[str]) -> Places:
    """Of other operators the images are taken to stay where the sizes allow nothing else."""
    held = [(flow.places[name], flow.shape(name)) for name in inputs if name in flow.places]
    place, shape = held[0]
    outputs = [flow.shape(name) for name in node.output if name]
    size = shape[place.axis]
    if any(one[0] != place for one in held) or any(
        len(out) != len(shape) or out[place.axis] != size for out in outputs
    ):
        raise UnclearError(named(node))
    return every(node, place)


def elementwise(flow: Tensors, node: Any, inputs: list[str]) -> Places:
    """Broadcast against each other from the last axis on."""
    return every(node, _broadcast(flow, node, inputs, len(flow.shape(node.output[0]))))


def _broadcast(flow: Tensors, node: Any, inputs: list[str], rank: int) -> Place | None:
    inputs = [name for name in inputs if name]
    found: Place | None = None
    for name in inputs:
        if name in flow.places:
            own = flow.places[name]
            moved = Place(own.axis + rank - len(flow.shape(name)), own.outer, own.inner)
            if found not in (None, moved):
                raise mixed(node)
            found = moved
    if found is None:
        return None
    for name in inputs:
        shape = flow.shape(name) if name not in flow.places else ()
        axis = found.axis - (rank - len(shape))
        if shape and axis >= 0 and not flow.same_for_all(name, axis, found):
            # A constant of its own for each: positions of tokens have that, images do not.
            raise MixedError(f"{named(node)} has a constant of its own for each")
    return found


def _window(flow: Tensors, node: Any, inputs: list[str]) -> Places:
    """Convolutions and norms: axis 0 stays apart, all others meet."""
    place, _ = flow.only(node, inputs)
    if place.axis:
        raise mixed(node)
    return every(node, place)


def _pool(flow: Tensors, node: Any, inputs: list[str]) -> Places:
    place, _ = flow.only(node, inputs[:1])
    if place.axis > 1:
        raise mixed(node)
    return every(node, place)


def _linear_quantizer(flow: Tensors, node: Any, inputs: list[str]) -> Places:
    place, shape = flow.only(node, inputs)
    scales = flow.graph.shapes.get(inputs[1]) or ()
    if (
        prod(size or 1 for size in scales) > 1
        and integer(node, "axis", 1) % len(shape) == place.axis
    ):
        raise mixed(node)
    return every(node, place)


def _dynamic_quantizer(flow: Tensors, node: Any, inputs: list[str]) -> Places:
    """One scale and zero point for all images, which change nothing of what is counted."""
    place, _ = flow.only(node, inputs)
    places: Places = [place, None, None]
    return places


def _normalization(flow: Tensors, node: Any, inputs: list[str]) -> Places:
    """BatchNormalization: its constants are one for each channel."""
    place, _ = flow.only(node, inputs)
    if place.axis == 1:
        raise mixed(node)
    return every(node, place)


def _reshape(flow: Tensors, node: Any, inputs: list[str]) -> Places:
    """The images keep their distance in memory."""
    place, source = flow.only(node, inputs)
    target, images = flow.shape(node.output[0]), flow.images
    before = prod(source[: place.axis]) * place.outer
    after = prod(source[place.axis + 1 :]) * place.inner
    for axis, size in enumerate(target):
        ahead, behind = prod(target[:axis]), prod(target[axis + 1 :])
        if before % ahead or after % behind or size % images:
            continue
        outer, inner = before // ahead, after // behind
        if outer * images * inner == size and (images > 1 or outer * inner == 1):
            return every(node, Place(axis, outer, inner))
    raise UnclearError(named(node))


def _transpose(flow: Tensors, node: Any, inputs: list[str]) -> Places:
    place, shape = flow.only(node, inputs)
    order = integers(node, "perm", tuple(range(len(shape)))[::-1])
    return [Place(order.index(place.axis), place.outer, place.inner)]


def _concatenate(flow: Tensors, node: Any, inputs: list[str]) -> Places:
    rank = len(flow.shape(node.output[0]))
    axis = integer(node, "axis", 1) % rank
    held = [flow.places[name] for name in inputs if name in flow.places]
    if len(set(held)) > 1:
        raise mixed(node)
    place = held[0]
    if place.axis != axis:
        return every(node, _broadcast(flow, node, inputs, rank))
    if len(held) < len(inputs) or place.outer * place.inner != place.outer:
        raise mixed(node)
    # One batch after the other.
    return [Place(axis, place.outer * len(inputs), place.inner)]


def _sliced(flow: Tensors, node: Any, inputs: list[str]) -> Places:
    """Parts along other axes than that of the images."""
    place, shape = flow.only(node, inputs)
    outputs = [flow.shape(name) for name in node.output if name]
    if any(out[place.axis] != shape[place.axis] for out in outputs):
        raise mixed(node)
    return every(node, place)


def _gather(flow: Tensors, node: Any, inputs: list[str]) -> Places:
    data, indices = inputs[:2]
    rank, wide = len(flow.shape(data)), len(flow.shape(indices))
    axis = integer(node, "axis", 0) % rank
    one, other = flow.places.get(data), flow.places.get(indices)
    if one is not None and other is not None:
        raise UnclearError(named(node))
    if other is not None:
        return [Place(axis + other.axis, other.outer, other.inner)]
    assert one is not None
    if one.axis == axis:
        raise mixed(node)
    moved = one.axis if one.axis < axis else one.axis - 1 + wide
    return [Place(moved, one.outer, one.inner)]


def _reduced(flow: Tensors, node: Any, inputs: list[str]) -> Places:
    """Sums, means and the like over some axes, which the others survive."""
    place, shape = flow.only(node, inputs[:1])
    axes: tuple[int, ...] | None = integers(node, "axes", ())
    if str(node.op_type).startswith("Arg"):
        axes = (integer(node, "axis", 0),)
    elif len(inputs) > 1 and inputs[1]:
        axes = flow.whole_numbers(inputs[1])
    if axes is None:
        raise UnclearError(named(node))
    if not axes:
        if integer(node, "noop_with_empty_axes", 0):
            return every(node, place)
        axes = tuple(range(len(shape)))
    over = {axis % len(shape) for axis in axes}
    if place.axis in over:
        raise mixed(node)
    if integer(node, "keepdims", 1):
        return every(node, place)
    gone = sum(axis < place.axis for axis in over)
    return every(node, Place(place.axis - gone, place.outer, place.inner))


def _along(first: str, default: int, *, to_end: bool) -> Callable[..., Places]:
    """Operators that take together what lies along an axis, or along all from it on."""

    def rule(flow: Tensors, node: Any, inputs: list[str]) -> Places:
        place, shape = flow.only(node, inputs[:1])
        axis = integer(node, first, default) % len(shape)
        if place.axis == axis or (to_end and place.axis > axis):
            raise mixed(node)
        return every(node, place)

    return rule


def _softmax(flow: Tensors, node: Any, inputs: list[str]) -> Places:
    old = flow.graph.versions.get("", 13) < 13
    rule = _along("axis", 1 if old else -1, to_end=old)
    return rule(flow, node, inputs)


def _expand(flow: Tensors, node: Any, inputs: list[str]) -> Places:
    place, shape = flow.only(node, inputs)
    target = flow.shape(node.output[0])
    axis = place.axis + len(target) - len(shape)
    if target[axis] != shape[place.axis]:
        raise UnclearError(named(node))
    return [Place(axis, place.outer, place.inner)]


_KINDS: tuple[tuple[Callable[..., Places], str], ...] = (
    (
        elementwise,
        "Add Sub Mul Div Pow Max Min Mean Sum Mod And Or Xor Not Equal Less Greater LessOrEqual "
        "GreaterOrEqual Where PRelu BitShift BitwiseAnd BitwiseOr BitwiseXor Relu LeakyRelu Clip "
        "Sigmoid HardSigmoid Tanh Elu Selu Celu Softplus Softsign ThresholdedRelu Ceil Floor Round "
        "Sign Abs Neg Exp Log Sqrt Reciprocal Erf Gelu HardSwish Mish Swish Sin Cos Tan IsNaN "
        "IsInf FastGelu QuickGelu BiasGelu",
    ),
    (_linear_quantizer, "QuantizeLinear DequantizeLinear"),
    (_dynamic_quantizer, "DynamicQuantizeLinear"),
    (
        _window,
        "Conv ConvInteger ConvTranspose InstanceNormalization GroupNormalization LRN DepthToSpace "
        "SpaceToDepth Compare DeformConv FusedConv",
    ),
    (
        _pool,
        "MaxPool AveragePool LpPool GlobalMaxPool GlobalAveragePool GlobalLpPool MaxUnpool",
    ),
    (_normalization, "BatchNormalization"),
    (products.matrix_product, "MatMul MatMulInteger FusedMatMul"),
    (products.gemm, "Gemm"),
    (_reshape, "Reshape Flatten Squeeze Unsqueeze"),
    (_transpose, "Transpose"),
    (_concatenate, "Concat"),
    (_sliced, "Slice Split Pad Tile Resize Upsample"),
    (_expand, "Expand"),
    (_gather, "Gather"),
    (
        _reduced,
        "ReduceMean ReduceSum ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceLogSum "
        "ReduceLogSumExp ReduceSumSquare ArgMax ArgMin",
    ),
    (_softmax, "Softmax LogSoftmax Hardmax"),
    (
        _along("axis", -1, to_end=True),
        "LayerNormalization RMSNormalization SimplifiedLayerNormalization "
        "SkipLayerNormalization SkipSimplifiedLayerNormalization",
    ),
    (_along("axis", -1, to_end=False), "LpNormalization TopK CumSum"),
    (products.recurrent, "LSTM GRU RNN DynamicQuantizeLSTM"),
    (
        products.attention,
        "Attention MultiHeadAttention QAttention GroupQueryAttention RotaryEmbedding",
    ),
    (products.einsum, "Einsum"),
)
RULES = {name: rule for rule, names in _KINDS for name in names.split()}
