"""Tensors of a network in use, and the integers that they stand for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelerator.bitwise.encodings import TERNARY, TERNARY_BITS, WIDEST, Levels, levels

Array = NDArray[Any]

_BESIDE = 0.01
"""Of a level's distance: far above single precision's rounding."""


class OffGridError(ValueError):
    """Values that do not lie on their grid; the text is part of a sentence."""


def integer_range(kind: Any) -> tuple[int, int]:
    """Least and greatest number of an integer type, those of 2 and 4 bits too.

    Raises OffGridError for another type.
    """
    try:
        found: Any = np.iinfo(kind)
    except ValueError:
        found = _narrow_range(kind)
    return int(found.min), int(found.max)


def _narrow_range(kind: Any) -> Any:
    try:
        # Only files with such types need it, and the versions of onnx that read them bring it.
        from ml_dtypes import iinfo

        return iinfo(kind)  # type: ignore[no-untyped-call]
    except (ImportError, ValueError):
        raise OffGridError(f"codes of type {np.dtype(kind)}, which are no integers") from None


@dataclass(frozen=True)
class Grid:
    """The values are `scale` times an integer from `low` to `high`, every `step`-th of them.

    `scale` broadcasts against the tensor: one number, or one for each channel.
    """

    scale: Array
    low: int
    high: int
    step: int = 1

    @property
    def scalar(self) -> bool:
        """Whether one scale is that of the whole tensor."""
        return self.scale.size == 1

    def integers(self, values: Array) -> NDArray[np.int64]:
        """The integers that values on this grid stand for.

        Raises OffGridError where some lie beside it.
        """
        exact = np.asarray(values, np.float64) / self.scale
        nearest = np.rint(exact)
        if not np.all(np.abs(exact - nearest) < _BESIDE):
            raise OffGridError("values beside the levels of their quantizer")
        return nearest.astype(np.int64)

    def bounded(self, low: int | None = None, high: int | None = None) -> Grid:
        """With its integers clipped to a range."""
        least = self.low if low is None else min(max(self.low, low), self.high)
        most = self.high if high is None else max(min(self.high, high), least)
        return replace(self, low=least, high=most)


@dataclass(frozen=True)
class Tensor:
    """Values, and the grid that they are known to lie on."""

    values: Array
    grid: Grid | None = None


@dataclass(frozen=True)
class Coded:
    """Integers as a sub-array stores them: `codes` of some `levels`, and what is added to each.

    The offset is zero but for ranges that reach farther on one side of zero than on the other,
    which are stored from their lowest value on.
    """

    codes: NDArray[np.int64]
    levels: Levels
    offset: int

    @property
    def bits(self) -> NDArray[np.uint16]:
        """Whole numbers whose bits are the planes that are stored."""
        return self.levels.stored(self.codes).astype(np.uint16)


def coded(
    values: NDArray[np.int64], grid: Grid, kind: str, *, may_shift: bool, may_split: bool = False
) -> Coded | None:
    """Integers on a grid in the fewest bits; None where they need more than a sub-array takes.

    `kind` is "weight" or "activation". Without `may_shift` a lopsided range takes one bit more.
    With `may_split` values of -1, 0 and 1 take a plane for each sign, whatever their grid, unless
    that has fewer planes: of two bits, ternary ones need no shift and hold fewer ones.
    """
    low, high = grid.low, grid.high
    if grid.step == 2 and low == -high and (high & (high + 1)) == 0:
        return _fitting(values, "symmetric", high.bit_length(), 0, kind)
    if low >= 0:
        return _fitting(values, "unsigned", max(1, high.bit_length()), 0, kind)
    two = 1 + max((-low - 1).bit_length(), max(high, 0).bit_length())
    if may_split and two >= TERNARY_BITS and np.abs(values).max(initial=0) <= 1:
        return _fitting(values, TERNARY, TERNARY_BITS, 0, kind)
    if may_shift and (high - low).bit_length() < two:
        return _fitting(values - low, "unsigned", max(1, (high - low).bit_length()), low, kind)
    return _fitting(values, "twos_complement", two, 0, kind)


def _fitting(
    codes: NDArray[np.int64], encoding: str, bits: int, offset: int, kind: str
) -> Coded | None:
    return Coded(codes, levels(encoding, bits, kind), offset) if bits <= WIDEST else None
