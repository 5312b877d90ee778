"""Nightly runs: the report in a browser, JUnit XML, a baseline, and two runs at once."""

import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as Tree
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from characterize import PlanError, load_plan
from characterize.nightly import nightly
from characterize.report.waveform_pictures import waveform_pictures
from characterize.store import Store
from circuits import load_design
from lut import Group, Outcome, Table, Variable, check, write_table

PLAN = """
title = "night of <script>alert(1)</script> & co"
benches = ["and2", "decoder_gate"]
tolerance = false
[axes]
corner = ["tt", "ss"]
vdd = ["0.9 V", "1.0 V"]
temperature = ["27 degC"]
rows = [64]
columns = [64]

[[limits]]
bench = "and2"
measure = "margin"
min = "10 mV"

[[limits]]
bench = "decoder_gate"
measure = "delay"
max = "10 ps"
"""


class Page(HTMLParser):
    """Rows of every table by its id: texts, and numbers in full where there are any."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.links, self._rows, self._cell = {}, [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.links += [found[key] for key in ("src", "href", "xlink:href") if key in found]
        if tag == "table":
            self._rows = self.tables.setdefault(found["id"], [])
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th"):
            self._cell = [found.get("data-value"), ""]

    def handle_data(self, data):
        if self._cell is not None:
            self._cell[1] += data

    def handle_endtag(self, tag):
        if tag in ("td", "th") and self._cell is not None:
            number, text = self._cell
            self._rows[-1].append(text if number is None else float(number))
            self._cell = None


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    path = tmp_path_factory.mktemp("plan") / "plan.toml"
    path.write_text(PLAN)
    return load_plan(path)


@pytest.fixture(scope="module")
def store_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def night(plan, store_folder, tmp_path_factory):
    with Store(store_folder) as store:
        return nightly(plan, tmp_path_factory.mktemp("night"), jobs=2, store=store)


def again(plan, store_folder, folder, baseline, **tolerances):
    with Store(store_folder) as store:
        return nightly(plan, folder, baseline=baseline, jobs=1, store=store, **tolerances)


def assert_numbers_are_those_of_the_table(page, night):
    table = Table.open(night.folder / "table.h5")
    worst = {(row[0], row[1]): row[2] for row in page.tables["worst"][1:]}
    for bench, measure, least in (
        ("and2", "margin", np.min), ("and2", "energy", np.max), ("decoder_gate", "delay", np.max),
    ):  # fmt: skip
        assert worst[bench, measure] == least(table[bench].variables[measure].values)
    limits = page.tables["limits"][1:]
    assert [row[0] for row in limits] == ["pass", "fail"]
    assert limits[0][2] == 0.01
    assert limits[0][5] == table["and2"].variables["margin"].values.min()
    assert limits[1][6] == 1e-11


def test_the_pages_numbers_are_the_tables(night):
    page = Page((night.folder / "report.html").read_text(encoding="utf-8"))
    assert_numbers_are_those_of_the_table(page, night)


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium")
def test_a_browser_shows_them_and_the_pictures(night, tmp_path):
    def browse(*words):
        command = [
            "chromium", "--headless", "--no-sandbox", "--disable-gpu",
            f"--user-data-dir={tmp_path / 'profile'}", *words,
            (night.folder / "report.html").as_uri(),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, timeout=120, check=True)
        return done.stdout.decode()

    shown = browse("--dump-dom")
    assert_numbers_are_those_of_the_table(Page(shown), night)
    assert shown.count("<svg") == 2  # margins and one shmoo plot; nothing failed
    from matplotlib.image import imread

    browse(f"--screenshot={tmp_path / 'page.png'}", "--window-size=1200,1600")
    picture = imread(tmp_path / "page.png")
    assert picture.shape[:2] == (1600, 1200)
    assert picture[..., :3].std() > 0.05


def test_the_page_needs_nothing_else_and_runs_nothing(night):
    text = (night.folder / "report.html").read_text(encoding="utf-8")
    assert "<script" not in text
    assert "default-src 'none'" in text
    assert all(link.startswith("#") for link in Page(text).links)
    assert re.findall(r"url\((?!#)", text) == []


def test_junit_has_a_case_for_every_limit(night):
    suite = Tree.parse(night.folder / "junit.xml").getroot().find("testsuite")
    # Beside the two limits: its end, its points' fate (three cases) and the laws of its numbers.
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("7", "1", "0")
    failing = [case.get("name") for case in suite if case.find("failure") is not None]
    assert failing == ["decoder_gate delay <= 1e-11"]
    assert not night.good


def altered(path, out, factor):
    table = Table.open(path)
    group = table["and2"]
    old = group.variables["energy"]
    values = old.values.copy()
    values[0, 0, 0, 0, 0] *= factor
    energy = Variable(values, old.dims, old.units, old.long_name)
    groups = {
        **table.groups,
        "and2": Group(group.axes, {**group.variables, "energy": energy}, group.attributes),
    }
    write_table(
        out, groups, mramcim_version=table.mramcim_version, title=table.title,
        ngspice_version=table.ngspice_version, provenance=dict(table.provenance),
    )  # fmt: skip
    return out


def test_what_moved_from_a_baseline_is_told(plan, store_folder, night, tmp_path):
    kept = replace(plan, limits=plan.limits[:1])
    same = again(kept, store_folder, tmp_path / "same", night.folder / "table.h5")
    assert same.good
    assert same.run.cached == len(same.run.results)
    baseline = altered(night.folder / "table.h5", tmp_path / "old.h5", 1.01)
    moved = again(kept, store_folder, tmp_path / "moved", baseline)
    assert not moved.good
    page = Page((tmp_path / "moved" / "report.html").read_text(encoding="utf-8"))
    (row,) = page.tables["moved"][1:]
    assert row[:2] == ["and2", "energy"]
    assert row[2] == pytest.approx(1.01 * row[3])
    assert "0.9 V" in row[5]
    suite = Tree.parse(tmp_path / "moved" / "junit.xml").getroot().find("testsuite")
    failing = {case.get("name"): case[0] for case in suite if case.find("failure") is not None}
    assert list(failing) == ["and2/energy"]
    assert "1 of 16 points moved (1 down), largest -0.99 %" in failing["and2/energy"].text
    within = again(kept, store_folder, tmp_path / "within", baseline, relative=0.02)
    assert within.good


def test_points_that_failed_have_their_waveforms(tmp_path, store_folder, plan):
    design = load_design("strongarm")
    hurried = replace(design, timing=replace(design.timing, develop=1e-11, develop_per_row=0.0))
    wrong = replace(plan, design=hurried, limits=())
    found = again(wrong, store_folder, tmp_path / "out", None)
    count = found.run.outcomes.get("wrong_logic", 0)
    assert count > 0
    assert found.reasons == [f"{count} points wrong_logic"]
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Waveforms of points that are not ok" in text
    assert "wrong_logic</h3><svg" in text


def test_two_nightly_runs_on_one_store_and_folder_both_end_well(tmp_path):
    (tmp_path / "plan.toml").write_text(PLAN.replace('"10 ps"', '"1 ns"'))
    words = ["nightly", "plan.toml", "--report", "out", "-j", "1"]
    environment = {**os.environ, "MRAMCIM_CACHE": str(tmp_path / "store")}
    both = [
        subprocess.Popen(
            [sys.executable, "-m", "mramcim", *words],
            cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )
        for _ in range(2)
    ]  # fmt: skip
    errors = [process.communicate(timeout=300)[1].decode()[-500:] for process in both]
    assert [process.returncode for process in both] == [0, 0], errors
    problems = check(tmp_path / "out" / "table.h5")
    assert [text for text in problems if "offset_tolerance" not in text] == []  # not searched
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["junit.xml", "report.html", "summary.json", "table.h5"]


def test_without_an_ngspice_of_its_own_the_report_says_so(plan, tmp_path, monkeypatch):
    # As where a cluster simulated the points.
    def missing():
        raise PlanError("no ngspice here; install <it>")

    night = nightly(plan, tmp_path / "report", jobs=2)
    failing = replace(
        next(iter(night.run.results.values())), outcome=Outcome.WRONG_LOGIC, message=""
    )
    point = next(iter(night.run.results))
    run = replace(night.run, results={**night.run.results, point: failing})
    monkeypatch.setattr("characterize.pool.find_library", missing)
    (said,) = waveform_pictures(run, 1).values()
    assert said == "<p>no waveforms: no ngspice here; install &lt;it&gt;</p>"
