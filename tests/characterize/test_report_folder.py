"""A report's folder holds the files of one night only, whatever kills its making."""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from characterize import PlanError
from characterize.nightly import NightlyRun
from characterize.report import folder as module
from characterize.report.folder import NAMES, ReportFolder
from files import replace_text


def night(path, number):
    """One night, each file of which has its number."""
    with ReportFolder(path) as report:
        for name in NAMES:
            replace_text(report.making / name, str(number))
        report.publish()


def held(path):
    return {file.name: file.read_text() for file in path.iterdir() if file.name in NAMES}


def hidden(path):
    return [file.name for file in path.iterdir() if file.name.startswith(".")]


@pytest.fixture
def quick_disk(tmp_path):
    """A folder in memory, where there is one: waiting for a disk would be most of a test."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
    else:
        with tempfile.TemporaryDirectory(dir=memory) as folder:
            yield Path(folder)


def killed_at_random(path, seed, kills, whole):
    """Nights without end in a child that is killed; what the folder holds after each kill."""
    chaos = random.Random(seed)
    numbers = set()
    started = time.monotonic()
    night(path, "first")
    longest = 3 * (time.monotonic() - started)
    for kill in range(kills):
        child = os.fork()
        if child == 0:
            try:
                for number in itertools.count():
                    night(path, f"{kill}-{number}")
            finally:
                os._exit(1)
        time.sleep(chaos.uniform(0.001, longest))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        files = held(path)
        assert len(set(files.values())) <= 1, files
        if whole:
            assert set(files) == set(NAMES)
        numbers |= set(files.values())
    # A kill that always comes before the first night would show nothing.
    assert len(numbers) > kills / 5
    night(path, "last")
    assert held(path) == dict.fromkeys(NAMES, "last")
    assert hidden(path) == hidden(path.parent) == []


def test_the_folder_holds_one_whole_night_after_any_kill(quick_disk):
    killed_at_random(quick_disk / "out", 1, 200, whole=True)


def test_without_an_exchange_it_still_holds_one_night_only(quick_disk, monkeypatch):
    monkeypatch.setattr(module, "_exchange", lambda *_: False)
    killed_at_random(quick_disk / "out", 2, 200, whole=False)


def test_the_current_folder_can_be_a_report(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    night(tmp_path, 1)
    night(tmp_path, 2)
    assert held(tmp_path) == dict.fromkeys(NAMES, "2")
    assert hidden(tmp_path) == []


def test_a_link_to_a_folder_stays_one(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    night(tmp_path / "link", 1)
    night(tmp_path / "link", 2)
    assert (tmp_path / "link").is_symlink()
    assert held(tmp_path / "real") == dict.fromkeys(NAMES, "2")


@pytest.mark.parametrize("name", ["notes.txt", "accepted.h5", ".hidden", "inner"])
def test_what_is_no_reports_is_not_lost(tmp_path, name):
    out = tmp_path / "out"
    night(out, 1)
    (out / name).mkdir() if name == "inner" else (out / name).write_text("mine")
    with pytest.raises(PlanError, match="would be lost"):
        night(out, 2)
    assert (out / name).exists()
    assert held(out) == dict.fromkeys(NAMES, "1")


def test_a_lone_table_is_not_a_report(tmp_path):
    (tmp_path / "table.h5").write_text("characterized for days")
    with pytest.raises(PlanError, match="without a report"):
        night(tmp_path, 1)
    assert (tmp_path / "table.h5").read_text() == "characterized for days"


def test_what_comes_into_the_folder_meanwhile_is_kept(tmp_path):
    out = tmp_path / "out"
    night(out, 1)
    with ReportFolder(out) as report:
        (out / "notes.txt").write_text("mine")
        replace_text(report.making / "summary.json", "2")
        report.publish()
    assert held(out) == {"summary.json": "2"}
    assert (out / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(("mask", "folder", "file"), [(0o027, 0o750, 0o640), (0o002, 0o775, 0o664)])
def test_permissions_follow_the_umask(tmp_path, mask, folder, file):
    old = os.umask(mask)
    try:
        night(tmp_path / "out", 1)
        night(tmp_path / "out", 2)
    finally:
        os.umask(old)
    assert (tmp_path / "out").stat().st_mode & 0o777 == folder
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "out").iterdir()} == {file}


def test_two_at_once_leave_one_night_and_nothing_else(tmp_path):
    children = []
    for child in range(3):
        children.append(os.fork())
        if children[-1] == 0:
            try:
                for number in range(20):
                    night(tmp_path / "out", f"{child}-{number}")
                os._exit(0)
            finally:
                os._exit(1)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0, 0, 0]
    files = held(tmp_path / "out")
    assert set(files) == set(NAMES)
    assert len(set(files.values())) == 1
    assert hidden(tmp_path) == []


def test_what_a_running_night_makes_is_left_alone(tmp_path):
    with ReportFolder(tmp_path / "out") as slow:
        night(tmp_path / "out", 1)
        assert slow.making.is_dir()
        for name in NAMES:
            replace_text(slow.making / name, "slow")
        slow.publish()
    assert held(tmp_path / "out") == dict.fromkeys(NAMES, "slow")
    assert hidden(tmp_path) == []


FULL = """
import sys
from pathlib import Path
from characterize.nightly import NightlyRun
try:
    with NightlyRun(Path(sys.argv[1]), title=sys.argv[2]):
        while True:
            with (Path(sys.argv[1]).parent / "filler").open("ab") as file:
                file.write(bytes(4096))
except OSError as error:
    print(error, getattr(error, "__notes__", []))
"""


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 2 MiB."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", tmp_path]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no mounts here")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


def test_on_a_full_disk_the_night_is_told_and_nothing_old_is_left(small_disk):
    out = small_disk / "out"
    night(out, "old")
    # Filled by the first night, the disk is full before the second one begins.
    for title in ("first", "second"):
        done = subprocess.run(
            [sys.executable, "-c", FULL, out, title], capture_output=True, text=True, timeout=60
        )
        assert "No space left" in done.stdout, done.stderr
        assert "could not be written" not in done.stdout
        files = held(out)
        assert set(files) == {"report.html", "junit.xml", "summary.json"}
        assert all("No space left" in text and title in text for text in files.values())


def test_where_not_even_that_can_be_written_the_error_says_so(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    def ends_badly():
        with NightlyRun(tmp_path / "out", title="night"):
            raise PlanError("the plan is bad")

    night(tmp_path / "out", 1)
    monkeypatch.setattr("characterize.nightly.replace_text", full)
    with pytest.raises(PlanError) as caught:
        ends_badly()
    assert "could not be written" in caught.value.__notes__[0]
    assert held(tmp_path / "out") == {}
