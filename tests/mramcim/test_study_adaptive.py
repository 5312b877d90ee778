"""`mramcim study adaptive`: the shipped networks' tables, and training them anew."""

import json

import pytest

from mramcim.command import main

TINY = ("--epochs", 1, "--channels", "4,8", "--stem-stride", 4, "--bits", "8", "--seeds", "3,4")


def test_the_shipped_networks_are_run_and_costed(command, tmp_path):
    words = ("study", "adaptive", "--count", 4, "--json", "s.json", "--plot", "p.png")
    told = command(*words, seconds=300).stdout
    found = json.loads((tmp_path / "s.json").read_text())
    assert [one["bits"] for one in found["bits"]] == [8, 16]
    for one in found["bits"]:
        widths = one["widths"]
        assert [width["width"] for width in widths] == [0.25, 0.5, 0.75, 1.0]
        assert widths[-1]["mac_ratio"] == 1
        for narrow in widths[:-1]:
            # Whatever is above the share of multiply-accumulates is named.
            for order in ("blocks", "spread"):
                here = narrow["on_chip"][order]
                above = here["energy_ratio"] - narrow["mac_ratio"]
                assert above == pytest.approx(sum(here["excess"].values()), abs=1e-9)
            assert f"{100 * narrow['together']['mean']:.2f}" in told
    assert found["networks"]["resnet50"][0]["macs"] == 278085632
    assert (tmp_path / "p.png").stat().st_size > 5000


def test_without_pytorch_training_says_what_to_install(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("accelerator.training.errors.find_spec", lambda _: None)
    assert main(["study", "adaptive", "--train", str(tmp_path)]) == 2
    assert "pip install 'mramcim[training]'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_the_same_seeds_train_the_same_files(command, tmp_path):
    pytest.importorskip("torch", reason="needs PyTorch: pip install 'mramcim[training]'")
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        told = command("study", "adaptive", "--train", name, *TINY, "--count", 2, seconds=600)
        assert "seeds 3, 4" in told.stdout
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert files == ["training.json", "w8a8.onnx"]
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_what_is_refused(refused):
    refused("study", "adaptive", "--networks", ".", "is no record of this study")
    refused("study", "adaptive", "--widths", "a,b", "'a,b' is no list of numbers")
    refused("study", "adaptive", "--plot", "p.txt", "is not a picture's name")
    refused("study", "adaptive", "--lut", "none.h5", "none.h5")
