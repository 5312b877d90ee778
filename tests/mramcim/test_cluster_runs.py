"""`--scheduler`: the same plan on a Dask cluster gives the same table, whatever dies."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

pytest.importorskip("distributed")
TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS / "jobs"))
from dask_cluster import DaskCluster

PLAN = """
title = "for a cluster"
benches = ["read", "decoder_gate", "flip_flop"]
tolerance = false
[axes]
corner = ["tt", "ff"]
vdd = ["0.9 V", "1.0 V"]
temperature = ["27 degC", "125 degC"]
rows = [64]
columns = [64]
"""
POINTS = 2 * 2 * 2 * (2 + 1 + 1)
ENVIRONMENT = {"PYTHONPATH": str(TESTS.parent)}

pytestmark = pytest.mark.usefixtures("own_store")


@pytest.fixture
def dask(tmp_path_factory):
    with DaskCluster(tmp_path_factory.mktemp("dask"), environment=ENVIRONMENT) as cluster:
        yield cluster


def start(folder, *words, environment=None):
    return subprocess.Popen(
        [sys.executable, "-m", "mramcim", "characterize", "plan.toml", *map(str, words)],
        cwd=folder,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def await_points(process, least):
    """Wait until so many points are done, as the bar tells."""
    bar, done = "", 0
    while done < least:
        read = process.stderr.read(1)
        assert read, bar
        bar += read
        found = re.findall(rf"(\d+)/{POINTS}", bar)
        done = int(found[-1]) if found else 0
    return done


def content(path):
    found = {}

    def keep(name, item):
        if isinstance(item, h5py.Dataset):
            values = np.asarray(item[()])
            found[name] = (
                b"|".join(values.ravel()) if values.dtype.kind == "O" else values.tobytes()
            )

    with h5py.File(path) as file:
        file.visititems(keep)
    return found


def test_a_cluster_gives_the_local_table_though_a_worker_is_killed(tmp_path, command, dask):
    (tmp_path / "plan.toml").write_text(PLAN)
    command("characterize", "plan.toml", "-o", "local.h5", "--no-cache")
    dask.start_worker()
    doomed = dask.start_worker()
    running = start(tmp_path, "-o", "far.h5", "--scheduler", dask.address)
    await_points(running, 5)
    doomed.kill()
    _, said = running.communicate(timeout=120)
    assert running.returncode == 0, said
    assert content(tmp_path / "far.h5") == content(tmp_path / "local.h5")


def test_a_scheduler_is_killed_and_the_job_resumed_nothing_lost_or_repeated(
    tmp_path, command, dask
):
    (tmp_path / "plan.toml").write_text(PLAN)
    dask.start_worker()
    running = start(tmp_path, "-o", "far.h5", "--scheduler", dask.address)
    done = await_points(running, 8)
    dask.scheduler.kill()
    dask.scheduler.wait()
    _, said = running.communicate(timeout=60)
    assert running.returncode == 2
    assert said.rstrip().splitlines()[-1].startswith("mramcim: error: the Dask scheduler at")
    assert "Traceback" not in said, said
    assert not (tmp_path / "far.h5").exists()

    dask.start_scheduler()
    dask.start_worker()
    words = ("-o", "far.h5", "--scheduler", dask.address, "--json", "far.json")
    command("characterize", "plan.toml", *words)
    summary = json.loads((tmp_path / "far.json").read_text())
    assert done <= summary["cached"] < POINTS
    assert summary["simulations"] == POINTS - summary["cached"]
    command("characterize", "plan.toml", "-o", "local.h5", "--no-cache")
    assert content(tmp_path / "far.h5") == content(tmp_path / "local.h5")


def test_without_a_scheduler_or_with_processes_beside_it_nothing_is_written(
    refused, tmp_path, monkeypatch
):
    monkeypatch.setattr("jobs.cluster.CONNECT_LIMIT", 1.0)
    (tmp_path / "plan.toml").write_text(PLAN)
    plain = ("characterize", "plan.toml", "-o", "table.h5")
    refused(*plain, "--scheduler", "tcp://127.0.0.1:9", "no Dask scheduler answers")
    refused(*plain, "--scheduler", "tcp://127.0.0.1:9", "-j", "2", "--scheduler")


def test_without_dask_the_extra_is_named(tmp_path):
    (tmp_path / "plan.toml").write_text(PLAN)
    script = (
        "import sys; sys.modules['distributed'] = None; "
        "from mramcim.command import main; sys.exit(main(sys.argv[1:]))"
    )
    words = ["characterize", "plan.toml", "-o", "t.h5", "--scheduler", "tcp://127.0.0.1:9"]
    result = subprocess.run(
        [sys.executable, "-c", script, *words],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 2
    assert "pip install 'mramcim[cluster]'" in result.stderr
    assert "Traceback" not in result.stderr


def certificates(folder):
    """An authority and one certificate that it signed, by openssl."""

    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "rsa:2048", "-nodes")
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=authority",
            "-days", "2")  # fmt: skip
    openssl("req", *key, "-keyout", "one.key", "-out", "one.csr", "-subj", "/CN=one")
    openssl("x509", "-req", "-in", "one.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-out", "one.pem", "-days", "1")  # fmt: skip


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_a_cluster_behind_tls_needs_a_certificate(tmp_path):
    certificates(tmp_path)
    (tmp_path / "plan.toml").write_text(PLAN.replace('"read", "decoder_gate", ', ""))
    tls = {
        f"DASK_DISTRIBUTED__COMM__TLS__{name}": str(tmp_path / file)
        for name, file in {
            "CA_FILE": "ca.pem",
            **{f"{role}__CERT": "one.pem" for role in ("SCHEDULER", "WORKER", "CLIENT")},
            **{f"{role}__KEY": "one.key" for role in ("SCHEDULER", "WORKER", "CLIENT")},
        }.items()
    }
    options = ["--tls-ca-file", tmp_path / "ca.pem", "--tls-cert", tmp_path / "one.pem"]
    options += ["--tls-key", tmp_path / "one.key"]
    with DaskCluster(
        tmp_path, options=options, environment={**ENVIRONMENT, **tls}, protocol="tls"
    ) as dask:
        dask.start_worker()
        words = ("-o", "far.h5", "--scheduler", dask.address)
        without = start(tmp_path, *words)
        _, said = without.communicate(timeout=60)
        assert without.returncode == 2
        assert "certificates" in said
        assert "Traceback" not in said
        assert not (tmp_path / "far.h5").exists()
        known = start(tmp_path, *words, environment=tls)
        _, said = known.communicate(timeout=60)
        assert known.returncode == 0, said
    assert (tmp_path / "far.h5").exists()


def test_an_exploration_is_the_same_on_a_cluster(tmp_path, command, dask):
    (tmp_path / "space.toml").write_text(
        '[axes]\nnetwork = "lenet5"\nweight_bits = [1, 2, 3]\nvdd = ["0.9 V", "1.0 V", "2.0 V"]\n'
    )
    local = command("explore", "space.toml", "--json", code=1).stdout
    dask.start_worker()
    far = command("explore", "space.toml", "--json", "--scheduler", dask.address, code=1).stdout
    assert json.loads(far) == json.loads(local)
