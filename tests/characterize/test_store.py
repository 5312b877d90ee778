"""The store of results: kept at once, found again, shared, bounded, and hurt by nothing."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from characterize import Plan, PlanError, load_plan, run_plan
from characterize.dry_run import dry_run
from characterize.identity import Identity, measuring_sources
from characterize.plan import Point
from characterize.simulate import PointResult
from characterize.store import FILE, Store, store_folder
from circuits import Conditions, load_design
from lut import Outcome

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


@pytest.fixture
def plan(tmp_path):
    path = tmp_path / "plan.toml"
    path.write_text(PLAN)
    return load_plan(path)


def run(plan: Plan, folder: Path, store: Path):
    with Store(store) as open_store:
        return run_plan(plan, folder / "t.h5", jobs=1, store=open_store)


finite = st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(values=st.dictionaries(st.text(min_size=1), finite), message=st.text(), seconds=finite)
def test_a_result_is_found_as_it_was_kept(tmp_path_factory, values, message, seconds):
    result = PointResult(Outcome.WRONG_LOGIC, values, message, 3, seconds, False, "quarter step", 1)
    with Store(tmp_path_factory.mktemp("store")) as store:
        store.keep("recipe", "content", "and2", result)
        assert store.by_recipe("recipe") == store.by_content("content") == result
        assert store.by_recipe("another") is None


@pytest.mark.parametrize("outcome", [Outcome.TIME_OUT, Outcome.SIMULATOR_ERROR])
def test_what_may_be_the_machines_fault_is_tried_again(tmp_path, outcome):
    with Store(tmp_path) as store:
        store.keep("recipe", "content", "and2", PointResult(outcome))
        assert store.by_recipe("recipe") is None


def test_a_second_run_simulates_nothing_and_gives_the_same(plan, tmp_path):
    first = run(plan, tmp_path, tmp_path / "store")
    table = (tmp_path / "t.h5").read_bytes()
    second = run(plan, tmp_path, tmp_path / "store")
    assert (first.cached, second.cached) == (0, 4)
    assert first.simulations > 0
    assert second.simulations == 0
    assert first.results == second.results
    assert (tmp_path / "t.h5").read_bytes() == table


def test_another_axis_value_runs_only_its_points(plan, tmp_path):
    run(plan, tmp_path, tmp_path)
    axes = {**plan.axes, "temperature": (*plan.axes["temperature"], 398.15)}
    wider = replace(plan, axes=axes)
    with Store(tmp_path) as store:
        foretold = dry_run(wider, store, jobs=2)
    assert (foretold.points, foretold.cached) == (6, 4)
    assert foretold.new == {"decoder_gate": 1, "wire": 1}
    assert foretold.seconds > 0
    found = run(wider, tmp_path, tmp_path)
    assert found.cached == 4
    assert len(found.results) == 6


def test_a_lost_recipe_is_found_by_its_deck(plan, tmp_path):
    run(plan, tmp_path, tmp_path)
    with sqlite3.connect(tmp_path / FILE) as file:
        file.execute("DELETE FROM recipes")
    assert run(plan, tmp_path, tmp_path).cached == 4


def test_all_that_measures_is_in_the_identity_and_nothing_that_arranges():
    names = {path.stem for path in measuring_sources()}
    assert names >= {"simulate", "measure", "ladder", "ngspice", "write_points", "write_errors"}
    assert names >= {"ensemble", "stochastic", "wall_rare", "magnetics", "llg", "mtj", "wall"}
    assert not names & {"run", "store", "pool", "nightly", "importance", "identity", "sensing"}


@pytest.fixture(scope="module")
def identity():
    return Identity(load_design(), "39")


POINT = Point("and2", "01", Conditions(), True)


@pytest.mark.parametrize(
    "other",
    [
        Point("and2", "10", Conditions(), True),
        Point("or2", "01", Conditions(), True),
        Point("and2", "01", Conditions(), False),
        Point("and2", "01", Conditions(), True, offset=1e-3),
        Point("and2", "01", Conditions("ss"), True),
        Point("and2", "01", Conditions(vdd=1.0001), True),
        Point("and2", "01", Conditions(temperature=301.0), True),
        Point("and2", "01", Conditions(rows=255), True),
    ],
)
def test_what_decides_a_result_is_in_its_keys(identity, other):
    assert identity.recipe(other) != identity.recipe(POINT)
    assert identity.content(other) != identity.content(POINT)


def test_so_are_simulator_device_sizes_and_error_rate(identity):
    write = Point("write", "1", Conditions(), write_error_rate=1e-6)
    wider = load_design()
    wider = replace(wider, write=replace(wider.write, driver_n_width=3e-6))
    others = [
        (Identity(load_design(), "42"), write),
        (Identity(load_design(device="sot-inplane"), "39"), write),
        (Identity(wider, "39"), write),
        (identity, replace(write, write_error_rate=1e-7)),
    ]
    for key in ("recipe", "content"):
        keys = [getattr(which, key)(point) for which, point in [(identity, write), *others]]
        assert len(set(keys)) == 5


def test_names_and_noise_in_the_last_digits_are_not(identity):
    renamed = Identity(replace(load_design(), name="another"), "39")
    assert renamed.content(POINT) == identity.content(POINT)
    noisy = replace(POINT, conditions=Conditions(temperature=300.15 * (1 + 2e-16), vdd=1 + 2e-16))
    assert identity.content(noisy) == identity.content(POINT)
    assert identity.recipe(noisy) == identity.recipe(POINT)


def test_the_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("MRAMCIM_CACHE", str(tmp_path / "named"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert store_folder() == tmp_path / "named"
    monkeypatch.delenv("MRAMCIM_CACHE")
    assert store_folder() == tmp_path / "xdg" / "mramcim"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # which the standard has ignored
    monkeypatch.setenv("HOME", str(tmp_path))
    assert store_folder().is_relative_to(tmp_path)
    assert store_folder().name == "mramcim"


def fill(store: Store, number: int) -> None:
    for index in range(number):
        result = PointResult(Outcome.OK, {"energy": float(index)}, message="x" * 500)
        store.keep(f"recipe {index}", f"content {index}", "and2", result)


def test_pruning_drops_what_was_used_longest_ago(tmp_path):
    with Store(tmp_path) as store:
        fill(store, 400)
    past = time.time() - 1e6
    with sqlite3.connect(tmp_path / FILE) as file:
        file.execute("UPDATE results SET used = ?", (past,))
    with Store(tmp_path) as store:
        for index in range(10):
            assert store.by_recipe(f"recipe {index}") is not None
    with Store(tmp_path) as store:
        size = store.usage().size
        assert store.prune(largest=size // 4) > 150
        assert store.usage().size <= size // 4
        assert all(store.by_recipe(f"recipe {index}") for index in range(10))
        left = store.usage().results["and2"]
        assert store.prune(unused_for=1e5) == left - 10
        assert store.usage().results == {"and2": 10}


def test_a_run_bounds_the_store_by_itself(tmp_path, monkeypatch):
    with Store(tmp_path) as store:
        fill(store, 400)
        full = store.usage().size
    monkeypatch.setattr("characterize.store.LARGEST", full // 2)
    with Store(tmp_path) as store:
        store.by_recipe("recipe 399")
    with Store(tmp_path) as store:
        assert store.usage().size <= full // 2
        assert store.by_recipe("recipe 399") is not None


def test_a_full_disk_is_said_and_costs_nothing_that_was_kept(tmp_path):
    with Store(tmp_path) as store:
        fill(store, 5)
        store._file.connection.execute("PRAGMA max_page_count = 12")
        with pytest.raises(PlanError, match="make room"):
            fill(store, 200)
    with Store(tmp_path) as store:
        kept = store.usage().results["and2"]
        assert 5 <= kept < 200
        assert all(store.by_recipe(f"recipe {index}") for index in range(kept))


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PlanError, match="MRAMCIM_CACHE"):
        Store(tmp_path / "file" / "store")


def test_runs_share_a_store_while_both_write(tmp_path):
    script = (
        "import sys\nfrom pathlib import Path\nfrom characterize.store import Store\n"
        "from characterize.simulate import PointResult\nfrom lut import Outcome\n"
        "with Store(Path(sys.argv[1])) as store:\n"
        "    for index in range(200):\n"
        "        store.keep(f'{sys.argv[2]} {index}', f'{sys.argv[2]} {index}', 'and2',\n"
        "                   PointResult(Outcome.OK, {'energy': 1.0}))\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path), name]) for name in "abc"
    ]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    with Store(tmp_path) as store:
        assert store.usage().results == {"and2": 600}


def test_a_kill_in_the_middle_of_keeping_loses_nothing_before_it(tmp_path):
    script = (
        "import sys\nfrom pathlib import Path\nfrom characterize.store import Store\n"
        "from characterize.simulate import PointResult\nfrom lut import Outcome\n"
        "store = Store(Path(sys.argv[1]))\n"
        "for index in range(10**9):\n"
        "    key = str(index)\n"
        "    store.keep(key, key, 'and2', PointResult(Outcome.OK, {'energy': float(index)}))\n"
        "    print(index, flush=True)\n"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    for _ in range(100):
        last = int(writer.stdout.readline())
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    with Store(tmp_path) as store:
        for index in range(last + 1):
            assert store.by_recipe(str(index)).values == {"energy": float(index)}
