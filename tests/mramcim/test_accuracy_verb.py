"""`mramcim accuracy`: rows for supplies and temperatures, and what is refused."""

import json

from statistics_table import write_with_statistics

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
