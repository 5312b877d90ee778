"""TOML, JSON and NumPy files, each read in one place.

Numbers are finite and of a size that a double holds, and nothing is nested without end, so that
whoever reads the content need not ask.
"""

from __future__ import annotations

import io
import json
import math
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from files.errors import FileError, short
from files.reading import LARGEST_TEXT, read_bytes, read_text

if TYPE_CHECKING:
    import numpy as np

DEEPEST = 64
"""Levels of tables and lists in a file at most."""
LARGEST_ARRAY = 1 << 30
"""Size [B] of the largest array file that is read."""


def read_toml(path: Path, what: str, error: type[ValueError] = FileError) -> dict[str, Any]:
    """The content of a TOML file; raises `error` with one sentence on whatever is wrong with it."""
    text = read_text(path, what, error=error)
    try:
        content = tomllib.loads(text.replace("\r\n", "\n"))
    except (ValueError, RecursionError) as problem:
        # ValueError: also a whole number of more digits than Python converts.
        raise _unreadable(path, what, problem, "mend its TOML", error) from None
    _require_plain(path, what, content, error)
    return content


def read_json(
    path: Path, what: str, most: int = LARGEST_TEXT, error: type[ValueError] = FileError
) -> Any:
    """The content of a JSON file; raises `error` with one sentence on whatever is wrong with it."""
    text = read_text(path, what, most, error)
    try:
        content = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as problem:
        raise _unreadable(path, what, problem, "mend its JSON", error) from None
    _require_plain(path, what, content, error)
    return content


def read_npy(
    path: Path, what: str, error: type[ValueError] = FileError
) -> np.ndarray[Any, np.dtype[Any]]:
    """The array of a `.npy` file, of real numbers that are all finite; raises `error`.

    Pickled objects are not read: they would run code.
    """
    import numpy as np
    from numpy.lib import format as npy

    image = read_bytes(path, what, LARGEST_ARRAY, error)
    stream = io.BytesIO(image)
    try:
        version = npy.read_magic(stream)
        if version == (1, 0):
            shape, _, dtype = npy.read_array_header_1_0(stream)
        else:
            shape, _, dtype = npy.read_array_header_2_0(stream)
        # A header may claim more than the file has, which would be asked of the memory first.
        if math.prod(shape) * dtype.itemsize > len(image) - stream.tell():
            raise ValueError(f"its header claims the shape {short(shape)}, more than it holds")
        if dtype.kind not in "biuf":
            raise ValueError(f"it holds {short(str(dtype))}, not real numbers")
        stream.seek(0)
        found: np.ndarray[Any, np.dtype[Any]] = npy.read_array(stream, allow_pickle=False)
    except Exception as problem:
        # The header is a Python literal: what reading it raises has no common ground.
        raise _unreadable(path, what, problem, "write it with numpy.save", error) from None
    if not np.isfinite(found).all():
        raise error(f"{short(str(path))} holds numbers that are not finite; mend the {what}")
    return found


def _unreadable(
    path: Path, what: str, problem: BaseException, remedy: str, error: type[ValueError]
) -> ValueError:
    reason = (
        "it is nested too deep"
        if isinstance(problem, RecursionError)
        else short(str(problem) or type(problem).__name__)
    )
    return error(f"{short(str(path))} is not a readable {what} ({reason}); {remedy}")


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def _require_plain(path: Path, what: str, content: object, error: type[ValueError]) -> None:
    """Refuse numbers that no double holds, and nesting that recursion does not survive."""
    waiting: list[tuple[object, str, int]] = [(content, "", 0)]
    while waiting:
        value, place, depth = waiting.pop()
        if depth > DEEPEST:
            raise error(
                f"{short(str(path))} is not a readable {what}: it is nested deeper than "
                f"{DEEPEST} levels; flatten it"
            )
        if isinstance(value, dict):
            waiting += [(item, f"{place}.{key}", depth + 1) for key, item in value.items()]
        elif isinstance(value, list):
            waiting += [(item, place, depth + 1) for item in value]
        elif isinstance(value, int | float) and not _is_finite(value):
            raise error(
                f"{short(str(path))}: '{short(place[1:])}' is {short(value)}, not a finite "
                "number of at most 1.8e308; mend it"
            )


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
