"""How long a process may work on one item: processor time, with a far limit of wall time.

On a loaded machine an item takes longer by the clock on the wall and no longer by its processor
time. What hangs without using any meets the wall limit.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

WALL_FACTOR = 10.0
WALL_EXTRA = 60.0
"""The wall limit [s] is WALL_FACTOR times the limit of processor time, and this much more."""
_SHORTEST_LOOK = 0.02


def processor_seconds(pid: int) -> float | None:
    """Processor time [s] of all threads of a process; None where the system does not tell."""
    try:
        with Path(f"/proc/{pid}/stat").open("rb", buffering=0) as stream:
            text = stream.read(4096)
        # The name, in brackets, may hold blanks and brackets itself.
        user, system = text.rpartition(b")")[2].split(maxsplit=13)[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return None


class Allowance:
    """What a process may take from now on, `seconds` [s] of processor time.

    Where processor time is not told, of wall time.
    """

    def __init__(self, pid: int, seconds: float) -> None:
        self._pid, self._seconds = pid, seconds
        self._before = processor_seconds(pid)
        self._begun = self._looked = time.monotonic()
        self._wall = seconds * WALL_FACTOR + WALL_EXTRA if self._before is not None else seconds
        self.look_again = 0.0
        """When [s, monotonic] it should be looked at again."""
        self._plan(0.0)

    def exceeded(self) -> str:
        """What was exceeded, as "stopped after ..."; empty while nothing is."""
        now = time.monotonic()
        if now < self.look_again:
            return ""
        # Where nobody looked in time this process was stopped or busy: no fault of the other.
        self._begun += now - self.look_again
        used = self._used()
        waited = now - self._begun
        if used is not None and used > self._seconds:
            return f"stopped after {self._seconds:g} s of processor time"
        if waited > self._wall:
            if self._before is None:
                return f"stopped after {self._seconds:g} s"
            share = "" if used is None else f", of which it computed {used:.3g} s"
            return f"stopped after {self._wall:g} s by the clock{share}"
        self._plan(used or 0.0)
        return ""

    def _used(self) -> float | None:
        now = None if self._before is None else processor_seconds(self._pid)
        return None if now is None or self._before is None else now - self._before

    def _plan(self, used: float) -> None:
        # One thread uses no more than a second in a second.
        left = self._begun + self._wall - time.monotonic()
        if self._before is not None:
            left = min(left, self._seconds - used)
        self.look_again = time.monotonic() + max(_SHORTEST_LOOK, left)
