"""Runs on one store at once share their work: each point is simulated once."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from characterize.simulate import PointResult
from characterize.store import FILE, Store
from lut import Outcome

PLAN = """
title = "shared"
benches = ["decoder_gate", "wire", "wordline_driver"]
tolerance = false
[axes]
corner = ["tt", "ss"]
vdd = ["0.9 V", "1.0 V"]
temperature = ["27 degC"]
rows = [64]
columns = [64]
"""
POINTS = 2 * 2 * (1 + 1 + 2)


def start(folder: Path, name: str) -> subprocess.Popen:
    words = ["characterize", "plan.toml", "-o", f"{name}.h5", "-j", "1", "--json", f"{name}.json"]
    environment = {**os.environ, "MRAMCIM_CACHE": str(folder / "store")}
    return subprocess.Popen(
        [sys.executable, "-m", "mramcim", *words],
        cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def simulated(folder: Path, name: str) -> int:
    summary = json.loads((folder / f"{name}.json").read_text())
    assert summary["points"] == POINTS
    return summary["points"] - summary["cached"]


def test_equal_runs_at_once_simulate_each_point_once(tmp_path):
    (tmp_path / "plan.toml").write_text(PLAN)
    runs = {name: start(tmp_path, name) for name in ("a", "b", "c")}
    assert [run.wait(300) for run in runs.values()] == [0, 0, 0]
    assert sum(simulated(tmp_path, name) for name in runs) == POINTS
    assert len({(tmp_path / f"{name}.h5").read_bytes() for name in runs}) == 1


def test_what_a_killed_run_had_begun_is_taken_over(tmp_path):
    (tmp_path / "plan.toml").write_text(PLAN)
    victim = start(tmp_path, "victim")
    until = time.monotonic() + 60
    while not (tmp_path / "store" / FILE).exists() and time.monotonic() < until:
        time.sleep(0.02)
    other = start(tmp_path, "other")
    time.sleep(0.5)
    os.kill(victim.pid, signal.SIGKILL)
    victim.wait()
    # Far below the lease: on one machine a process that is gone is known to be.
    assert other.wait(45) == 0
    again = start(tmp_path, "again")
    assert again.wait(60) == 0
    assert simulated(tmp_path, "again") == 0
    assert (tmp_path / "again.h5").read_bytes() == (tmp_path / "other.h5").read_bytes()


def test_a_claim_holds_for_others_until_its_result_is_kept(tmp_path):
    with Store(tmp_path) as one, Store(tmp_path) as other:
        assert one.claims.take("point")
        assert one.claims.take("point")
        assert not other.claims.take("point")
        assert other.claims.take("another")
        one.keep("point", "content", "and2", PointResult(Outcome.OK, {"energy": 1e-15}))
        assert not other.claims.take("point")
        assert other.by_recipe("point") is not None


@pytest.mark.parametrize("outcome", [Outcome.TIME_OUT, Outcome.SIMULATOR_ERROR])
def test_a_claim_on_what_failed_is_free_again(tmp_path, outcome):
    with Store(tmp_path) as one, Store(tmp_path) as other:
        assert one.claims.take("point")
        one.keep("point", "content", "and2", PointResult(outcome))
        assert other.claims.take("point")


def test_a_run_that_ends_gives_up_what_it_has_not_finished(tmp_path):
    with Store(tmp_path) as other:
        with Store(tmp_path) as one:
            assert one.claims.take("point")
        assert other.claims.take("point")
