"""What numba keeps of a kernel is given back as it was kept, or not at all."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from files.kernels import KernelFile

DATA = {("int64", "x86"): (b"\x90" * 500, "name"), ("float64", "x86"): (b"\xc3" * 300, "other")}


@pytest.fixture
def path(tmp_path) -> Path:
    kept = KernelFile(tmp_path / "pack.kernel", "stamp")
    for key, data in DATA.items():
        kept.save(key, data)
    return tmp_path / "pack.kernel"


def loaded(path: Path, stamp: str = "stamp") -> list[object]:
    return [KernelFile(path, stamp).load(key) for key in DATA]


def test_data_come_back_under_their_key_and_stamp(path):
    assert loaded(path) == list(DATA.values())
    assert loaded(path, "another") == [None, None]
    assert KernelFile(path, "stamp").load("no key") is None


def test_what_is_damaged_is_not_there_and_is_kept_anew(path):
    whole = path.read_bytes()
    chance = random.Random(1)
    flipped = []
    for _ in range(200):
        image = bytearray(whole)
        image[chance.randrange(len(image))] ^= 1 << chance.randrange(8)
        flipped.append(bytes(image))
    for image in [b"", b"\x80", whole[:31], whole[:32], whole[:-1], whole + b"\0", *flipped]:
        path.write_bytes(image)
        assert loaded(path) == [None, None]
    key, data = next(iter(DATA.items()))
    KernelFile(path, "stamp").save(key, data)
    assert loaded(path) == [data, None]


def test_a_disk_that_takes_nothing_costs_only_the_cache(tmp_path):
    kept = KernelFile(tmp_path / "no folder" / "pack.kernel", "stamp")
    kept.save("key", "data")
    assert kept.load("key") is None
