"""Runs: tables that repeat to the byte, failures that stay values, workers that die."""

import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from characterize import load_plan, run_plan
from characterize.plan import Point
from characterize.pool import Simulations
from characterize.worker import FACTORY
from circuits import Conditions, load_design
from jobs import Pool
from lut import Outcome, Table, check


def test_a_small_table_is_whole_right_and_conforms(small_run):
    assert small_run.outcomes == {"ok": 2 * (4 + 1)}
    assert check(small_run.output) == []
    table = Table.open(small_run.output)
    for operands, expected in (("00", 0), ("01", 0), ("10", 0), ("11", 1)):
        where = {"corner": "ff", "vdd": 1.0, "temperature": 300.15, "rows": 64}
        assert table.value("and2", "logic_value", operands=operands, **where) == expected


def test_equal_plans_give_byte_equal_arrays(small_plan, small_run, tmp_path, arrays):
    # One worker instead of two: other order, other neighbours in the same ngspice.
    again = run_plan(small_plan, tmp_path / "again.h5", jobs=1)
    first, second = arrays(small_run.output), arrays(again.output)
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


@pytest.mark.slow
def test_equal_plans_of_writes_give_byte_equal_arrays(tmp_path, arrays):
    # The device whose ensembles cost least.
    path = tmp_path / "writes.toml"
    path.write_text(
        'device = "sot-inplane"\nwrite_error_rate = 1e-3\nbenches = ["write"]\n'
        '[axes]\ncorner = ["tt", "ff"]\nvdd = ["1.0 V"]\ntemperature = ["27 degC"]\n'
        "rows = [64]\ncolumns = [64]\ndriver = [0.8]\n"
    )
    paths = [tmp_path / f"{jobs}.h5" for jobs in (1, 2)]
    for jobs, output in zip((1, 2), paths, strict=True):
        run_plan(load_plan(path), output, jobs=jobs)
    first, second = map(arrays, paths)
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


def test_a_users_spiceinit_changes_nothing(small_plan, small_run, tmp_path, monkeypatch, arrays):
    (tmp_path / ".spiceinit").write_text("set temp=125\noption reltol=0.1\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    senses = replace(small_plan, benches=("and2",))
    again = run_plan(senses, tmp_path / "again.h5", jobs=2)
    first, second = arrays(small_run.output), arrays(again.output)
    senses_found = [name for name in second if name.startswith("and2/")]
    assert len(senses_found) > 10
    assert [name for name in senses_found if first[name] != second[name]] == []


def test_temperature_reaches_the_simulator(tmp_path):
    path = tmp_path / "plan.toml"
    path.write_text(
        'benches = ["decoder_gate"]\n[axes]\ncorner = ["tt"]\nvdd = ["1.0 V"]\n'
        'temperature = ["27 degC", "125 degC"]\nrows = [64]\ncolumns = [64]\n'
    )
    run = run_plan(load_plan(path), tmp_path / "t.h5", jobs=1)
    cold, hot = (result.values["leakage_power"] for result in run.results.values())
    assert hot > 3 * cold


def simulate(design, points, time_limit):
    with Simulations(design, 1, time_limit) as running:
        yield from running.simulate(points)


def test_a_point_over_its_time_limit_is_an_outcome_and_the_rest_goes_on():
    design = load_design()
    slow = Point("xor2", "01", Conditions(rows=512), tolerance=True)
    quick = Point("decoder_gate", "", Conditions())
    found = {item.point: item.result for item in simulate(design, [slow, quick], 0.5)}
    assert found[slow].outcome is Outcome.TIME_OUT
    assert found[quick].outcome is Outcome.OK


def test_a_deck_that_ngspice_refuses_costs_one_point():
    design = load_design()

    broken = replace(design, technology=replace(design.technology, options=("nosuch={nosuch}",)))
    points = [Point("decoder_gate", "", Conditions(vdd=v)) for v in (0.9, 1.0)]
    found = [item.result for item in simulate(broken, points, 60.0)]
    assert [result.outcome for result in found] == [Outcome.SIMULATOR_ERROR] * 2
    assert all(result.message for result in found)


def test_a_killed_worker_costs_one_point():
    design = load_design()
    points = [Point("and2", operands, Conditions(rows=64), True) for operands in ("00", "01", "11")]
    results = []
    with Pool(FACTORY, design, 1, 60.0) as pool:
        for done in pool.run(points):
            results.append(done)
            if len(results) == 1:
                os.kill(pool.pids[0], signal.SIGKILL)
    assert len(results) == 3
    assert [done.failure for done in (results[0], results[-1])] == ["", ""]
    assert all("signal 9" in done.failure for done in results[1:-1] if done.failure)


@pytest.mark.skipif(sys.platform != "linux", reason="relies on the kernel's parent-death signal")
def test_workers_die_with_their_parent_however_it_dies(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(
        "import os, sys, time\n"
        "from jobs import Process\n"
        f"worker = Process('characterize.worker:Simulating', None, {str(tmp_path)!r})\n"
        "worker.receive()\n"
        "print(worker.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        if state_of(child) == "Z":
            return
        time.sleep(0.05)
    pytest.fail("the worker outlived its parent")


def state_of(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return "Z"


def test_points_and_designs_travel_to_workers():
    design = load_design()
    copy = pickle.loads(pickle.dumps(design))
    assert copy.technology.content_hash("tt") == design.technology.content_hash("tt")
