"""onnxruntime's own operators on codes (com.microsoft), in the digital unit.

Sums, products and means in single precision in the order in which onnxruntime has them (its
MLAS library on x86-64, version 1.32), so that codes are equal to the last bit whatever the
scales. The others are their plain operator between a dequantizer and a quantizer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from accelerator.inference.digital import DigitalUnit
from accelerator.inference.grid import Array, Grid, Tensor, integer_range
from accelerator.inference.room import DigitalError
from accelerator.inference.windows import means, windows_of
from accelerator.networks.onnx_attributes import integer
from accelerator.networks.onnx_contrib import Meaning, meaning

_FLOAT = np.float32


@dataclass(frozen=True)
class _Codes:
    """Codes with the scale and the zero point of their tensor."""

    values: Array
    scale: np.float32
    zero: int

    @property
    def centred(self) -> Array:
        return np.asarray(self.values.astype(np.int64) - self.zero)

    @property
    def reals(self) -> Array:
        return np.asarray(self.centred.astype(_FLOAT) * self.scale)


class ContribOperators:
    """Runs nodes of com.microsoft that have codes in and codes out, but for those with weights."""

    def __init__(self, digital: DigitalUnit) -> None:
        self._digital = digital
        self._plain: dict[int, Any] = {}

    def supports(self, node: Any) -> bool:
        """Whether the node is one of these operators, its channels where ONNX has them."""
        found = meaning(node)
        if found is None or found.operator == "Gemm" or integer(node, "channels_last", 0):
            return False
        return node.op_type in _EXACT or self._digital.supports(self._as_plain(node, found))

    def run(self, node: Any, inputs: Sequence[Tensor | None]) -> Tensor:
        """The node's output, whole codes of its type.

        Raises DigitalError where an input is missing or a scale makes no sense.
        """
        found = meaning(node)
        assert found is not None
        coded = [_codes(inputs, place) for place in found.places(len(inputs))]
        scale, zero = _scale_and_zero(inputs, found.target)
        exact = _EXACT.get(node.op_type)
        low, high = integer_range(zero.dtype)
        if exact is not None:
            levels = exact(node, coded, scale, int(zero))
        else:
            plain = self._as_plain(node, found)
            whole = [inputs[place] for place in found.whole]
            (made,) = self._digital.run(plain, [*whole, *(Tensor(one.reals) for one in coded)])
            levels = np.rint(made.values / scale) + _FLOAT(zero)
        values = np.clip(levels, low, high).astype(zero.dtype)
        return Tensor(values, Grid(np.ones(()), low, high))

    def _as_plain(self, node: Any, found: Meaning) -> Any:
        if id(node) not in self._plain:
            import onnx

            names = [f"input_{place}" for place in (*found.whole, *found.places(len(node.input)))]
            plain = onnx.helper.make_node(found.operator, names, ["output"])
            known = onnx.defs.get_schema(found.operator).attributes
            plain.attribute.extend(entry for entry in node.attribute if entry.name in known)
            self._plain[id(node)] = plain
        return self._plain[id(node)]


def _codes(inputs: Sequence[Tensor | None], place: int) -> _Codes:
    source = inputs[place] if place < len(inputs) else None
    if source is None:
        raise DigitalError("an input left out")
    scale, zero = _scale_and_zero(inputs, place + 1, source.values.dtype)
    return _Codes(source.values, scale, int(zero))


def _scale_and_zero(
    inputs: Sequence[Tensor | None], place: int, kind: Any = np.uint8
) -> tuple[np.float32, Any]:
    """One number each; a zero point that is left out is a zero of the type `kind`."""
    scale, zero = (entry.values if entry else None for entry in [*inputs, None, None][place:][:2])
    if scale is None or scale.size != 1 or not np.isfinite(scale).all() or scale.ravel()[0] <= 0:
        raise DigitalError("a scale that is not one positive number")
    if zero is not None and zero.size != 1:
        raise DigitalError("several zero points for one tensor")
    return _FLOAT(scale.ravel()[0]), np.zeros(1, kind)[0] if zero is None else zero.ravel()[0]


def _multiplied_and_added(factor: Array, by: np.float32, term: Any) -> Array:
    """factor * by + term, rounded once to single precision."""
    exact = factor.astype(np.float64) * np.float64(by) + np.asarray(term, np.float64)
    return np.asarray(exact.astype(_FLOAT))


def _added(_: Any, coded: list[_Codes], scale: np.float32, zero: int) -> Array:
    one, two = coded
    first, second = one.scale / scale, two.scale / scale
    shifted = first * _FLOAT(one.zero) + second * _FLOAT(two.zero)
    fixed: Array = np.asarray(_FLOAT(zero) - shifted)
    if two.values.size == 1 < one.values.size:
        one, two, first, second = two, one, second, first
    if one.values.size == 1:
        # A single number is added before, in two roundings.
        fixed = fixed + first * one.values.astype(_FLOAT)
        return np.rint(_multiplied_and_added(two.values, second, fixed))
    inner = _multiplied_and_added(two.values, second, fixed)
    return np.rint(_multiplied_and_added(one.values, first, inner))


def _multiplied(_: Any, coded: list[_Codes], scale: np.float32, zero: int) -> Array:
    one, two = coded
    ratio = one.scale * two.scale / scale
    return np.asarray(np.rint((one.centred * two.centred).astype(_FLOAT) * ratio + _FLOAT(zero)))


def _global_mean(_: Any, coded: list[_Codes], scale: np.float32, zero: int) -> Array:
    (one,) = coded
    axes = tuple(range(2, one.values.ndim))
    count = prod(one.values.shape[2:])
    ratio = one.scale / (scale * _FLOAT(count))
    total = one.centred.sum(axis=axes, keepdims=True)
    return np.asarray(np.rint(total.astype(_FLOAT) * ratio) + zero)


def _mean(node: Any, coded: list[_Codes], scale: np.float32, zero: int) -> Array:
    (one,) = coded
    windows = windows_of(node, one.values.shape[2:])
    if windows is None:
        raise DigitalError(f"no windows over an input of the shape {one.values.shape}")
    found = means(one.reals, windows, with_padding=bool(integer(node, "count_include_pad", 0)))
    return np.asarray(np.rint(found / scale + _FLOAT(zero)))


_EXACT: dict[str, Callable[[Any, list[_Codes], np.float32, int], Array]] = {
    "QLinearAdd": _added,
    "QLinearMul": _multiplied,
    "QLinearAveragePool": _mean,
    "QLinearGlobalAveragePool": _global_mean,
}
