"""`mramcim simulate`: measures and waveforms of one bench."""

from __future__ import annotations

import json
import struct

import pytest


def test_measures_are_printed_and_waveforms_drawn(command, tmp_path):
    text = command("simulate", "and2", "--rows", 64, "--plot", "and2.png").stdout
    assert text.startswith("and2 11: ok\n")
    picture = (tmp_path / "and2.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", picture[16:24])
    assert width > 600
    assert height > 400


def test_json_has_units_in_its_keys(command):
    words = ("simulate", "and2", "--operands", "01", "--rows", 64, "--json")
    content = json.loads(command(*words).stdout)
    assert content["format"] == "mramcim-simulation/1"
    assert content["outcome"] == "ok"
    measures = content["measures"]
    assert measures["logic_value"] == 0.0
    assert 1e-16 < measures["energy_J"] < 1e-11
    assert 0 < measures["margin_V"] < 1
    parts = [
        value
        for name, value in measures.items()
        if name.startswith("energy_") and name != "energy_J"
    ]
    assert sum(parts) == pytest.approx(measures["energy_J"])


def test_a_sample_of_the_variation_differs_by_its_seed(command):
    def measures(*words):
        content = json.loads(command("simulate", "and2", "--rows", 64, *words, "--json").stdout)
        return content["variation"], content["sample"], content["measures"]["margin_V"]

    nominal, first, named, second = (
        measures(*words)
        for words in (
            (),
            ("--sample", 1),
            ("--variation", "default", "--sample", 1),
            ("--sample", 2),
        )
    )
    assert nominal[:2] == (None, None)
    assert first == named
    assert first[:2] == ("default", 1)
    assert len({nominal[2], first[2], second[2]}) == 3


def test_ten_years_slow_an_adder_down(command):
    def told(*words):
        content = json.loads(
            command("simulate", "full_adder", "--temperature", 125, *words, "--json").stdout
        )
        return content["ageing"], content["measures"]["delay_s"]

    fresh, old, hard = told(), told("--age", 10), told("--age", 10, "--duty", 0.9)
    assert fresh[0] is None
    assert old[0]["name"] == "nbti"
    assert old[0]["age_s"] == pytest.approx(10 * 365.25 * 86400)
    assert old[0]["threshold_shift_V"] == pytest.approx(21.74e-3, abs=1e-5)
    assert fresh[1] < old[1] < hard[1] < 1.1 * fresh[1]


@pytest.mark.parametrize("suffix", ["svg", "pdf"])
def test_other_kinds_of_picture(command, tmp_path, suffix):
    command("simulate", "wire", "--plot", f"wire.{suffix}")
    assert (tmp_path / f"wire.{suffix}").stat().st_size > 1000


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["and3"], "unknown bench"),
        (["and2", "--plot", "and2.bmp"], "not a picture's name"),
        (["and2", "--plot", "absent/and2.png"], "does not exist"),
    ],
)
def test_bad_words_are_refused_before_anything_runs(refused, words, said):
    refused("simulate", *words, said)
