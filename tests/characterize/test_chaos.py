"""Chaos: workers and whole runs killed at random, resumed until done, and nothing lost."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

CONDITIONS = {
    "few": 'vdd = ["0.9 V", "1.0 V"]\ntemperature = ["27 degC"]',
    "many": 'vdd = ["0.9 V", "1.0 V"]\ntemperature = ["27 degC", "125 degC"]',
}
PLAN = """
title = "chaos"
benches = ["and2", "decoder_gate", "wire", "wordline_driver"]
tolerance = false
[axes]
corner = ["tt", "ss"]
rows = [64]
columns = [64]
"""
POINTS_A_CONDITION = 4 + 1 + 1 + 2
SECONDS_A_POINT = 0.2
"""Of an undisturbed run on two idle cores, with its start."""

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds workers in /proc")


def start(folder, name):
    words = ["characterize", "plan.toml", "-o", f"{name}.h5", "-j", "2", "--json", f"{name}.json"]
    environment = {**os.environ, "MRAMCIM_CACHE": str(folder / name)}
    return subprocess.Popen(
        [sys.executable, "-m", "mramcim", *words],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def children(pid):
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize(
    ("seed", "conditions", "count"),
    [
        (1, "few", 4),
        pytest.param(1, "many", 8, marks=pytest.mark.slow),
        pytest.param(2, "many", 8, marks=pytest.mark.slow),
    ],
)
def test_killed_and_resumed_a_run_ends_as_an_undisturbed_one(
    tmp_path, arrays, seed, conditions, count
):
    (tmp_path / "plan.toml").write_text(PLAN + CONDITIONS[conditions])
    began = time.monotonic()
    assert start(tmp_path, "undisturbed").wait() == 0
    # On a loaded machine a worker that is killed every second never finishes a point.
    pace = max(1.0, (time.monotonic() - began) / (count * POINTS_A_CONDITION) / SECONDS_A_POINT)
    chaos = random.Random(seed)
    kills = runs = 0
    cached = []
    while True:
        running = start(tmp_path, "disturbed")
        runs += 1
        assert runs < 30, "the run never ends"
        # The last runs are left alone, so that the test ends whatever the machine's speed.
        until = time.monotonic() + (
            pace * chaos.uniform(1.0, 4.0) * (1 + runs / 4) if runs < 8 else 600.0
        )
        while running.poll() is None and time.monotonic() < until:
            time.sleep(pace * chaos.uniform(0.2, 1.0))
            victims = children(running.pid) if running.poll() is None and runs < 8 else []
            if victims:
                os.kill(chaos.choice(victims), signal.SIGKILL)
                kills += 1
        if running.poll() is None:
            running.kill()
            kills += 1
        code = running.wait()
        if code in (0, 1):
            summary = json.loads((tmp_path / "disturbed.json").read_text())
            assert summary["points"] == count * POINTS_A_CONDITION
            cached.append(summary["cached"])
        if code == 0:
            break
        assert code in (1, -signal.SIGKILL, 2), code
    assert kills > 2
    # What one run finished, the next did not simulate again.
    assert cached[-1] > 0
    assert cached == sorted(cached)
    undisturbed, disturbed = (arrays(tmp_path / f"{n}.h5") for n in ("undisturbed", "disturbed"))
    assert undisturbed.keys() == disturbed.keys()
    assert [name for name in undisturbed if undisturbed[name] != disturbed[name]] == []
