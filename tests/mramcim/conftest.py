"""Run the command as a user does, in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from lut import Axis, Group, Variable, write_table
from mramcim.command import main


@pytest.fixture
def command(tmp_path):
    """`command("verb", ..., code=0)` runs `mramcim` in an empty folder, checks the exit code."""

    def run(*words: object, code: int = 0, seconds: float = 60.0) -> subprocess.CompletedProcess:
        result = subprocess.run(
            [sys.executable, "-m", "mramcim", *map(str, words)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
        assert result.returncode == code, result.stderr
        return result

    return run


def decoder_gate(delay: float) -> Group:
    """A group of one point with an energy of 1 fJ."""
    axes = {
        "corner": Axis(("tt",), "1", "process corner"),
        "vdd": Axis([1.0], "V", "supply"),
        "temperature": Axis([300.15], "K", "temperature"),
    }
    numbers = {
        "energy": (1e-15, "J"),
        "delay": (delay, "s"),
        "leakage_power": (1e-9, "W"),
        "area": (1e-12, "m2"),
        "outcome": (np.int8(0), "1"),
    }
    variables = {
        name: Variable(np.full((1, 1, 1), value), tuple(axes), units, name)
        for name, (value, units) in numbers.items()
    }
    return Group(axes, variables)


def save(path, delay: float):
    """A table of one group, of one point."""
    write_table(
        path,
        {"decoder_gate": decoder_gate(delay)},
        mramcim_version="0.1.0",
        ngspice_version="39",
        provenance={"seed": 1},
        title="one gate",
    )
    return path


@pytest.fixture
def sound_table(tmp_path):
    """A small table that obeys every law."""
    return save(tmp_path / "sound.h5", delay=1e-11)


@pytest.fixture
def odd_table(tmp_path):
    """A small table that can be read, but has a delay below zero."""
    return save(tmp_path / "odd.h5", delay=-1e-11)


@pytest.fixture
def here(tmp_path, monkeypatch, capsys):
    """`here("lut", ..., code=0)` runs `mramcim` in this process, in the same folder."""
    monkeypatch.chdir(tmp_path)

    def run(*words: object, code: int = 0):
        assert main([str(word) for word in words]) == code
        return capsys.readouterr()

    return run


@pytest.fixture
def refused(here, tmp_path):
    """`refused("verb", ..., "said")`: exit code 2, one sentence with `said`, no file touched."""

    def state():
        return {path: (path.lstat().st_mtime_ns, path.is_file()) for path in tmp_path.rglob("*")}

    def run(*words: object) -> str:
        *arguments, said = words
        before = state()
        printed = here(*arguments, code=2)
        assert printed.out == ""
        assert printed.err.startswith("mramcim: error: ")
        assert printed.err.count("\n") == 1, printed.err
        assert str(said) in printed.err
        assert state() == before
        return printed.err

    return run
