"""However a write ends, the final name holds what it held before or the whole new table."""

from __future__ import annotations

import os
import random
import resource
import signal
import stat
import subprocess
import sys
import time

import numpy as np
import pytest

import lut.writing
from lut import Table, TableError, check, require_writable, write_table

METADATA = {"mramcim_version": "0.1.0", "ngspice_version": "39", "provenance": {}}

# A process that writes a table of the cell's layout; `CHANGE` makes it fail on the way.
WRITER = """
import os, resource, signal, sys, time
import numpy as np
from lut import Group, Variable, write_table

def one(units, value):
    return Variable(np.array(value), (), units, "layout")

def write(path, pad):
    cell = Group({}, {"area": one("m2", 2e-14), "width": one("m", 1e-7),
                      "height": one("m", 2e-7)}, {"pad": pad})
    write_table(path, {"cell": cell}, mramcim_version="0.1.0", ngspice_version="39",
                provenance={})

CHANGE
write(sys.argv[1], "x" * 1_000_000)
"""


def start_writer(path, change: str) -> subprocess.Popen[str]:
    code = WRITER.replace("CHANGE", change)
    return subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True
    )


@pytest.fixture(params=["new", "existing"])
def target(request, tmp_path, save, make_groups):
    """A path without a file, or with a table that must survive; and a check that it is so."""
    path = tmp_path / "table.h5"
    before = save(make_groups()).read_bytes() if request.param == "existing" else None

    def assert_untouched():
        assert (path.read_bytes() if path.exists() else None) == before

    return path, assert_untouched


def leftovers(folder):
    return [entry.name for entry in folder.iterdir() if entry.name != "table.h5"]


def test_a_writer_killed_before_its_table_is_complete_leaves_the_final_name_alone(target):
    path, assert_untouched = target
    stall = (
        'os.fsync = lambda fd: os.path.getsize(fd) and (print("there", flush=True), time.sleep(60))'
    )
    with start_writer(path, stall) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "there\n"
        writer.send_signal(signal.SIGKILL)
    assert writer.returncode == -signal.SIGKILL
    assert leftovers(path.parent), "the writer was not in the middle of writing"
    assert_untouched()


def test_a_writer_killed_by_the_system_in_the_middle_of_its_file(target):
    path, assert_untouched = target
    # The kernel kills a process whose file grows over its limit, after half of this table.
    limit = """
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))
"""
    with start_writer(path, limit) as writer:
        writer.wait(timeout=60)
    assert writer.returncode == -signal.SIGXFSZ
    (half,) = leftovers(path.parent)
    assert (path.parent / half).stat().st_size == 500_000
    assert_untouched()
    with pytest.raises(TableError, match="truncated or damaged"):
        Table.open(path.parent / half)


def test_a_writer_killed_at_any_time_leaves_one_table_or_the_other(tmp_path):
    path = tmp_path / "table.h5"
    rng = random.Random(5)
    endless = """
write(sys.argv[1], "a")
print("there", flush=True)
while True:
    write(sys.argv[1], "b" * 300_000)
    write(sys.argv[1], "a")
"""
    for _ in range(6):
        with start_writer(path, endless) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "there\n"
            time.sleep(rng.uniform(0.0, 0.1))
            writer.kill()
        assert check(path) == []
        assert len(Table.open(path).attribute("cell", "pad")) in (1, 300_000)


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
@pytest.mark.parametrize("where", ["fsync", "replace"])
def test_an_interrupted_write_removes_its_own_file(target, make_groups, monkeypatch, error, where):
    path, assert_untouched = target
    real = os.fsync

    def fail(*args):
        # The first, empty file only tries whether the folder takes files.
        if where == "fsync" and os.fstat(args[0]).st_size == 0:
            return real(args[0])
        raise error

    if where == "fsync":
        monkeypatch.setattr(lut.writing.os, "fsync", fail)
    else:
        monkeypatch.setattr(lut.writing.Path, "replace", fail)
    expected = KeyboardInterrupt if error is KeyboardInterrupt else TableError
    with pytest.raises(expected) as caught:
        write_table(path, make_groups(), **METADATA)
    if expected is TableError:
        assert "No space left on device" in str(caught.value)
    assert leftovers(path.parent) == []
    assert_untouched()


def test_a_disk_that_fills_up_leaves_nothing(target, make_groups):
    path, assert_untouched = target
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(TableError, match=r"cannot write table .*File too large"):
            write_table(path, make_groups(), **METADATA)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert leftovers(path.parent) == []
    assert_untouched()


def test_a_refused_table_leaves_the_final_name_alone(target, make_groups):
    path, assert_untouched = target
    with pytest.raises(TableError, match="unknown group 'and3'"):
        write_table(path, {"and3": make_groups("and2")["and2"]}, **METADATA)
    with pytest.raises(TableError, match="JSON"):
        write_table(path, make_groups("cell"), **{**METADATA, "provenance": {"when": object()}})
    with pytest.raises(TableError, match="correct the metadata"):
        write_table(path, make_groups("cell"), **METADATA, title="nul \0 inside")
    assert leftovers(path.parent) == []
    assert_untouched()


def test_a_complete_table_replaces_the_old_one(tmp_path, make_groups, save):
    path = save(make_groups())
    save(make_groups("cell"))
    assert list(Table.open(path).groups) == ["cell"]
    assert leftovers(tmp_path) == []


def test_a_table_has_the_permissions_of_any_new_file(make_groups, save):
    old = os.umask(0o027)
    try:
        path = save(make_groups("cell"))
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_is_written_through(tmp_path, make_groups, save):
    (tmp_path / "deep").mkdir()
    link = tmp_path / "latest.h5"
    link.symlink_to(tmp_path / "deep" / "table.h5")
    save(make_groups("cell"), "latest.h5")
    assert link.is_symlink()
    assert list(Table.open(tmp_path / "deep" / "table.h5").groups) == ["cell"]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (".", "it is a folder"),
        ("no/such/table.h5", "create it first"),
        ("file/table.h5", "create it first"),
        ("pipe", "not a regular file"),
        ("n" * 300, "File name too long"),
        ("loop/table.h5", "cannot write table"),
    ],
)
def test_a_place_that_cannot_be_written_is_told_in_one_sentence(tmp_path, make_groups, path, told):
    (tmp_path / "file").write_text("")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    os.mkfifo(tmp_path / "pipe")
    for call in (
        lambda: require_writable(tmp_path / path),
        lambda: write_table(tmp_path / path, make_groups("cell"), **METADATA),
    ):
        with pytest.raises(TableError, match="cannot write table") as caught:
            call()
        assert told in str(caught.value)
        assert "\n" not in str(caught.value)
    assert sorted(leftovers(tmp_path)) == ["file", "loop", "pipe"]


def test_a_writable_place_is_tried_without_a_trace(tmp_path):
    assert require_writable(tmp_path / "table.h5") == tmp_path.resolve() / "table.h5"
    assert list(tmp_path.iterdir()) == []


def test_values_are_copied_when_given_so_later_changes_do_not_reach_the_table(make_groups):
    group = make_groups("cell")["cell"]
    own = np.array(2.0)
    variable = type(group.variables["area"])(own, (), "m2", "area")
    own[...] = 3.0
    assert variable.values == 2.0
