"""Files that are written: whole or not at all, like any file of the user's."""

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from files import leftovers, partial_path, replace_file, replace_text
from files.processes import is_running, started


@pytest.fixture
def mask():
    old = os.umask(0o027)
    yield 0o027
    os.umask(old)


def test_a_new_file_follows_the_umask_and_an_old_one_keeps_its_mode(tmp_path: Path, mask) -> None:
    path = tmp_path / "new.txt"
    replace_text(path, "one")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    path.chmod(0o604)
    replace_text(path, "two")
    assert stat.S_IMODE(path.stat().st_mode) == 0o604
    assert path.read_text() == "two"


def test_a_link_stays_and_what_it_names_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to("real.txt")
    replace_text(tmp_path / "link.txt", "new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text() == "new"


def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "kept.txt"
    path.write_text("old")
    with pytest.raises(TypeError):
        replace_file(path, 5)  # type: ignore[arg-type]
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_leftovers_are_those_of_processes_that_are_gone(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    mine = partial_path(tmp_path / "table.h5")
    mine.touch()
    theirs = mine.with_name(mine.name.replace(str(os.getpid()), str(gone.pid)))
    theirs.touch()
    # The digits before the last four tell the machine; on another the process may go on.
    head, token = theirs.name.rsplit("-", 1)
    elsewhere = theirs.with_name(f"{head}-{int(token[:4], 16) ^ 1:04x}{token[4:]}")
    elsewhere.touch()
    (tmp_path / ".my.partial").touch()
    assert leftovers(tmp_path) == [theirs]
    minutes_ago = time.time() - 600
    for path in tmp_path.iterdir():
        os.utime(path, (minutes_ago, minutes_ago))
    assert leftovers(tmp_path) == sorted([theirs, elsewhere])
    replace_text(tmp_path / "table.h5", "new")
    assert sorted(tmp_path.iterdir()) == sorted(
        [mine, tmp_path / ".my.partial", tmp_path / "table.h5"]
    )


def test_a_process_that_ended_unasked_runs_no_more():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    deadline = time.monotonic() + 30
    while is_running(ended.pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_running(ended.pid)
    ended.wait()
    assert is_running(os.getpid(), started(os.getpid()))
    assert not is_running(os.getpid(), "1")
