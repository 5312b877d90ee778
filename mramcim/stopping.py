"""Signals and deadlines as an exception that ends a run in order, after which it can report."""

from __future__ import annotations

import re
import signal
from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self

_SIGNALS = ("SIGTERM", "SIGINT", "SIGHUP")
_UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
AGAIN = 5.0
"""Time [s] after which an exception that did not end the run is raised once more."""
LONGEST = 366 * 86400.0


class Stopping:
    """Raises `StoppedError` where the process is told to end, and `DeadlineError` at a deadline.

    Use it as a context manager in the main thread. Nothing is raised before `begin`, nor inside
    `held`: what came meanwhile is raised at the end of it. What the caller ignores stays ignored.
    """

    def __init__(self, deadline: float | None = None) -> None:
        self._deadline = deadline
        self._depth = 1
        self._waiting: int | None = None
        self._raised: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for name in _SIGNALS:
            number = getattr(signal, name)
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._told)
        self._before[signal.SIGALRM] = signal.signal(signal.SIGALRM, self._told)
        signal.setitimer(signal.ITIMER_REAL, self._deadline or 0.0)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def begin(self) -> None:
        """Let signals end the run from here on; raises where one came before."""
        self._depth = 0
        self._raise()

    @contextmanager
    def held(self) -> Iterator[None]:
        """What must not be interrupted, such as the writing of a report."""
        self._depth += 1
        if self._raised is not None:
            self._raised = None
            signal.setitimer(signal.ITIMER_REAL, 0.0)
        try:
            yield
        finally:
            self._depth -= 1
        self._raise()

    def _told(self, number: int, _frame: FrameType | None) -> None:
        # The first reason counts. Its alarm comes again where its exception was lost, as those
        # that destructors raise are, and what it should end goes on.
        if number == signal.SIGALRM and self._raised is not None:
            self._waiting = self._raised
        elif self._raised is None and self._waiting in (None, signal.SIGALRM):
            self._waiting = number
        self._raise()

    def _raise(self) -> None:
        number = self._waiting
        if number is None or self._depth > 0:
            return
        from characterize.errors import DeadlineError, StoppedError

        self._waiting, self._raised = None, number
        signal.setitimer(signal.ITIMER_REAL, AGAIN)
        if number != signal.SIGALRM:
            raise StoppedError(f"ended by {signal.Signals(number).name}", 128 + number)
        raise DeadlineError(f"the deadline of {shown_duration(self._deadline or 0.0)} came")


def duration(text: str) -> float:
    """A time [s] from a number with its unit, such as 90min.

    Raises:
        ArgumentTypeError: anything else.
    """
    match = re.fullmatch(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*(s|min|h|d)\s*", text)
    seconds = float(match[1]) * _UNITS[match[2]] if match else 0.0
    if not 0.0 < seconds <= LONGEST:
        raise ArgumentTypeError(
            f"'{text[:40]}' is not a time such as 90min, 6h or 3600s, of a year at most"
        )
    return seconds


def shown_duration(seconds: float) -> str:
    """A time in words of one unit."""
    for unit in ("d", "h", "min"):
        if seconds >= _UNITS[unit] and seconds % _UNITS[unit] == 0:
            return f"{seconds / _UNITS[unit]:g} {unit}"
    return f"{seconds:g} s"
