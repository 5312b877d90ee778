"""Folders for what a run needs while it runs, gone after it however it ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from jobs.errors import JobsError

_NAME = re.compile(r"mramcim-(\d+)-\w+")
_LOCK = ".in-use"
_MAKING = 60.0
"""Age [s] from which a folder without its lock is no folder in the making."""


class WorkingFolder:
    """A folder in the temporary folder, which it removes; so it does those of killed runs.

    The process holds a lock in it, which the kernel drops with the process however it ends: that
    tells an abandoned folder from one in use, also by a process that this one cannot see. Raises
    JobsError where none can be made.
    """

    def __init__(self) -> None:
        remove_abandoned()
        try:
            self._folder, self._lock = _locked()
        except OSError as error:
            raise JobsError(
                f"there is no room for temporary files ({error.strerror or error}); free some, or "
                "name another folder in TMPDIR"
            ) from None
        self.name = str(self._folder)

    def __enter__(self) -> str:
        return self.name

    def __exit__(self, *_: object) -> None:
        self.remove()

    def remove(self) -> None:
        """Remove the folder and all in it; once is enough."""
        if self._lock >= 0:
            shutil.rmtree(self._folder, ignore_errors=True)
            os.close(self._lock)
            self._lock = -1


def remove_abandoned() -> None:
    """Remove the folders that killed runs of this user have left in the temporary folder."""
    with contextlib.suppress(OSError):
        for path in Path(tempfile.gettempdir()).iterdir():
            if _NAME.fullmatch(path.name):
                with contextlib.suppress(OSError), _abandoned(path) as left:
                    if left:
                        shutil.rmtree(path, ignore_errors=True)


def _locked() -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f"mramcim-{os.getpid()}-"))
        try:
            lock = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # Another run takes it for abandoned and is about to remove it.
            os.close(lock)
            continue
        except OSError:
            pass  # A file system without locks: nobody will take it for abandoned.
        return folder, lock


@contextlib.contextmanager
def _abandoned(folder: Path) -> Iterator[bool]:
    """Whether a folder is this user's and its process is gone; nobody takes it meanwhile."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        yield False
        return
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        yield time.time() - found.st_mtime > _MAKING and not _runs(folder)
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    finally:
        os.close(lock)


def _runs(folder: Path) -> bool:
    match = _NAME.fullmatch(folder.name)
    assert match is not None, "only such names are looked at"
    try:
        os.kill(int(match[1]), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True
