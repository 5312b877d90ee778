"""Unpickling confined to a closed list, for a process that a network talks to.

Dask's client unpickles much of what its scheduler and workers send, on many ways (results, their
types, exceptions, events, the headers of what claims to be no pickle), and has no switch against
it. In a process that begins with `confine_unpickling` none of these ways makes anything but plain
values and exceptions.
"""

from __future__ import annotations

import builtins
import io
import pickle
from collections.abc import Iterable
from typing import Any

_PLAIN = frozenset(
    {"bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "set",
     "str", "tuple"}
)  # fmt: skip


class ConfinedError(pickle.UnpicklingError, AttributeError):
    """A pickle that asks for more than the closed list.

    An AttributeError too: by that Dask knows a traceback that it cannot have.
    """


class KilledWorkerError(Exception):
    """What a scheduler says of a task that took several workers with it."""


class _Inert:
    """Stands for what else is in such a message; it keeps nothing and does nothing."""

    def __new__(cls, *_: object, **__: object) -> _Inert:
        """Whatever it is made from."""
        return super().__new__(cls)

    def __setstate__(self, _: object) -> None:
        """Take any state, and keep none."""

    def append(self, _: object) -> None:
        """Take an item of a list."""

    def __setitem__(self, _: object, __: object) -> None:
        """Take an item of a dictionary."""


def _exception(kind: object, content: object, *_: object, **__: object) -> object:
    """An exception with its arguments alone, for the functions by which tblib makes one."""
    if not isinstance(kind, type) or not issubclass(kind, BaseException):
        return _Inert()
    arguments = content.get("args") if isinstance(content, dict) else content
    return kind(*arguments) if isinstance(arguments, tuple) else kind()


def _no_traceback(*_: object) -> None:
    """Of tracebacks nothing is kept."""


_STAND_INS: dict[tuple[str, str], Any] = {
    ("distributed.scheduler", "KilledWorker"): KilledWorkerError,
    ("tblib", "Code"): _Inert,
    ("tblib", "Frame"): _Inert,
    ("tblib", "Traceback"): _Inert,
    ("tblib.pickling_support", "unpickle_exception"): _exception,
    ("tblib.pickling_support", "unpickle_exception_with_attrs"): _exception,
    ("tblib.pickling_support", "unpickle_traceback"): _no_traceback,
}


class _Confined(pickle._Unpickler):
    # The implementation in Python: that in C may not be replaced in all the places it is known by.
    _tells_of_worker = False

    def find_class(self, module: str, name: str) -> Any:
        """The class of a name on the closed list."""
        found = _STAND_INS.get((module, name))
        if found is not None:
            self._tells_of_worker |= found is KilledWorkerError
            return found
        if module in ("builtins", "__builtin__", "exceptions"):
            found = vars(builtins).get(name)
            if isinstance(found, type) and (name in _PLAIN or issubclass(found, BaseException)):
                return found
        if self._tells_of_worker:
            # Whatever the scheduler kept of the worker that was killed.
            return _Inert
        raise ConfinedError(f"{module[:100]}.{name[:100]} is not made from what others send")

    def persistent_load(self, _: object) -> Any:
        """Nothing outside the pickle."""
        raise ConfinedError("nothing is loaded from outside")


def confined_loads(data: Any, /, *, buffers: Iterable[Any] | None = None, **_: object) -> Any:
    """`pickle.loads` of the closed list; raises ConfinedError."""
    try:
        return _Confined(io.BytesIO(data), buffers=buffers).load()
    except ConfinedError:
        raise
    except Exception as problem:
        # A stream of nonsense leaves the Python implementation with errors of many kinds.
        raise ConfinedError(f"no pickle ({type(problem).__name__})") from None


def confined_load(file: Any, /, **options: Any) -> Any:
    """`pickle.load` of the closed list; raises ConfinedError."""
    return confined_loads(file.read(), buffers=options.get("buffers"))


def confine_unpickling() -> None:
    """Have all of this process unpickle by the closed list, from now on.

    To be called before anything that keeps `pickle.loads` under a name of its own is imported.
    """
    for name, replacement in {
        "loads": confined_loads,
        "load": confined_load,
        "Unpickler": _Confined,
    }.items():
        setattr(pickle, name, replacement)
