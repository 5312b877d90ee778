"""Where the images of a batch lie in every tensor of a graph, or what takes them together.

Each rule says of one kind of operator along which axis of its output the images lie, given the
axes of its inputs. An operator that computes one number from several images ends the flow: then
what was taken for images are tokens, frames or the like.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from accelerator.networks import onnx_contrib
from accelerator.networks.onnx_attributes import integer, integers, text
from accelerator.networks.onnx_graph import Graph
from accelerator.networks.onnx_operators import QUANTIZER_DOMAINS


@dataclass(frozen=True, slots=True)
class Place:
    """Images along `axis`, whose size is outer x images x inner, the last running fastest."""

    axis: int
    outer: int = 1
    inner: int = 1


class MixedError(Exception):
    """An operator that takes several images together; the text says which."""


class UnclearError(Exception):
    """An operator of which it is not known what it does with images; the text says which."""


Shape = tuple[int, ...]
Places = list[Place | None]


class Flow:
    """Places of `images` through all nodes, from those of some inputs."""

    def __init__(self, graph: Graph, starts: Mapping[str, Place], images: int) -> None:
        self.graph = graph
        self.images = images
        self.places: dict[str, Place] = dict(starts)
        self.makers = {name: node for node in graph.nodes for name in node.output if name}

    def run(self) -> dict[str, Place]:
        """The places of all tensors that hold images.

        Raises MixedError or UnclearError where the flow ends.
        """
        for node in self.graph.nodes:
            if any(name in self.places for name in (*node.input, *_captured(node))):
                for name, place in zip(node.output, self._after(node), strict=False):
                    if name and place is not None:
                        self.places[name] = place
        return self.places

    def _after(self, node: Any) -> Places:
        operator = str(node.op_type)
        if _captured(node):
            raise UnclearError(_named(node))
        if operator in ("Shape", "Size"):
            return [None]
        contrib = onnx_contrib.meaning(node)
        if contrib is not None:
            inputs = [node.input[i] for i in (*contrib.whole, *contrib.places(len(node.input)))]
            operator = contrib.operator
        else:
            inputs = list(node.input)
            if operator in ("QLinearConv", "QLinearMatMul"):
                inputs = [node.input[0], node.input[3]]
            elif operator in ("ConvInteger", "MatMulInteger"):
                inputs = inputs[:2]
        quantizer = node.domain in QUANTIZER_DOMAINS
        rule = _elementwise if quantizer else _RULES.get(operator.removeprefix("QLinear"), _unknown)
        return rule(self, node, inputs)

    def shape(self, name: str) -> Shape:
        """A tensor's sizes."""
        found = self.graph.shapes.get(name)
        if found is None or None in found:
            raise UnclearError(f"the shape of {name!r}")
        return tuple(size for size in found if size is not None)

    def only(self, node: Any, inputs: list[str]) -> tuple[Place, Shape]:
        """Place and shape of the first input, the only one that may hold images."""
        if any(name in self.places for name in inputs[1:]) or inputs[0] not in self.places:
            raise UnclearError(_named(node))
        return self.places[inputs[0]], self.shape(inputs[0])

    def whole_numbers(self, name: str) -> tuple[int, ...] | None:
        """Values of a small constant."""
        values = self.graph.values(name)
        maker = self.makers.get(name)
        if values is None and maker is not None and maker.op_type == "Constant":
            from onnx import numpy_helper

            if ints := integers(maker, "value_ints", ()):
                return ints
            value = next((entry.t for entry in maker.attribute if entry.name == "value"), None)
            values = None if value is None else numpy_helper.to_array(value)
        return None if values is None else tuple(int(one) for one in np.ravel(values))

    def same_for_all(self, name: str, axis: int, place: Place) -> bool:
        """Whether a tensor without images is the same for each of them along an axis."""
        size = self.shape(name)[axis]
        if size == 1:
            return True
        values, maker = self.graph.values(name), self.makers.get(name)
        if values is None and maker is not None and maker.op_type == "Constant":
            from onnx import numpy_helper

            value = next((entry.t for entry in maker.attribute if entry.name == "value"), None)
            values = None if value is None else numpy_helper.to_array(value)
        if values is not None:
            if size != place.outer * self.images * place.inner:
                return False
            apart = np.moveaxis(values, axis, 0).reshape(place.outer, self.images, place.inner, -1)
            return bool((apart == apart[:, :1]).all())
        if maker is None:
            return False
        if maker.op_type == "ConstantOfShape":
            return True
        if maker.op_type in ("Identity", "Cast", "Neg", "Abs"):
            return self.same_for_all(maker.input[0], axis, place)
        if maker.op_type in ("Expand", "Tile"):
            source = self.shape(maker.input[0])
            own = axis - (len(self.shape(name)) - len(source))
            return own < 0 or source[own] == 1
        return False


def _captured(node: Any) -> list[str]:
    """Names that the node's own graphs take."""
    return [
        name
        for attribute in node.attribute
        for graph in (attribute.g, *attribute.graphs)
        for inner in graph.node
        for name in (*inner.input, *_captured(inner))
    ]


def _named(node: Any) -> str:
    name = node.name or (node.output[0] if node.output else "")
    return f"{node.op_type} {name!r}"


def _every(node: Any, place: Place | None) -> Places:
    return [place] * len(node.output)


def _unknown(flow: Flow, node: Any, inputs: list[str]) -> Places:
    """Of other operators the images are taken to stay where the sizes allow nothing else."""
    held = [(flow.places[name], flow.shape(name)) for name in inputs if name in flow.places]
    place, shape = held[0]
    outputs = [flow.shape(name) for name in node.output if name]
    size = shape[place.axis]
    if any(one[0] != place for one in held) or any(
        len(out) != len(shape) or out[place.axis] != size for out in outputs
    ):
        raise UnclearError(_named(node))
    return _every(node, place)


def _elementwise(flow: Flow, node: Any, inputs: list[str]) -> Places:
    """Broadcast against each other from the last axis on."""
    return _every(node, _broadcast(flow, node, inputs, len(flow.shape(node.output[0]))))


def _broadcast(flow: Flow, node: Any, inputs: list[str], rank: int) -> Place | None:
    inputs = [name for name in inputs if name]
    found: Place | None = None
    for name in inputs:
        if name in flow.places:
            own = flow.places[name]
            moved = Place(own.axis + rank - len(flow.shape(name)), own.outer, own.inner)
            if found not in (None, moved):
                raise MixedError(_named(node))
            found = moved
    if found is None:
        return None
    for name in inputs:
        shape = flow.shape(name) if name not in flow.places else ()
        axis = found.axis - (rank - len(shape))
        if shape and axis >= 0 and not flow.same_for_all(name, axis, found):
            # A constant of its own for each: positions of tokens have that, images do not.
            raise MixedError(_named(node))
    return found


def _window(flow: Flow, node: Any, inputs: list[str]) -> Places:
    """Convolutions and norms: axis 0 stays apart, all others meet."""
    place, _ = flow.only(node, inputs)
    if place.axis:
        raise MixedError(_named(node))
    return _every(node, place)


def _pool(flow: Flow, node: Any, inputs: list[str]) -> Places:
    place, _ = flow.only(node, inputs[:1])
    if place.axis > 1:
        raise MixedError(_named(node))
    return _every(node, place)


def _linear_quantizer(flow: Flow, node: Any, inputs: list[str]) -> Places:
    place, shape = flow.only(node, inputs)
    scales = flow.graph.shapes.get(inputs[1]) or ()
    if (
        prod(size or 1 for size in scales) > 1
        and integer(node, "axis", 1) % len(shape) == place.axis
    ):
        raise MixedError(_named(node))
    return _every(node, place)


def _normalization(flow: Flow, node: Any, inputs: list[str]) -> Places:
    """BatchNormalization: its constants are one for each channel."""
    place, _ = flow.only(node, inputs)
    if place.axis == 1:
        raise MixedError(_named(node))
    return _every(node, place)


def _matrix_product(flow: Flow, node: Any, inputs: list[str]) -> Places:
    left, right = (flow.shape(name) for name in inputs[:2])
    rank = len(flow.shape(node.output[0]))
    found: list[Place] = []
    for name, shape, kept in ((inputs[0], left, -2), (inputs[1], right, -1)):
        place = flow.places.get(name)
        if place is None:
            continue
        from_end = place.axis - len(shape)
        if len(shape) == 1 or from_end == (-1 if kept == -2 else -2):
            raise MixedError(_named(node))
        if from_end == kept:
            # A vector on the other side leaves its axis out.
            other = right if kept == -2 else left
            end = rank + kept + (len(other) == 1 and kept == -2)
            found.append(Place(end, place.outer, place.inner))
        else:
            vector = (len(left) == 1) + (len(right) == 1)
            found.append(Place(rank + from_end + vector, place.outer, place.inner))
    if len(set(found)) > 1 or (len(found) == 2 and found[0].axis >= rank - 2):
        raise MixedError(_named(node))
    _other_is_shared(flow, node, inputs, found[0], rank)
    return _every(node, found[0])


def _other_is_shared(flow: Flow, node: Any, inputs: list[str], place: Place, rank: int) -> None:
    """A stack of matrices without images is the same for all along the images' axis."""
    if place.axis >= rank - 2:
        return
    for name in inputs[:2]:
        shape = () if name in flow.places else flow.shape(name)
        axis = place.axis - (rank - len(shape))
        if len(shape) > 2 and axis >= 0 and not flow.same_for_all(name, axis, place):
            raise MixedError(_named(node))


def _gemm(flow: Flow, node: Any, inputs: list[str]) -> Places:
    found: Place | None = None
    for name, turned, inner in (
        (inputs[0], integer(node, "transA", 0), 1),
        (inputs[1], integer(node, "transB", 0), 0),
    ):
        place = flow.places.get(name)
        if place is None:
            continue
        if place.axis == (1 - inner if turned else inner) or found is not None:
            raise MixedError(_named(node))
        found = Place(1 - inner, place.outer, place.inner)
    if len(inputs) > 2 and inputs[2]:
        if inputs[2] in flow.places or found is None:
            raise UnclearError(_named(node))
        shape = flow.shape(inputs[2])
        axis = found.axis - (2 - len(shape))
        if axis >= 0 and shape and not flow.same_for_all(inputs[2], axis, found):
            raise MixedError(_named(node))
    return _every(node, found)


def _reshape(flow: Flow, node: Any, inputs: list[str]) -> Places:
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
        if outer * images * inner == size and (images > 1 or outer * inner == 1 or before == 1):
            return _every(node, Place(axis, outer, inner))
    raise UnclearError(_named(node))


def _transpose(flow: Flow, node: Any, inputs: list[str]) -> Places:
    place, shape = flow.only(node, inputs)
    order = integers(node, "perm", tuple(range(len(shape)))[::-1])
    return [Place(order.index(place.axis), place.outer, place.inner)]


def _concatenate(flow: Flow, node: Any, inputs: list[str]) -> Places:
    rank = len(flow.shape(node.output[0]))
    axis = integer(node, "axis", 1) % rank
    held = [flow.places[name] for name in inputs if name in flow.places]
    if len(set(held)) > 1:
        raise MixedError(_named(node))
    place = held[0]
    if place.axis != axis:
        return _every(node, _broadcast(flow, node, inputs, rank))
    if len(held) < len(inputs) or place.outer * place.inner != place.outer:
        raise MixedError(_named(node))
    # One batch after the other.
    return [Place(axis, place.outer * len(inputs), place.inner)]


def _sliced(flow: Flow, node: Any, inputs: list[str]) -> Places:
    """Parts along other axes than that of the images."""
    place, shape = flow.only(node, inputs)
    outputs = [flow.shape(name) for name in node.output if name]
    if any(out[place.axis] != shape[place.axis] for out in outputs):
        raise MixedError(_named(node))
    return _every(node, place)


def _gather(flow: Flow, node: Any, inputs: list[str]) -> Places:
    data, indices = inputs[:2]
    rank, wide = len(flow.shape(data)), len(flow.shape(indices))
    axis = integer(node, "axis", 0) % rank
    one, other = flow.places.get(data), flow.places.get(indices)
    if one is not None and other is not None:
        raise UnclearError(_named(node))
    if other is not None:
        return [Place(axis + other.axis, other.outer, other.inner)]
    assert one is not None
    if one.axis == axis:
        raise MixedError(_named(node))
    moved = one.axis if one.axis < axis else one.axis - 1 + wide
    return [Place(moved, one.outer, one.inner)]


def _reduced(flow: Flow, node: Any, inputs: list[str]) -> Places:
    """Sums, means and the like over some axes, which the others survive."""
    place, shape = flow.only(node, inputs[:1])
    axes: tuple[int, ...] | None = integers(node, "axes", ())
    if str(node.op_type).startswith("Arg"):
        axes = (integer(node, "axis", 0),)
    elif len(inputs) > 1 and inputs[1]:
        axes = flow.whole_numbers(inputs[1])
    if axes is None:
        raise UnclearError(_named(node))
    if not axes:
        if integer(node, "noop_with_empty_axes", 0):
            return _every(node, place)
        axes = tuple(range(len(shape)))
    over = {axis % len(shape) for axis in axes}
    if place.axis in over:
        raise MixedError(_named(node))
    if integer(node, "keepdims", 1):
        return _every(node, place)
    gone = sum(axis < place.axis for axis in over)
    return _every(node, Place(place.axis - gone, place.outer, place.inner))


def _along(first: str, default: int, *, to_end: bool) -> Callable[..., Places]:
    """Operators that take together what lies along an axis, or along all from it on."""

    def rule(flow: Flow, node: Any, inputs: list[str]) -> Places:
        place, shape = flow.only(node, inputs[:1])
        axis = integer(node, first, default) % len(shape)
        if place.axis == axis or (to_end and place.axis > axis):
            raise MixedError(_named(node))
        return _every(node, place)

    return rule


def _softmax(flow: Flow, node: Any, inputs: list[str]) -> Places:
    old = flow.graph.versions.get("", 13) < 13
    rule = _along("axis", 1 if old else -1, to_end=old)
    return rule(flow, node, inputs)


def _recurrent(flow: Flow, node: Any, inputs: list[str]) -> Places:
    place, _ = flow.only(node, inputs[:1])
    last = integer(node, "layout", 0)
    if place.axis != (0 if last else 1):
        raise MixedError(_named(node))
    axes = (0, 0, 0) if last else (2, 1, 1)
    return [Place(axis, place.outer, place.inner) for axis in axes][: len(node.output)]


def _attention(flow: Flow, node: Any, inputs: list[str]) -> Places:
    """Whole operators of attention: the first axis is the batch, all others meet."""
    held = {flow.places[name] for name in inputs if name in flow.places}
    if any(place.axis for place in held) or len(held) > 1:
        raise MixedError(_named(node))
    return _every(node, next(iter(held)))


def _einsum(flow: Flow, node: Any, inputs: list[str]) -> Places:
    equation = text(node, "equation", "").replace(" ", "")
    sources, arrow, target = equation.partition("->")
    if not arrow or "." in equation:
        raise UnclearError(_named(node))
    terms = sources.split(",")
    letters = {
        (terms[i][flow.places[name].axis], flow.places[name].outer, flow.places[name].inner)
        for i, name in enumerate(inputs)
        if name in flow.places
    }
    if len(letters) > 1:
        raise MixedError(_named(node))
    ((letter, outer, inner),) = letters
    place = Place(target.find(letter), outer, inner)
    shared = all(
        letter not in terms[i] or flow.same_for_all(name, terms[i].index(letter), place)
        for i, name in enumerate(inputs)
        if name not in flow.places
    )
    if place.axis < 0 or not shared:
        raise MixedError(_named(node))
    return [place]


def _expand(flow: Flow, node: Any, inputs: list[str]) -> Places:
    place, shape = flow.only(node, inputs)
    target = flow.shape(node.output[0])
    axis = place.axis + len(target) - len(shape)
    if target[axis] != shape[place.axis]:
        raise UnclearError(_named(node))
    return [Place(axis, place.outer, place.inner)]


_KINDS: tuple[tuple[Callable[..., Places], str], ...] = (
    (
        _elementwise,
        "Add Sub Mul Div Pow Max Min Mean Sum Mod And Or Xor Not Equal Less Greater LessOrEqual "
        "GreaterOrEqual Where PRelu BitShift BitwiseAnd BitwiseOr BitwiseXor Relu LeakyRelu Clip "
        "Sigmoid HardSigmoid Tanh Elu Selu Celu Softplus Softsign ThresholdedRelu Ceil Floor Round "
        "Sign Abs Neg Exp Log Sqrt Reciprocal Erf Gelu HardSwish Mish Swish Sin Cos Tan IsNaN IsInf "
        "FastGelu QuickGelu BiasGelu FusedMatMulActivation",
    ),
    (_linear_quantizer, "QuantizeLinear DequantizeLinear"),
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
    (_matrix_product, "MatMul MatMulInteger FusedMatMul"),
    (_gemm, "Gemm"),
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
        "LayerNormalization RMSNormalization SimplifiedLayerNormalization",
    ),
    (_along("axis", -1, to_end=False), "LpNormalization TopK CumSum"),
    (_recurrent, "LSTM GRU RNN"),
    (
        _attention,
        "Attention MultiHeadAttention QAttention GroupQueryAttention RotaryEmbedding",
    ),
    (_einsum, "Einsum"),
)
_RULES = {name: rule for rule, names in _KINDS for name in names.split()}
