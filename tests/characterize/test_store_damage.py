"""A damaged store costs time and never a result: what is not what was kept is simulated anew."""

import json
import random
import sqlite3
import time
from dataclasses import replace

import pytest

from characterize import load_plan, run_plan
from characterize.simulate import PointResult
from characterize.store import FILE, Store
from characterize.store_rows import digest, result_of, text_of
from lut import Outcome

NUMBER = 40
SOUND = PointResult(Outcome.OK, {"energy": 1.5e-13}, "", 3, 0.25, False, "", 0.5)
PLAN = """
title = "gates"
benches = ["decoder_gate", "wire"]
[axes]
corner = ["tt"]
vdd = ["1.0 V"]
temperature = ["27 degC", "85 degC"]
rows = [64]
columns = [64]
"""


def kept(index: int) -> PointResult:
    return replace(SOUND, values={"energy": index * 1e-15}, message="x" * 40)


@pytest.fixture
def folder(tmp_path):
    with Store(tmp_path) as store:
        for index in range(NUMBER):
            store.keep(f"recipe {index}", f"content {index}", "and2", kept(index))
    return tmp_path


def change(folder, *commands):
    with sqlite3.connect(folder / FILE) as file:
        for command, values in commands:
            file.execute(command, values)
    file.close()


def set_result(text):
    """A row as whoever knows how digests are taken would forge it."""
    known = digest("content 3", "and2", text, 0.5)
    values = (text, known)
    return ("UPDATE results SET result = ?, digest = ? WHERE content = 'content 3'", values)


def entry(**changes):
    return json.dumps({**json.loads(text_of(SOUND)), **changes})


AT = " WHERE content = 'content 3'"


@pytest.mark.parametrize(
    "command",
    [
        ("UPDATE results SET result = replace(result, 'e-15', 'e-14')" + AT, ()),
        ("UPDATE results SET result = substr(result, 1, 30)" + AT, ()),
        ("UPDATE results SET result = x'ff00ff'" + AT, ()),
        ("UPDATE results SET result = 7" + AT, ()),
        ("UPDATE results SET bench = 'or2'" + AT, ()),
        ("UPDATE results SET seconds = 1e9" + AT, ()),
        ("UPDATE results SET digest = ''" + AT, ()),
        ("UPDATE results SET content = 'content 300'" + AT, ()),
        ("DELETE FROM results" + AT, ()),
        ("UPDATE recipes SET content = 'content 4' WHERE recipe = 'recipe 3'", ()),
        ("UPDATE recipes SET content = 'nowhere' WHERE recipe = 'recipe 3'", ()),
        ("UPDATE recipes SET digest = x'00' WHERE recipe = 'recipe 3'", ()),
        set_result("{half"),
        set_result("[1, 2]"),
        set_result("null"),
        set_result("[" * 100_000),
        set_result(entry(surprise=1)),
        set_result(json.dumps({"outcome": 0})),
        set_result(entry(outcome=99)),
        set_result(entry(outcome=int(Outcome.TIME_OUT))),
        set_result(entry(outcome=True)),
        set_result(entry(outcome="0")),
        set_result(entry(values=[1.0])),
        set_result(entry(values={"energy": "1"})),
        set_result(entry(values={"energy": None})),
        set_result(entry(message=1)),
        set_result(entry(simulations=-1)),
        set_result(entry(simulations=1.5)),
        set_result(entry(poisoned="no")),
        set_result(entry(processor_seconds=None)),
    ],
)
def test_a_bad_row_is_dropped_with_a_warning_and_only_that(folder, command):
    change(folder, command)
    said = []
    with Store(folder, said.append) as store:
        found = [store.by_recipe(f"recipe {index}") for index in range(NUMBER)]
        assert found == [None if index == 3 else kept(index) for index in range(NUMBER)]
        store.keep("recipe 3", "content 3", "and2", kept(3))
    assert len(said) == 1
    assert "damaged" in said[0]
    assert "anew" in said[0]
    said.clear()
    with Store(folder, said.append) as store:
        assert store.by_recipe("recipe 3") == kept(3)
    assert said == []


def test_what_a_store_keeps_is_read_back_and_nothing_else():
    assert result_of(text_of(SOUND)) == SOUND
    assert result_of(entry()) == SOUND
    assert result_of(b"{}") is None
    assert result_of(None) is None


def use(folder) -> tuple[int, list[str]]:
    """Do with a damaged store all that is done with one; how many results it still has."""
    said = []
    with Store(folder, said.append) as store:
        found = [store.by_recipe(f"recipe {index}") for index in range(NUMBER)]
        assert all(result in (None, kept(index)) for index, result in enumerate(found))
        direct = [store.by_content(f"content {index}") for index in range(NUMBER)]
        assert all(result in (None, kept(index)) for index, result in enumerate(direct))
        store.has_bench("and2")
        assert all(seconds >= 0 for seconds in store.seconds({"and2"}).values())
        usage = store.usage()
        assert usage.oldest is None or usage.oldest <= usage.newest <= time.time() + 60
        assert store.claims.take("recipe new")
        store.keep("recipe new", "content new", "and2", SOUND)
        assert store.by_recipe("recipe new") == SOUND
        store.prune(unused_for=1e6)
        store.prune(unused_for=-120.0)
        assert store.usage().results == {}
    return sum(result is not None for result in found), said


@pytest.mark.parametrize("count", [25, pytest.param(1000, marks=pytest.mark.slow)])
def test_flipped_bits_of_the_file_never_give_another_result(folder, tmp_path_factory, count):
    """The figures on the page of runs."""
    whole = (folder / FILE).read_bytes()
    chance = random.Random(5)
    place = tmp_path_factory.mktemp("flipped")
    intact = 0
    for _ in range(count):
        for path in place.iterdir():
            path.unlink()
        image = bytearray(whole)
        bit = chance.randrange(8 * len(image))
        image[bit // 8] ^= 1 << bit % 8
        (place / FILE).write_bytes(image)
        intact += use(place)[0]
    # A flip seldom costs more than the one row that it is in.
    assert intact > 0.8 * count * NUMBER


@pytest.mark.parametrize(
    "image",
    [
        lambda whole: b"this is no database",
        lambda whole: b"SQLite format 3\0" + b"\xff" * 5000,
        lambda whole: whole[:100],
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole[:4096],
        lambda whole: whole[:100] + bytes(len(whole) - 100),
        # What SQLite says of this is no UTF-8.
        lambda whole: whole.replace(b"CREATE TABLE results", b"CREATE TABLE res\xcc\xffts"),
        lambda whole: whole[:4096] + random.Random(2).randbytes(len(whole) - 4096),
    ],
)
def test_a_damaged_file_is_set_aside_with_a_warning(folder, image):
    damaged = image((folder / FILE).read_bytes())
    (folder / FILE).write_bytes(damaged)
    found, said = use(folder)
    assert found < NUMBER
    assert any("is damaged" in text and "set aside as results" in text for text in said)
    # The use above ends with dropping all that is of no use.
    assert sorted(path.name for path in folder.iterdir()) == [FILE, f"{FILE}.lock"]


def test_a_file_of_length_zero_is_an_empty_store(folder):
    (folder / FILE).write_bytes(b"")
    assert use(folder) == (0, [])


def test_a_file_that_is_damaged_while_it_is_open_costs_neither_run_a_result(folder):
    said = []
    with Store(folder, said.append) as one, Store(folder, said.append) as two:
        one.keep("recipe a", "content a", "and2", SOUND)
        assert two.by_recipe("recipe a") == SOUND
        one._file.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = (folder / FILE).stat().st_size
        with (folder / FILE).open("r+b") as file:
            file.write(b"\xff" * size)
        for store in (one, two):
            store._file.connection.execute("PRAGMA cache_size = 0")
            store.keep("recipe b", "content b", "and2", SOUND)
            store.keep("recipe c", "content c", "and2", SOUND)
        assert one.by_recipe("recipe b") == two.by_recipe("recipe c") == SOUND
    # Whoever came second went on with what the first had made.
    assert len(said) == 1
    with Store(folder) as store:
        assert store.usage().results == {"and2": 2}


def test_a_run_on_a_damaged_store_gives_the_same_table(tmp_path):
    (tmp_path / "plan.toml").write_text(PLAN)
    plan = load_plan(tmp_path / "plan.toml")

    def table():
        said = []
        with Store(tmp_path / "store", said.append) as store:
            done = run_plan(plan, tmp_path / "t.h5", jobs=1, store=store)
        return (tmp_path / "t.h5").read_bytes(), done.cached, len(said)

    undisturbed = table()
    command = "UPDATE results SET result = replace(result, '\"energy\": ', '\"energy\": 9')"
    with sqlite3.connect(tmp_path / "store" / FILE) as file:
        file.execute(command)
        file.execute("UPDATE recipes SET content = 'x' WHERE recipe < '8'")
    again = table()
    assert again[0] == undisturbed[0]
    assert again[1:] == (0, 1)
    (tmp_path / "store" / FILE).write_bytes(b"no database at all")
    assert table() == (undisturbed[0], 0, 1)
    assert table() == (undisturbed[0], 4, 0)


@pytest.mark.parametrize("used", ["an hour ahead", 1e300, "tomorrow", b"\x01"], ids=repr)
def test_what_was_used_in_the_future_is_pruned(folder, used):
    used = time.time() + 3600 if used == "an hour ahead" else used
    change(folder, ("UPDATE results SET used = ? WHERE content < 'content 2'", (used,)))
    ahead = sum(f"content {index}" < "content 2" for index in range(NUMBER))
    with Store(folder) as store:
        assert store.usage().newest <= time.time() + 1
        assert store.prune(unused_for=86400.0) == ahead
        assert store.usage().results == {"and2": NUMBER - ahead}


def test_the_limit_of_size_drops_the_future_first(folder, monkeypatch):
    change(folder, ("UPDATE results SET used = ? WHERE content = 'content 7'", (2e12,)))
    monkeypatch.setattr("characterize.store.LARGEST", (folder / FILE).stat().st_size - 1)
    with Store(folder):
        pass
    with Store(folder) as store:
        assert store.by_content("content 7") is None


def test_pruning_removes_what_is_beside_the_store_without_use(folder):
    for name in ("results-1.sqlite", "results-1.sqlite-wal", f"{FILE}.damaged", "another.txt"):
        (folder / name).write_bytes(b"x")
    with Store(folder) as store:
        assert store.prune(unused_for=1e9) == 0
    assert {path.name for path in folder.iterdir()} == {FILE, "another.txt"}
