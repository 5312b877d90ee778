"""TOML, JSON, CSV and NumPy files, each read in one place.

Numbers are finite and of a size that a double holds, and nothing is nested without end, so that
whoever reads the content need not ask.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
import tomllib
import warnings
import zipfile
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from files.errors import FileError, short, shown_path
from files.reading import read_bytes, read_text

if TYPE_CHECKING:
    import numpy as np

DEEPEST = 64
"""Levels of tables and lists in a file at most."""
_END = object()
# The parser's time grows with the square of a key's parts.
_DEEP_KEY = re.compile(r"""(?<![\w"'-])[\w"'-]++(?:[ \t]*+\.[ \t]*+[\w"'-]++){64}""")
LARGEST_TOML = 1 << 20
"""Size [B] of the largest TOML file: people write them, and the parser takes seconds a MiB."""
LARGEST_JSON = 16 << 20
"""Size [B] of the largest JSON file; a report of the largest networks has some 500 kB."""
LARGEST_ARRAY = 512 << 20
"""Size [B] of the largest array file that is read, unpacked."""


def read_toml(path: Path, what: str, error: type[ValueError] = FileError) -> dict[str, Any]:
    """The content of a TOML file; raises `error` with one sentence on whatever is wrong with it."""
    text = read_text(path, what, LARGEST_TOML, error)
    if _DEEP_KEY.search(text):
        raise _too_deep(path, what, error)
    try:
        content = tomllib.loads(text.replace("\r\n", "\n"))
    except (ValueError, RecursionError) as problem:
        # ValueError: also a whole number of more digits than Python converts.
        raise _unreadable(path, what, problem, "mend its TOML", error) from None
    _require_plain(path, what, content, error)
    return content


def read_json(
    path: Path, what: str, most: int = LARGEST_JSON, error: type[ValueError] = FileError
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
    image = read_bytes(path, what, LARGEST_ARRAY, error)
    try:
        found = _array(image)
    except Exception as problem:
        # The header is a Python literal: what reading it raises has no common ground.
        raise _unreadable(path, what, problem, "write it with numpy.save", error) from None
    if not _all_finite(found):
        raise error(f"{shown_path(path)} holds numbers that are not finite; mend the {what}")
    return found


def read_npz(
    path: Path, what: str, error: type[ValueError] = FileError
) -> dict[str, np.ndarray[Any, np.dtype[Any]]]:
    """The arrays of an `.npz` archive by name, of finite numbers or of text; raises `error`."""
    image = read_bytes(path, what, LARGEST_ARRAY, error)
    try:
        with zipfile.ZipFile(io.BytesIO(image)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > LARGEST_ARRAY:
                raise ValueError(f"unpacked it has more than {LARGEST_ARRAY >> 20} MiB")
            found = {
                name.removesuffix(".npy"): _array(archive.read(name), texts=True)
                for name in archive.namelist()
            }
    except Exception as problem:
        # A damaged archive raises many kinds.
        raise _unreadable(path, what, problem, "make it again", error) from None
    for name, array in found.items():
        if not _all_finite(array):
            raise error(f"{shown_path(path)}: '{short(name)}' is not finite; make it again")
    return found


def _array(image: bytes, *, texts: bool = False) -> np.ndarray[Any, np.dtype[Any]]:
    """The array in the image of a `.npy` file; what is wrong with one raises anything."""
    import numpy as np
    from numpy.lib import format as npy

    stream = io.BytesIO(image)
    if not image.startswith(npy.MAGIC_PREFIX):
        raise ValueError("it does not begin as an array of NumPy's does")
    version = npy.read_magic(stream)
    with warnings.catch_warnings():
        # Of headers that Python 2 wrote, which are read all the same.
        warnings.simplefilter("ignore")
        if version == (1, 0):
            shape, fortran, dtype = npy.read_array_header_1_0(stream)
        else:
            shape, fortran, dtype = npy.read_array_header_2_0(stream)
    if dtype.kind not in ("biufU" if texts else "biuf"):
        raise ValueError(f"it holds {short(str(dtype))}, not real numbers")
    if any(size < 0 for size in shape):
        raise ValueError(f"its header claims the shape {short(shape)}")
    count = math.prod(shape)
    # A header may claim more than the file has, which would be asked of the memory first.
    if count * dtype.itemsize > len(image) - stream.tell():
        raise ValueError(f"its header claims the shape {short(shape)}, more than it holds")
    if not count:
        return np.zeros(shape, dtype)
    flat = np.frombuffer(image, dtype, count, stream.tell())
    return flat.reshape(shape, order="F" if fortran else "C")


def _all_finite(array: np.ndarray[Any, np.dtype[Any]]) -> bool:
    import numpy as np

    # Sums of magnitudes would overflow, and a mask of everything takes a quarter of its memory.
    return array.dtype.kind != "f" or bool(
        np.isfinite(array.min(initial=0)) and np.isfinite(array.max(initial=0))
    )


def read_csv(
    text: str, source: str, error: type[ValueError] = FileError
) -> list[tuple[int, list[str]]]:
    """The rows of delimited text that are not empty, each with the line that it ends on.

    `source` is what messages call it. Raises `error` on quotes that do not match.
    """
    rows = []
    # Nothing is gained by a limit to a cell: the whole text has one.
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if row]
    except csv.Error as problem:
        line = reader.line_num
        raise error(f"{source} line {line}: {short(str(problem))}; mend the CSV") from None
    return rows


def _too_deep(path: Path, what: str, error: type[ValueError]) -> ValueError:
    return error(
        f"{shown_path(path)} is not a readable {what}: it is nested deeper than {DEEPEST} levels; "
        "flatten it"
    )


def _unreadable(
    path: Path, what: str, problem: BaseException, remedy: str, error: type[ValueError]
) -> ValueError:
    reason = (
        "it is nested too deep"
        if isinstance(problem, RecursionError)
        else short(_said(problem) or type(problem).__name__)
    )
    return error(f"{shown_path(path)} is not a readable {what} ({reason}); {remedy}")


def _said(problem: BaseException) -> str:
    # Some parsers give a text and a place, which together are printed as a tuple.
    first = problem.args[0] if problem.args else ""
    return first if isinstance(first, str) else str(problem)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def _require_plain(path: Path, what: str, content: object, error: type[ValueError]) -> None:
    """Refuse numbers that no double holds, and nesting that recursion does not survive."""
    keys: list[object] = []
    # Iterators and not lists of what is left: a file of brackets alone has millions of entries.
    waiting = [iter([(None, content)])]
    while waiting:
        key, value = next(waiting[-1], (_END, None))
        if key is _END:
            waiting.pop()
            continue
        del keys[len(waiting) - 1 :]
        keys.append(key)
        if len(waiting) > DEEPEST + 1:
            raise _too_deep(path, what, error)
        if isinstance(value, dict):
            waiting.append(iter(value.items()))
        elif isinstance(value, list):
            waiting.append(zip(repeat(None), value))
        elif isinstance(value, int | float) and not _is_finite(value):
            place = ".".join(str(name) for name in keys if name is not None)
            raise error(
                f"{shown_path(path)}: '{short(place)}' is {short(value)}, not a finite "
                "number of at most 1.8e308; mend it"
            )


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
