"""Products of two activations: their multiply-accumulates, from the shapes in the file.

Neither operand stays from image to image, so that none has a place on sub-arrays; what is told of
them is how many there are.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from accelerator.networks.onnx_attributes import integer, text
from accelerator.networks.onnx_operators import CONVOLUTIONS, RECURRENT

Shape = Callable[[str], tuple[int, ...] | None]
"""The shape of a tensor for one image; None where it is not known."""

_PLACES = {"QLinearMatMul": (0, 3), "QLinearConv": (0, 3), "QGemm": (0, 3)}
"""Where the operands stand among the inputs, where these are not the first two."""


def product_macs(node: Any, shape: Shape) -> int | None:
    """Multiply-accumulates of one image in a node that multiplies activations (1).

    None where the shapes that it takes are not known, or contradict each other.
    """
    operator = node.op_type
    try:
        if operator == "Einsum":
            return _sum_of_products(node, shape)
        if operator in ("Attention", "MultiHeadAttention", "GroupQueryAttention"):
            return _contrib_attention(node, shape) if node.domain else _attention(node, shape)
        if operator in RECURRENT:
            source, state = _known(shape(node.input[0])), _known(shape(node.input[2]))
            directions, gates, hidden = state
            return prod(source[:2]) * directions * gates * (source[2] + hidden)
        first, second = _PLACES.get(operator, (0, 1))
        left, right = _known(shape(node.input[first])), _known(shape(node.input[second]))
        if operator == "ConvTranspose":
            return prod(left) * prod(right[1:])
        target = _known(shape(node.output[0]))
        if operator in CONVOLUTIONS:
            return prod(target) * prod(right[1:])
        transposed = operator in ("Gemm", "QGemm") and integer(node, "transA", 0)
        return prod(target) * left[-2 if transposed else -1]
    except (LookupError, ValueError):
        return None


class _UnknownError(ValueError):
    """A shape that is not known."""


def _known(found: tuple[int, ...] | None) -> tuple[int, ...]:
    if found is None:
        raise _UnknownError
    return found


def _attention(node: Any, shape: Shape) -> int:
    """Scores and their sum over values, of the standard's operator from opset 23 on.

    Tensors are of four dimensions, batch, heads, places and sizes, or of three with the heads
    in the last one. Keys and values of earlier places, which are inputs, are met as well.
    """
    query, key, value = (_known(shape(name)) for name in node.input[:3])
    heads = integer(node, "q_num_heads", 1)
    of_keys = integer(node, "kv_num_heads", heads)
    if len(query) == 4:
        batch, heads, places, size = query
        met, value_size = key[2], value[3]
    else:
        batch, places, size = query[0], query[1], query[2] // heads
        met, value_size = key[1], value[2] // of_keys
    if len(node.input) > 4 and node.input[4]:
        met += _known(shape(node.input[4]))[2]
    return batch * heads * places * met * (size + value_size)


def _contrib_attention(node: Any, shape: Shape) -> int:
    """The same of onnxruntime's operators; inputs without a name are packed into the first.

    `Attention` takes weights for queries, keys and values at once.
    """
    query = _known(shape(node.input[0]))
    batch, places = query[:2]
    given = [name for name in node.input[1:3] if name]
    if node.op_type == "Attention":
        width = _known(shape(node.input[1]))[-1] // 3
        return 2 * batch * places * places * width
    if node.op_type == "GroupQueryAttention":
        size = integer(node, "num_heads", 1)
        pairs = integer(node, "kv_num_heads", size)
        width = query[2] if given else query[2] * size // (size + 2 * pairs)
        met = _known(shape(given[0]))[1] if given else places
        if len(node.input) > 3 and node.input[3]:
            met = max(met, _known(shape(node.input[3]))[2])
        return 2 * batch * places * met * width
    if not given:
        # Heads, then queries, keys and values, in the last three dimensions.
        return 2 * batch * places * places * (prod(query[2:]) // 3)
    key = _known(shape(given[0]))
    values = _known(shape(given[1])) if len(given) > 1 else None
    met = key[2] if len(key) == 4 else key[1]
    if values is None:
        width = query[2]
    else:
        width = values[1] * values[3] if len(values) == 4 else values[-1]
    past = node.input[6] if len(node.input) > 6 else ""
    met += _known(shape(past))[2] if past else 0
    return batch * places * met * (query[2] + width)


def _sum_of_products(node: Any, shape: Shape) -> int:
    """Of a sum over operands from left to right, as it is computed pair by pair."""
    left, _, right = text(node, "equation", "").replace(" ", "").partition("->")
    terms = left.split(",")
    shapes = [_known(shape(name)) for name in node.input]
    sizes: dict[str, int] = {}
    axes = []
    for term, dims in zip(terms, shapes, strict=True):
        dots = len(dims) - len(term.replace("...", ""))
        # Axes that have no letter are counted from the last of them.
        own = [f".{place}" for place in range(dots, 0, -1)]
        before, found, after = term.partition("...")
        names = [*before, *(own if found else []), *after]
        axes.append(names)
        for name, size in zip(names, dims, strict=True):
            sizes[name] = max(sizes.get(name, 1), size)
    if "->" in text(node, "equation", ""):
        kept = set(right.replace("...", ""))
    else:
        letters = "".join(terms)
        kept = {letter for letter in letters if letters.count(letter) == 1}
    kept |= {name for name in sizes if name.startswith(".")}
    total, here = 0, set(axes[0])
    for place, names in enumerate(axes[1:], 1):
        here |= set(names)
        total += prod(sizes[name] for name in here)
        later = {name for others in axes[place + 1 :] for name in others}
        here &= kept | later
    return total
