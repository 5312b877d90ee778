"""Compilation of inner loops, cached between runs where numba finds a folder for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """The function in machine code at its first call; imported where it is used."""
    try:
        return cast(Function, numba.njit(nogil=True, fastmath=True, cache=True)(function))
    except RuntimeError:  # numba found no folder to cache in
        return cast(Function, numba.njit(nogil=True, fastmath=True)(function))
