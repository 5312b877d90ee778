"""A table that is being written is in use; a file system without locks is read all the same."""

from __future__ import annotations

import errno
import fcntl
import subprocess
import sys

import h5py
import pytest

from lut import Table, TableError

HOLD = """
import fcntl, sys, h5py
how, path = sys.argv[1:]
if how == "flock":
    file = open(path, "rb")
    fcntl.flock(file, fcntl.LOCK_EX)
else:
    file = h5py.File(path, how, libver="latest", locking=how != "a")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def held():
    """`held(how, path)` lets another process hold the file until the test ends."""
    holders = []

    def hold(how, path):
        words = [sys.executable, "-c", HOLD, how, str(path)]
        holder = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        holders.append(holder)
        assert holder.stdout.readline() == "held\n"

    yield hold
    for holder in holders:
        holder.communicate("")


@pytest.mark.parametrize("how", ["flock", "r+", "w"])
def test_a_table_that_another_program_writes_is_in_use(whole_table, held, how):
    held(how, whole_table)
    with pytest.raises(TableError, match="is in use: another program has it open for writing"):
        Table.open(whole_table)


def test_so_is_one_that_says_so_itself(whole_table, held):
    """A file of the latest layout says in its head that somebody writes it, without any lock."""
    path = whole_table.with_name("latest.h5")
    with h5py.File(whole_table) as source, h5py.File(path, "w", libver="latest") as target:
        source.copy("cell", target)
        target.attrs.update(source.attrs)
    held("a", path)
    with pytest.raises(TableError, match="is in use"):
        Table.open(path)


def test_a_table_that_another_program_reads_is_free(whole_table, held):
    held("r", whole_table)
    assert Table.open(whole_table).verified


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL])
def test_a_file_system_without_locks_is_read(whole_table, monkeypatch, number):
    def refuse(*_):
        raise OSError(number, "no locks here")

    monkeypatch.setattr(fcntl, "flock", refuse)
    # What libhdf5 does where it is not told otherwise.
    monkeypatch.delenv("HDF5_USE_FILE_LOCKING", raising=False)
    assert Table.open(whole_table).verified


def test_reading_leaves_no_lock(whole_table):
    Table.open(whole_table)
    with whole_table.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_table_that_this_process_reads_with_locks_is_read(whole_table):
    with h5py.File(whole_table) as file:
        assert set(file) == set(Table.open(whole_table).groups)
