"""Where results are kept as they finish, so that no point is simulated twice.

One SQLite file, safe against a kill at any moment and shared by runs that go on at once. A
result is found by its content key, or without building a deck by its recipe key.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from characterize.errors import PlanError
from characterize.simulate import PointResult
from lut import Outcome

FILE = "results-1.sqlite"
"""The number is that of the layout of the file."""
LARGEST = 2 << 30
"""Size [B] above which a run drops the results that were used longest ago."""
_WAIT = 60.0
_LAYOUT = """
CREATE TABLE IF NOT EXISTS results (
    content TEXT PRIMARY KEY, bench TEXT NOT NULL, result TEXT NOT NULL, seconds REAL NOT NULL,
    used REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS recipes (
    recipe TEXT PRIMARY KEY, content TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS results_used ON results (used);
CREATE INDEX IF NOT EXISTS recipes_content ON recipes (content);
"""
T = TypeVar("T")
# A time-out or a crash may be of the machine and not of the point: it is tried again.
KEPT = frozenset(
    {
        Outcome.OK,
        Outcome.WRONG_LOGIC,
        Outcome.NOT_SWITCHED,
        Outcome.NO_CONVERGENCE,
        Outcome.MISSING_MEASUREMENT,
    }
)


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
    """An open store; use it as a context manager. Its methods raise PlanError where it fails."""

    def __init__(self, folder: Path | None = None) -> None:
        self.path = (folder or store_folder()) / FILE
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(self.path, timeout=_WAIT, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from None
        # The write-ahead log survives a kill; a power cut may take the last results, no more.
        self._do(lambda: self._file.execute("PRAGMA journal_mode=WAL"))
        self._do(lambda: self._file.execute("PRAGMA synchronous=NORMAL"))
        self._do(lambda: self._file.executescript(_LAYOUT))
        self._used: set[str] = set()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        try:
            self._note_uses()
            self._bound()
        except PlanError:
            # What was looked up last only decides what is dropped first.
            pass
        finally:
            self._file.close()

    def by_recipe(self, recipe: str) -> PointResult | None:
        """The result of a recipe."""
        row = self._one("SELECT content FROM recipes WHERE recipe = ?", recipe)
        return None if row is None else self.by_content(row)

    def by_content(self, content: str) -> PointResult | None:
        """The result of a content key."""
        row = self._one("SELECT result FROM results WHERE content = ?", content)
        if row is None:
            return None
        self._used.add(content)
        entry = json.loads(row)
        return PointResult(**{**entry, "outcome": Outcome(entry["outcome"])})

    def has_bench(self, bench: str) -> bool:
        """Whether there is any result of a bench; where not, no deck needs to be built."""
        return self._one("SELECT 1 FROM results WHERE bench = ? LIMIT 1", bench) is not None

    def keep(self, recipe: str, content: str, bench: str, result: PointResult) -> None:
        """Keep a result that another run would find again."""
        if result.outcome not in KEPT:
            return
        text = json.dumps(asdict(result))
        now = time.time()

        def write() -> None:
            with self._file:
                self._file.execute("BEGIN IMMEDIATE")
                self._file.execute(
                    "INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?)",
                    (content, bench, text, result.processor_seconds, now),
                )
                self._file.execute(
                    "INSERT OR REPLACE INTO recipes VALUES (?, ?)", (recipe, content)
                )

        self._do(write)

    def link(self, recipe: str, content: str) -> None:
        """Let a recipe lead to a result that is there."""
        self._do(
            lambda: self._file.execute(
                "INSERT OR REPLACE INTO recipes VALUES (?, ?)", (recipe, content)
            )
        )

    def seconds(self, benches: Iterable[str]) -> dict[str, float]:
        """Mean processor time [s] of a result, by bench, where there are any."""
        rows = self._do(
            lambda: self._file.execute(
                "SELECT bench, AVG(seconds) FROM results GROUP BY bench"
            ).fetchall()
        )
        wanted = set(benches)
        return {bench: float(mean) for bench, mean in rows if bench in wanted}

    def usage(self) -> Usage:
        """What the store holds."""
        counts = self._do(
            lambda: self._file.execute(
                "SELECT bench, COUNT(*), MIN(used), MAX(used) FROM results GROUP BY bench"
            ).fetchall()
        )
        return Usage(
            self.path,
            {bench: count for bench, count, _, _ in counts},
            self._size(),
            min((row[2] for row in counts), default=None),
            max((row[3] for row in counts), default=None),
        )

    def prune(self, *, unused_for: float | None = None, largest: int | None = None) -> int:
        """Drop results not used for some time [s], and the oldest until the size [B] fits.

        Returns how many were dropped.
        """
        before = sum(self.usage().results.values())
        if unused_for is not None:
            self._drop("used < ?", time.time() - unused_for)
        while largest is not None and self._size() > largest:
            left = sum(self.usage().results.values())
            if left == 0:
                break
            share = max(1, left // 4)
            self._drop(
                "content IN (SELECT content FROM results ORDER BY used, content LIMIT ?)", share
            )
        return before - sum(self.usage().results.values())

    def _drop(self, condition: str, value: float) -> None:
        def drop() -> None:
            with self._file:
                self._file.execute("BEGIN IMMEDIATE")
                self._file.execute(f"DELETE FROM results WHERE {condition}", (value,))
                self._file.execute(
                    "DELETE FROM recipes WHERE content NOT IN (SELECT content FROM results)"
                )
            self._file.execute("VACUUM")
            self._file.execute("PRAGMA wal_checkpoint(TRUNCATE)")

        self._do(drop)

    def _bound(self) -> None:
        if self._size() > LARGEST:
            self.prune(largest=LARGEST * 3 // 4)

    def _note_uses(self) -> None:
        now = time.time()
        rows = [(now, content) for content in self._used]
        if rows:

            def note() -> None:
                with self._file:
                    self._file.execute("BEGIN IMMEDIATE")
                    self._file.executemany("UPDATE results SET used = ? WHERE content = ?", rows)

            self._do(note)
        self._used.clear()

    def _size(self) -> int:
        # The log beside the file counts too.
        files = (self.path, self.path.with_name(self.path.name + "-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def _one(self, query: str, key: str) -> str | None:
        row = self._do(lambda: self._file.execute(query, (key,)).fetchone())
        return None if row is None else str(row[0])

    def _do(self, action: Callable[[], T]) -> T:
        try:
            return action()
        except sqlite3.Error as error:
            raise self._unusable(error) from None

    def _unusable(self, error: Exception) -> PlanError:
        text = str(error)
        if "full" in text or "No space" in text:
            remedy = "make room; what was finished is kept, and the same command goes on from there"
        elif "locked" in text:
            remedy = "wait for the other run, or give this one a store of its own by MRAMCIM_CACHE"
        elif "malformed" in text or "not a database" in text:
            remedy = "it is damaged; delete it"
        else:
            remedy = "set MRAMCIM_CACHE to a folder that can be written, or use --no-cache"
        return PlanError(f"the store of results {self.path} fails ({text}): {remedy}")
