"""Compilation of inner loops, cached between runs where numba finds a folder for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from files.kernels import compiled as kept

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """The function in machine code at its first call; imported where it is used."""
    return kept(function, fastmath=True)
