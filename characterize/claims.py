"""Who simulates what: points that a run has begun, so that another run waits for their results.

A claim holds as long as its process runs and says so from time to time. One of a process that
was killed is free at once on the same machine, and elsewhere when nothing was heard for a while.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

from characterize.store_file import StoreFile, transaction
from files.processes import is_running, machine, started

LEASE = 60.0
"""Time [s] after which a claim is free of which nothing was heard."""
_BEAT = 10.0


class Claims:
    """The claims of one run on the points of a store, by recipe key."""

    def __init__(self, file: StoreFile) -> None:
        self._file = file
        self._owner = secrets.token_hex(8)
        self._process = os.getpid()
        self._since = started(self._process)
        self._beats: _Beats | None = None

    def take(self, recipe: str) -> bool:
        """Whether the point is this run's to simulate: nobody has its result or works on it."""
        if not self._file.writable:
            return True

        def claim(connection: sqlite3.Connection) -> bool:
            with transaction(connection):
                if not self._is_free(connection, recipe):
                    return False
                row = (recipe, self._owner, machine(), self._process, self._since, time.time())
                connection.execute("INSERT OR REPLACE INTO claims VALUES (?, ?, ?, ?, ?, ?)", row)
            return True

        taken = self._file.run(claim)
        if taken and self._beats is None:
            self._beats = _Beats(self._file.path, self._owner)
        return taken

    def is_free(self, recipe: str) -> bool:
        """Whether `take` would succeed, as far as can be seen."""
        return not self._file.writable or self._file.run(lambda c: self._is_free(c, recipe))

    def _is_free(self, connection: sqlite3.Connection, recipe: str) -> bool:
        if connection.execute("SELECT 1 FROM recipes WHERE recipe = ?", (recipe,)).fetchone():
            return False
        row = connection.execute(
            "SELECT owner, machine, process, since, beat FROM claims WHERE recipe = ?", (recipe,)
        ).fetchone()
        return row is None or row[0] == self._owner or not _holds(*row[1:])

    def release(self, connection: sqlite3.Connection, recipe: str) -> None:
        """Give one point up, inside a transaction."""
        connection.execute(
            "DELETE FROM claims WHERE recipe = ? AND owner = ?", (recipe, self._owner)
        )

    def release_all(self) -> None:
        """Give up whatever this run has begun and not finished; raises PlanError."""
        if self._beats is not None:
            self._beats.stop()
            self._beats = None
            self._file.run(
                lambda c: c.execute("DELETE FROM claims WHERE owner = ?", (self._owner,))
            )


def _holds(where: Any, process: Any, since: Any, beat: Any) -> bool:
    """Whether the process behind a claim still works on it; damaged claims hold nothing."""
    if not isinstance(beat, int | float) or not isinstance(process, int):
        return False
    # A clock that was set back must not make a claim last for ever.
    if abs(time.time() - beat) > LEASE:
        return False
    return where != machine() or is_running(process, str(since))


class _Beats:
    """Says from time to time that the claims of an owner hold, whatever the run waits for."""

    def __init__(self, path: Path, owner: str) -> None:
        # Not made anew where somebody has removed it.
        self._name, self._owner = f"{path.resolve().as_uri()}?mode=rw", owner
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="claims", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(_BEAT):
            # A beat that fails is made up for by the next.
            with contextlib.suppress(sqlite3.Error, UnicodeError):
                self._beat()

    def _beat(self) -> None:
        connection = sqlite3.connect(self._name, timeout=_BEAT, uri=True)
        with contextlib.closing(connection), connection:
            connection.execute(
                "UPDATE claims SET beat = ? WHERE owner = ?", (time.time(), self._owner)
            )
