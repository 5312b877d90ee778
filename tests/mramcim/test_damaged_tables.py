"""Every verb that computes with a table refuses one that is not what was written."""

from __future__ import annotations

import shutil

import h5py
import pytest

from lut import reference_path

PLAN = """
benches = ["wire"]
[axes]
corner = ["tt"]
vdd = ["1.0 V"]
temperature = ["27 degC"]
rows = [64]
columns = [64]
"""


@pytest.fixture
def damaged(tmp_path):
    """The shipped table with one bit of an energy turned over."""
    path = tmp_path / "damaged.h5"
    shutil.copy(reference_path(), path)
    with h5py.File(path) as file:
        place = file["and2/energy"].id.get_offset() + 3
    image = bytearray(path.read_bytes())
    image[place] ^= 0x10
    path.write_bytes(image)
    return path


@pytest.fixture
def changed(tmp_path):
    """The shipped table with a margin that somebody changed by another program."""
    path = tmp_path / "changed.h5"
    shutil.copy(reference_path(), path)
    with h5py.File(path, "a") as file:
        file["and2/margin"][0, 0, 0, 0, 0] *= 2
    return path


READERS = [
    ("estimate", "lenet5", "--weights", 1, "--activations", 4, "--lut", "{}"),
    ("map", "lenet5", "--lut", "{}"),
    ("lut", "info", "{}"),
    ("lut", "diff", "{}", reference_path()),
    ("lut", "diff", reference_path(), "{}"),
    ("lut", "merge", reference_path(), "{}", "-o", "out.h5"),
    ("lut", "export", "{}", "--group", "read", "-o", "out.csv"),
    ("reproduce", "--lut", "{}"),
    ("study", "comparator", "--lut", "{}"),
]


@pytest.mark.parametrize("words", READERS, ids=lambda words: " ".join(map(str, words[:2])))
def test_every_reader_refuses_it_and_names_the_group(refused, damaged, changed, words):
    for path in (damaged, changed):
        message = refused(*(path if word == "{}" else word for word in words), "group 'and2'")
        assert "another copy" in message


def test_so_does_a_night_with_such_a_baseline(here, damaged, changed, tmp_path):
    (tmp_path / "plan.toml").write_text(PLAN)
    for path in (damaged, changed):
        words = ("nightly", "plan.toml", "--report", f"{path.stem}-night", "--baseline", path)
        assert "group 'and2'" in here(*words, code=2).err


def test_check_tells_it_and_seal_takes_over_what_was_meant(here, refused, damaged, changed):
    assert "the numbers of group 'and2'" in refused("lut", "check", damaged, "damaged")
    told = here("lut", "check", changed, code=1)
    assert "group 'and2' is not what was written" in str(told)
    refused("lut", "seal", damaged, "-o", "new.h5", "damaged")
    here("lut", "seal", changed, "-o", "new.h5")
    here("lut", "check", "new.h5", code=0)
    refused("lut", "seal", changed, "-o", changed, "would replace an input")
