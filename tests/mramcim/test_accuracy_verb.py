"""`mramcim accuracy`: rows for supplies and temperatures, and what is refused."""

import json

import numpy as np
from statistics_table import write_with_statistics

from accelerator.datasets import load_dataset

RATES = {"00": 0.0, "01": (0.2, 1e-9), "10": (0.2, 1e-9), "11": (0.2, 1e-9)}


def prepared(tmp_path, name="t.h5"):
    write_with_statistics(tmp_path / name, RATES, supplies=(0.9, 1.0))


def test_rows_files_and_a_picture(command, tmp_path):
    prepared(tmp_path)
    told = command(
        "accuracy", "digits-w1a2", "--dataset", "digits", "--count", 40, "--lut", "t.h5",
        "--vdd", "1.0,0.9", "--repeats", 2, "--samples", 64,
        "--csv", "a.csv", "--json", "a.json", "--plot", "a.png",
    ).stdout  # fmt: skip
    found = json.loads((tmp_path / "a.json").read_text())
    high, low = found["points"]
    assert (high["vdd"], low["vdd"]) == (1.0, 0.9)
    assert high["accuracy"] == found["accuracy_without_errors"] > 0.9
    assert low["accuracy"] < high["accuracy"]
    assert low["energy"] < high["energy"]
    assert low["energy_low"] < low["energy"] < low["energy_high"]
    assert f"{low['accuracy']:.2%}" in told
    assert "digits-w1a2 on 40 images of digits" in told
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 3
    assert (tmp_path / "a.png").stat().st_size > 10_000


def test_a_second_table_is_a_second_curve(command, tmp_path):
    prepared(tmp_path)
    prepared(tmp_path, "u.h5")
    options = ("--count", 10, "--repeats", 1, "--samples", 0, "--plot", "a.png", "--json")
    tables = ("--lut", "t.h5", "--lut", "u.h5")
    told = command("accuracy", "digits-w1a2", "--dataset", "digits", *tables, *options).stdout
    assert [point["table"] for point in json.loads(told)["points"]] == ["t.h5", "u.h5"]


def test_what_is_refused(refused, tmp_path):
    prepared(tmp_path)
    common = ("accuracy", "digits-w1a2", "--dataset", "digits", "--count", 5, "--lut", "t.h5")
    refused(*common, "--vdd", "0.9,x", "is not a number")
    refused(*common, "--vdd", "0.8", "no error rates of AND at tt, 0.8 V")
    refused(*common, "--corner", "ss", "no error rates of AND at ss")
    refused(*common, "--repeats", 0, "whole number of 1 or more")
    refused(*common, "--json", "t.h5", "input's suffix")
    refused(
        "accuracy", "none.onnx", "--dataset", "digits", "--lut", "t.h5", "no ONNX file none.onnx"
    )
    refused("accuracy", "digits-w1a2", "--dataset", "mnist", "name the folder")


def digits(tmp_path, count=20):
    found = load_dataset("digits", "test").first(count)
    np.save(tmp_path / "x.npy", found.codes)
    np.save(tmp_path / "y.npy", found.labels)
    return found


def test_images_and_labels_of_ones_own_are_as_those_of_a_data_set(command, tmp_path):
    prepared(tmp_path)
    found = digits(tmp_path)
    common = ("--lut", "t.h5", "--vdd", "0.9", "--repeats", 2, "--samples", 0, "--json")
    ours = ("--images", "x.npy", "--labels", "y.npy", "--highest", found.highest)
    named = json.loads(
        command("accuracy", "digits-w1a2", "--dataset", "digits", "--count", 20, *common).stdout
    )
    own = json.loads(command("accuracy", "digits-w1a2", *ours, *common).stdout)
    assert own["dataset"] == "x.npy"
    assert own["points"] == named["points"]
    assert own["accuracy_without_errors"] == named["accuracy_without_errors"]
    # Floats that are whole numbers, and labels in a column, say the same.
    np.save(tmp_path / "x.npy", found.codes.astype(np.float32))
    np.save(tmp_path / "y.npy", found.labels[:, None].astype(np.float64))
    assert json.loads(command("accuracy", "digits-w1a2", *ours, *common).stdout) == own
    text = command("run", "digits-w1a2", *ours, "--samples", 0).stdout
    assert f"{own['accuracy_without_errors']:.2%} right" in text
    # All classes but the right ones are wrong.
    np.save(tmp_path / "y.npy", (found.labels + 1) % 10)
    wrong = json.loads(command("accuracy", "digits-w1a2", *ours, *common).stdout)
    right = round(20 * own["accuracy_without_errors"])
    assert wrong["accuracy_without_errors"] <= (20 - right) / 20


def test_what_is_refused_of_images_of_ones_own(refused, tmp_path):
    prepared(tmp_path)
    found = digits(tmp_path)
    common = ("accuracy", "digits-w1a2", "--lut", "t.h5", "--images", "x.npy")
    refused(*common, "give them with --labels")
    refused(*common, "--labels", "none.npy", "there is no file of labels none.npy")
    refused(*common, "--labels", "y.npy", "--count", 3, "choose images of a --dataset")
    refused(*common, "--labels", "y.npy", "--input-scale", "0.5", "--input-scale is of")
    refused(*common, "--labels", "y.npy", "--highest", 3, "whole numbers from 0 to 3")
    refused(
        "accuracy", "digits-w1a2", "--dataset", "digits", "--labels", "y.npy", "are of --images"
    )
    refused("accuracy", "digits-w1a2", "one of the arguments --images --dataset is required")
    for labels, words in (
        (found.labels[:-1], "19 labels for 20 images"),
        (found.labels + 0.5, "whole numbers from 0"),
        (found.labels - 5, "whole numbers from 0"),
        (np.full(20, 1e18), "whole numbers from 0"),
        (np.zeros((20, 10)), "labels of the shape (20, 10)"),
        (np.full(20, 11), "no scores of 20 images in 12 classes"),
        (np.zeros(0), "is not an array of labels"),
    ):
        np.save(tmp_path / "bad.npy", labels)
        refused(*common, "--labels", "bad.npy", words)
