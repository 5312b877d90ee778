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
    refused("map", "lenet5", "--area", "0.001", "no mapping stays within the limits")
    refused("map", "nothing", "there is no network")
