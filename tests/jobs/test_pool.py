"""The pool: every item has one end, whatever its process does."""

import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jobs import JobsError, Pool, process_count

sys.path.insert(0, str(Path(__file__).parent))
import tasks

FACTORY = "tasks:Doubling"


@pytest.fixture(autouse=True)
def _tasks_can_be_imported(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(Path(__file__).parent), *sys.path])


def run(items, jobs=2, time_limit=30.0, **options):
    with Pool(FACTORY, "x", jobs, time_limit, **options) as pool:
        return list(pool.run(items))


def test_every_item_is_done_once():
    done = run(range(50))
    assert sorted(one.result for one in done) == [2 * item for item in range(50)]
    assert {one.hello for one in done} == {"set up with x"}
    assert not any(one.failure for one in done)


def test_items_are_taken_when_a_child_is_free_for_them():
    taken = []

    def endless():
        for item in range(10**9):
            taken.append(item)
            yield item

    with Pool(FACTORY, "x", 2, 30.0) as pool:
        running = pool.run(endless())
        first = next(running)
        assert first.result == 2 * first.item
        assert len(taken) <= 2


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ("die", "signal 9"),
        ("leave", "exit code 3"),
        ("raise", "RuntimeError: no such luck"),
        ("eat", "MemoryError"),
    ],
)
def test_harm_stays_with_its_item(item, said):
    done = {one.item: one for one in run([1, item, 2, 3])}
    assert said in done[item].failure
    assert not done[item].timed_out
    assert [done[number].result for number in (1, 2, 3)] == [2, 4, 6]


def test_an_item_over_its_processor_time_is_stopped():
    started = time.monotonic()
    done = {one.item: one for one in run(["spin", 1, 2], time_limit=1.0)}
    assert time.monotonic() - started < 20
    assert done["spin"].timed_out
    assert done["spin"].failure == "stopped after 1 s of processor time"
    assert [done[1].result, done[2].result] == [2, 4]


def test_what_has_finished_over_its_processor_time_is_stopped_all_the_same():
    # Before anybody looked: what a limit stops depends on no accident.
    (done, right) = run(
        [("spin", 0.004), 1], jobs=1, time_limit=lambda one: 0.002 if one != 1 else 1
    )
    assert done.failure == "stopped after 0.002 s of processor time"
    assert done.timed_out
    assert right.result == 2


def test_what_sleeps_is_stopped_by_the_clock(monkeypatch):
    monkeypatch.setattr("jobs.time_limits.WALL_FACTOR", 2.0)
    monkeypatch.setattr("jobs.time_limits.WALL_EXTRA", 0.5)
    done = {one.item: one for one in run(["hang", 1], time_limit=0.5)}
    assert done["hang"].timed_out
    assert done["hang"].failure.startswith("stopped after 1.5 s by the clock, of which it computed")
    assert done[1].result == 2


def test_without_processor_times_the_clock_decides(monkeypatch):
    monkeypatch.setattr("jobs.time_limits.processor_seconds", lambda pid: None)
    done = {one.item: one for one in run(["hang", 1], time_limit=0.5)}
    assert done["hang"].failure == "stopped after 0.5 s"
    assert done["hang"].timed_out


def test_a_loaded_machine_stops_nothing_that_computes_little():
    # Three busy processes for each core: a second of processor time takes some four.
    load = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
        for _ in range(3 * (os.cpu_count() or 1))
    ]
    try:
        started = time.monotonic()
        (done,) = run([("spin", 0.5)], jobs=1, time_limit=0.8)
        took = time.monotonic() - started
    finally:
        for process in load:
            process.kill()
            process.wait()
    assert not done.failure
    assert done.result == 0.5
    assert took > 0.8, "the machine was not loaded"


def test_an_orphan_ends_itself(tmp_path):
    # Elsewhere than on Linux the kernel does not end it with its parent.
    script = (
        "import jobs.child as child, sys, time\n"
        "child.limit_processor_time(-4.5)\n"  # 2 x -4.5 + 10: one second from now.
        "while True: pass\n"
    )
    started = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parents[2], timeout=60
    )
    assert ended.returncode == -signal.SIGXCPU
    assert time.monotonic() - started > 0.5


def test_no_more_children_than_items(tmp_path):
    with Pool(FACTORY, "x", 8, 30.0) as pool:
        assert list(pool.run([])) == []
        assert len(pool.pids) <= 1
        seen = 0
        for _ in pool.run(["nap"] * 3):
            seen = max(seen, len(pool.pids))
        assert 2 <= seen <= 3


@pytest.mark.parametrize("jobs", [0, -1, 10**9, 8 * (os.cpu_count() or 1) + 64])
def test_a_number_of_processes_that_makes_no_sense_is_refused(jobs):
    with pytest.raises(JobsError, match="-j"):
        Pool(FACTORY, "x", jobs, 30.0)
    assert process_count(None) == os.cpu_count()
    assert process_count(64) == 64


@pytest.mark.parametrize("kind", ["bomb", "bomb inside", "raise bomb", "forge"])
def test_nothing_that_a_child_answers_is_run(kind, tmp_path):
    marker = tmp_path / "owned"
    done = {one.item: one for one in run([(kind, str(marker)), 1, 2], jobs=1)}
    assert done[kind, str(marker)].failure
    assert [done[1].result, done[2].result] == [2, 4]
    assert not marker.exists()
    # The bomb is one: its pickle does make the file.
    pickle.loads(pickle.dumps(tasks.Bomb(str(marker))))
    assert marker.exists()


def test_what_a_task_prints_disturbs_nothing():
    assert [one.failure for one in run(["print", "print"], jobs=1)] == ["", ""]


def test_children_are_replaced_after_some_items_and_when_they_are_spent():
    own = [one.result for one in run(["who"] * 6, jobs=1, recycle_after=2)]
    assert [own.count(pid) for pid in dict.fromkeys(own)] == [2, 2, 2]
    spent = [one.result for one in run(["who", "spend", "who"], jobs=1)]
    assert spent[0] == spent[1] != spent[2]


def test_no_child_outlives_the_pool():
    with Pool(FACTORY, "x", 2, 30.0) as pool:
        next(pool.run(iter(["who", "who", "hang", "hang"])))
        children = pool.pids
    for pid in children:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_killed_child_costs_at_most_its_item():
    done = []
    with Pool(FACTORY, "x", 1, 30.0) as pool:
        for one in pool.run(range(6)):
            done.append(one)
            if len(done) == 2:
                os.kill(pool.pids[0], signal.SIGKILL)
    assert len(done) == 6
    assert sum(bool(one.failure) for one in done) <= 1


def test_what_never_starts_is_one_sentence():
    with Pool("tasks:never", "x", 2, 30.0) as pool, pytest.raises(JobsError, match="do not start"):
        list(pool.run([1, 2]))
    with pytest.raises(JobsError, match="-j"):
        Pool(FACTORY, "x", 0, 30.0)
