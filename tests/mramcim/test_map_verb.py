"""`mramcim map`: text, JSON that can be explained, and refusals."""

from __future__ import annotations

import json


def test_it_prints_the_mapping_and_its_report(command, tmp_path) -> None:
    words = ("--for", "product", "--area", "0.5", "--samples", "0")
    text = command("map", "lenet5", *words, "--json", "m.json").stdout
    assert text.startswith("mapping for the least product; ")
    assert "double buffer" in text
    assert "energy" in text
    content = json.loads((tmp_path / "m.json").read_text())
    assert content["search"]["gap"] == 0
    assert content["total"]["area_m2"] <= 0.5e-6
    copies = [layer["choice"]["copies"] for layer in content["layers"] if layer["choice"]]
    assert max(copies) > 1
    assert "lenet5, layer conv1" in command("explain", "m.json", "--layer", "conv1").stdout


def test_bad_input_is_one_sentence(refused) -> None:
    refused("map", "lenet5", "--for", "beauty", "there is no objective")
    refused("map", "lenet5", "--throughput", "0", "--throughput is above 0")
    refused("map", "lenet5", "--latency", "-1", "the latency limit is a number above 0")
    refused("map", "nothing", "there is no network")


def test_within_an_area_and_a_time_is_one_command(command, tmp_path) -> None:
    words = ("map", "lenet5", "--area", "0.5", "--samples", "0")
    text = command(*words, "--throughput", "8000", "--json", "m.json").stdout
    assert "within area 0.5 mm2, latency 0.125 ms" in text
    total = json.loads((tmp_path / "m.json").read_text())["total"]
    assert total["latency_s"] <= 0.125e-3
    assert total["area_m2"] <= 0.5e-6


def test_nothing_within_tells_the_nearest_with_exit_code_one(command, tmp_path) -> None:
    words = ("map", "lenet5", "--area", "0.3", "--latency", "0.1", "--samples", "0")
    text = command(*words, "--json", "m.json", code=1).stdout
    assert "lenet5: no mapping stays within area 0.3 mm2, latency 0.1 ms" in text
    misses = json.loads((tmp_path / "m.json").read_text())["nearest_misses"]
    assert misses
    for miss in misses:
        assert miss["over"]
        assert f"{1e6 * miss['energy']:.4g} uJ" in text
    text = command("map", "lenet5", "--capacity", "100", "--samples", "0", code=1).stdout
    assert "100 cells" in text
    assert "sub-arrays of 65536 cells" in text
