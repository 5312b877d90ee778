"""Kernels compiled by numba and kept on disk, in files that are held against a digest.

numba's own files are taken as they are: one of length zero is an EOFError, and a flipped bit in
machine code is run. Here whatever is not what was written is compiled anew. Imports numba: import
this module where it is used.
"""

from __future__ import annotations

import contextlib
import hashlib
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core import serialize

from files.writing import replace_file

Function = TypeVar("Function", bound=Callable[..., Any])
_dumps: Callable[[object], bytes] = serialize.dumps
_DIGEST = hashlib.sha256().digest_size


def compiled(function: Function, stamp: object = None, *, fastmath: bool = False) -> Function:
    """The function in machine code from its first call on, kept where numba finds a folder.

    It runs without the interpreter lock. `stamp` is what else than the function's own file the
    machine code depends on. A read-only installation whose user has no writable cache folder
    compiles anew in each process.
    """
    try:
        dispatcher: Any = numba.njit(nogil=True, fastmath=fastmath, cache=True)(function)
    except RuntimeError:  # numba found no folder to cache in
        return cast(Function, numba.njit(nogil=True, fastmath=fastmath)(function))
    own = dispatcher._cache._cache_file
    place = Path(own._cache_path) / f"{Path(own._index_name).stem}.kernel"
    dispatcher._cache._cache_file = KernelFile(place, (numba.__version__, own._source_stamp, stamp))
    return cast(Function, dispatcher)


class KernelFile:
    """What numba keeps of one function, by signature; stands in for its own pair of files.

    Content under another `stamp` is out of date.
    """

    def __init__(self, path: Path, stamp: object) -> None:
        self._path, self._stamp = path, stamp

    def load(self, key: object) -> Any:
        """What was saved under a key, None where nothing sound was."""
        return self._read().get(key)

    def save(self, key: object, data: object) -> None:
        """Keep data under a key; where the disk does not take it, it is made again next time."""
        self._write({**self._read(), key: data})

    def flush(self) -> None:
        """Forget everything."""
        self._write({})

    def _read(self) -> dict[Any, Any]:
        try:
            image = self._path.read_bytes()
        except OSError:
            return {}
        content = image[_DIGEST:]
        if hashlib.sha256(content).digest() != image[:_DIGEST]:
            return {}
        try:
            stamp, found = pickle.loads(content)
        except Exception:  # Sound, but of another make of Python or numba.
            return {}
        return found if stamp == self._stamp and isinstance(found, dict) else {}

    def _write(self, content: dict[Any, Any]) -> None:
        image = _dumps((self._stamp, content))
        with contextlib.suppress(OSError):
            replace_file(self._path, hashlib.sha256(image).digest() + image)
