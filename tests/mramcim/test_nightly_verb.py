"""`mramcim nightly`: exit codes, what is printed and written, what is refused."""

from __future__ import annotations

import json

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


def test_what_is_refused(refused, plan, tmp_path):
    (tmp_path / "file").write_text("")
    name = plan("1 ns")
    refused("nightly", name, "--report", "out", "--baseline", "file", "file")
    refused("nightly", name, "--report", "file", "file")
    refused("nightly", name, "--report", "out", "--relative", -1, "below zero")
    refused("nightly", name, "--report", "out", "--absolute", "energy", "VARIABLE=VALUE")
    refused("nightly", "absent.toml", "--report", "out", "absent.toml")
