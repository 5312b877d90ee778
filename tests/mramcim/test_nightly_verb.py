"""`mramcim nightly`: exit codes, what is printed and written, what is refused."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as Tree
from html import escape
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("own_store")

PLAN = """
title = "gates"
benches = ["decoder_gate"]
[axes]
corner = ["tt"]
vdd = ["1.0 V"]
temperature = ["27 degC"]
rows = [64]
columns = [64]
[[limits]]
bench = "decoder_gate"
measure = "delay"
max = "{}"
"""


@pytest.fixture
def plan(tmp_path):
    def write(longest: str) -> str:
        (tmp_path / "plan.toml").write_text(PLAN.format(longest))
        return "plan.toml"

    return write


def test_a_good_night_and_the_next_against_it(command, plan, tmp_path):
    first = command("nightly", plan("1 ns"), "--report", "one")
    assert "1 of 1 limits kept" in first.stdout
    assert "all good: one/report.html" in first.stdout
    assert {path.name for path in (tmp_path / "one").iterdir()} == {
        "table.h5", "report.html", "junit.xml", "summary.json"
    }  # fmt: skip
    words = ["nightly", plan("1 ns"), "--report", "two", "--baseline", "one/table.h5"]
    content = json.loads(command(*words, "--json").stdout)
    assert content["good"] is True
    assert content["run"]["cached"] == 1
    assert content["difference"]["same"] is True
    assert json.loads((tmp_path / "two" / "summary.json").read_text()) == content


def test_a_violated_limit_leaves_with_one(command, plan):
    result = command("nightly", plan("1 ps"), "--report", "out", code=1)
    assert "0 of 1 limits kept" in result.stdout
    assert "not all good" in result.stdout


@pytest.fixture
def reported(here, tmp_path):
    """`reported(..., "said")`: exit code 2, one sentence with `said`, and a report of it alone."""

    def run(*words: object) -> dict:
        *arguments, said = words
        printed = here("nightly", *arguments, "--report", "out", code=2)
        assert printed.out == ""
        assert printed.err.startswith("mramcim: error: ")
        assert printed.err.count("\n") == 1, printed.err
        assert str(said) in printed.err
        names = sorted(path.name for path in (tmp_path / "out").iterdir())
        assert names == ["junit.xml", "report.html", "summary.json"]
        suite = Tree.parse(tmp_path / "out" / "junit.xml").getroot().find("testsuite")
        assert suite.get("errors") == "1"
        (error,) = suite.iter("error")
        assert str(said) in error.get("message")
        assert escape(str(said)) in (tmp_path / "out" / "report.html").read_text()
        summary = strict(tmp_path / "out" / "summary.json")
        assert summary["good"] is False
        assert str(said) in summary["reasons"][0]
        return summary

    return run


def strict(path):
    """JSON as its standard has it: no NaN, no Infinity."""

    def refuse(name):
        raise AssertionError(f"{name} in {path}")

    return json.loads(path.read_text(), parse_constant=refuse)


def test_what_is_refused_is_reported(reported, plan, here, tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "file.h5").write_text("no table")
    name = plan("1 ns")
    here("nightly", name, "--report", "out")
    reported(name, "--baseline", "file", "file")
    reported(name, "--baseline", "file.h5", "file.h5")
    reported(name, "--baseline", "absent/first.toml", "end it in .h5")
    reported(name, "--relative", -1, "below zero")
    reported(name, "--absolute", "energy", "VARIABLE=VALUE")
    reported(name, "--absolute", "enery=1e-18", "'enery'")
    reported(name, "--deadline", "soon", "'soon' is not a time")
    reported(name, "--allow", "time_out", "time_out")
    reported(name, "--accept-if-good", "none is named")
    reported(name, "--relatve", 1, "--relatve")
    reported(name, "--device", "none", "unknown device 'none'")
    reported(name, "--json", "absent/night.json", "does not exist")
    reported(name, "--json", "out/night.json", "of the report alone")
    reported("absent.toml", "absent.toml")
    reported(name, name, "one file too many")


def test_where_no_report_can_go_nothing_is_touched(refused, plan, tmp_path):
    (tmp_path / "file").write_text("")
    name = plan("1 ns")
    refused("nightly", name, "--report", "file", "file")
    refused("nightly", name, "--report", "file/in", "cannot be made")
    refused("nightly", name, "--report", ".", "plan.toml is in the report's folder")
    refused("nightly", name, "--report DIR is missing")
    refused("nightly", "accept", "which night")
    refused("nightly", "accept", "absent", "absent")


def test_a_regression_is_red_until_it_is_accepted(here, plan, tmp_path):
    words = ["nightly", plan("1 ns"), "--report", "out", "--baseline", "accepted.h5", "--quiet"]
    accepted = tmp_path / "accepted.h5"
    first = here(*words)
    assert (first.out, first.err) == ("all good: out/report.html\n", "")
    assert strict(tmp_path / "out" / "summary.json")["baseline"]["found"] is False
    said = here("nightly", "accept", "out").out
    assert said.startswith(f"accepted: {accepted} is the table of the night of ")
    kept = accepted.read_bytes()
    assert kept == (tmp_path / "out" / "table.h5").read_bytes()
    text = (tmp_path / "plan.toml").read_text()
    (tmp_path / "plan.toml").write_text(text.replace('"1.0 V"', '"0.95 V"'))
    for _ in range(2):
        red = here(*words, "--accept-if-good", code=1)
        assert "not all good: " in red.out
        assert accepted.read_bytes() == kept
    here("nightly", "accept", "out", "--quiet")
    assert accepted.read_bytes() != kept
    assert here(*words).out == "all good: out/report.html\n"


def test_a_lost_baseline_is_red_after_it_was_there(here, plan, tmp_path):
    def night(name, code):
        return here("nightly", plan("1 ns"), "--report", "out", "--baseline", name, code=code)

    night("accepted.h5", 0)
    here("nightly", "accept", "out")
    night("accepted.h5", 0)
    before = (tmp_path / "accepted.h5").read_bytes()
    for _ in range(2):
        assert "compared with" in night("acepted.h5", 2).err
    assert (tmp_path / "accepted.h5").read_bytes() == before
    night("accepted.h5", 0)


def test_what_cannot_be_accepted(here, refused, plan, tmp_path):
    name = plan("1 ns")
    here("nightly", name, "--report", "out")
    (tmp_path / "file.h5").write_text("mine")
    refused("nightly", "accept", "out", "by --baseline FILE.h5")
    refused("nightly", "accept", "out", "--baseline", name, "end its name in .h5")
    refused("nightly", "accept", "out", "--baseline", "file.h5", "file.h5")
    refused("nightly", "accept", "out", "--baseline", "out/accepted.h5", "next night")
    refused("nightly", "accept", "out", "--baseline", "absent/accepted.h5", "does not exist")
    refused("nightly", "accept", "out", "--report", "out", "--report")
    refused("nightly", name, "--report", "out", "--baseline", "out/table.h5", "copies a night's")
    # Nor does a command line that is wrong in another place take the baseline with the folder.
    words = ("--baseline", "out/table.h5", "--relatve", 1, "--relatve")
    refused("nightly", name, "--report", "out", *words)
    table = tmp_path / "out" / "table.h5"
    table.write_bytes(table.read_bytes() + b"\0")
    refused("nightly", "accept", "out", "--baseline", "a.h5", "not the table of that night")
    here("nightly", "absent.toml", "--report", "out", code=2)
    refused("nightly", "accept", "out", "--baseline", "a.h5", "did not end")


DOCS = Path(__file__).parents[2] / "docs" / "nightly.md"


def cron(tmp_path):
    """Run the cron line of the docs, by the shell, as cron does; returns the mails it sent."""
    (line,) = re.findall(r"^    0 2 \* \* \* +(.+)$", DOCS.read_text(), re.MULTILINE)
    programs = tmp_path / "bin"
    programs.mkdir(exist_ok=True)
    for name, text in (
        ("mramcim", f'exec {sys.executable} -m mramcim "$@"'),
        ("mail", f'echo "$@" >> {tmp_path}/mails; cat >> {tmp_path}/mails'),
    ):
        (programs / name).write_text(f"#!/bin/sh\n{text}\n")
        (programs / name).chmod(0o755)
    # As cron has it: few variables, and nobody at a terminal.
    packages = str(Path(__file__).parents[2])
    environment = {
        "HOME": str(tmp_path), "PATH": f"{programs}:/usr/bin:/bin", "PYTHONPATH": packages,
        "MRAMCIM_CACHE": os.environ["MRAMCIM_CACHE"],
    }  # fmt: skip
    done = subprocess.run(
        ["/bin/sh", "-c", line], cwd="/", env=environment, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("", "")
    mails = tmp_path / "mails"
    sent = mails.read_text() if mails.exists() else ""
    mails.unlink(missing_ok=True)
    return sent


def test_the_documented_cron_line_runs_from_an_empty_folder(tmp_path, own_store):
    chips = tmp_path / "chips"
    chips.mkdir()
    assert "there is no plan file plan.toml" in cron(tmp_path)
    (chips / "plan.toml").write_text(PLAN.format("1 ns"))
    assert cron(tmp_path) == ""
    first = strict(chips / "night" / "summary.json")
    assert first["accepted"] is True
    accepted = (chips / "accepted.h5").read_bytes()
    # A regression stays red, and a plan that is mistyped loses nothing.
    (chips / "plan.toml").write_text(PLAN.format("1 ns").replace('"27 degC"', '"85 degC"'))
    for _ in range(2):
        assert "see night/report.html" in cron(tmp_path)
    (chips / "plan.toml").write_text("titel = 3")
    assert "unknown key 'titel'" in cron(tmp_path)
    assert (chips / "accepted.h5").read_bytes() == accepted
    (chips / "plan.toml").write_text(PLAN.format("1 ns"))
    assert cron(tmp_path) == ""
    assert sorted(path.name for path in chips.iterdir()) == [
        "accepted.h5", "night", "night.log", "plan.toml"
    ]  # fmt: skip
