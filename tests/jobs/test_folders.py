"""Working folders: gone after a run however it ends, nobody else's touched."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from jobs import JobsError, WorkingFolder
from jobs.folders import remove_abandoned


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def started(place):
    """A process that has a folder and stays, and that folder."""
    script = (
        "import sys; from jobs import WorkingFolder\n"
        "folder = WorkingFolder(); open(folder.name + '/big', 'w').close()\n"
        "print(folder.name, flush=True); sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parents[2], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return process, Path(process.stdout.readline().strip())


def test_the_folder_of_a_killed_run_is_removed_by_the_next_and_no_other(place):
    killed, left = started(place)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert (left / "big").exists()
    running, used = started(place)
    assert not left.exists()
    assert f"mramcim-{running.pid}-" in used.name
    strange = [place / "mramcim-notes", place / "mramcim-1-file", place / "mramcim-2-link"]
    strange[0].mkdir()
    strange[1].write_text("a file")
    (place / "target").mkdir()
    (place / "target" / "kept").write_text("kept")
    strange[2].symlink_to(place / "target")
    with WorkingFolder() as folder:
        assert Path(folder).parent == place
        assert (used / "big").exists()
    assert not Path(folder).exists()
    assert all(path.exists() for path in strange)
    assert (place / "target" / "kept").exists()
    running.communicate()


def test_a_folder_without_its_lock_is_removed_once_it_is_old_and_its_process_gone(place):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    young, old, living = (
        place / f"mramcim-{pid}-x" for pid in (gone.pid, f"0{gone.pid}", os.getpid())
    )
    for folder in (young, old, living):
        folder.mkdir()
    for folder in (old, living):
        os.utime(folder, (0, 0))
    remove_abandoned()
    assert [young.exists(), old.exists(), living.exists()] == [True, False, True]


def test_a_folder_that_cannot_be_made_is_one_sentence(place, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(place / "absent"))
    with pytest.raises(JobsError, match="TMPDIR"):
        WorkingFolder()


def test_another_users_folder_is_left_alone(place, monkeypatch):
    killed, left = started(place)
    killed.kill()
    killed.communicate()
    monkeypatch.setattr(os, "getuid", lambda: left.stat().st_uid + 1)
    remove_abandoned()
    assert left.exists()
