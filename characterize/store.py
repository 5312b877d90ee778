"""Where results are kept as they finish, so that no point is simulated twice.

One SQLite file, safe against a kill at any moment and shared by runs that go on at once. A
result is found by its content key, or without building a deck by its recipe key. Every row has a
digest: what is no longer what was kept is dropped and simulated anew.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from characterize.claims import Claims
from characterize.errors import PlanError
from characterize.simulate import PointResult
from characterize.store_file import FILE, StoreFile, leftover_files, transaction
from characterize.store_rows import KEPT, digest, result_of, text_of

__all__ = ["FILE", "KEPT", "LARGEST", "Store", "Usage", "store_folder"]

LARGEST = 2 << 30
"""Size [B] above which a run drops the results that were used longest ago."""
_AHEAD = 60.0
"""Time [s] by which the clocks of runs may differ; what was used later than that never was."""
_NO_TIME = "(typeof(used) NOT IN ('real', 'integer') OR used > ?)"


def store_folder() -> Path:
    """`$MRAMCIM_CACHE`, else `$XDG_CACHE_HOME/mramcim`, else the platform's cache folder."""
    named = os.environ.get("MRAMCIM_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    if base and Path(base).is_absolute():
        return Path(base) / "mramcim"
    home = Path.home()
    caches = home / "Library" / "Caches" if sys.platform == "darwin" else home / ".cache"
    return caches / "mramcim"


@dataclass(frozen=True)
class Usage:
    """What a store holds: results by bench, size [B], and when used first and last (Unix s)."""

    path: Path
    results: dict[str, int]
    size: int
    oldest: float | None
    newest: float | None


class Store:
    """An open store; use it as a context manager. Its methods raise PlanError where it fails.

    `warn` gets a sentence about what was damaged or cannot be written; without it, Python's
    warnings do.
    """

    def __init__(
        self, folder: Path | None = None, warn: Callable[[str], None] | None = None
    ) -> None:
        self._warn = warn or (lambda text: warnings.warn(text, RuntimeWarning, stacklevel=3))
        self._file = StoreFile(folder or store_folder(), self._warn)
        self.path = self._file.path
        self.claims = Claims(self._file)
        self._used: set[str] = set()
        self._dropped = 0

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        try:
            self.claims.release_all()
            self._note_uses()
            self._bound()
        except PlanError:
            # What was looked up last only decides what is dropped first.
            pass
        finally:
            self._file.close()
        if self._dropped:
            self._warn(
                f"the store of results {self.path} had {self._dropped} entries that were damaged; "
                "they are dropped, and their points simulated anew"
            )

    def by_recipe(self, recipe: str) -> PointResult | None:
        """The result of a recipe."""
        row = self._row("SELECT content, digest FROM recipes WHERE recipe = ?", recipe)
        if row is None:
            return None
        content, known = row
        found = self.by_content(content) if digest(recipe, content) == known else None
        if found is None:
            self._drop_damaged("recipes", "recipe", recipe)
        return found

    def by_content(self, content: str) -> PointResult | None:
        """The result of a content key."""
        row = self._row(
            "SELECT bench, result, seconds, digest FROM results WHERE content = ?", content
        )
        if row is None:
            return None
        *said, known = row
        found = result_of(said[1]) if digest(content, *said) == known else None
        if found is None:
            self._drop_damaged("results", "content", content)
        else:
            self._used.add(content)
        return found

    def _drop_damaged(self, table: str, key: str, value: str) -> None:
        self._dropped += 1
        if self._file.writable:
            self._file.run(lambda c: c.execute(f"DELETE FROM {table} WHERE {key} = ?", (value,)))

    def has_bench(self, bench: str) -> bool:
        """Whether there is any result of a bench; where not, no deck needs to be built."""
        return self._row("SELECT 1 FROM results WHERE bench = ? LIMIT 1", bench) is not None

    def keep(self, recipe: str, content: str, bench: str, result: PointResult) -> None:
        """Keep a result that another run would find again, and give up the claim on its point."""
        if not self._file.writable:
            return
        text, seconds = text_of(result), float(result.processor_seconds)
        row = (content, bench, text, seconds, time.time(), digest(content, bench, text, seconds))

        def write(connection: sqlite3.Connection) -> None:
            with transaction(connection):
                if result.outcome in KEPT:
                    connection.execute(
                        "INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?, ?)", row
                    )
                    connection.execute("INSERT OR REPLACE INTO recipes VALUES (?, ?, ?)", link)
                self.claims.release(connection, recipe)

        link = (recipe, content, digest(recipe, content))
        self._file.run(write)

    def link(self, recipe: str, content: str) -> None:
        """Let a recipe lead to a result that is there."""
        row = (recipe, content, digest(recipe, content))
        if self._file.writable:
            self._file.run(
                lambda c: c.execute("INSERT OR REPLACE INTO recipes VALUES (?, ?, ?)", row)
            )

    def seconds(self, benches: Iterable[str]) -> dict[str, float]:
        """Mean processor time [s] of a result, by bench, where there are any."""
        rows = self._file.run(
            lambda c: c.execute(
                "SELECT bench, AVG(seconds) FROM results WHERE typeof(seconds) = 'real' "
                "GROUP BY bench"
            ).fetchall()
        )
        wanted = set(benches)
        return {bench: float(mean) for bench, mean in rows if bench in wanted}

    def usage(self) -> Usage:
        """What the store holds."""
        latest = time.time() + _AHEAD
        counts = self._file.run(
            lambda c: c.execute("SELECT bench, COUNT(*) FROM results GROUP BY bench").fetchall()
        )
        first, last = self._file.run(
            lambda c: c.execute(
                f"SELECT MIN(used), MAX(used) FROM results WHERE NOT {_NO_TIME}", (latest,)
            ).fetchone()
        )
        results = {str(bench): count for bench, count in counts}
        return Usage(self.path, results, self._size(), first, last)

    def prune(self, *, unused_for: float | None = None, largest: int | None = None) -> int:
        """Drop results not used for some time [s], and the oldest until the size [B] fits.

        Those whose time of use lies ahead go too, and so do files beside the store without use:
        earlier layouts and what was set aside as damaged. Returns how many results were dropped;
        raises PlanError where the store cannot be written.
        """
        if not self._file.writable:
            raise PlanError(
                f"the store of results {self.path} cannot be written, so nothing of it can be "
                "dropped; allow writing it or set MRAMCIM_CACHE"
            )
        before = self._count()
        for path in leftover_files(self.path.parent):
            path.unlink(missing_ok=True)
        now = time.time()
        self._drop(_NO_TIME, now + _AHEAD)
        if unused_for is not None:
            self._drop("used < ?", now - unused_for)
        while largest is not None and self._size() > largest:
            left = self._count()
            if left == 0:
                break
            share = max(1, left // 4)
            oldest = "content IN (SELECT content FROM results ORDER BY used, content LIMIT ?)"
            if not self._drop(oldest, share, all_go=False):
                # Their keys are damaged, so that they are not found one by one.
                self._drop("?", 1)
        return before - self._count()

    def _count(self) -> int:
        return sum(self.usage().results.values())

    def _drop(self, condition: str, value: float, *, all_go: bool = True) -> int:
        def drop(connection: sqlite3.Connection) -> int:
            with transaction(connection):
                dropped = connection.execute(f"DELETE FROM results WHERE {condition}", (value,))
                left = f"SELECT 1 FROM results WHERE {condition} LIMIT 1"
                if all_go and connection.execute(left, (value,)).fetchone():
                    # Damaged keys stand out of order: rows are seen that are not found by them.
                    raise sqlite3.DatabaseError("database disk image is malformed: rows remain")
                connection.execute(
                    "DELETE FROM recipes WHERE content NOT IN (SELECT content FROM results)"
                )
            if dropped.rowcount:
                connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return int(dropped.rowcount)

        return self._file.run(drop)

    def _bound(self) -> None:
        if self._file.writable and self._size() > LARGEST:
            self.prune(largest=LARGEST * 3 // 4)

    def _note_uses(self) -> None:
        now = time.time()
        rows = [(now, content) for content in self._used]
        if rows and self._file.writable:

            def note(connection: sqlite3.Connection) -> None:
                with transaction(connection):
                    connection.executemany("UPDATE results SET used = ? WHERE content = ?", rows)

            self._file.run(note)
        self._used.clear()

    def _size(self) -> int:
        # The log beside the file counts too.
        files = (self.path, self.path.with_name(self.path.name + "-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def _row(self, query: str, key: str) -> tuple[str, ...] | None:
        found: tuple[str, ...] | None = self._file.run(
            lambda c: c.execute(query, (key,)).fetchone()
        )
        return found
