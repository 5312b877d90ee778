"""`mramcim compare`: text, JSON, and refusals."""

from __future__ import annotations

import json


def test_two_reports_are_held_against_each_other(here, tmp_path) -> None:
    words = ("estimate", "lenet5", "--samples", "0")
    here(*words, "--json", "a.json")
    here(*words, "--set", "copies=2", "--json", "b.json")
    text = here("compare", "a.json", "b.json").out
    assert text.startswith("LeNet-5 (b.json) over LeNet-5 (a.json)") or "(b.json) over" in text
    assert "conv1" in text
    assert "leakage" in text
    content = json.loads(here("compare", "a.json", "b.json", "--json").out)
    assert content["format"] == "mramcim-differences/1"
    assert content["chosen"] == {"copies": [1, 2]}
    largest = content["layer_components_J"][0]
    assert largest["layer"] in text
    assert f"{1e6 * largest['change']:.4g}" in text
    assert len(here("compare", "a.json", "b.json", "--full").out) > len(text)


def test_bad_input_is_one_sentence(here, refused, tmp_path) -> None:
    here("estimate", "lenet5", "--samples", "0", "--json", "a.json")
    (tmp_path / "text.json").write_text("text")
    (tmp_path / "list.json").write_text("[]")
    refused("compare", "a.json", "none.json", "there is no report none.json")
    refused("compare", "a.json", "text.json", "text.json is not a readable report")
    refused("compare", "list.json", "a.json", "list.json: this is not a report")
    refused("compare", "a.json", "a.json", "--json", "a.json", "would replace an input")
