"""Who works on what: processes by number, and the machine on which these numbers mean something."""

from __future__ import annotations

import os
import platform
from functools import cache
from pathlib import Path


@cache
def machine() -> str:
    """What tells process numbers of here from those of elsewhere: host, boot and namespace."""
    parts = [platform.node()]
    for source in ("/proc/sys/kernel/random/boot_id", "/proc/self/ns/pid"):
        try:
            path = Path(source)
            parts.append(str(path.readlink()) if path.is_symlink() else path.read_text().strip())
        except OSError:
            parts.append("")
    return " ".join(parts)


def started(process: int) -> str:
    """When a process of this machine began, in the system's own count; "" where that is unknown.

    Numbers of processes are used again; number and beginning together are not.
    """
    fields = _status(process)
    return fields[19] if len(fields) > 19 else ""


def is_running(process: int, since: str = "") -> bool:
    """Whether a process of this machine runs; with `since`, the one that began then."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        pass  # It is somebody else's.
    fields = _status(process)
    if fields and fields[0] in "ZX":
        return False  # Ended; only its parent has not asked how.
    now = started(process)
    return not since or not now or now == since


def _status(process: int) -> list[str]:
    try:
        text = Path(f"/proc/{process}/stat").read_text(errors="replace")
    except (OSError, ValueError):
        return []
    # The name of the program, in parentheses, may hold anything.
    return text.rpartition(")")[2].split()
