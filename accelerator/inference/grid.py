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

    `scale` broadcasts against the tensor: one number, or one for each channel. `lows` are the
    least integers of the channels where they differ, as those of codes about several zero points
    do; it has the shape of `scale`.
    """

    scale: Array
    low: int
    high: int
    step: int = 1
    lows: Array | None = None

    @property
    def scalar(self) -> bool:
        """Whether one scale and one range are those of the whole tensor."""
        return self.scale.size == 1 and self.lows is None

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
        return replace(self, low=least, high=most, lows=None)


def with_zero(grid: Grid) -> Grid:
    """Whole numbers of a grid's range, zero among them."""
    return Grid(np.ones(()), min(grid.low, 0), max(grid.high, 0))


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


@dataclass(frozen=True)
class Stored:
    """How integers of a range are stored: their levels, and what is added to each."""

    levels: Levels
    offset: int = 0


def stored_as(grid: Grid, kind: str, *, ternary: bool = False, spread: int = 0) -> Stored | None:
    """The fewest bits for integers on a grid; None where a sub-array does not take so many.

    `kind` is "weight" or "activation". `ternary` values are all -1, 0 or 1, whatever their grid,
    and take a plane for each sign, unless that has more planes: of two bits, ternary ones need no
    shift and hold fewer ones. `spread` is by how much the least integers of the channels differ,
    each being stored from its own on.
    """
    low, high = grid.low, grid.high
    if grid.step == 2 and low == -high and (high & (high + 1)) == 0:
        return _fitting("symmetric", high.bit_length(), 0, kind)
    if low >= 0 and not spread:
        return _fitting("unsigned", max(1, high.bit_length()), 0, kind)
    two = 1 + max((-low - 1).bit_length(), max(high, 0).bit_length())
    if ternary and two >= TERNARY_BITS:
        return _fitting(TERNARY, TERNARY_BITS, 0, kind)
    width = high - low - spread
    if width.bit_length() < two:
        return _fitting("unsigned", max(1, width.bit_length()), low, kind)
    return _fitting("twos_complement", two, 0, kind)


def _fitting(encoding: str, bits: int, offset: int, kind: str) -> Stored | None:
    return Stored(levels(encoding, bits, kind), offset) if bits <= WIDEST else None


def coded(values: NDArray[np.int64], grid: Grid, kind: str) -> Coded | None:
    """Integers on a grid in the fewest bits; None where they need more than a sub-array takes."""
    found = stored_as(grid, kind)
    if found is None:
        return None
    return Coded(values - found.offset, found.levels, found.offset)
