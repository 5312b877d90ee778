"""Items on a Dask cluster: every item has one end, whatever its process or worker does."""

import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from jobs import Cluster, JobsError
from jobs.confined import confined_loads

pytest.importorskip("distributed")
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
import tasks
from dask_cluster import DaskCluster

FACTORY = "tasks:Doubling"
ENVIRONMENT = {"PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parents[1])])}


@pytest.fixture(scope="module")
def dask(tmp_path_factory):
    with DaskCluster(tmp_path_factory.mktemp("dask"), environment=ENVIRONMENT) as cluster:
        cluster.start_worker(threads=2)
        yield cluster


def run(dask, items, time_limit=30.0, fingerprint="tasks:version"):
    with Cluster(FACTORY, "x", dask.address, time_limit, fingerprint=fingerprint) as cluster:
        return list(cluster.run(items))


def test_every_item_is_done_once_and_taken_as_there_is_room(dask):
    taken = []

    def items():
        for number in range(60):
            taken.append(number)
            yield number

    seen = []
    with Cluster(FACTORY, "x", dask.address, 30.0, fingerprint="tasks:version") as cluster:
        for done in cluster.run(items()):
            seen.append(len(taken))
            assert done.result == 2 * done.item
            assert done.hello == "set up with x"
            assert not done.failure
        assert cluster.hello == "set up with x"
    assert len(seen) == len(taken) == 60
    assert seen[0] < 30


def test_what_crashes_hangs_or_raises_costs_one_item_and_no_worker(dask):
    items = [1, "die", 2, "spin", 3, "raise", 4, "leave", 5, "eat", 6, "spend", 7]
    done = {str(one.item): one for one in run(dask, items, time_limit=3.0)}
    assert len(done) == len(items)
    assert all(done[str(number)].result == 2 * number for number in range(1, 8))
    assert "died" in done["die"].failure
    assert "died" in done["leave"].failure
    assert done["spin"].timed_out
    assert done["raise"].failure == "RuntimeError: no such luck"
    assert done["eat"].failure
    assert isinstance(done["spend"].result, int)
    assert dask.workers[0].poll() is None


def test_children_stay_between_items(dask):
    assert len({one.result for one in run(dask, ["who"] * 20)}) <= 2


def test_limits_may_depend_on_the_item(dask):
    def limit(item):
        return 0.5 if item == "spin" else 30.0

    done = {one.item: one for one in run(dask, ["spin", 1], time_limit=limit)}
    assert done["spin"].failure == "stopped after 0.5 s of processor time"
    assert done[1].result == 2


def test_a_worker_killed_in_the_middle_loses_nothing(dask):
    doomed = dask.start_worker(threads=1)
    with Cluster(FACTORY, "x", dask.address, 30.0, fingerprint="tasks:version") as cluster:
        done = []
        for one in cluster.run(["nap"] * 30):
            done.append(one)
            if len(done) == 6:
                doomed.send_signal(signal.SIGKILL)
        assert [one.result for one in done] == [True] * 30


def test_other_programs_on_a_worker_are_refused(dask):
    with pytest.raises(JobsError, match="other sources of mramcim"):
        run(dask, [1], fingerprint="tasks:different")


def test_a_task_that_workers_do_not_have_is_one_sentence(dask):
    with Cluster("absent:Task", "x", dask.address, 5.0, fingerprint="tasks:version") as cluster:
        with pytest.raises(JobsError, match="worker") as caught:
            list(cluster.run([1]))
        assert "\n" not in str(caught.value)


def test_nobody_answers(monkeypatch):
    monkeypatch.setattr("jobs.cluster.CONNECT_LIMIT", 1.0)
    started = time.monotonic()
    with pytest.raises(JobsError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        Cluster(FACTORY, "x", "tcp://127.0.0.1:9", 1.0, fingerprint="tasks:version")
    assert time.monotonic() - started < 20
    with pytest.raises(JobsError, match="no Dask scheduler answers at nonsense"):
        Cluster(FACTORY, "x", "nonsense://", 1.0, fingerprint="tasks:version")


def test_a_scheduler_that_goes_away_ends_the_run_with_one_sentence(tmp_path):
    with DaskCluster(tmp_path, environment=ENVIRONMENT) as dask:
        dask.start_worker()
        with Cluster(FACTORY, "x", dask.address, 30.0, fingerprint="tasks:version") as cluster:
            running = cluster.run(["nap"] * 500)
            done = [next(running) for _ in range(3)]
            dask.scheduler.kill()
            with pytest.raises(JobsError, match="went away"):
                done.extend(running)
            assert 3 <= len(done) < 500


HOSTILE = ("result", "inside", "exception", "cause", "type", "event", "header")
QUICK = ("result", "exception", "header")


@pytest.mark.parametrize(
    "kind",
    [kind if kind in QUICK else pytest.param(kind, marks=pytest.mark.slow) for kind in HOSTILE],
)
def test_nothing_that_a_worker_answers_is_run(tmp_path, kind):
    environment = {**ENVIRONMENT, "MARKER": str(tmp_path / "owned"), "HOSTILE": kind}
    with DaskCluster(tmp_path, environment=environment) as dask:
        worker = dask.start_worker(preload=HERE / "hostile_worker.py")
        with Cluster(FACTORY, "x", dask.address, 30.0, fingerprint="tasks:version") as cluster:
            said = []
            try:
                said = [one.failure for one in cluster.run([1])]
            except JobsError as error:
                said = [str(error)]
        assert said == [""] if kind == "event" else len(said) == 1 and said[0].isprintable()
        assert processes(tmp_path) <= {worker.pid, dask.scheduler.pid}


@pytest.mark.parametrize("kind", ["result", pytest.param("exception", marks=pytest.mark.slow)])
def test_a_plain_client_would_run_it(tmp_path, kind):
    # So that the test above can fail: these are what Dask's own client obeys.
    environment = {**ENVIRONMENT, "MARKER": str(tmp_path / "owned"), "HOSTILE": kind}
    script = (
        "import sys, distributed; from jobs import on_worker\n"
        "client = distributed.Client(sys.argv[1])\n"
        "client.submit(on_worker.run, pure=False).exception() or "
        "client.submit(on_worker.run, pure=False).result()\n"
    )
    with DaskCluster(tmp_path, environment=environment) as dask:
        worker = dask.start_worker(preload=HERE / "hostile_worker.py")
        subprocess.run(
            [sys.executable, "-c", script, dask.address], cwd=HERE.parents[1], timeout=60,
            stderr=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        assert processes(tmp_path) - {worker.pid, dask.scheduler.pid}


def processes(folder):
    """The processes in which a bomb went off."""
    return {int(path.suffix[1:]) for path in folder.glob("owned.*")}


def test_a_worker_that_talks_nonsense_is_a_failed_item(tmp_path):
    environment = {**ENVIRONMENT, "MARKER": str(tmp_path / "owned"), "HOSTILE": "data"}
    with DaskCluster(tmp_path, environment=environment) as dask:
        dask.start_worker(preload=HERE / "hostile_worker.py")
        (done,) = run(dask, [1])
        assert "failed" in done.failure


def test_sources_are_compared_before_a_worker_gets_anything(dask, tmp_path):
    marker = tmp_path / "item"
    with pytest.raises(JobsError, match="other sources of mramcim"):
        run(dask, [tasks.Bomb(str(marker))], fingerprint="tasks:different")
    assert not marker.exists()
    # The item is bytes until then: where the sources agree, the worker loads it.
    run(dask, [tasks.Bomb(str(marker))])
    assert marker.exists()


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1", "host", "tcp://host:0", "tcp://host:99999", "host:port", "",
                "nonsense://host:1", "tcp://a b:1", "http://host:8786", "tcp://host:8786\x1b[2J"]
)  # fmt: skip
def test_what_is_no_address_is_refused_at_once(address):
    started = time.monotonic()
    with pytest.raises(JobsError, match="no Dask scheduler answers") as caught:
        Cluster(FACTORY, "x", address, 1.0, fingerprint="tasks:version")
    assert time.monotonic() - started < 1.0
    assert str(caught.value).isprintable()


def test_who_answers_but_is_no_scheduler_is_one_sentence(monkeypatch):
    monkeypatch.setattr("jobs.cluster.CONNECT_LIMIT", 2.0)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(JobsError, match="no Dask scheduler answers"):
            Cluster(FACTORY, "x", f"tcp://127.0.0.1:{port}", 1.0, fingerprint="tasks:version")


def test_an_item_that_takes_its_workers_with_it_is_a_failed_item(tmp_path):
    environment = {**ENVIRONMENT, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
    with DaskCluster(tmp_path, environment=environment) as dask:
        dask.start_worker()
        ended = threading.Event()

        def replace_workers() -> None:
            # Answers that a dead worker still held are made again: that, too, needs a worker.
            while not ended.wait(3.0):
                dask.start_worker()

        replacing = threading.Thread(target=replace_workers)
        replacing.start()
        try:
            with Cluster(FACTORY, "x", dask.address, 30.0, fingerprint="tasks:version") as cluster:
                done = {one.item: one for one in cluster.run(["nap", "kill worker", "nap"])}
        finally:
            ended.set()
            replacing.join()
        died = "died, one after the other"
        assert died in done["kill worker"].failure
        # Where no failure is allowed, an item beside it on the worker may fail with it.
        assert done["nap"].result is True or died in done["nap"].failure


def test_unpickling_is_confined():
    assert confined_loads(pickle.dumps({"a": [1, 2.0, b"x", ("t", None)]}))["a"][2] == b"x"
    assert confined_loads(pickle.dumps(bytes)) is bytes
    assert confined_loads(pickle.dumps(OSError(2, "no"))).args == (2, "no")
    for bad in (
        print,
        os.system,
        eval,
        getattr,
        object(),
        tasks.Bomb("x"),
        Path("x"),
        type,
        1j.conjugate,
    ):
        with pytest.raises(AttributeError):
            confined_loads(pickle.dumps(bad))
    with pytest.raises(AttributeError):
        confined_loads(b"not a pickle")
    with pytest.raises(AttributeError):
        confined_loads(b"\x80\x04\x8c\x08builtins\x8c\x0cbreakpoint\x93)R.")
