"""Signals and deadlines end a run by an exception, at once or after what must not be cut."""

from __future__ import annotations

import os
import signal
import time
from argparse import ArgumentTypeError

import pytest

from characterize.errors import DeadlineError, StoppedError
from mramcim import stopping as module
from mramcim.stopping import Stopping, duration, shown_duration


def tell(number):
    os.kill(os.getpid(), number)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)]
)
def test_a_signal_is_an_exception_with_its_exit_code(number, code):
    before = signal.getsignal(number)
    with Stopping() as stopping:
        stopping.begin()
        with pytest.raises(StoppedError, match=number.name) as caught:
            tell(number)
    assert caught.value.code == code
    assert signal.getsignal(number) is before


def test_what_is_held_is_finished_first():
    done = []

    def written():
        with stopping.held():
            tell(signal.SIGTERM)
            with stopping.held():
                tell(signal.SIGINT)
            done.append("report")

    with Stopping() as stopping:
        stopping.begin()
        with pytest.raises(StoppedError, match="SIGTERM"):
            written()
        # It is told once; the next signal is another one.
        with stopping.held():
            done.append("folder")
        with pytest.raises(StoppedError, match="SIGINT"):
            tell(signal.SIGINT)
    assert done == ["report", "folder"]


def test_what_comes_before_the_beginning_is_told_then():
    with Stopping() as stopping:
        tell(signal.SIGTERM)
        with pytest.raises(StoppedError, match="SIGTERM"):
            stopping.begin()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_deadline_comes_even_where_an_exception_is_lost(monkeypatch):
    monkeypatch.setattr(module, "AGAIN", 0.2)

    class Swallows:
        def __del__(self):
            time.sleep(0.3)

    def long():
        Swallows()
        time.sleep(5.0)

    started = time.monotonic()
    with Stopping(0.1) as stopping:
        stopping.begin()
        with pytest.raises(DeadlineError, match=r"0\.1 s"):
            long()
    assert time.monotonic() - started < 3.0
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_what_the_caller_ignores_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Stopping() as stopping:
            stopping.begin()
            tell(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90min", 5400.0), ("6h", 21600.0), ("3600 s", 3600.0), ("1.5h", 5400.0), ("1d", 86400.0)],
)
def test_a_duration_has_a_unit(text, seconds):
    assert duration(text) == seconds
    assert duration(shown_duration(seconds).replace(" ", "")) == seconds


@pytest.mark.parametrize("text", ["", "6", "h", "-1h", "0s", "1e3s", "nan s", "9999999d", "9" * 99])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ArgumentTypeError, match="not a time"):
        duration(text)
