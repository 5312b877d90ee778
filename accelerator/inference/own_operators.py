"""Operators of the digital unit that onnx's reference implementation gets wrong or lacks.

It has some in the meaning of their newest version only, and some not as the standard defines
them. Each function here takes the node, its inputs and the opset of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, floor, prod
from typing import Any

import numpy as np

from accelerator.inference.grid import Array
from accelerator.inference.resizing import resize
from accelerator.inference.windows import powers, windows_of
from accelerator.networks.onnx_attributes import integer, integers, real, text

Inputs = Sequence[Array | None]


def run_own(node: Any, inputs: Inputs, opset: int) -> list[Any] | None:
    """The node's outputs; None where the reference implementation is right."""
    own = OWN.get(node.op_type)
    if own is None or node.domain or not inputs or inputs[0] is None:
        return None
    found = own(node, inputs, opset)
    return None if found is None else [found]


def _rows(node: Any, values: Array, opset: int) -> tuple[Array, int]:
    """Values and the axis to normalize; before opset 13 all axes from the given one on are one."""
    if opset >= 13:
        return values, integer(node, "axis", -1)
    axis = integer(node, "axis", 1)
    axis += values.ndim if axis < 0 else 0
    return values.reshape(prod(values.shape[:axis]), -1), 1


def _softmax(node: Any, inputs: Inputs, opset: int) -> Array | None:
    values = inputs[0]
    if values is None or not values.size:
        return values
    rows, axis = _rows(node, values, opset)
    powers_of_e = np.exp(rows - rows.max(axis=axis, keepdims=True))
    found = powers_of_e / powers_of_e.sum(axis=axis, keepdims=True)
    return np.asarray(found.astype(values.dtype).reshape(values.shape))


def _log_softmax(node: Any, inputs: Inputs, opset: int) -> Array | None:
    values = inputs[0]
    if values is None or not values.size:
        return values
    rows, axis = _rows(node, values, opset)
    below = rows - rows.max(axis=axis, keepdims=True)
    found = below - np.log(np.exp(below).sum(axis=axis, keepdims=True))
    return np.asarray(found.astype(values.dtype).reshape(values.shape))


def _hardmax(node: Any, inputs: Inputs, opset: int) -> Array | None:
    values = inputs[0]
    if values is None or not values.size:
        return values
    rows, axis = _rows(node, values, opset)
    found = np.zeros_like(rows)
    np.put_along_axis(found, rows.argmax(axis=axis, keepdims=True), 1, axis=axis)
    return found.reshape(values.shape)


def _local_response(node: Any, inputs: Inputs, _: int) -> Array | None:
    """LRN: each value over a power of the mean square of its neighbours in other channels."""
    values = inputs[0]
    assert values is not None
    size = integer(node, "size", 1)
    alpha, beta = real(node, "alpha", 1e-4), real(node, "beta", 0.75)
    before, after = floor((size - 1) / 2), ceil((size - 1) / 2)
    squares = np.pad(values * values, [(0, 0), (before, after), *[(0, 0)] * (values.ndim - 2)])
    channels = values.shape[1]
    total = sum(squares[:, shift : shift + channels] for shift in range(size))
    divisor = np.asarray(real(node, "bias", 1.0) + alpha / size * np.asarray(total)) ** beta
    return np.asarray(values / divisor).astype(values.dtype)


def _norm(node: Any, inputs: Inputs, _: int) -> Array | None:
    values = inputs[0]
    assert values is not None
    axis, power = integer(node, "axis", -1), integer(node, "p", 2)
    total = (np.abs(values) ** power).sum(axis=axis, keepdims=True)
    length = total if power == 1 else np.sqrt(total)
    found = np.divide(values, length, out=np.zeros_like(values), where=length != 0)
    return np.asarray(found.astype(values.dtype))


def _power_pool(node: Any, inputs: Inputs, _: int) -> Array | None:
    values = inputs[0]
    assert values is not None
    windows = windows_of(node, values.shape[2:])
    return None if windows is None else powers(values, windows, integer(node, "p", 2))


def _global_power_pool(node: Any, inputs: Inputs, _: int) -> Array | None:
    values = inputs[0]
    assert values is not None
    power, axes = integer(node, "p", 2), tuple(range(2, values.ndim))
    total = (np.abs(values) ** power).sum(axis=axes, keepdims=True)
    return np.asarray(total ** (1 / power)).astype(values.dtype)


def _pad(node: Any, inputs: Inputs, opset: int) -> Array | None:
    """Padding of several kinds; what a negative one cuts off is cut off before."""
    values = inputs[0]
    assert values is not None
    if opset < 11:
        given, constant, axes = integers(node, "pads", ()), real(node, "value", 0.0), None
    else:
        _, pads, value, axes = [*inputs, None, None, None][:4]
        given = () if pads is None else tuple(int(pad) for pad in pads.ravel())
        constant = 0 if value is None or not value.size else value.ravel()[0]
    named = range(values.ndim) if axes is None else [int(axis) % values.ndim for axis in axes]
    if len(given) != 2 * len(named):
        raise ValueError(f"{len(given)} paddings for {len(named)} axes")
    around = [(0, 0)] * values.ndim
    for place, axis in enumerate(named):
        around[axis] = given[place], given[place + len(named)]
    kept = tuple(
        slice(max(-begin, 0), size - max(-end, 0))
        for (begin, end), size in zip(around, values.shape, strict=True)
    )
    wanted = [(max(begin, 0), max(end, 0)) for begin, end in around]
    mode = text(node, "mode", "constant")
    if mode == "constant":
        filled = np.pad(values[kept], wanted, constant_values=np.asarray(constant, values.dtype))
        return np.asarray(filled)
    chosen: Any = mode
    return np.asarray(np.pad(values[kept], wanted, mode=chosen))


def _scatter(node: Any, inputs: Inputs, _: int) -> Array | None:
    """`Scatter`, which opset 11 calls `ScatterElements`."""
    values, places, updates = inputs
    assert values is not None
    assert places is not None
    assert updates is not None
    axis, found = integer(node, "axis", 0), values.copy()
    index = np.where(places < 0, places + values.shape[axis], places)
    corner = tuple(slice(0, size) for size in index.shape)
    where: list[Any] = list(np.indices(index.shape))
    where[axis] = index
    found[tuple(where)] = updates[corner]
    return found


def _unsqueeze(node: Any, inputs: Inputs, opset: int) -> Array | None:
    """Axes of one, named in any order."""
    values = inputs[0]
    assert values is not None
    given: Any = integers(node, "axes", ()) if opset < 13 else inputs[1]
    axes = [int(axis) for axis in np.asarray(given).ravel()]
    return np.expand_dims(values, tuple(axes))


def _batch_normalization(node: Any, inputs: Inputs, opset: int) -> Array | None:
    """With the statistics of training, those of each place where an old file says so."""
    if integer(node, "training_mode", 0) or len([name for name in node.output if name]) > 1:
        return None
    values, *given = inputs
    assert values is not None
    whole = opset < 9 and not integer(node, "spatial", 1)
    shape = (1, *values.shape[1:]) if whole else (1, -1, *[1] * (values.ndim - 2))
    gain, shift, mean, variance = (
        np.asarray(entry).reshape(shape if values.ndim > 1 else -1) for entry in given
    )
    deviation = np.sqrt(variance + np.asarray(real(node, "epsilon", 1e-5), variance.dtype))
    return np.asarray(gain * (values - mean) / deviation + shift).astype(values.dtype)


def _group_normalization(node: Any, inputs: Inputs, opset: int) -> Array | None:
    """Scale and shift are those of groups before opset 21, of channels from it on."""
    values, gain, shift = inputs
    assert values is not None
    assert gain is not None
    assert shift is not None
    groups, channels = integer(node, "num_groups", 1), values.shape[1]
    parts = values.astype(np.float32).reshape(len(values), groups, -1)
    mean, variance = parts.mean(axis=2, keepdims=True), parts.var(axis=2, keepdims=True)
    epsilon = np.float32(real(node, "epsilon", 1e-5))
    level = ((parts - mean) / np.sqrt(variance + epsilon)).reshape(values.shape)
    if opset < 21:
        gain, shift = (np.repeat(entry, channels // groups) for entry in (gain, shift))
    shape = (1, channels, *[1] * (values.ndim - 2))
    return np.asarray(level * gain.reshape(shape) + shift.reshape(shape)).astype(values.dtype)


def _pool_of_regions(node: Any, inputs: Inputs, _: int) -> Array | None:
    """MaxRoiPool: the greatest value of each bin of each region; nothing in a bin is zero."""
    values, regions = inputs
    assert values is not None
    assert regions is not None
    rows, columns = integers(node, "pooled_shape", ())
    scale = np.float32(real(node, "spatial_scale", 1.0))
    found = np.zeros((len(regions), values.shape[1], rows, columns), values.dtype)
    for place, region in enumerate(regions):
        image = values[int(region[0])]
        left, top, right, bottom = (floor(float(corner * scale) + 0.5) for corner in region[1:])
        down = _bins(top, bottom, rows, image.shape[1])
        across = _bins(left, right, columns, image.shape[2])
        for row, column in np.ndindex(rows, columns):
            part = image[:, down[row], across[column]]
            if part.size:
                found[place, :, row, column] = part.max(axis=(1, 2))
    return found


def _bins(begin: int, end: int, count: int, size: int) -> list[slice]:
    width = np.float32(max(end - begin + 1, 1)) / np.float32(count)
    edges = [
        (floor(float(place * width)) + begin, ceil(float((place + 1) * width)) + begin)
        for place in range(count)
    ]
    return [slice(min(max(a, 0), size), min(max(b, 0), size)) for a, b in edges]


OWN: dict[str, Callable[[Any, Inputs, int], Array | None]] = {
    "Softmax": _softmax,
    "LogSoftmax": _log_softmax,
    "Hardmax": _hardmax,
    "LRN": _local_response,
    "LpNormalization": _norm,
    "LpPool": _power_pool,
    "GlobalLpPool": _global_power_pool,
    "Pad": _pad,
    "Scatter": _scatter,
    "Unsqueeze": _unsqueeze,
    "BatchNormalization": _batch_normalization,
    "GroupNormalization": _group_normalization,
    "MaxRoiPool": _pool_of_regions,
    "Resize": resize,
    "Upsample": resize,
}
