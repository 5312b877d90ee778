"""Standard streams that were closed, and warnings that are no message to the user."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


def open_closed_streams() -> None:
    """Let closed standard streams lead nowhere, as if they had been sent to the null device.

    Python has None for them, which nothing can be written to. And their numbers would go to the
    next files that are opened: a library's message would then end up in a table.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number is the one that is closed.
            os.open(os.devnull, os.O_RDWR)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8")


@contextmanager
def unseen_warnings() -> Iterator[None]:
    """Print no warnings of Python or its libraries: they speak to those who wrote the code.

    What a filter turns into an error stays one; `-W` and PYTHONWARNINGS show them.
    """
    with warnings.catch_warnings():
        if not sys.warnoptions:
            warnings.showwarning = _unseen
        yield


def _unseen(*_: object, **__: object) -> None:
    pass
