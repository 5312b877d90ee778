"""Files replaced only by complete ones, with the permissions of any file of the user's."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import stat
import time
from pathlib import Path

from files.processes import is_running, machine

_LEFTOVER = re.compile(r"\..*\.(\d+)-([0-9a-f]{4})[0-9a-f]{4}\.partial(\.\w+)?")
_ABANDONED = 7 * 86400.0
"""Age [s] of an unfinished file that no process of this machine can be asked about."""


def replace_file(path: Path, image: bytes, mode: int | None = None) -> None:
    """Write `image` to `path`, a symbolic link followed.

    Whatever interrupts it (an exception, SIGKILL, a full disk), `path` names either what it named
    before or the whole new file. Its permissions are `mode`, else those of the file that was
    there, else what the umask leaves. Raises OSError.
    """
    target = path.resolve()
    clean(target.parent)
    partial = partial_path(target)
    try:
        # Created like any file of the user's (umask), where `tempfile` would make it private.
        with partial.open("xb") as stream:
            stream.write(image)
            stream.flush()
            os.fsync(stream.fileno())
        if mode is None and target.exists():
            mode = stat.S_IMODE(target.stat().st_mode)
        if mode is not None:
            partial.chmod(mode)
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    # The rename itself reaches the disk with its folder; some file systems cannot say so.
    with contextlib.suppress(OSError):
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def replace_text(path: Path, text: str) -> None:
    """`replace_file` with a text in UTF-8."""
    replace_file(path, text.encode("utf-8"))


def partial_path(target: Path) -> Path:
    """A name beside `target` for a file in the making, by which a leftover is known."""
    # A short part of the name is enough. The suffix stays: libraries tell a format from it.
    suffix = target.suffix if re.fullmatch(r"\.\w+", target.suffix) else ""
    stem = target.name[:40]
    token = f"{_machine_tag()}{secrets.token_hex(2)}"
    return target.with_name(f".{stem}.{os.getpid()}-{token}.partial{suffix}")


def clean(folder: Path) -> None:
    """Remove the `leftovers` of a folder, as far as that is allowed."""
    for path in leftovers(folder):
        with contextlib.suppress(OSError):
            path.unlink()


def leftovers(folder: Path) -> list[Path]:
    """Unfinished files in `folder` that their process, killed or gone, will never finish."""
    found = []
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            match = _LEFTOVER.fullmatch(path.name)
            if match is not None and _is_abandoned(path, int(match[1]), match[2]):
                found.append(path)
    return sorted(found)


def _is_abandoned(path: Path, process: int, machine: str) -> bool:
    try:
        age = time.time() - path.stat().st_mtime
        if is_running(process):
            return age > _ABANDONED
    except OSError:
        return False
    # A file of another machine's process, on a shared disk, is younger than its making takes.
    return machine == _machine_tag() or age > 60.0


def _machine_tag() -> str:
    return hashlib.sha256(machine().encode()).hexdigest()[:4]
