"""Images as a network takes them, so many at a time."""

from __future__ import annotations

from collections.abc import Container
from math import prod
from pathlib import Path

import numpy as np

from accelerator.errors import EstimateError
from accelerator.inference.grid import Array, Grid, Tensor, integer_range
from accelerator.inference.model import Model

_ELEMENTS_AT_ONCE = 2**24
"""Of the largest tensor where images run a few at a time: 64 MB in single precision."""


def as_images(
    path: Path, images: object, shape: tuple[int | None, ...], highest: int | None = None
) -> Array:
    """Images as the model's input takes them, or several times as many.

    Raises EstimateError where the shape is another, or where they should be whole numbers from 0
    to `highest` and are not.
    """
    array = np.asarray(images)
    if array.dtype.kind not in "fiub":
        raise EstimateError(f"images of type {array.dtype} are no numbers")
    wanted = ", ".join("any" if size is None else str(size) for size in shape)
    if array.ndim != len(shape) or any(
        size is not None and size != given
        for size, given in zip(shape[1:], array.shape[1:], strict=True)
    ):
        raise EstimateError(
            f"{path} takes images of the shape ({wanted}), not {array.shape}; reshape them"
        )
    if shape and shape[0] is not None and (shape[0] < 1 or len(array) % shape[0]):
        raise EstimateError(
            f"{path} takes images of the shape ({wanted}), not {array.shape}; give a multiple of "
            f"{shape[0]} images, or export the network with a free batch"
        )
    if highest is not None:
        whole = array.dtype.kind in "iub"
        if highest < 1 or not whole or array.min(initial=0) < 0 or array.max(initial=0) > highest:
            raise EstimateError(
                f"the images are not whole numbers from 0 to {highest}; give them as they were "
                "before they were scaled, or leave out the highest"
            )
    return array


def split(source: Array, model: Model, constants: Container[str], *, several: bool) -> list[Array]:
    """The images that run together: as many as the file says, else all, or few of `several`."""
    at_once = model.input_shape[0] if model.input_shape else None
    if at_once is None:
        at_once = max(len(source), 1)
        if several:
            shapes = [shape for name, shape in model.shapes.items() if name not in constants]
            largest = max((prod(size or 1 for size in shape) for shape in shapes), default=1)
            at_once = min(at_once, max(_ELEMENTS_AT_ONCE // max(largest, 1), 1))
    return [source[start : start + at_once] for start in range(0, max(len(source), 1), at_once)]


def as_input(images: Array, model: Model, highest: int | None) -> Tensor:
    """The network's input; whole numbers for an input of reals are on the grid of their type."""
    if images.dtype.kind == "f" or model.takes_integers:
        values = images.astype(np.float32) if images.dtype == np.float64 else images
        return Tensor(values)
    reals = images.astype(np.float32)
    if highest is not None:
        return Tensor(reals / np.float32(highest), Grid(np.array(1.0 / highest), 0, highest))
    if images.dtype == np.bool_:
        return Tensor(reals, Grid(np.ones(()), 0, 1))
    return Tensor(reals, Grid(np.ones(()), *integer_range(images.dtype)))
