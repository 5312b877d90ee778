"""Compilation of the kernels by numba, kept on disk where there is a place for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile on first call, without the interpreter lock, and cache on disk.

    A read-only installation whose user has no writable cache folder compiles anew
    in each process instead of failing.
    """
    try:
        return cast(Function, numba.njit(nogil=True, cache=True)(function))
    except RuntimeError:  # numba found no folder to cache in
        return cast(Function, numba.njit(nogil=True)(function))
