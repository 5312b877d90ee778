"""A report's folder: replaced by that of another night as a whole, or not at all."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import re
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from characterize.errors import PlanError
from files import leftovers, partial_path, replace_file, short, shown_path

TABLE, PAGE, JUNIT, SUMMARY = "table.h5", "report.html", "junit.xml", "summary.json"
NAMES = (PAGE, JUNIT, TABLE, SUMMARY)
"""In the order of their coming, where they cannot come at once; a summary tells that all are."""
_RESERVE = ".reserve"
# Enough for a page that tells why there is no other, so that it can be told on a full disk.
_RESERVED = 256 << 10
_FULL = (errno.ENOSPC, errno.EDQUOT)
_CURRENT_FOLDER, _EXCHANGE = -100, 2
# What a killed run leaves; the second as earlier versions named theirs.
_LEFT = re.compile(
    r"\..*\.\d+-[0-9a-f]{8}\.partial|\.(report\.html|junit\.xml|summary\.json)-\w{8}"
)


class ReportFolder:
    """The folder `path` in the making; use it as a context manager.

    Files are written into `making`, a hidden folder beside it; `publish` lets both change places
    in one step. Where that cannot be (a mount point, the current folder, a file system without
    such a step), the old files are deleted before the first new one comes, so that also then a
    kill at any moment leaves files of one night only. What killed runs left is removed.

    Raises PlanError where the folder cannot be written, or holds what is no report's.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.making = path
        self._target = path
        self._lock: int | None = None

    def __enter__(self) -> Self:
        try:
            self._target = self.path.resolve()
            self._require_ours()
            self._target.parent.mkdir(parents=True, exist_ok=True)
            self._clean()
            try:
                self._make()
            except OSError as error:
                if error.errno not in _FULL:
                    raise
                self.make_room()
                self._make()
        except (OSError, RuntimeError) as error:
            reason = getattr(error, "strerror", None) or "it is a link to itself"
            raise PlanError(
                f"the folder {shown_path(self.path)} cannot be made ({reason}); name another"
            ) from None
        with contextlib.suppress(OSError), (self.making / _RESERVE).open("wb") as reserve:
            os.posix_fallocate(reserve.fileno(), 0, _RESERVED)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self.making != self._target:
            shutil.rmtree(self.making, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)

    def holds(self, path: Path) -> bool:
        """Whether a file is in the folder, and would go with it."""
        target = self.path.resolve()
        return target in path.resolve().parents

    def clear(self) -> None:
        """Begin anew, with the space that was kept for it."""
        for file in self.making.iterdir():
            file.unlink()

    def make_room(self) -> None:
        """Delete the night that is there, the last resort on a full disk."""
        for name in reversed(NAMES):
            (self._target / name).unlink(missing_ok=True)

    def publish(self) -> None:
        """Put what was made in the place of what was there. Raises OSError."""
        (self.making / _RESERVE).unlink(missing_ok=True)
        if self.making.parent == self._target:
            self._one_by_one()
            return
        with contextlib.suppress(OSError):
            # The folder's own permissions stay, as those of a file that is replaced.
            old = self._target.stat()
            self.making.chmod(stat.S_IMODE(old.st_mode))
            os.chown(self.making, -1, old.st_gid)
        try:
            # Takes the place of nothing, or of an empty folder.
            self.making.rename(self._target)
        except OSError:
            if not self._target.is_dir():
                raise
            if _exchange(self.making, self._target):
                self._discard_old()
            else:
                self._one_by_one()
        _sync(self._target.parent)

    def _require_ours(self) -> None:
        """Refuse to replace a folder in which there is more than a report."""
        if not self._target.exists():
            return
        there = {entry.name for entry in self._target.iterdir()}
        foreign = sorted(name for name in there if name not in NAMES and not _LEFT.fullmatch(name))
        if foreign:
            raise PlanError(
                f"the folder {shown_path(self.path)} holds {short(foreign[0])}, which is no "
                "report's and would be lost, as a night replaces its folder; name another"
            )
        if TABLE in there and not there & {PAGE, JUNIT, SUMMARY}:
            raise PlanError(
                f"the folder {shown_path(self.path)} holds a {TABLE} without a report, which would "
                "be lost, as a night replaces its folder; name another"
            )

    def _make(self) -> None:
        """Make the hidden folder, locked as long as this process lives."""
        beside = self._target != Path.cwd() and not self._target.is_mount()
        while True:
            try:
                self.making = partial_path(self._target)
                if not beside:
                    self._target.mkdir(exist_ok=True)
                    self.making = self._target / self.making.name
                self.making.mkdir()
            except PermissionError:
                if not beside:
                    raise
                beside = False
                continue
            try:
                self._lock = _locked(self.making)
            except BlockingIOError:
                continue  # another run took it for abandoned, and removes it
            if self.making.exists():
                return

    def _clean(self) -> None:
        """Remove what killed runs left beside the folder and in it."""
        start = f".{self._target.name[:40]}."
        for folder in (self._target.parent, self._target):
            gone = leftovers(folder)
            for path in list(folder.iterdir()) if folder.is_dir() else ():
                if path.name.startswith(start) and _LEFT.fullmatch(path.name) and path.is_dir():
                    _remove_abandoned(path, gone)

    def _discard_old(self) -> None:
        """Remove the night that was replaced; what came into its folder meanwhile is kept."""
        with contextlib.suppress(OSError):
            for path in self.making.iterdir():
                ours = path.name in NAMES or _LEFT.fullmatch(path.name)
                if not ours and not (self._target / path.name).exists():
                    path.rename(self._target / path.name)
        shutil.rmtree(self.making, ignore_errors=True)

    def _one_by_one(self) -> None:
        with _alone(self._target):
            self.make_room()
            for name in NAMES:
                made, final = self.making / name, self._target / name
                if made.exists():
                    try:
                        made.replace(final)
                    except OSError:  # another file system, though the folders are neighbours
                        replace_file(final, made.read_bytes())
        _sync(self._target)


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change names in one step; False where the system has no such step."""
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "renameat2"):
        return False
    names = (os.fsencode(one), os.fsencode(other))
    here = _CURRENT_FOLDER
    return bool(library.renameat2(here, names[0], here, names[1], _EXCHANGE) == 0)


def _locked(folder: Path) -> int | None:
    """A lock on the folder that ends with this process; None where there is none to be had.

    Raises BlockingIOError where another process has it.
    """
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        if isinstance(error, BlockingIOError):
            raise
        return None
    return handle


def _remove_abandoned(folder: Path, gone: list[Path]) -> None:
    """Remove a folder in which nobody makes a report any more."""
    try:
        handle = _locked(folder)
    except BlockingIOError:
        return
    # On a file system without such locks: by process and age.
    if handle is not None or folder in gone:
        shutil.rmtree(folder, ignore_errors=True)
    if handle is not None:
        os.close(handle)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait for another run that fills the folder, where the file system has locks."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _sync(folder: Path) -> None:
    """Let a renaming reach the disk; some file systems cannot say so."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
