"""Design and device files: what is shipped loads, every mistake is one sentence."""

import re

import pytest

from circuits import DesignError, design_names, device_names, load_design, load_device
from circuits.design import DESIGN_FOLDER
from circuits.magnet_parameters import DEVICE_FOLDER


def changed(tmp_path, source, pattern, replacement):
    text = source.read_text()
    new, count = re.subn(pattern, replacement, text, count=1, flags=re.M)
    assert count == 1, pattern
    path = tmp_path / source.name
    path.write_text(new)
    return path


def test_shipped_sets_load():
    assert design_names() == [
        "cancelled",
        "cancelled-read",
        "domain-wall",
        "inplane",
        "precharge",
        "strongarm",
        "stt",
    ]
    assert {"Fan2018", "OpenNVRAM2019", "UMN2015", "Zhang2026"} <= set(device_names())
    for name in design_names():
        load_design(name)
    for name in device_names():
        device = load_device(name)
        assert device.name == name
        for number in device.parameters.numbers.values():
            assert number.tag in ("measured", "fitted", "assumed")
            assert number.source


@pytest.mark.parametrize(
    ("pattern", "replacement", "said"),
    [
        (r"^name = .*$", "", "'name' is missing"),
        (r'^amplifier = "strongarm"', 'amplifier = "nose"', "unknown amplifier 'nose'"),
        (r'^device = "\w+"', 'device = "Nobody"', "unknown device 'Nobody'"),
        (r'^technology = "\w+"', 'technology = "generic7"', "unknown technology 'generic7'"),
        (r'^read_width = "300 nm"', 'read_width = "-300 nm"', "must be above 0"),
        (r'^read_width = "300 nm"', 'read_width = "30 nm"', "least width of 90 nm"),
        (r'^read_width = "300 nm"', 'read_width = "300 nV"', "measures voltage"),
        (r'^read_width = "300 nm"', 'read_width = "300 furlong"', "unknown unit 'furlong'"),
        (r'^read_width = "300 nm"', "read_width = 300", "must be text such as"),
        (r'^read_width = "300 nm"', 'read_width = "wide nm"', "wide"),
        (r"^segments = 2", "segments = 0", "whole number"),
        (r"^segments = 2", "segments = 2\ncolour = 1", "unknown key 'colour'"),
        (r"^\[timing\]", "[timings]", "unknown key 'timings'"),
        (r'^latch = "0.5 ns"', "", "'latch' in .timing. is missing"),
    ],
)
def test_a_mistake_in_a_design_is_one_sentence(tmp_path, pattern, replacement, said):
    path = changed(tmp_path, DESIGN_FOLDER / "strongarm.toml", pattern, replacement)
    with pytest.raises(DesignError, match=said) as caught:
        load_design(path)
    assert "\n" not in str(caught.value)


RA = r"^resistance_area_product = \{ value = 16.6, unit = \"ohm um\^2\""


@pytest.mark.parametrize(
    ("pattern", "replacement", "said"),
    [
        (RA, 'resistance_area_product = { value = -1, unit = "ohm um^2"', "must be above 0"),
        (RA, 'resistance_area_product = { value = 1, unit = "ohm"', "measures resistance"),
        (RA, 'resistance_area_product = { value = "1", unit = "ohm um^2"', "must be a number"),
        (r"^damping = ", "dumping = ", "unknown key 'dumping'"),
        (r"^damping = .*$", "", "'damping' .* is missing"),
        (r'^kind = "perpendicular"', 'kind = "diagonal"', "kind must be one of"),
        (r'tag = "measured"', 'tag = "guessed"', "tag must be one of"),
        (r'source = "[^"]*"', 'source = ""', "source must say"),
        (
            r"^free_layer_thickness = \{ value = 1.1",
            "free_layer_thickness = { value = 0.1",
            "thinner than",
        ),
        (
            r"^damping",
            'demagnetization_x = { value = 0, unit = "1", tag = "assumed", source = "x" }\ndamping',
            "all three",
        ),
    ],
)
def test_a_mistake_in_a_device_is_one_sentence(tmp_path, pattern, replacement, said):
    path = changed(tmp_path, DEVICE_FOLDER / "Zhang2026.toml", pattern, replacement)
    with pytest.raises(DesignError, match=said) as caught:
        load_device(path)
    assert "\n" not in str(caught.value)


def test_demagnetization_factors_must_sum_to_one(tmp_path):
    path = changed(
        tmp_path,
        DEVICE_FOLDER / "Fan2018.toml",
        r"^demagnetization_z = \{ value = 0.911",
        "demagnetization_z = { value = 0.8",
    )
    with pytest.raises(DesignError, match=r"sum to 0\.888"):
        load_device(path)


def test_a_users_own_files_are_taken_by_path(tmp_path):
    device = changed(tmp_path, DEVICE_FOLDER / "Zhang2026.toml", r"^name = .*$", 'name = "Mine"')
    design = changed(
        tmp_path, DESIGN_FOLDER / "strongarm.toml", r'^device = "\w+"', 'device = "Zhang2026.toml"'
    )
    assert load_design(design).device.name == "Mine"
    assert load_design(device=device).device.name == "Mine"
    assert load_design(device="Fan2018").device.name == "Fan2018"


def test_missing_files_are_named(tmp_path):
    for load in (load_design, load_device):
        with pytest.raises(DesignError, match="there is no"):
            load(tmp_path / "none.toml")
        with pytest.raises(DesignError, match="unknown"):
            load("none")


@pytest.mark.parametrize("name", ["../designs/strongarm", "./strongarm", "x" * 5000, "a\0b", ""])
def test_only_a_shipped_set_has_a_name(name):
    with pytest.raises(DesignError, match="unknown design") as refusal:
        load_design(name)
    assert len(str(refusal.value)) < 300
    absolute = str((DEVICE_FOLDER / "Zhang2026").resolve())
    with pytest.raises(DesignError, match="unknown device"):
        load_device(absolute)
