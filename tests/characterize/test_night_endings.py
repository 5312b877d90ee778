"""A night that does not reach its end is reported: why, how far it came, what it can judge."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as Tree
from dataclasses import replace

import pytest

from characterize import PlanError, load_plan
from characterize.errors import DeadlineError, StoppedError
from characterize.nightly import NightlyRun, nightly
from characterize.store import Store
from characterize.tabulate import groups_of
from characterize.unwanted import unwanted_points
from lut import Outcome

PLAN = """
title = "four gates"
benches = ["decoder_gate", "flip_flop"]
[axes]
corner = ["tt"]
vdd = ["0.9 V", "1.0 V"]
temperature = ["27 degC"]
rows = [64]
columns = [64]
[[limits]]
bench = "decoder_gate"
measure = "delay"
max = "1 ps"
[[limits]]
bench = "flip_flop"
measure = "delay"
max = "1 ns"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("endings")


@pytest.fixture(scope="module")
def plan(folder):
    (folder / "plan.toml").write_text(PLAN)
    return load_plan(folder / "plan.toml")


@pytest.fixture(scope="module")
def store_folder(folder, plan):
    """A store that has every point."""
    with Store(folder / "store") as store:
        nightly(plan, folder / "whole", jobs=1, store=store)
    return folder / "store"


def ends(folder, plan, store_folder, error, after):
    """A night that ends by an error once so many points are done."""

    def progress(done, _total):
        if done == after:
            raise error

    with Store(store_folder) as store, NightlyRun(folder, title="ends") as running:
        running.run(plan, jobs=1, store=store, progress=progress)


def report_of(folder):
    names = {path.name for path in folder.iterdir()}
    assert names == {"report.html", "junit.xml", "summary.json"}
    suite = Tree.parse(folder / "junit.xml").getroot().find("testsuite")
    summary = json.loads((folder / "summary.json").read_text(), parse_constant=pytest.fail)
    return suite, summary, (folder / "report.html").read_text()


ERRORS = [
    (StoppedError("ended by SIGTERM", 143), "stopped", "ended by SIGTERM"),
    (DeadlineError("the deadline of 6 h came"), "stopped", "deadline of 6 h"),
    (KeyboardInterrupt(), "stopped", "interrupted"),
    (PlanError("the store is full"), "bad input", "the store is full"),
    (OSError(28, "No space left on device"), "bad input", "No space left"),
    (KeyError("and2"), "internal error", "KeyError: 'and2'"),
    (MemoryError(), "internal error", "MemoryError"),
    (RecursionError("deep <b>"), "internal error", "RecursionError: deep <b>"),
]


@pytest.mark.parametrize(("error", "kind", "said"), ERRORS, ids=lambda value: str(value)[:20])
def test_every_ending_is_reported(tmp_path, plan, store_folder, error, kind, said):
    nightly(plan, tmp_path / "out", jobs=1, store=Store(store_folder))
    with pytest.raises(type(error)):
        ends(tmp_path / "out", plan, store_folder, error, after=3)
    suite, summary, page = report_of(tmp_path / "out")
    assert (suite.get("errors"), suite.get("failures")) == ("1", "1")
    assert summary["ending"]["kind"] == kind
    assert said in summary["ending"]["sentence"]
    assert ("Traceback" in page) is (kind == "internal error")
    assert "<b>" not in page
    assert summary["not_run"] == {"flip_flop": 1}
    # The violated limit is known; of the other, one of two points was judged.
    first, second = summary["run"]["limits"]
    assert (first["violated"], first["not_run"], first["passed"]) == (2, 0, False)
    assert (second["violated"], second["not_run"], second["passed"]) == (0, 1, False)
    cases = {case.get("name"): [child.tag for child in case] for case in suite.iter("testcase")}
    assert cases["decoder_gate delay <= 1e-12"] == ["failure"]
    assert cases["flip_flop delay <= 1e-09"] == ["skipped"]


def test_a_plan_that_is_never_read_is_reported(tmp_path):
    def night():
        with NightlyRun(tmp_path / "out", title="plan.toml"):
            load_plan(tmp_path / "plan.toml")

    with pytest.raises(PlanError):
        night()
    suite, summary, page = report_of(tmp_path / "out")
    assert suite.get("name") == summary["title"] == "plan.toml"
    assert "there is no plan file" in page


def test_what_breaks_the_report_of_an_ending_is_no_silence(
    tmp_path, plan, store_folder, monkeypatch
):
    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("characterize.nightly.partial_run", broken)
    with pytest.raises(PlanError):
        ends(tmp_path / "out", plan, store_folder, PlanError("the plan is bad"), after=1)
    assert report_of(tmp_path / "out")[1]["reasons"] == ["bad input: the plan is bad"]


def test_points_that_nothing_allows_count_against_the_night(plan, store_folder, tmp_path):
    with Store(store_folder) as store:
        run = nightly(plan, tmp_path / "out", jobs=1, store=store).run
    point = next(iter(run.results))
    for outcome in (Outcome.WRONG_LOGIC, Outcome.NOT_SWITCHED):
        bad = replace(run.results[point], outcome=outcome)
        wrong = replace(run, results={**run.results, point: bad})
        assert unwanted_points(wrong) == {outcome: [(point, bad)]}
        assert unwanted_points(wrong, {outcome}) == {}
        # A limit for which one value of an axis is enough, where another point is right.
        (limit, *_) = plan.limits
        some = replace(limit, measure="margin", any_of="vdd")
        eased = replace(wrong, plan=replace(plan, limits=(some,)))
        assert unwanted_points(eased) == {}
        all_bad = {key: replace(value, outcome=outcome) for key, value in run.results.items()}
        nowhere = replace(eased, results=all_bad)
        assert len(unwanted_points(nowhere)[outcome]) == len(all_bad)


def test_a_law_that_the_numbers_break_is_told(plan, store_folder, tmp_path, monkeypatch):
    def backwards(plan, results):
        """As a bug in the measures would have it."""
        gates = {
            point: replace(result, values={**result.values, "delay": -result.values["delay"]})
            for point, result in results.items()
            if point.group == "decoder_gate"
        }
        return groups_of(plan, {**results, **gates})

    monkeypatch.setattr("characterize.run.groups_of", backwards)
    with Store(store_folder) as store:
        night = nightly(replace(plan, limits=()), tmp_path / "out", jobs=1, store=store)
    (law,) = night.findings
    assert law.startswith("decoder_gate/delay: not above zero at 2 points")
    assert night.reasons == ["1 law of the numbers broken"]
    suite = Tree.parse(tmp_path / "out" / "junit.xml").getroot().find("testsuite")
    (failure,) = suite.iter("failure")
    assert failure.get("message") == law
    assert law in (tmp_path / "out" / "report.html").read_text()


def test_what_a_plan_does_not_ask_for_breaks_no_law(plan, tmp_path):
    # Without `tolerance` a group of a sense lacks a variable, and one that failed all of them.
    text = PLAN.split("[[limits]]")[0].replace('"decoder_gate", "flip_flop"', '"and2"')
    text = text.replace('"0.9 V", ', "")
    path = tmp_path / "plan.toml"
    path.write_text(f'tolerance = false\ntime_limit = "1 us"\n{text}')
    night = nightly(load_plan(path), tmp_path / "out", jobs=1)
    assert night.findings == ()
    assert night.reasons == ["4 points failed (4 time_out)"]


def started(folder, *words):
    command = [sys.executable, "-m", "mramcim", "nightly", "plan.toml", "--report", "out", *words]
    return subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "MRAMCIM_CACHE": str(folder / "store")},
    )  # fmt: skip


def test_a_night_that_is_told_to_end_does_so_in_order(tmp_path):
    (tmp_path / "plan.toml").write_text(PLAN)
    running = started(tmp_path, "--no-cache", "-j", "1")
    assert "1/4 points" in running.stderr.readline()
    running.send_signal(signal.SIGTERM)
    assert running.wait(60) == 143
    assert "ended by SIGTERM; see out/report.html" in running.stderr.read()
    _, summary, _ = report_of(tmp_path / "out")
    assert summary["reasons"][0] == "stopped: ended by SIGTERM"
    assert 1 <= sum(summary["not_run"].values()) <= 3


def test_a_deadline_ends_a_night(tmp_path):
    (tmp_path / "plan.toml").write_text(PLAN)
    running = started(tmp_path, "--no-cache", "-j", "1", "--deadline", "0.01s")
    assert running.wait(60) == 1
    _, summary, _ = report_of(tmp_path / "out")
    assert summary["reasons"][0] == "stopped: the deadline of 0.01 s came"


@pytest.mark.slow
def test_killed_at_random_moments_a_night_leaves_one_night_only(tmp_path, plan, store_folder):
    (tmp_path / "plan.toml").write_text(PLAN)
    (tmp_path / "store").symlink_to(store_folder)
    chaos = random.Random(3)
    begun = time.monotonic()
    assert started(tmp_path).wait(60) == 1
    longest = 1.2 * (time.monotonic() - begun)
    seen = set()
    for _ in range(25):
        running = started(tmp_path)
        time.sleep(chaos.uniform(0.5, 1.0) * longest)
        running.kill()
        running.wait()
        summary = json.loads((tmp_path / "out" / "summary.json").read_text())
        suite = Tree.parse(tmp_path / "out" / "junit.xml").getroot().find("testsuite")
        stamp = summary["started"][:19]
        assert suite.get("timestamp")[:19] == stamp
        assert stamp.replace("T", " ") in (tmp_path / "out" / "report.html").read_text()
        seen.add(stamp)
    assert len(seen) > 2
    assert started(tmp_path).wait(60) == 1
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
