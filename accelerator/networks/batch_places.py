"""Where the images of a batch lie in tensors, and what is known of tensors without any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from accelerator.networks.onnx_attributes import integers
from accelerator.networks.onnx_graph import Graph


@dataclass(frozen=True, slots=True)
class Place:
    """Images along `axis`, whose size is outer x images x inner, the last running fastest."""

    axis: int
    outer: int = 1
    inner: int = 1


class MixedError(Exception):
    """An operator that tells images apart or takes several together; the text is a clause."""


class UnclearError(Exception):
    """What is not known to keep images apart; the text says which operator or tensor."""


Shape = tuple[int, ...]
Places = list[Place | None]


class Tensors:
    """The tensors of a graph, and the places of `images` in those that hold any."""

    def __init__(self, graph: Graph, starts: Mapping[str, Place], images: int) -> None:
        self.graph = graph
        self.images = images
        self.places: dict[str, Place] = dict(starts)
        self.makers = {name: node for node in graph.nodes for name in node.output if name}

    def shape(self, name: str) -> Shape:
        """A tensor's sizes."""
        found = self.graph.shapes.get(name)
        if found is None or None in found:
            raise UnclearError(f"the shape of {name!r}")
        return tuple(size for size in found if size is not None)

    def only(self, node: Any, inputs: list[str]) -> tuple[Place, Shape]:
        """Place and shape of the first input, the only one that may hold images."""
        if any(name in self.places for name in inputs[1:]) or inputs[0] not in self.places:
            raise UnclearError(named(node))
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


def named(node: Any) -> str:
    """What a node is called in a sentence."""
    name = node.name or (node.output[0] if node.output else "")
    return f"{node.op_type} {name!r}"


def mixed(node: Any) -> MixedError:
    """Of an operator that computes one number from several images."""
    return MixedError(f"{named(node)} takes them together")


def every(node: Any, place: Place | None) -> Places:
    """The same for each output of a node."""
    return [place] * len(node.output)
