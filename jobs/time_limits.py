"""How long a process may work on one item: processor time, with a far limit of wall time.

On a loaded machine an item takes longer by the clock on the wall and no longer by its processor
time. What hangs without using any meets the wall limit.
"""

from __future__ import annotations

import sys
import time

WALL_FACTOR = 10.0
WALL_EXTRA = 60.0
"""The wall limit [s] is WALL_FACTOR times the limit of processor time, and this much more."""
_SHORTEST_LOOK = 0.02
_SCHEDULED = 2


def processor_seconds(pid: int) -> float | None:
    """Processor time [s] of all threads of a process; None where the system does not tell."""
    if sys.platform != "linux":
        return None
    try:
        # The kernel's clock of a process, to the nanosecond: its number is made from that of the
        # process (clock_getcpuclockid). /proc/PID/stat tells the same in ticks of 10 ms.
        return time.clock_gettime((~pid << 3) | _SCHEDULED)
    except OSError:
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
            return self._sentence()
        if waited > self._wall:
            if self._before is None:
                return f"stopped after {self._seconds:g} s"
            share = "" if used is None else f", of which it computed {used:.3g} s"
            return f"stopped after {self._wall:g} s by the clock{share}"
        self._plan(used or 0.0)
        return ""

    def overrun(self) -> str:
        """The same of a process that has finished: whether nobody looked before it did."""
        used = self._used()
        return self._sentence() if used is not None and used > self._seconds else ""

    def _sentence(self) -> str:
        return f"stopped after {self._seconds:g} s of processor time"

    def _used(self) -> float | None:
        now = None if self._before is None else processor_seconds(self._pid)
        return None if now is None or self._before is None else now - self._before

    def _plan(self, used: float) -> None:
        # One thread uses no more than a second in a second.
        left = self._begun + self._wall - time.monotonic()
        if self._before is not None:
            left = min(left, self._seconds - used)
        self.look_again = time.monotonic() + max(_SHORTEST_LOOK, left)
