"""The SQLite file of a store: opened as far as the folder allows, set aside where it is damaged."""

from __future__ import annotations

import contextlib
import fcntl
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from characterize.errors import PlanError

FILE = "results-2.sqlite"
"""The number is that of the layout of the file; results of earlier ones are not read."""
EARLIER = ("results-1.sqlite",)
_ASIDE = ".damaged"
_BESIDE = ("", "-wal", "-shm")
_WAIT = 60.0
# No index beside the keys: a damaged one would hide rows, and only dropping old ones would use it.
_LAYOUT = """
CREATE TABLE IF NOT EXISTS results (
    content TEXT PRIMARY KEY, bench TEXT NOT NULL, result TEXT NOT NULL, seconds REAL NOT NULL,
    used REAL NOT NULL, digest TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS recipes (
    recipe TEXT PRIMARY KEY, content TEXT NOT NULL, digest TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS claims (
    recipe TEXT PRIMARY KEY, owner TEXT NOT NULL, machine TEXT NOT NULL, process INTEGER NOT NULL,
    since TEXT NOT NULL, beat REAL NOT NULL) WITHOUT ROWID;
"""
# A flipped bit may also be in the names of tables and columns, or in the kind of a value.
_DAMAGED = (
    "malformed", "not a database", "encrypted", "no such table", "no such column", "no column",
    "columns but", "no such index", "datatype mismatch", "constraint failed", "unsupported file",
    "too big",
)  # fmt: skip
_UNWRITABLE = ("readonly", "read-only", "unable to open")
_WITHOUT_LOCKS = ("locking protocol", "disk I/O error", "not supported", "no locks available")
# What SQLite says of damage may itself be damaged text.
_FAILURES = (sqlite3.Error, UnicodeError)
T = TypeVar("T")


class StoreFile:
    """An open file; `writable` tells whether anything can be put into it.

    `warn` gets a sentence where a damaged file was set aside or nothing can be written. Raises
    PlanError where the file can neither be read nor made.
    """

    connection: sqlite3.Connection

    def __init__(self, folder: Path, warn: Callable[[str], None]) -> None:
        self.path = folder / FILE
        self.writable = True
        self._warn = warn
        self._inode: int | None = None
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
        try:
            self._connect()
        except _FAILURES as error:
            self._recover(error)

    def close(self) -> None:
        """Close the file."""
        with contextlib.suppress(*_FAILURES):
            self.connection.close()

    def run(self, action: Callable[[sqlite3.Connection], T]) -> T:
        """Do something with the file; again with a new one where the present one is damaged.

        Raises PlanError where it fails otherwise.
        """
        try:
            return action(self.connection)
        except _FAILURES as error:
            if not self.writable or not is_damage(error):
                raise self._unusable(error) from None
            self._recover(error)
        try:
            return action(self.connection)
        except _FAILURES as error:
            raise self._unusable(error) from None

    def _connect(self) -> None:
        self.connection = _opened(str(self.path))
        # The write-ahead log survives a kill; a power cut may take the last results, no more.
        try:
            self.connection.execute("PRAGMA journal_mode=WAL")
        except _FAILURES as error:
            if not _says(error, _WITHOUT_LOCKS):
                raise
            # It needs memory that processes share, which network file systems do not have.
            self.connection.execute("PRAGMA journal_mode=DELETE")
        self.connection.execute("PRAGMA synchronous=NORMAL")
        self.connection.executescript(_LAYOUT)
        # SQLite opens what cannot be written all the same, and says so only to who writes.
        with transaction(self.connection):
            self.connection.execute("DELETE FROM claims WHERE recipe = ''")
        self._inode = self.path.stat().st_ino

    def _recover(self, error: Exception) -> None:
        """Go on after `error` with another file or without writing, or raise PlanError."""
        try:
            if is_damage(error):
                self._set_aside(error)
                self._connect()
            elif _says(error, _UNWRITABLE) and self.path.is_file():
                self._connect_read_only(error)
            else:
                raise self._unusable(error)
        except (*_FAILURES, OSError) as again:
            raise self._unusable(again) from None

    def _set_aside(self, error: Exception) -> None:
        if hasattr(self, "connection"):
            self.close()
        with _alone(self.path.with_name(self.path.name + ".lock")):
            # Another run may have done so already; what it made instead is sound.
            if self._inode is not None and self.path.stat().st_ino != self._inode:
                return
            aside = self.path.with_name(self.path.name + _ASIDE)
            for suffix in reversed(_BESIDE):
                beside = self.path.with_name(self.path.name + suffix)
                if beside.exists():
                    beside.replace(aside.with_name(aside.name + suffix))
        self._warn(
            f"the store of results {self.path} is damaged ({error}); it is set aside as "
            f"{aside.name}, and its results are simulated anew"
        )

    def _connect_read_only(self, error: Exception) -> None:
        self.close()
        self.writable = False
        name = self.path.resolve().as_uri()
        try:
            self._read_only(f"{name}?mode=ro")
        except _FAILURES:
            # Without a place for its locks, the file is read as one that nobody changes.
            try:
                self._read_only(f"{name}?immutable=1")
            except _FAILURES:
                raise self._unusable(error) from None
        self._warn(
            f"the store of results {self.path} cannot be written: what it has is used, and new "
            "results are not kept; set MRAMCIM_CACHE to a folder that can be written to keep them"
        )

    def _read_only(self, name: str) -> None:
        self.connection = _opened(name, uri=True)
        self.connection.execute("SELECT COUNT(*) FROM results LIMIT 1").fetchone()

    def _unusable(self, error: Exception) -> PlanError:
        text = str(error)
        if "full" in text or "No space" in text:
            remedy = "make room; what was finished is kept, and the same command goes on from there"
        elif _says(error, _WITHOUT_LOCKS):
            remedy = (
                "its file system, such as a network's, has no locks that SQLite needs, or the disk "
                "fails; set MRAMCIM_CACHE to a folder on a local disk, or use --no-cache"
            )
        elif "locked" in text:
            remedy = (
                "wait for the other run, or give this one a store of its own by MRAMCIM_CACHE, on "
                "a local disk where this one is on a network's"
            )
        elif is_damage(error):
            remedy = "it is damaged; delete it"
        else:
            remedy = "set MRAMCIM_CACHE to a folder that can be written, or use --no-cache"
        return PlanError(f"the store of results {self.path} fails ({text}): {remedy}")


def is_damage(error: Exception) -> bool:
    """Whether an error of SQLite is of the file's content, not of its place."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if isinstance(error, UnicodeError):
        return True
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or _says(error, _DAMAGED)


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """What is done inside is written whole or not at all, after what other runs write now."""
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        yield


def leftover_files(folder: Path) -> list[Path]:
    """What stands beside a store without use: earlier layouts, and what was set aside."""
    names = [*EARLIER, FILE + _ASIDE]
    found = (folder / (name + suffix) for name in names for suffix in _BESIDE)
    return [path for path in found if path.is_file()]


def _opened(name: str, *, uri: bool = False) -> sqlite3.Connection:
    connection = sqlite3.connect(name, timeout=_WAIT, isolation_level=None, uri=uri)
    # A damaged text is found by its digest, not by an error on the way.
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return connection


def _says(error: Exception, words: tuple[str, ...]) -> bool:
    return any(word in str(error) for word in words)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep other processes from doing the same, where the file system has locks."""
    with path.open("a") as file:
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
