"""`mramcim characterize`: a plan becomes a table, whole or not at all."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys

import pytest

from lut import Table, check

pytestmark = pytest.mark.usefixtures("own_store")

SMALL = """
title = "gates only"
benches = ["decoder_gate", "flip_flop"]

[axes]
corner = ["tt"]
vdd = ["1.0 V"]
temperature = ["27 degC", "85 degC"]
rows = [64]
columns = [64]
"""


@pytest.fixture
def plan(tmp_path):
    """`plan(old, new)` writes the small plan with one text replaced, and returns its name."""

    def write(old: str = "", new: str = "") -> str:
        assert old in SMALL
        (tmp_path / "plan.toml").write_text(SMALL.replace(old, new) if old else SMALL)
        return "plan.toml"

    return write


def test_a_plan_becomes_a_sound_table(command, plan, tmp_path):
    result = command("characterize", plan(), "-o", "table.h5", "-j", 1)
    assert result.stdout.startswith("table.h5: 4 points (ok 4)")
    assert "4/4" in result.stderr  # the progress bar
    table = Table.open(tmp_path / "table.h5")
    assert set(table.groups) >= {"decoder_gate", "flip_flop"}
    assert table.title == "gates only"
    assert check(tmp_path / "table.h5") == []


def test_an_old_table_is_replaced_and_json_stands_alone(command, plan, tmp_path):
    (tmp_path / "table.h5").write_text("old")
    result = command("characterize", plan(), "-o", "table.h5", "--json")
    content = json.loads(result.stdout)
    assert content["format"] == "mramcim-characterize/1"
    assert content["outcomes"] == {"ok": 4}
    assert content["analysis_time_s"] > 0
    assert Table.open(tmp_path / "table.h5").title == "gates only"


def test_failed_points_are_told_kept_in_the_table_and_leave_with_one(command, plan):
    name = plan("title", 'time_limit = "1 us"\ntitle')
    result = command("characterize", name, "-o", "table.h5", "-j", 1, code=1)
    assert result.stdout.startswith("table.h5: 4 points (time_out 4)")
    assert "decoder_gate at tt, 1 V, 27 degC: time_out; raise the time limit" in result.stderr
    assert "time_out 2" in command("lut", "info", "table.h5").stdout


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('title = "gates only"', 'titel = "gates only"', "unknown key 'titel'"),
        ('"flip_flop"', '"flop"', "unknown bench 'flop'"),
        ('["1.0 V"]', '["1.0 F"]', "'vdd'"),
        ('["1.0 V"]', '["1.0 parsec"]', "parsec"),
        ('["1.0 V"]', "[1.0]", "'vdd'"),
        ('["1.0 V"]', "[]", "'vdd'"),
        ('["tt"]', '["typical"]', "no corner 'typical'"),
        ("rows = [64]", "rows = [64.5]", "'rows'"),
        ("rows = [64]", "rows = [128, 64]", "'rows'"),
        ('temperature = ["27 degC", "85 degC"]', "", "'temperature'"),
        ("[axes]", "[axis]", "unknown key 'axis'"),
        ("[axes]", "[axes", "plan.toml"),
        ("title", 'technology = "none"\ntitle', "unknown technology 'none'"),
        ("title", 'technology = "none.toml"\ntitle', "none.toml"),
        ("title", 'device = "none"\ntitle', "unknown device 'none'"),
        ("title", 'design = "none"\ntitle', "unknown design 'none'"),
    ],
)
def test_a_malformed_plan_is_refused(refused, plan, old, new, said):
    refused("characterize", plan(old, new), "-o", "table.h5", said)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["missing.toml", "-o", "table.h5"], "missing.toml"),
        ([".", "-o", "table.h5"], "folder"),
        (["plan.toml"], "-o"),
        (["plan.toml", "-o", "absent/table.h5"], "does not exist"),
        (["plan.toml", "-o", "."], "is a folder"),
        (["plan.toml", "-o", "plan.toml"], "suffix of an input"),
        (["plan", "-o", "plan"], "replace an input"),
        (["plan.toml", "-o", "locked.h5"], "read-only"),
        (["plan.toml", "-o", "table.h5", "-j", "0"], "'0' is not a whole number"),
        (["plan.toml", "-o", "table.h5", "-j", "two"], "'two'"),
        (["plan.toml", "-o", "table.h5", "--quick"], "--quick"),
        (["-o", "table.h5", "--json", "plan.toml"], "put --json last"),
        (["plan.toml", "-o", "table.h5", "--device", "none"], "unknown device 'none'"),
    ],
)
def test_bad_words_are_refused_before_anything_runs(refused, plan, tmp_path, words, said):
    (tmp_path / "plan").write_text((tmp_path / plan()).read_text())
    (tmp_path / "locked.h5").write_text("")
    (tmp_path / "locked.h5").chmod(0o444)
    refused("characterize", *words, said)


def test_an_interruption_leaves_no_table_and_no_process(tmp_path, own_store):
    # Long enough to be interrupted, each point short.
    axes = 'corner = ["tt", "ss", "ff", "sf", "fs"]\nvdd = ["0.9 V", "1.0 V", "1.1 V"]\n'
    axes += 'temperature = ["-40 degC", "27 degC", "125 degC"]\nrows = [64, 128, 256, 512]\n'
    axes += "columns = [256]\ndriver = [1]\n"
    (tmp_path / "plan.toml").write_text(f'benches = ["read"]\n[axes]\n{axes}')
    process = subprocess.Popen(
        [sys.executable, "-m", "mramcim", "characterize", "plan.toml", "-o", "table.h5", "-j", "1"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # Jobs in the background of a shell inherit an ignored SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stderr is not None
    bar = ""
    while not re.search(r" [1-9]\d*/", bar):  # the first point is done
        read = process.stderr.read(1)
        assert read, bar
        bar += read
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=30)
    assert process.returncode == 130
    assert rest.endswith("mramcim: interrupted\n")
    assert "Traceback" not in rest
    assert [path.name for path in tmp_path.iterdir()] == ["plan.toml"]
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)  # nobody is left of its process group


def test_without_ngspice_the_package_is_named(plan, tmp_path):
    # The library's finder is emptied before the command starts, as where nothing is installed.
    plan()
    script = (
        "import ctypes.util, pathlib, sys; ctypes.util.find_library = lambda name: None; "
        "pathlib.Path.glob = lambda self, pattern: iter(()); "
        "from mramcim.command import main; sys.exit(main(sys.argv[1:]))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script, "characterize", "plan.toml", "-o", "table.h5"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert "mramcim: error: " in result.stderr
    assert "apt install libngspice0" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "table.h5").exists()


def test_a_dry_run_tells_new_and_cached_points(command, plan):
    before = json.loads(command("characterize", plan(), "--dry-run", "--json").stdout)
    assert (before["points"], before["cached"], before["new"]) == (4, 0, 4)
    assert before["expected_time_s"] > 0
    command("characterize", plan(), "-o", "table.h5")
    assert "4 cached, 0 new" in command("characterize", plan(), "--dry-run").stdout
    again = command("characterize", plan(), "-o", "again.h5")
    assert "4 of them cached" in again.stdout
    fresh = command("characterize", plan(), "-o", "fresh.h5", "--no-cache")
    assert "cached" not in fresh.stdout


def test_a_dry_run_tells_of_axes_that_no_bench_has(command, plan):
    told = command("characterize", plan(), "--dry-run").stdout
    assert "no bench of the plan has the axis 'rows'\n" in told
    assert "no bench of the plan has the axis 'columns'\n" in told
    assert (
        command("characterize", plan("rows = [64]\ncolumns = [64]"), "--dry-run").stdout.count("\n")
        == 1
    )


@pytest.mark.parametrize("jobs", ["0", "-1", "1e9", "1000000000", "9" * 5000, "2.5", ""])
def test_a_number_of_processes_that_makes_no_sense(refused, plan, jobs):
    refused("characterize", plan(), "-o", "table.h5", "-j", jobs, "jobs")


def test_a_killed_run_leaves_nothing_after_the_next(command, plan, tmp_path, monkeypatch):
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    running = subprocess.Popen(
        [sys.executable, "-m", "mramcim", "characterize", plan(), "-o", "t.h5", "--no-cache"],
        cwd=tmp_path, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while not any(place.glob("mramcim-*/.in-use")):
        assert running.poll() is None
    running.kill()
    running.wait()
    assert any(place.iterdir())
    command("characterize", plan(), "-o", "t.h5")
    assert not any(place.iterdir())


def test_without_an_output_there_is_nothing_to_write(refused, plan):
    refused("characterize", plan(), "-o OUT.h5 is missing")


def test_a_store_that_cannot_be_used_is_one_sentence(refused, plan, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MRAMCIM_CACHE", str(tmp_path / "file" / "store"))
    refused("characterize", plan(), "-o", "table.h5", "MRAMCIM_CACHE")


def test_limits_are_judged_and_a_violated_one_leaves_with_one(command, plan, tmp_path):
    limit = '[[limits]]\nbench = "decoder_gate"\nmeasure = "delay"\nmax = "{}"\n'
    (tmp_path / "kept.toml").write_text(SMALL + limit.format("1 ns"))
    assert "1 of 1 limits kept" in command("characterize", "kept.toml", "-o", "a.h5").stdout
    (tmp_path / "both.toml").write_text(SMALL + limit.format("1 ns") + limit.format("1 ps"))
    result = command("characterize", "both.toml", "-o", "b.h5", code=1)
    assert "FAIL  decoder_gate delay" in result.stdout
    assert "1 of 2 limits kept" in result.stdout
    content = json.loads(
        command("characterize", "both.toml", "-o", "b.h5", "--json", code=1).stdout
    )
    assert [line["passed"] for line in content["limits"]] == [True, False]
    assert content["limits"][1]["worst_at"]["temperature"] > 0


def test_a_limit_that_can_never_be_judged_is_refused_by_a_dry_run_too(refused, plan):
    entry = '[[limits]]\nbench = "{}"\nmeasure = "{}"\nmax = 1e-9\n'
    for bench, measure in (("decoder_gate", "error_rate"), ("flip_flop", "offset_tolerance")):
        name = plan("columns = [64]\n", "columns = [64]\n" + entry.format(bench, measure))
        refused("characterize", name, "--dry-run", f"no measure '{measure}'")
        refused("characterize", name, "-o", "table.h5", f"no measure '{measure}'")
