"""Compilation of the kernels by numba, kept on disk where there is a place for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile on first call, without the interpreter lock, and cache on disk.

    A read-only installation whose user has no writable cache folder compiles anew
    in each process instead of failing.
    """
    try:
        dispatcher: Any = numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:  # numba found no folder to cache in
        return cast(Function, numba.njit(nogil=True)(function))
    # numba compiles anew when the function's own file has changed; the LLVM that is
    # built in other files of this folder goes into the machine code as well.
    dispatcher._cache._cache_file._source_stamp = _folder_stamp()
    return cast(Function, dispatcher)


@cache
def _folder_stamp() -> tuple[tuple[str, int, int], ...]:
    files = sorted(Path(__file__).parent.glob("*.py"))
    return tuple((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files)
