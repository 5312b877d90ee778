"""`mramcim study stochastic`: tables of the shipped networks, and one sentence for bad input."""

from __future__ import annotations

import json

import pytest

from mramcim.command import main


def test_tables_and_json_say_the_same(capsys, tmp_path):
    path = tmp_path / "study.json"
    assert main(["study", "stochastic", "--count", "25", "--json", str(path)]) == 0
    text = capsys.readouterr().out
    found = json.loads(path.read_text())
    assert [entry["bits"] for entry in found["errors"]] == [4, 5, 6, 7, 8]
    assert f"{found['costs'][1]['energy_J'] * 1e9:.1f}" in text
    assert f"{found['transform'][0]['stochastic_dB']:.2f}" in text
    eight = found["widths"][0]["accuracy"]["stochastic"]
    assert f"{100 * eight['mean']:.2f} +- {100 * eight['deviation']:.2f} %" in text
    assert len(eight["values"]) == len(found["trainings"])
    assert bool(found["years"]) != bool(found["years_missing"])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--seeds", "2"], "--seeds is of a training: give --train FOLDER too"),
        (["--train", "no/folder"], "the folder no/folder of --train does not exist"),
        (["--networks", "absent.npz"], "there is no file absent.npz"),
        (["--networks", "a.npz", "--train", "."], "both name networks"),
        (["--temperature", "900", "--vdd", "1"], "outside the table"),
    ],
)
def test_bad_input_is_one_sentence(capsys, monkeypatch, tmp_path, words, sentence):
    monkeypatch.chdir(tmp_path)
    assert main(["study", "stochastic", *words]) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert len(told.splitlines()) == 1


@pytest.mark.slow
def test_what_is_trained_is_written_and_studied(capsys, tmp_path):
    pytest.importorskip("torch", reason="needs PyTorch: pip install 'mramcim[training]'")
    words = ["--train", str(tmp_path), "--seeds", "1", "--epochs", "2", "--count", "200"]
    assert main(["study", "stochastic", *words]) == 0
    assert "five-digits on digits, seeds 0" in capsys.readouterr().out
    written = tmp_path / "stochastic-digits.npz"
    assert main(["study", "stochastic", "--networks", str(written), "--count", "20"]) == 0
