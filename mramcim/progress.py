"""How far a run is: a bar on a terminal, plain lines now and then where there is none."""

from __future__ import annotations

import argparse
import sys
import threading
import time
from typing import Any

SILENCE = 60.0
"""Time [s] after which a line comes even where nothing was finished."""
_STEP = 0.05
_LEAST = 1.0
_BREATH = 1.0


def add_quiet(parser: argparse.ArgumentParser) -> None:
    """Add `--quiet`, which `Progress` and the verb respect."""
    parser.add_argument(
        "--quiet", action="store_true", help="print nothing but the verdict and what is wrong"
    )


class Progress:
    """Call it with the number done and the total; use it as a context manager.

    It appears with the first point, after all complaints, and `delay` [s] at the earliest. What
    standard error cannot take does not end a run.
    """

    def __init__(self, unit: str = "point", *, quiet: bool = False, delay: float = 0.0) -> None:
        self._unit, self._quiet = unit, quiet
        self._from = time.monotonic() + delay
        self._bar: Any = None
        self._lines: _Lines | None = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()
        if self._lines is not None:
            self._lines.close()

    def __call__(self, done: int, total: int) -> None:
        """Show that `done` of `total` points are done."""
        if self._quiet or sys.stderr is None or time.monotonic() < self._from:
            return
        if not sys.stderr.isatty():
            self._lines = self._lines or _Lines(self._unit)
            self._lines.update(done, total)
            return
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(
                total=total, initial=done, unit=self._unit, file=sys.stderr, smoothing=0.1
            )
        self._bar.update(done - self._bar.n)


class _Lines:
    """A line for every twentieth, one a second at most, and one a minute whatever happens."""

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._started = self._told_at = time.monotonic()
        self._done = self._total = self._told = 0
        self._lock = threading.Lock()
        self._over = threading.Event()
        # A server that reads the log ends what says nothing for long, as one slow point does.
        threading.Thread(target=self._breathe, daemon=True).start()

    def update(self, done: int, total: int) -> None:
        with self._lock:
            self._done, self._total = done, total
            step = done - self._told >= _STEP * total
            late = time.monotonic() - self._told_at >= _LEAST
            if done >= total or self._told == 0 or (step and late):
                self._tell()

    def close(self) -> None:
        self._over.set()
        with self._lock:
            if self._done != self._told:
                self._tell()

    def _breathe(self) -> None:
        while not self._over.wait(_BREATH):
            with self._lock:
                if time.monotonic() - self._told_at >= SILENCE and not self._over.is_set():
                    self._tell()

    def _tell(self) -> None:
        now = time.monotonic()
        self._told, self._told_at = self._done, now
        share = 100 * self._done // max(1, self._total)
        line = (
            f"{time.strftime('%Y-%m-%d %H:%M:%S')} {self._done}/{self._total} {self._unit}s "
            f"({share} %) in {_clock(now - self._started)}\n"
        )
        try:
            sys.stderr.write(line)
            sys.stderr.flush()
        except (OSError, ValueError):
            self._over.set()


def _clock(seconds: float) -> str:
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"
