"""A store that was damaged, is locked or cannot be written says so; nothing bad is taken."""

import json
import os
import random
import sqlite3
import time
import warnings
from pathlib import Path

import pytest

from characterize import PlanError
from characterize.simulate import PointResult
from characterize.store import FILE, Store
from characterize.store_rows import digest
from lut import Outcome

RESULT = PointResult(Outcome.OK, {"energy": 1.25e-13, "delay": 2e-9}, "", 3, 0.5, False, "", 0.5)
RESULTS = 40


def filled(folder: Path) -> Path:
    with Store(folder) as store:
        for number in range(RESULTS):
            values = {"energy": 1.25e-13 * (1 + number)}
            result = PointResult(Outcome.OK, values, "", 1, 0.5, False, "", 0.5)
            store.keep(f"recipe{number}", f"content{number}", "and2", result)
    return folder / FILE


def energies(folder: Path) -> tuple[dict[int, float], list[str]]:
    """What the store still has, and what it says of itself."""
    told: list[str] = []
    found = {}
    with Store(folder, told.append) as store:
        for number in range(RESULTS):
            result = store.by_recipe(f"recipe{number}")
            if result is not None:
                found[number] = result.values["energy"]
    return found, told


BAD_ROWS = {
    "broken JSON": "{",
    "deep JSON": "[" * 9000,
    "unknown key": json.dumps({"outcome": 0, "colour": "red"}),
    "impossible outcome": '{"outcome": 99, "values": {}, "message": "", "simulations": 1, '
    '"analysis_seconds": 1, "poisoned": false, "rung": "", "processor_seconds": 1}',
    "text for a number": '{"outcome": 0, "values": {"energy": "x"}, "message": "", '
    '"simulations": 1, "analysis_seconds": 1, "poisoned": false, "rung": "", '
    '"processor_seconds": 1}',
}


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("kind", BAD_ROWS)
def test_a_bad_row_is_dropped_with_a_warning_even_where_its_digest_fits(tmp_path, kind, signed):
    with Store(tmp_path) as store:
        store.keep("recipe", "content", "and2", RESULT)
        store.keep("other", "another", "and2", RESULT)
    with sqlite3.connect(tmp_path / FILE) as file:
        ((seconds,),) = file.execute("SELECT seconds FROM results WHERE content = 'content'")
        file.execute("UPDATE results SET result = ? WHERE content = 'content'", (BAD_ROWS[kind],))
        if signed:
            known = digest("content", "and2", BAD_ROWS[kind], seconds)
            file.execute("UPDATE results SET digest = ? WHERE content = 'content'", (known,))
    told: list[str] = []
    with Store(tmp_path, told.append) as store:
        assert store.by_recipe("recipe") is None
        assert store.by_recipe("other") == RESULT
    assert len(told) == 1
    assert "damaged" in told[0]
    with Store(tmp_path) as store:
        store.keep("recipe", "content", "and2", RESULT)
        assert store.by_recipe("recipe") == RESULT


def test_a_value_that_was_changed_is_not_taken(tmp_path):
    path = filled(tmp_path)
    with sqlite3.connect(path) as file:
        file.execute(
            "UPDATE results SET result = replace(result, '2.5e-13', '2.6e-13') "
            "WHERE content = 'content1'"
        )
    found, told = energies(tmp_path)
    assert 1 not in found
    assert len(found) == RESULTS - 1
    assert told


def test_a_recipe_that_leads_to_another_result_is_not_taken(tmp_path):
    path = filled(tmp_path)
    with sqlite3.connect(path) as file:
        file.execute("UPDATE recipes SET content = 'content2' WHERE recipe = 'recipe1'")
        file.execute("UPDATE recipes SET content = 'nowhere' WHERE recipe = 'recipe3'")
    found, _ = energies(tmp_path)
    assert set(range(RESULTS)) - set(found) == {1, 3}


@pytest.mark.parametrize(("seed", "count"), [(1, 25), pytest.param(2, 400, marks=pytest.mark.slow)])
def test_flipped_bits_of_the_file_never_change_a_result(tmp_path, seed, count):
    image, draw = filled(tmp_path).read_bytes(), random.Random(seed)
    folder = tmp_path / "flipped"
    folder.mkdir()
    for _ in range(count):
        for path in folder.iterdir():
            path.unlink()
        damaged = bytearray(image)
        for _ in range(draw.choice((1, 1, 8))):
            place = draw.randrange(8 * len(image))
            damaged[place // 8] ^= 1 << place % 8
        (folder / FILE).write_bytes(damaged)
        found, _ = energies(folder)
        assert all(value == 1.25e-13 * (1 + number) for number, value in found.items())


@pytest.mark.parametrize(
    "content", [b"", b"not a database, but long enough" * 40, b"SQLite format 3"]
)
def test_a_file_that_is_no_store_is_set_aside(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)
    found, told = energies(tmp_path)
    assert not found
    with Store(tmp_path) as store:
        store.keep("recipe", "content", "and2", RESULT)
        assert store.by_recipe("recipe") == RESULT
    assert bool(content) == bool(told)


def test_results_used_in_the_future_are_pruned(tmp_path):
    path = filled(tmp_path)
    with sqlite3.connect(path) as file:
        later = time.time() + 1e6
        file.execute("UPDATE results SET used = ? WHERE content = 'content5'", (later,))
    with Store(tmp_path) as store:
        assert store.prune(unused_for=3600.0) == 1
        assert store.usage().newest <= time.time() + 60


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write what is read-only")
def test_a_read_only_store_is_read_by_an_ordinary_user(tmp_path):
    path = filled(tmp_path)
    path.chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        found, told = energies(tmp_path)
    finally:
        tmp_path.chmod(0o755)
    assert len(found) == RESULTS
    assert any("cannot be written" in text for text in told)


class _Failing(sqlite3.Connection):
    """A connection of a file system that has no locks, or of a file that may not be written."""

    text = ""

    def execute(self, sql, *arguments):
        if sql.startswith(("BEGIN", "PRAGMA journal_mode=WAL")) and self.text:
            raise sqlite3.OperationalError(self.text)
        return super().execute(sql, *arguments)


def through(monkeypatch, text):
    connect = sqlite3.connect

    def failing(name, **options):
        return connect(name, factory=type("_Now", (_Failing,), {"text": text}), **options)

    monkeypatch.setattr("characterize.store_file.sqlite3.connect", failing)


def test_a_store_that_may_not_be_written_is_read(tmp_path, monkeypatch):
    filled(tmp_path)
    through(monkeypatch, "attempt to write a readonly database")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found, told = energies(tmp_path)
    assert len(found) == RESULTS
    assert any("cannot be written" in text for text in told)


@pytest.mark.parametrize("text", ["locking protocol", "database is locked"])
def test_where_there_are_no_locks_the_cause_is_told(tmp_path, monkeypatch, text):
    filled(tmp_path)
    through(monkeypatch, text)
    with pytest.raises(PlanError, match="MRAMCIM_CACHE") as error, Store(tmp_path):
        pass
    assert text in str(error.value)
