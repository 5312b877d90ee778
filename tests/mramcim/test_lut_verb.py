"""`mramcim lut`: what tables hold, whether they are sound; compared, merged and exported."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import h5py
import numpy as np
import pytest

from lut import Axis, Group, Table, write_table


def test_info_tells_groups_axes_and_versions(command, sound_table):
    text = command("lut", "info", sound_table).stdout
    assert "one gate" in text
    assert "schema 5, made by mramcim 0.1.0 with ngspice 39" in text
    assert "decoder_gate       1  ok 1" in text
    assert "300.15 K" in text


def test_info_as_json_is_alone_on_standard_output(command, sound_table):
    content = json.loads(command("lut", "info", sound_table, "--json").stdout)
    assert content["format"] == "mramcim-table-info/1"
    assert content["groups"]["decoder_gate"]["axes"]["vdd"]["units"] == "V"
    assert json.loads(command("lut", "info", "--json", sound_table).stdout) == content


def test_json_to_a_file_leaves_the_text_on_standard_output(command, sound_table, tmp_path):
    text = command("lut", "info", sound_table, "--json", "info.json").stdout
    assert text == command("lut", "info", sound_table).stdout
    assert json.loads((tmp_path / "info.json").read_text())["title"] == "one gate"


def test_texts_of_a_table_cannot_drive_the_terminal(command, sound_table):
    with h5py.File(sound_table, "a") as file:
        file.attrs["title"] = "one\x1b[2Jgate\nsound \u202e\x9b \u03bcm"
        file.attrs["ngspice_version"] = "39\x07"
        del file.attrs["digests"]
        file.attrs["schema_version"] = "4"
    text = command("lut", "info", sound_table).stdout
    assert "one\\x1b[2Jgate\\nsound \\u202e\\x9b \u03bcm\n" in text
    assert "ngspice 39\\x07; without digests" in text
    content = json.loads(command("lut", "info", sound_table, "--json").stdout)
    assert content["title"] == "one\x1b[2Jgate\nsound \u202e\x9b \u03bcm"
    with h5py.File(sound_table, "a") as file:
        file.create_group("and\x1b[2J")
    text = command("lut", "check", sound_table, code=1).stdout
    assert "unknown group 'and\\x1b[2J'" in text
    assert "unknown group 'and\\x1b[2J'" in command("lut", "info", sound_table, code=2).stderr


def test_check_of_a_sound_table(command, sound_table):
    text = command("lut", "check", sound_table).stdout.splitlines()
    missing = [line for line in text if "decoder_gate" not in line]
    assert missing == [f"{sound_table}: sound"]


def test_check_tells_every_problem_and_leaves_with_one(command, odd_table):
    text = command("lut", "check", odd_table, code=1).stdout
    assert "decoder_gate/delay: not above zero" in text
    assert text.endswith("odd.h5: 1 problem\n")
    content = json.loads(command("lut", "check", odd_table, "--json", code=1).stdout)
    assert content["format"] == "mramcim-table-check/1"
    assert len(content["problems"]) == 1


@pytest.mark.parametrize("what", ["info", "check"])
def test_what_is_no_table_is_refused(refused, sound_table, tmp_path, what):
    whole = sound_table.read_bytes()
    (tmp_path / "cut.h5").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "foreign.h5").write_text("not a table")
    (tmp_path / "empty.h5").write_bytes(b"")
    for name in ("cut.h5", "foreign.h5", "empty.h5", "missing.h5"):
        refused("lut", what, name, name)
    refused("lut", what, tmp_path, "folder")


def test_json_does_not_replace_the_table(refused, sound_table, tmp_path):
    table = sound_table.rename(tmp_path / "table")
    refused("lut", "info", table, "--json", table, "replace an input")


@pytest.fixture
def gate_at(sound_table, tmp_path):
    """`gate_at(name, temperature=...)` writes the sound table's gate at another temperature."""

    def make(name: str, temperature: float) -> Path:
        sound = Table.open(sound_table)
        group = sound["decoder_gate"]
        axes = {**group.axes, "temperature": Axis([temperature], "K", "temperature")}
        write_table(
            tmp_path / name,
            {"decoder_gate": Group(axes, group.variables)},
            mramcim_version="0.1.0",
            ngspice_version="39",
            provenance=sound.provenance,
        )
        return tmp_path / name

    return make


def test_diff_of_a_table_and_its_copy(command, sound_table, tmp_path):
    (tmp_path / "copy.h5").write_bytes(sound_table.read_bytes())
    lines = command("lut", "diff", sound_table, "copy.h5").stdout.splitlines()
    assert lines == [
        f"A  {sound_table}: one gate",
        "B  copy.h5: one gate",
        "the same within 1e-06 relative; 4 values compared",
    ]


def test_diff_tells_what_moved_and_leaves_with_one(command, sound_table, odd_table):
    text = command("lut", "diff", "sound.h5", "odd.h5", code=1).stdout
    assert "different: 4 values compared, 1 beyond tolerance, 0 changed outcomes, 0 mism" in text
    line = (
        "decoder_gate/delay       1       1         -  -200 %   -200 %  1e-11 -> -1e-11 s  "
        "corner=tt, vdd=1, temperature=300.15\n"
    )
    assert line in text
    assert "NaN" in text
    assert "moved" not in command("lut", "diff", "sound.h5", "odd.h5", "--relative", 2).stdout
    words = ("--absolute", "energy=1e-18", "decoder_gate/delay=3e-11")
    text = command("lut", "diff", "sound.h5", "odd.h5", *words).stdout
    assert "and the absolute tolerances given" in text
    assert "largest relative difference 2: decoder_gate/delay at corner=tt" in text
    text = command("lut", "diff", "--absolute=delay=1e-11", "sound.h5", "odd.h5", code=1).stdout
    assert "decoder_gate/delay" in text


def test_diff_as_json_and_as_csv(here, sound_table, odd_table, tmp_path):
    words = ("lut", "diff", "sound.h5", "odd.h5", "--csv", "moved.csv")
    content = json.loads(here(*words, "--json", code=1).out)
    assert content["format"] == "mramcim-table-difference/1"
    assert content["same"] is False
    (moved,) = [variable for variable in content["variables"] if variable["beyond"]]
    assert (moved["variable"], moved["moved"][0]["b"]) == ("delay", -1e-11)
    assert (tmp_path / "moved.csv").read_text().splitlines() == [
        "group,variable,unit,corner,vdd,temperature,a,b,absolute,relative",
        "decoder_gate,delay,s,tt,1.0,300.15,1e-11,-1e-11,2e-11,2.0",
    ]
    assert "different" in here(*words, "--json", "d.json", code=1).out
    assert json.loads((tmp_path / "d.json").read_text()) == content


def test_diff_tells_builds_outcomes_and_provenance(here, sound_table, tmp_path):
    group = Table.open(sound_table)["decoder_gate"]
    axes = {**group.axes, "vdd": Axis([0.9, 1.0], "V", "supply")}
    variables = {
        name: replace(variable, values=np.repeat(variable.values, 2, axis=1))
        for name, variable in group.variables.items()
    }
    outcomes = np.array([0, 3], dtype=np.int8).reshape(1, 2, 1)
    variables["outcome"] = replace(variables["outcome"], values=outcomes)
    variables["energy"] = replace(variables["energy"], values=np.full((1, 2, 1), np.nan))
    write_table(
        tmp_path / "new.h5",
        {"decoder_gate": Group(axes, variables, {"note": "\x1b[2J"})},
        mramcim_version="0.2.0",
        ngspice_version="39",
        provenance={"seed": 2},
        title="one gate",
    )
    text = here("lut", "diff", sound_table, "new.h5", code=1).out
    assert "  coordinates decoder_gate/vdd: - | 0.9\n" in text
    assert "  attribute decoder_gate@note: - | \\x1b[2J\n" in text
    assert "1e-15 -> nan J" in text
    assert "decoder_gate  ok -> time_out  1       corner=tt, vdd=1, temperature=300.15\n" in text
    assert text.endswith(
        "made differently (A -> B):\n  mramcim_version: 0.1.0 -> 0.2.0\n  seed: 1 -> 2\n"
    )


def test_merge_writes_the_union(here, sound_table, gate_at, tmp_path):
    gate_at("warm.h5", temperature=350.0)
    printed = here("lut", "merge", sound_table, "warm.h5", "-o", "both.h5")
    assert printed.out == "both.h5: 2 points in 1 group from 2 tables\n"
    assert here("lut", "check", "both.h5").out == "both.h5: sound\n"
    table = Table.open(tmp_path / "both.h5")
    assert table.axis("decoder_gate", "temperature").tolist() == [300.15, 350.0]
    assert table.mramcim_version == version("mramcim")
    assert [source["name"] for source in table.provenance["sources"]] == ["sound.h5", "warm.h5"]
    first = (tmp_path / "both.h5").read_bytes()
    content = json.loads(here("lut", "merge", "sound.h5", "warm.h5", "-o", "both.h5", "--json").out)
    assert content["points"] == {"decoder_gate": 2}
    assert [source["name"] for source in content["sources"]] == ["sound.h5", "warm.h5"]
    assert (tmp_path / "both.h5").read_bytes() == first


def test_merge_refuses_or_settles_what_disagrees(here, refused, sound_table, odd_table, tmp_path):
    words = ("lut", "merge", "sound.h5", "odd.h5", "-o", "one.h5")
    refused(*words, "sound.h5 and odd.h5 disagree on decoder_gate/delay at corner=tt, vdd=1, ")
    for prefer, delay in (("first", 1e-11), ("last", -1e-11)):
        text = here(*words, "--prefer", prefer).out
        assert f"decoder_gate: the tables disagree at 1 point, the {prefer} is taken\n" in text
        values = Table.open(tmp_path / "one.h5")["decoder_gate"].variables["delay"].values
        assert values.tolist() == [[[delay]]]


def test_export_of_one_group_and_of_all(here, sound_table, tmp_path):
    heading = "corner,vdd [V],temperature [K],energy [J],delay [s],leakage_power [W],outcome"
    row = "tt,1.0,300.15,1e-15,1e-11,1e-09,ok"
    text = f"{heading},area [m2]\n{row},1e-12\n"
    printed = here("lut", "export", sound_table, "--group", "decoder_gate", "-o", "gate.csv").out
    assert printed == "gate.csv: 1 row of decoder_gate\n"
    assert (tmp_path / "gate.csv").read_text() == text
    content = json.loads(here("lut", "export", sound_table, "-o", "all.csv", "--json").out)
    assert content["files"] == [
        {"path": "all-decoder_gate.csv", "group": "decoder_gate", "rows": 1}
    ]
    assert (tmp_path / "all-decoder_gate.csv").read_text() == text
    assert not (tmp_path / "all.csv").exists()
    printed = here("lut", "export", sound_table, "--group", "decoder_gate", "-o", "-").out
    assert printed == text


def test_export_to_parquet_or_the_extra_that_it_needs(here, refused, sound_table, tmp_path):
    words = ("lut", "export", sound_table, "-o", "all.parquet")
    if find_spec("pyarrow") is None:
        refused(*words, "pip install 'mramcim[parquet]'")
        return
    from pyarrow import parquet

    assert here(*words).out == "all-decoder_gate.parquet: 1 row of decoder_gate\n"
    table = parquet.read_table(tmp_path / "all-decoder_gate.parquet")
    assert table.column("delay [s]").to_pylist() == [1e-11]


@pytest.mark.parametrize(
    "words",
    [
        ("diff", "sound.h5", "BAD"),
        ("diff", "BAD", "sound.h5"),
        ("merge", "sound.h5", "BAD", "-o", "out.h5"),
        ("export", "BAD", "-o", "out.csv"),
        ("export", "BAD", "-o", "out.csv", "--group", "decoder_gate"),
    ],
)
def test_what_is_no_table_is_not_compared_merged_or_exported(refused, sound_table, tmp_path, words):
    whole = sound_table.read_bytes()
    (tmp_path / "cut.h5").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "foreign.h5").write_text("not a table")
    (tmp_path / "empty.h5").write_bytes(b"")
    (tmp_path / "folder.h5").mkdir()
    (tmp_path / "loop.h5").symlink_to("loop.h5")
    for name in ("cut.h5", "foreign.h5", "empty.h5", "folder.h5", "missing.h5", "loop.h5"):
        refused("lut", *(name if word == "BAD" else word for word in words), name)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("diff", "sound.h5"), "required: B"),
        (("diff", "sound.h5", "odd.h5", "--relative", "-1"), "'-1' is below zero"),
        (("diff", "sound.h5", "odd.h5", "--relative", "nan"), "'nan' is not a number"),
        (("diff", "sound.h5", "odd.h5", "--absolute", "1e-18"), "is not VARIABLE=VALUE"),
        (("diff", "sound.h5", "odd.h5", "--absolute", "delay=x"), "'x' is not a number"),
        (("diff", "sound.h5", "odd.h5", "--absolute", "late=1"), "'late' but name a variable"),
        (("diff", "--absolute", "delay=1", "sound.h5", "odd.h5"), "name the files before it"),
        (("diff", "sound.h5", "odd.h5", "--csv", "odd.h5"), "suffix"),
        (("diff", "sound.h5", "table", "--csv", "table"), "would replace an input"),
        (("diff", "sound.h5", "odd.h5", "--csv", "f", "--json", "f"), "both name 'f'"),
        (("merge", "sound.h5", "-o", "out.h5"), "two tables or more"),
        (("merge", "sound.h5", "./sound.h5", "-o", "out.h5"), "given twice"),
        (("merge", "sound.h5", "odd.h5"), "required: -o"),
        (("merge", "sound.h5", "odd.h5", "-o", "odd.h5"), "would replace an input"),
        (("merge", "sound.h5", "odd.h5", "-o", "none/out.h5"), "does not exist"),
        (("merge", "sound.h5", "odd.h5", "-o", "o.h5", "--prefer", "new"), "invalid choice"),
        (("export", "sound.h5", "-o", "out.xlsx"), "end it in .csv or .parquet"),
        (("export", "sound.h5", "-o", "out"), "end it in .csv or .parquet"),
        (("export", "sound.h5", "-o", "-"), "name it with --group"),
        (("export", "sound.h5", "-o", "none/out.csv"), "does not exist"),
        (("export", "sound.h5", "--group", "and2", "-o", "a.csv"), "no group 'and2'"),
        (("export", "table.csv", "--group", "decoder_gate", "-o", "table.csv"), "replace an inp"),
        (("export", "t-decoder_gate.csv", "-o", "t.csv"), "would replace an input"),
        (("export", "sound.h5", "--group", "decoder_gate", "-o", "-", "--json"), "both print"),
    ],
)
def test_requests_that_cannot_be_met(refused, sound_table, odd_table, tmp_path, words, said):
    for name in ("table", "table.csv", "t-decoder_gate.csv"):
        (tmp_path / name).write_bytes(sound_table.read_bytes())
    refused("lut", *words, said)


def test_a_failed_write_leaves_the_old_file(here, refused, sound_table, tmp_path, monkeypatch):
    (tmp_path / "gate.csv").write_text("old")

    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    refused("lut", "export", sound_table, "--group", "decoder_gate", "-o", "gate.csv", "no space")
    assert (tmp_path / "gate.csv").read_text() == "old"
