"""Stores where little is allowed: read-only ones, and file systems without locks."""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from characterize import PlanError
from characterize.simulate import PointResult
from characterize.store import FILE, Store
from lut import Outcome

RESULT = PointResult(Outcome.OK, {"energy": 1.0})
READ = """
import json, os, sys
from pathlib import Path
from characterize import PlanError
from characterize.simulate import PointResult
from characterize.store import Store
from lut import Outcome
if os.getuid() == 0:  # Whom no permissions bind.
    os.setgid(65534)
    os.setuid(65534)
said = []
with Store(Path(sys.argv[1]), said.append) as store:
    found = store.by_recipe("recipe")
    assert store.claims.is_free("new") and store.claims.take("new")
    store.keep("new", "new", "and2", PointResult(Outcome.OK, {"energy": 2.0}))
    assert store.by_recipe("new") is None
    store.link("other", "content")
    usage = store.usage()
    try:
        store.prune(unused_for=0)
        pruned = ""
    except PlanError as error:
        pruned = str(error)
print(json.dumps([found.values, usage.results, said, pruned]))
"""


@pytest.fixture
def folder():
    """A folder with a store that any user may look into, in the end removed."""
    with tempfile.TemporaryDirectory(prefix="store-") as name:
        place = Path(name)
        place.chmod(0o755)
        with Store(place) as store:
            store.keep("recipe", "content", "and2", RESULT)
        (place / FILE).chmod(0o644)
        yield place
        place.chmod(0o755)


@pytest.mark.skipif(os.name != "posix", reason="changes the user")
@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_store_that_cannot_be_written_is_read(folder, what):
    if what == "file":
        (folder / FILE).chmod(0o444)
        folder.chmod(0o777)
    else:
        folder.chmod(0o555)
    code = [sys.executable, "-c", READ, str(folder)]
    done = subprocess.run(code, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    values, results, said, pruned = json.loads(done.stdout)
    assert values == {"energy": 1.0}
    assert results == {"and2": 1}
    assert len(said) == 1
    assert "cannot be written: what it has is used" in said[0]
    assert "cannot be written, so nothing of it can be dropped" in pruned


class Refusing(sqlite3.Connection):
    """A connection to a file system that says no to some statements."""

    words: tuple[str, ...] = ()
    reply = ""

    def execute(self, sql, *values):
        if sql.startswith(self.words):
            raise sqlite3.OperationalError(self.reply)
        return super().execute(sql, *values)


@pytest.fixture
def refuse(monkeypatch):
    """`refuse(reply, *words)`: statements that begin with these fail with that reply."""
    genuine = sqlite3.connect

    def arrange(reply, *words):
        made = type("Made", (Refusing,), {"words": words, "reply": reply})
        monkeypatch.setattr(
            sqlite3, "connect", lambda *args, **more: genuine(*args, factory=made, **more)
        )

    return arrange


@pytest.mark.parametrize("reply", ["locking protocol", "disk I/O error"])
def test_without_shared_memory_it_does_without_the_log(tmp_path, refuse, reply):
    refuse(reply, "PRAGMA journal_mode=WAL")
    with Store(tmp_path) as store:
        store.keep("recipe", "content", "and2", RESULT)
        assert store.by_recipe("recipe") == RESULT


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        ("locking protocol", "its file system, such as a network's, has no locks"),
        ("disk I/O error", "its file system, such as a network's, has no locks"),
        ("database is locked", "wait for the other run"),
        ("database or disk is full", "make room"),
    ],
)
@pytest.mark.parametrize("words", [("PRAGMA",), ("BEGIN",), ("PRAGMA", "BEGIN", "SELECT")])
def test_what_the_file_system_refuses_is_one_sentence_with_its_remedy(
    tmp_path, refuse, reply, told, words
):
    refuse(reply, *words)
    with pytest.raises(PlanError) as caught:
        Store(tmp_path / "store")
    message = str(caught.value)
    assert reply in message
    assert told in message
    assert str(tmp_path) in message
    assert "\n" not in message
    assert reply == "database or disk is full" or "MRAMCIM_CACHE" in message


def test_a_file_that_cannot_be_opened_in_any_way_is_one_sentence(tmp_path, refuse):
    refuse("unable to open database file", "PRAGMA", "SELECT")
    with pytest.raises(
        PlanError, match=r"unable to open .* set MRAMCIM_CACHE to a folder that can"
    ):
        Store(tmp_path / "store")


def test_a_store_that_becomes_read_only_is_one_sentence(tmp_path, refuse):
    with Store(tmp_path) as store:
        store.keep("recipe", "content", "and2", RESULT)
    said = []
    refuse("attempt to write a readonly database", "DELETE", "INSERT")
    with Store(tmp_path, said.append) as store:
        assert store.by_recipe("recipe") == RESULT
        store.keep("new", "new", "and2", RESULT)
    assert len(said) == 1
    assert "MRAMCIM_CACHE" in said[0]


def test_a_folder_in_the_place_of_the_file_is_one_sentence(tmp_path):
    (tmp_path / FILE).mkdir()
    with pytest.raises(PlanError, match="MRAMCIM_CACHE"):
        Store(tmp_path)


def test_without_a_listener_a_warning_is_pythons(tmp_path):
    (tmp_path / FILE).write_bytes(b"no database")
    with pytest.warns(RuntimeWarning, match="set aside"), Store(tmp_path):
        pass
