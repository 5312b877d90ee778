"""`mramcim train`: a network written as QONNX, and what is refused."""

import json

import pytest

from mramcim.command import main

SHORT = ("--epochs", 2, "--count", 200)


def test_without_pytorch_it_says_what_to_install(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("accelerator.training.errors.find_spec", lambda _: None)
    assert main(["train", "digits", "-o", str(tmp_path / "n.onnx")]) == 2
    assert "pip install 'mramcim[training]'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_what_is_trained_is_written_and_runs(command, tmp_path):
    pytest.importorskip("torch", reason="needs PyTorch: pip install 'mramcim[training]'")
    told = command("train", "digits", "-o", "n.onnx", *SHORT, "--json", "t.json").stdout
    found = json.loads((tmp_path / "t.json").read_text())
    assert found["network"] == "digits"
    assert f"{found['test_accuracy']:.2%} on 200 others" in told
    options = ("--dataset", "digits", "--count", 200, "--samples", 0, "--json")
    report = json.loads(command("run", "n.onnx", *options).stdout)
    assert report["run"]["accuracy"] == found["test_accuracy"]
    low, high = report["run"]["accuracy_95"]
    assert low < found["test_accuracy"] < high


def test_a_limit_of_threads_does_not_stop_it(command, monkeypatch):
    pytest.importorskip("torch", reason="needs PyTorch: pip install 'mramcim[training]'")
    monkeypatch.setenv("OMP_THREAD_LIMIT", "1")
    command("train", "digits", "-o", "n.onnx", *SHORT)


def test_what_is_refused(refused, tmp_path):
    pytest.importorskip("torch", reason="needs PyTorch: pip install 'mramcim[training]'")
    refused("train", "digits", "-o", "n.h5", "end its name in .onnx")
    refused("train", "cifar", "-o", "n.onnx", "there is no data set 'cifar'")
    refused("train", "mnist", "-o", "n.onnx", "name the folder of its files with --data")
    refused("train", "mnist", "-o", "n.onnx", "--data", ".", "needs the file train-images")
    refused("train", "digits", "-o", "n.onnx", "--weights", 17, "cannot be trained")
    refused("train", "digits", "-o", "n.onnx", "--epochs", 0, "train nothing")
    refused("train", "digits", "-o", "n.onnx", "--network", "svhn", "for 1 channels")
