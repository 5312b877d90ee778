"""`Resize` and `Upsample` in the meaning of any opset, coordinates in single precision.

Each axis that changes has taps: for every output position some input positions and their
weights. Before opset 11 there was one transformation of coordinates ("asymmetric") and one
rounding. Codes are interpolated as onnxruntime has it: with weights in single precision and
cut off, or with the channels last in 1024ths.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from accelerator.inference.grid import Array
from accelerator.networks.onnx_attributes import integer, integers, real, text

_FLOAT = np.float32
_FIXED_POINT = 1 << 10


class ResizeError(ValueError):
    """A `Resize` whose inputs make no sense; the text is part of a sentence."""


@dataclass(frozen=True)
class _Axis:
    """One axis that changes: its sizes, the scale, and the part of the input that is taken."""

    axis: int
    size: int
    target: int
    scale: np.float32
    start: np.float32
    end: np.float32


def resize(node: Any, inputs: Sequence[Array | None], opset: int) -> Array | None:
    """The resized tensor; None for what is left to the reference implementation.

    Raises ResizeError where scales or sizes do not fit.
    """
    source = inputs[0]
    if source is None or integer(node, "antialias", 0):
        return None
    axes = _axes(node, source, inputs, opset)
    mode = text(node, "mode", "nearest")
    way = text(node, "coordinate_transformation_mode", "half_pixel")
    if opset < 11:
        way = "asymmetric"
    outside = [_outside(axis, way) for axis in axes]
    if mode == "nearest":
        rounding = text(node, "nearest_mode", "round_prefer_floor") if opset >= 11 else "simple"
        made = source
        for axis in axes:
            made = np.take(made, _nearest(axis, way, rounding), axis=axis.axis)
    elif mode == "linear":
        made = _linear(source, axes, way)
    elif mode == "cubic":
        made = _cubic(source, axes, way, node)
    else:
        raise ResizeError(f"the mode {mode!r}")
    if way == "tf_crop_and_resize":
        beyond = real(node, "extrapolation_value", 0.0)
        for axis, places in zip(axes, outside, strict=True):
            made = np.array(made)
            chosen: list[Any] = [slice(None)] * made.ndim
            chosen[axis.axis] = places
            made[tuple(chosen)] = beyond
    return made


def _axes(node: Any, source: Array, inputs: Sequence[Array | None], opset: int) -> list[_Axis]:
    rank = source.ndim
    roi = scales = sizes = None
    if opset >= 11:
        roi, scales, sizes = [*inputs[1:], None, None, None][:3]
    elif len(inputs) > 1:
        scales = inputs[1]
    else:
        found = next((entry.floats for entry in node.attribute if entry.name == "scales"), ())
        scales = np.array(found, _FLOAT)
    named = [axis % rank for axis in integers(node, "axes", tuple(range(rank)))]
    if scales is not None and scales.size:
        factors = scales.astype(_FLOAT).ravel()
        if factors.size != len(named) or not np.all(factors > 0):
            raise ResizeError(f"scales {factors.tolist()} for {len(named)} axes")
        lengths = [int(f * _FLOAT(source.shape[a])) for f, a in zip(factors, named, strict=True)]
    elif sizes is not None and sizes.size == len(named):
        factors, lengths = _sized(node, source, named, [int(size) for size in sizes])
    else:
        raise ResizeError("neither scales nor sizes for each axis")
    part = np.zeros(2 * len(named), _FLOAT) if roi is None or not roi.size else roi.astype(_FLOAT)
    if part.size != 2 * len(named):
        raise ResizeError(f"a part {part.tolist()} of {len(named)} axes")
    return [
        _Axis(axis, source.shape[axis], length, factor, part[place], part[place + len(named)])
        for place, (axis, factor, length) in enumerate(zip(named, factors, lengths, strict=True))
        if factor != 1 or length != source.shape[axis]
    ]  # fmt: skip


def _sized(
    node: Any, source: Array, named: list[int], lengths: list[int]
) -> tuple[Array, list[int]]:
    """Scales of sizes that are given, and the sizes once their proportions are kept."""
    before = np.array([source.shape[axis] for axis in named], _FLOAT)
    factors = np.array(lengths, _FLOAT) / before
    policy = text(node, "keep_aspect_ratio_policy", "stretch")
    if policy == "stretch":
        return factors, lengths
    one = factors.min() if policy == "not_larger" else factors.max()
    kept = np.full(len(named), one, _FLOAT)
    return kept, [int(np.floor(one * length + _FLOAT(0.5))) for length in before]


def _coordinates(axis: _Axis, way: str) -> Array:
    """Where each output position lies in the input."""
    place = np.arange(axis.target, dtype=_FLOAT)
    half, one = _FLOAT(0.5), _FLOAT(1)
    last, size, target = _FLOAT(axis.size - 1), _FLOAT(axis.size), _FLOAT(axis.target)
    if axis.scale == 1 and way != "tf_crop_and_resize":
        return place
    if way == "half_pixel" or (way == "pytorch_half_pixel" and axis.target > 1):
        return np.asarray((place + half) / axis.scale - half)
    if way == "pytorch_half_pixel":
        return np.zeros_like(place)
    if way == "asymmetric":
        return np.asarray(place / axis.scale)
    if way == "tf_half_pixel_for_nn":
        return np.asarray((place + half) / axis.scale)
    if way == "align_corners":
        return place * last / (target - one) if axis.target > 1 else np.zeros_like(place)
    if way == "half_pixel_symmetric":
        offset = size / 2 * (one - target / (axis.scale * size))
        found = float(offset) + (place.astype(np.float64) + 0.5) / float(axis.scale) - 0.5
        return np.asarray(found, _FLOAT)
    if way == "tf_crop_and_resize":
        if axis.target == 1:
            return np.full(1, 0.5 * (axis.start + axis.end) * last, _FLOAT)
        moved = place * (axis.end - axis.start) * last / (target - one)
        return np.asarray(axis.start * last + moved)
    raise ResizeError(f"the transformation {way!r}")


def _outside(axis: _Axis, way: str) -> Array:
    found = _coordinates(axis, way)
    return np.asarray((found < 0) | (found > axis.size - 1))


def _half_up(values: Array) -> Array:
    """Halves away from zero."""
    return np.asarray(np.sign(values) * np.floor(np.abs(values) + _FLOAT(0.5)))


_ROUNDINGS: dict[str, Callable[[Array], Array]] = {
    "floor": np.floor,
    "ceil": np.ceil,
    "round_prefer_ceil": _half_up,
    "round_prefer_floor": lambda x: np.where(x == np.trunc(x) + 0.5, np.floor(x), _half_up(x)),
}


def _nearest(axis: _Axis, way: str, rounding: str) -> Array:
    found = _coordinates(axis, way)
    if rounding == "simple":
        places = np.ceil(found) if axis.scale < 1 else np.trunc(found)
    elif rounding in _ROUNDINGS:
        places = _ROUNDINGS[rounding](found)
    else:
        raise ResizeError(f"the rounding {rounding!r}")
    return np.clip(places, 0, axis.size - 1).astype(np.int64)


def _linear(source: Array, axes: list[_Axis], way: str) -> Array:
    """Between the two neighbours along each axis; all axes at once, the last one first."""
    codes = source.dtype.kind in "iu"
    last = source.ndim - 1
    # Channels that come last are those of images whose second axis changes and last one does not.
    changed = [axis.axis for axis in axes]
    fixed = codes and source.ndim == 4 and 1 in changed and last not in changed
    taps = [_neighbours(axis, way, fixed=fixed) for axis in axes]
    kind: Any = np.int64 if fixed else _FLOAT if source.dtype != np.float64 else np.float64
    total = np.zeros([_target(axes, place, size) for place, size in enumerate(source.shape)], kind)
    for sides in product((0, 1), repeat=len(axes)):
        seen, weight = source, np.ones((1,) * source.ndim, kind)
        # The weights are multiplied before the values, from the last axis to the first.
        for axis, side, (places, weights) in list(zip(axes, sides, taps, strict=True))[::-1]:
            seen = np.take(seen, places[side], axis=axis.axis)
            shape = [1] * source.ndim
            shape[axis.axis] = axis.target
            weight = weight * weights[side].astype(kind).reshape(shape)
        total += weight * seen.astype(kind)
    if fixed:
        total = np.sign(total) * (np.abs(total) // _FIXED_POINT ** len(axes))
    return np.asarray(np.trunc(total) if codes and not fixed else total).astype(source.dtype)


def _target(axes: list[_Axis], place: int, size: int) -> int:
    return next((axis.target for axis in axes if axis.axis == place), size)


def _neighbours(
    axis: _Axis, way: str, *, fixed: bool
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """The positions on both sides, and their weights; `fixed` ones are whole 1024ths."""
    found = np.clip(_coordinates(axis, way), _FLOAT(0), _FLOAT(axis.size - 1))
    first = found.astype(np.int64)
    second = np.minimum(first + 1, axis.size - 1)
    if fixed:
        scaled = (found * _FLOAT(_FIXED_POINT)).astype(np.int64)
        after, before = scaled - first * _FIXED_POINT, second * _FIXED_POINT - scaled
        half: Any = _FIXED_POINT // 2
    else:
        after, before = found - first.astype(_FLOAT), second.astype(_FLOAT) - found
        half = _FLOAT(0.5)
    single = first == second
    weights = np.where(single, half, before), np.where(single, half, after)
    return (first, second), weights


def _cubic(source: Array, axes: list[_Axis], way: str, node: Any) -> Array:
    """Four neighbours along each axis by a cubic convolution, the last axis first."""
    factor = _FLOAT(real(node, "cubic_coeff_a", -0.75))
    inside_only = bool(integer(node, "exclude_outside", 0))
    made = source.astype(np.float64 if source.dtype == np.float64 else _FLOAT)
    for axis in axes[::-1]:
        found = _coordinates(axis, way)
        whole = np.floor(found)
        places = whole.astype(np.int64) + np.arange(-1, 3)[:, None]
        weights = _cubic_weights(np.asarray(found - whole), factor)
        if inside_only:
            weights = np.where((places < 0) | (places >= axis.size), _FLOAT(0), weights)
            weights = weights / weights.sum(axis=0)
        shape = [1] * source.ndim
        shape[axis.axis] = axis.target
        made = sum(
            np.take(made, np.clip(places[tap], 0, axis.size - 1), axis=axis.axis)
            * weights[tap].reshape(shape)
            for tap in range(4)
        )
    return np.asarray(made).astype(source.dtype)


def _cubic_weights(ratio: Array, a: np.float32) -> Array:
    """R. Keys, "Cubic convolution interpolation", IEEE Trans. ASSP 29 (1981)."""
    near, far = ratio, 1 - ratio

    def outer(x: Array) -> Array:
        return np.asarray(((a * x - 5 * a) * x + 8 * a) * x - 4 * a)

    def inner(x: Array) -> Array:
        return np.asarray(((a + 2) * x - (a + 3)) * x * x + 1)

    return np.stack([outer(near + 1), inner(near), inner(far), outer(far + 1)]).astype(_FLOAT)
