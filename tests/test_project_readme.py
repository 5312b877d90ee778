"""The README's commands and Python run as they stand; its verbs are the command's."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from shutil import copy

import pytest

from lut import reference_path
from mramcim.command import VERBS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


COMMANDS = [
    line for block in blocks("sh") for line in block.splitlines() if line.startswith("mramcim ")
]


@pytest.fixture
def folder(tmp_path, own_store):
    return tmp_path


def run(folder: Path, *words: str) -> str:
    result = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def assert_commands_and_python_run(folder: Path, commands: list[str]) -> None:
    assert len(commands) >= 8
    for line in commands:
        assert run(folder, "-m", *shlex.split(line)), line
    for name in ("table.h5", "alexnet.png", "and2.png", "lenet5.json", "lenet5.csv"):
        assert (folder / name).stat().st_size > 0
    (block,) = blocks("python")
    assert re.fullmatch(r"\d+ fJ an AND of 0 and 1, \d+ uJ an image\n", run(folder, "-c", block))


def test_commands_and_python_run_on_the_shipped_table(folder):
    # `make demo` characterizes.
    copy(reference_path(), folder / "table.h5")
    simulated = ("mramcim characterize", "mramcim estimate alexnet --lut table.h5 --lut stt.h5")
    assert_commands_and_python_run(folder, [x for x in COMMANDS if not x.startswith(simulated)])


@pytest.mark.slow
def test_all_commands_and_python_run_one_after_the_other(folder):
    assert_commands_and_python_run(folder, COMMANDS)


def test_every_verb_has_its_row():
    rows = re.findall(r"^\| `(\w+)", README, flags=re.MULTILINE)
    assert set(rows) == set(VERBS)


def test_links_of_the_readme_and_contributing_lead_somewhere():
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#]+)", text):
            assert "://" in target or (ROOT / target).exists(), f"{name}: {target}"


def test_make_targets_that_are_named_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for name in ("README.md", "CONTRIBUTING.md"):
        for target in re.findall(r"\bmake ([a-z-]+)(?=`| )", (ROOT / name).read_text()):
            assert f"\n{target}:" in makefile, f"{name}: make {target}"


def test_make_help_tells_every_target():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    text = subprocess.run(
        ["make", "-s", "help"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"]},
    ).stdout
    assert {line.split()[0] for line in text.splitlines()} == targets
