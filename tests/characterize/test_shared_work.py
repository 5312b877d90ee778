"""Runs on one store share the work: no point twice, whoever is killed, and none waits for ever."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from characterize import load_plan, run_plan
from characterize.claims import LEASE
from characterize.simulate import PointResult
from characterize.store import FILE, Store
from lut import Outcome

PLAN = """
title = "shared"
benches = ["decoder_gate", "wire", "wordline_driver"]
[axes]
corner = ["tt", "ss", "ff"]
vdd = ["0.9 V", "1.0 V"]
temperature = ["27 degC"]
rows = [64]
columns = [64]
"""
POINTS = 6 * (1 + 1 + 2)
RESULT = PointResult(Outcome.OK, {"energy": 1.0})


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "plan.toml").write_text(PLAN)
    return tmp_path


def start(folder: Path, name: str, store: str = "store") -> subprocess.Popen:
    words = ["characterize", "plan.toml", "-o", f"{name}.h5", "-j", "1", "--json", f"{name}.json"]
    return subprocess.Popen(
        [sys.executable, "-m", "mramcim", *words],
        cwd=folder,
        env={**os.environ, "MRAMCIM_CACHE": str(folder / store)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def summary(folder: Path, name: str) -> dict:
    return json.loads((folder / f"{name}.json").read_text())


def test_equal_runs_at_once_simulate_each_point_once(folder):
    names = ["a", "b", "c", "d", "e"]
    running = [start(folder, name) for name in names]
    assert [run.wait(timeout=300) for run in running] == [0] * 5
    found = [summary(folder, name) for name in names]
    assert all(run["points"] == POINTS for run in found)
    assert sum(run["points"] - run["cached"] for run in found) == POINTS
    assert start(folder, "alone", "another").wait(timeout=300) == 0
    assert sum(run["simulations"] for run in found) == summary(folder, "alone")["simulations"]
    tables = {(folder / f"{name}.h5").read_bytes() for name in [*names, "alone"]}
    assert len(tables) == 1


def test_what_a_killed_run_had_begun_another_takes_over(folder):
    running = [start(folder, name) for name in "abc"]
    file = folder / "store" / FILE
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        # The first that holds a claim is killed with it.
        victims = [pid for pid in claimants(file) if pid in [run.pid for run in running]]
        if victims:
            os.kill(victims[0], signal.SIGKILL)
            break
        time.sleep(0.001)
    codes = [run.wait(timeout=300) for run in running]
    assert sorted(codes) == [-signal.SIGKILL, 0, 0]
    left = [name for name, code in zip("abc", codes, strict=True) if code == 0]
    fresh = sum(summary(folder, name)["points"] - summary(folder, name)["cached"] for name in left)
    assert fresh <= POINTS
    assert claimants(file) == []
    assert start(folder, "alone", "another").wait(timeout=300) == 0
    tables = {(folder / f"{name}.h5").read_bytes() for name in [*left, "alone"]}
    assert len(tables) == 1


def claimants(file: Path) -> list[int]:
    if not file.exists():
        return []
    connection = sqlite3.connect(file, timeout=10)
    try:
        return [row[0] for row in connection.execute("SELECT process FROM claims")]
    except sqlite3.Error:
        return []  # Not laid out yet.
    finally:
        connection.close()


@pytest.fixture
def two(tmp_path):
    with Store(tmp_path) as one, Store(tmp_path) as other:
        yield one, other


def test_a_claim_holds_until_its_result_is_kept(two):
    one, other = two
    assert one.claims.take("point")
    assert one.claims.take("point")
    assert not other.claims.is_free("point")
    assert not other.claims.take("point")
    assert other.claims.take("another")
    one.keep("point", "content", "and2", RESULT)
    # There is nothing left to simulate.
    assert not other.claims.take("point")
    assert other.by_recipe("point") == RESULT


def test_what_is_not_kept_is_free_for_the_next(two):
    one, other = two
    assert one.claims.take("point")
    one.keep("point", "content", "and2", PointResult(Outcome.TIME_OUT))
    assert other.claims.take("point")
    other.claims.release_all()
    assert one.claims.take("point")


def age(store, **values):
    for name, value in values.items():
        store._file.connection.execute(f"UPDATE claims SET {name} = ?", (value,))


def test_a_claim_of_a_process_that_is_gone_is_free_at_once(two):
    one, other = two
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert one.claims.take("point")
    age(one, process=gone.pid)
    assert other.claims.take("point")


def test_so_is_one_whose_number_another_process_has_now(two):
    one, other = two
    assert one.claims.take("point")
    age(one, since="1")
    assert other.claims.take("point")


def test_on_another_machine_silence_tells(two):
    one, other = two
    assert one.claims.take("point")
    age(one, machine="elsewhere", process=1, since="1")
    assert not other.claims.take("point")
    age(one, beat=time.time() - LEASE - 1)
    assert other.claims.take("point")


@pytest.mark.parametrize(
    "values",
    [
        {"beat": time.time() + 1e6},
        {"beat": time.time() - 1e6},
        {"beat": "soon"},
        {"process": "me"},
        {"process": 10**15},
        {"machine": b"\xff", "beat": 0.0},
    ],
)
def test_a_stopped_clock_or_a_damaged_claim_holds_nothing(two, values):
    one, other = two
    assert one.claims.take("point")
    age(one, **values)
    assert other.claims.take("point")


def test_a_run_says_that_it_lives(two, monkeypatch):
    monkeypatch.setattr("characterize.claims._BEAT", 0.05)
    one, other = two
    assert one.claims.take("point")
    age(one, beat=time.time() - LEASE - 1)
    deadline = time.monotonic() + 30
    while other.claims.is_free("point") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not other.claims.take("point")


def test_a_run_that_fails_gives_its_claims_up(folder):
    plan = load_plan(folder / "plan.toml")

    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with Store(folder) as store:
        with pytest.raises(KeyboardInterrupt):
            run_plan(plan, folder / "t.h5", jobs=2, store=store, progress=stop)
        assert claimants(folder / FILE) == []


def test_a_run_waits_for_a_point_that_another_has_begun_and_takes_its_result(folder):
    plan = load_plan(folder / "plan.toml")
    with Store(folder / "other") as store:
        done = run_plan(plan, folder / "t.h5", jobs=1, store=store)
    whole = (folder / "t.h5").read_bytes()
    with sqlite3.connect(folder / "other" / FILE) as file:
        recipes = [row[0] for row in file.execute("SELECT recipe FROM recipes")]
    with Store(folder / "store") as busy, Store(folder / "other") as known:
        assert busy.claims.take(recipes[5])

        def finish() -> None:
            # On a connection of its own, as another process has.
            with Store(folder / "store") as helper:
                time.sleep(0.5)
                helper.keep(recipes[5], "content", "wire", known_result)

        known_result = known.by_recipe(recipes[5])
        finishing = threading.Thread(target=finish)
        with Store(folder / "store") as store:
            finishing.start()
            again = run_plan(plan, folder / "t.h5", jobs=1, store=store)
        finishing.join()
    assert again.cached == 1
    assert again.simulations == done.simulations - known_result.simulations
    assert (folder / "t.h5").read_bytes() == whole
