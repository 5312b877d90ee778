"""Images as a network takes them, so many at a time."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from math import isfinite, prod
from pathlib import Path

import numpy as np

from accelerator.bitwise.encodings import WIDEST
from accelerator.errors import EstimateError
from accelerator.inference.grid import Array, Grid, Tensor, integer_range
from accelerator.inference.model import Model
from accelerator.inference.quantizers import limits, quant

_ELEMENTS_AT_ONCE = 2**24
"""Of the largest tensor where images run a few at a time: 64 MB in single precision."""


@dataclass(frozen=True)
class InputQuantizer:
    """A quantizer before a network that has none: round(x / scale + zero), clipped to `bits`.

    The network takes what the codes stand for, (code - zero) * scale. One signed bit is -1 or 1.
    Raises EstimateError for other widths than 1 to 16 and scales that are not positive.
    """

    bits: int
    signed: bool = False
    scale: float = 1.0
    zero: float = 0.0

    def __post_init__(self) -> None:
        if not 1 <= self.bits <= WIDEST:
            raise EstimateError(f"an input of {self.bits} bits; give 1 to {WIDEST}")
        if not (isfinite(self.scale) and self.scale > 0):
            raise EstimateError(f"an input scale of {self.scale:g}; give a positive number")
        if not (isfinite(self.zero) and 2 * self.zero == round(2 * self.zero)):
            raise EstimateError(
                f"an input zero point of {self.zero:g}; give a whole number, or one and a half"
            )


@dataclass(frozen=True)
class Levels:
    """What is known of images that no quantizer of the file makes.

    With `highest`, they are whole numbers from `lowest` to it, whatever their type, and the
    network takes them divided by it.
    """

    lowest: int = 0
    highest: int | None = None
    quantizer: InputQuantizer | None = None

    def __post_init__(self) -> None:
        if self.highest is None and self.lowest:
            raise EstimateError("a lowest number of images without their highest; give that too")
        if self.highest is not None and self.quantizer is not None:
            raise EstimateError(
                "images with a highest number and an input quantizer; give one of them"
            )
        if self.highest is not None and self.highest < max(self.lowest, 1):
            raise EstimateError(
                f"images from {self.lowest} to {self.highest}; the highest must be positive and "
                "no less than the lowest"
            )


UNKNOWN = Levels()


def as_images(
    path: Path, images: object, shape: tuple[int | None, ...], levels: Levels = UNKNOWN
) -> Array:
    """Images as the model's input takes them, or several times as many.

    Raises EstimateError where the shape is another, or where they should be whole numbers of a
    range and are not.
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
    if levels.highest is not None and not _whole(array, levels.lowest, levels.highest):
        raise EstimateError(
            f"the images are not whole numbers from {levels.lowest} to {levels.highest}; give "
            "them as they were before they were scaled, or leave out the highest"
        )
    if levels.quantizer is not None and not np.isfinite(array).all():
        raise EstimateError("the images have infinite values or no numbers; an input quantizer "
                            "takes finite ones")  # fmt: skip
    return array


def _whole(values: Array, lowest: int, highest: int) -> bool:
    """Whether all are whole numbers of a range."""
    if values.dtype.kind == "f" and not np.array_equal(values, np.rint(values)):
        return False
    return not values.size or bool(lowest <= values.min() and values.max() <= highest)


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


def as_input(images: Array, model: Model, levels: Levels = UNKNOWN) -> Tensor:
    """The network's input, on a grid where its levels are known.

    They are what `levels` says; else those of a whole number's type; else those that the file
    names for its input, if all images lie on them. Raises EstimateError for an input quantizer
    before whole numbers.
    """
    quantizer = levels.quantizer
    if model.takes_integers:
        if quantizer is not None:
            raise EstimateError(f"{model.path} takes whole numbers; leave out the input quantizer")
        return Tensor(images.astype(np.float32) if images.dtype == np.float64 else images)
    if quantizer is not None:
        scale, zero, bits = (
            np.float32(value) for value in (quantizer.scale, quantizer.zero, quantizer.bits)
        )
        return quant(
            images.astype(np.float32), np.asarray(scale), np.asarray(zero), np.asarray(bits),
            signed=quantizer.signed, narrow=False, mode="ROUND",
        )  # fmt: skip
    reals = images.astype(np.float32) if images.dtype != np.float16 else images
    if levels.highest is not None:
        grid = Grid(np.array(1.0 / levels.highest), levels.lowest, levels.highest)
        return Tensor(reals / np.float32(levels.highest), grid)
    if images.dtype.kind == "f":
        return Tensor(reals, _named(model.input_kind, images))
    if images.dtype == np.bool_:
        return Tensor(reals, Grid(np.ones(()), 0, 1))
    return Tensor(reals, Grid(np.ones(()), *integer_range(images.dtype)))


def _named(kind: str, images: Array) -> Grid | None:
    """The grid of a data type of FINN and QONNX, where all images lie on it."""
    found = re.fullmatch(r"(U?)INT(\d{1,2})", kind)
    grids = {
        "BINARY": Grid(np.ones(()), 0, 1), "BIPOLAR": Grid(np.ones(()), -1, 1, 2),
        "TERNARY": Grid(np.ones(()), -1, 1),
    }  # fmt: skip
    if found and 1 <= int(found[2]) <= WIDEST:
        grid = Grid(np.ones(()), *limits(int(found[2]), signed=not found[1], narrow=False))
    elif kind in grids:
        grid = grids[kind]
    else:
        return None
    on_it = _whole(images, grid.low, grid.high) and not np.any((images - grid.low) % grid.step)
    return grid if on_it else None
