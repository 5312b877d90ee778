"""Standard streams: closed ones, what may be printed on them, and warnings that are not."""

from __future__ import annotations

import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from mramcim.printable import printable

# What `printable` escapes and a text of several lines does not need; most texts have none of it.
_SUSPECT = re.compile(r"[^\n\t\x20-\x7e\xa1-\xac\xae-\u05ff\r]|\r(?!\n)")


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


class _Printed:
    """A stream of text that writes what could drive a terminal as backslash escapes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(_SUSPECT.sub(lambda found: printable(found[0]), text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def printable_output() -> Iterator[None]:
    """Escape on standard output what names and titles of foreign files could do to a terminal.

    Names reach it through every verb's report: one wall behind all of them is sure.
    """
    kept = sys.stdout
    sys.stdout = cast(TextIO, _Printed(kept))
    try:
        yield
    finally:
        sys.stdout = kept


def _unseen(*_: object, **__: object) -> None:
    pass
