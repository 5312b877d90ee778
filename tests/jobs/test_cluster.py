"""Items on a Dask cluster: every item has one end, whatever its process or worker does."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from jobs import Cluster, JobsError

pytest.importorskip("distributed")
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
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
    items = [1, "die", 2, "hang", 3, "raise", 4, "leave", 5, "eat", 6, "spend", 7]
    done = {str(one.item): one for one in run(dask, items, time_limit=3.0)}
    assert len(done) == len(items)
    assert all(done[str(number)].result == 2 * number for number in range(1, 8))
    assert "died" in done["die"].failure
    assert "died" in done["leave"].failure
    assert done["hang"].timed_out
    assert done["raise"].failure == "RuntimeError: no such luck"
    assert done["eat"].failure
    assert isinstance(done["spend"].result, int)
    assert dask.workers[0].poll() is None


def test_children_stay_between_items(dask):
    assert len({one.result for one in run(dask, ["who"] * 20)}) <= 2


def test_limits_may_depend_on_the_item(dask):
    def limit(item):
        return 0.5 if item == "hang" else 30.0

    done = {one.item: one for one in run(dask, ["hang", 1], time_limit=limit)}
    assert done["hang"].failure == "stopped after 0.5 s"
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
