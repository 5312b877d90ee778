"""`mramcim study stochastic`: tables of the shipped networks, and one sentence for bad input."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

from accelerator.datasets import load_dataset
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
        pytest.param(
            ["--train", "no/folder"],
            "the folder no/folder of --train does not exist",
            marks=pytest.mark.skipif(find_spec("torch") is None, reason="needs PyTorch"),
        ),
        (["--networks", "absent.npz"], "there is no file of networks absent.npz"),
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


@pytest.mark.slow
def test_mnist_files_are_trained_on_as_well(tmp_path, capsys):
    """LeNet-5 on digits enlarged to MNIST's size, in MNIST's format."""
    pytest.importorskip("torch", reason="needs PyTorch: pip install 'mramcim[training]'")
    for part, stem in (("train", "train"), ("test", "t10k")):
        digits = load_dataset("digits", part).first(80)
        codes = np.minimum(digits.codes.astype(int) * 16, 255).astype(np.uint8)
        large = replace(digits, codes=codes, highest=255).resized((1, 28, 28))
        head = struct.pack(">4I", 0x803, 80, 28, 28)
        (tmp_path / f"{stem}-images-idx3-ubyte").write_bytes(head + large.codes.tobytes())
        labels = digits.labels.astype(np.uint8).tobytes()
        (tmp_path / f"{stem}-labels-idx1-ubyte").write_bytes(struct.pack(">2I", 0x801, 80) + labels)
    words = ["--train", str(tmp_path), "--dataset", "mnist", "--data", str(tmp_path)]
    assert main(["study", "stochastic", *words, "--seeds", "1", "--epochs", "1"]) == 0
    assert "lenet5 on mnist, seeds 0" in capsys.readouterr().out
    assert (tmp_path / "stochastic-mnist.npz").is_file()
