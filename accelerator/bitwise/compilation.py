"""Compilation of the kernels by numba, kept on disk where there is a place for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from files.kernels import compiled as kept

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile on first call, without the interpreter lock, and cache on disk."""
    # Of the function's own file numba knows; the LLVM that is built in other files of this
    # folder goes into the machine code as well.
    return kept(function, _folder_stamp())


@cache
def _folder_stamp() -> tuple[tuple[str, int, int], ...]:
    files = sorted(Path(__file__).parent.glob("*.py"))
    return tuple((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files)
