"""Embeddings: entries of a table of constants, taken by places that are data."""

from __future__ import annotations

from math import prod
from typing import Any

from accelerator.networks.layers import Layer, Operation
from accelerator.networks.onnx_attributes import integer


def embedding_layer(node: Any, name: str, table: tuple[int, ...], target: tuple[int, ...]) -> Layer:
    """The layer of a `Gather` from a table of this shape, whose output has the shape `target`."""
    entries = table[integer(node, "axis", 0)]
    each = prod(table) // entries
    rows = prod(target) // each
    one, zero = (1,), (0,)
    return Layer(
        name, Operation.EMBEDDING, 1, (rows,), each, (rows,), one, one, zero, zero, one,
        entries=entries,
    )  # fmt: skip
