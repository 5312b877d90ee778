"""`mramcim lut`: what a table holds and whether it is sound."""

from __future__ import annotations

import json

import h5py
import pytest


def test_info_tells_groups_axes_and_versions(command, sound_table):
    text = command("lut", "info", sound_table).stdout
    assert "one gate" in text
    assert "schema 2, made by mramcim 0.1.0 with ngspice 39" in text
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
    text = command("lut", "info", sound_table).stdout
    assert "one\\x1b[2Jgate\\nsound \\u202e\\x9b \u03bcm\n" in text
    assert "ngspice 39\\x07\n" in text
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
