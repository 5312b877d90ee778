"""A progress bar on standard error that appears with the first point, after all complaints."""

from __future__ import annotations

import sys
from typing import Any


class Progress:
    """Call it with the number done and the total; use it as a context manager."""

    def __init__(self, unit: str = "point") -> None:
        self._bar: Any = None
        self._unit = unit

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(self, done: int, total: int) -> None:
        """Show that `done` of `total` points are done."""
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(
                total=total, initial=done, unit=self._unit, file=sys.stderr, smoothing=0.1
            )
        self._bar.update(done - self._bar.n)
