"""What products of every kind do with the images of a batch; see `batch_rules`."""

from __future__ import annotations

from typing import Any

from accelerator.networks.batch_places import (
    Place,
    Places,
    Tensors,
    UnclearError,
    every,
    mixed,
    named,
)
from accelerator.networks.onnx_attributes import integer, text


def matrix_product(flow: Tensors, node: Any, inputs: list[str]) -> Places:
    """Matrices by matrices: rows of one, columns of the other, or stacks of both."""
    left, right = (flow.shape(name) for name in inputs[:2])
    rank = len(flow.shape(node.output[0]))
    found: list[Place] = []
    for name, shape, kept in ((inputs[0], left, -2), (inputs[1], right, -1)):
        place = flow.places.get(name)
        if place is None:
            continue
        from_end = place.axis - len(shape)
        if len(shape) == 1 or from_end == (-1 if kept == -2 else -2):
            raise mixed(node)
        if from_end == kept:
            # A vector on the other side leaves its axis out.
            other = right if kept == -2 else left
            end = rank + kept + (len(other) == 1 and kept == -2)
            found.append(Place(end, place.outer, place.inner))
        else:
            vector = (len(left) == 1) + (len(right) == 1)
            found.append(Place(rank + from_end + vector, place.outer, place.inner))
    if len(set(found)) > 1 or (len(found) == 2 and found[0].axis >= rank - 2):
        raise mixed(node)
    _other_is_shared(flow, node, inputs, found[0], rank)
    return every(node, found[0])


def _other_is_shared(flow: Tensors, node: Any, inputs: list[str], place: Place, rank: int) -> None:
    """A stack of matrices without images is the same for all along the images' axis."""
    if place.axis >= rank - 2:
        return
    for name in inputs[:2]:
        shape = () if name in flow.places else flow.shape(name)
        axis = place.axis - (rank - len(shape))
        if len(shape) > 2 and axis >= 0 and not flow.same_for_all(name, axis, place):
            raise mixed(node)


def gemm(flow: Tensors, node: Any, inputs: list[str]) -> Places:
    """One matrix by another, which may be turned."""
    found: Place | None = None
    for name, turned, inner in (
        (inputs[0], integer(node, "transA", 0), 1),
        (inputs[1], integer(node, "transB", 0), 0),
    ):
        place = flow.places.get(name)
        if place is None:
            continue
        if place.axis == (1 - inner if turned else inner) or found is not None:
            raise mixed(node)
        found = Place(1 - inner, place.outer, place.inner)
    if len(inputs) > 2 and inputs[2]:
        if inputs[2] in flow.places or found is None:
            raise UnclearError(named(node))
        shape = flow.shape(inputs[2])
        axis = found.axis - (2 - len(shape))
        if axis >= 0 and shape and not flow.same_for_all(inputs[2], axis, found):
            raise mixed(node)
    return every(node, found)


def recurrent(flow: Tensors, node: Any, inputs: list[str]) -> Places:
    """Sequences of several images side by side."""
    place, _ = flow.only(node, inputs[:1])
    last = integer(node, "layout", 0)
    if place.axis != (0 if last else 1):
        raise mixed(node)
    axes = (0, 0, 0) if last else (2, 1, 1)
    places: Places = [Place(axis, place.outer, place.inner) for axis in axes]
    return places[: len(node.output)]


def attention(flow: Tensors, node: Any, inputs: list[str]) -> Places:
    """Whole operators of attention: the first axis is the batch, all others meet."""
    held = {flow.places[name] for name in inputs if name in flow.places}
    if any(place.axis for place in held) or len(held) > 1:
        raise mixed(node)
    return every(node, next(iter(held)))


def einsum(flow: Tensors, node: Any, inputs: list[str]) -> Places:
    """The letter that the images lie along, which every operand shares."""
    equation = text(node, "equation", "").replace(" ", "")
    sources, arrow, target = equation.partition("->")
    if not arrow or "." in equation:
        raise UnclearError(named(node))
    terms = sources.split(",")
    letters = {
        (terms[i][flow.places[name].axis], flow.places[name].outer, flow.places[name].inner)
        for i, name in enumerate(inputs)
        if name in flow.places
    }
    if len(letters) > 1:
        raise mixed(node)
    ((letter, outer, inner),) = letters
    place = Place(target.find(letter), outer, inner)
    shared = all(
        letter not in terms[i] or flow.same_for_all(name, terms[i].index(letter), place)
        for i, name in enumerate(inputs)
        if name not in flow.places
    )
    if place.axis < 0 or not shared:
        raise mixed(node)
    return [place]
