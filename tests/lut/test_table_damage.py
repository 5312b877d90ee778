"""A bit that flips in a table's file shows, or changes nothing that is read."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from lut import Table, TableError, broken_laws, check
from lut.seal import _FOOTER

FLIPS = 60
MANY_FLIPS = 1500


def flipped(image: bytes, draw: random.Random) -> tuple[bytes, int]:
    place = draw.randrange(8 * len(image))
    damaged = bytearray(image)
    damaged[place // 8] ^= 1 << place % 8
    return bytes(damaged), place


def outcome(path: Path) -> str:
    """What opening says: "" where it takes the file."""
    try:
        Table.open(path)
    except TableError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("seed", "count"), [(1, FLIPS), pytest.param(2, MANY_FLIPS, marks=pytest.mark.slow)]
)
def test_every_flipped_bit_of_a_table_is_noticed(whole_table, tmp_path, seed, count):
    image, draw = whole_table.read_bytes(), random.Random(seed)
    path = tmp_path / "flipped.h5"
    missed = []
    for _ in range(count):
        damaged, place = flipped(image, draw)
        path.write_bytes(damaged)
        told = outcome(path)
        if "flipped.h5" not in told or "\n" in told:
            missed.append((place, told))
    assert not missed


def test_a_table_of_any_length_but_its_own_is_noticed(whole_table, tmp_path):
    image, draw = whole_table.read_bytes(), random.Random(3)
    path = tmp_path / "cut.h5"
    lengths = [draw.randrange(len(image)) for _ in range(20)] + [0, 1, 8, 64, len(image) - 1]
    # Cut where the HDF5 file ends it is one without a seal, which other programs write too.
    for length in lengths:
        path.write_bytes(image[:length])
        assert "cut.h5" in outcome(path), length
    path.write_bytes(image + b"\0")
    assert "cut.h5" in outcome(path)


def unsealed(path: Path) -> bytes:
    """The HDF5 file alone, as a program leaves it that has changed it."""
    import h5py

    with h5py.File(path, "r+") as file:
        file.attrs["title"] = file.attrs["title"]
    return path.read_bytes()


@pytest.mark.parametrize(("seed", "count"), [(4, 6), pytest.param(5, 300, marks=pytest.mark.slow)])
def test_without_the_seal_a_flip_is_noticed_or_changes_nothing(whole_table, tmp_path, seed, count):
    path = tmp_path / "flipped.h5"
    path.write_bytes(whole_table.read_bytes())
    image, draw = unsealed(path), random.Random(seed)
    before = Table.open(whole_table)
    for _ in range(count):
        damaged, place = flipped(image, draw)
        path.write_bytes(damaged)
        told = outcome(path)
        if told:
            assert "flipped.h5" in told, place
        else:
            after = Table.open(path)
            for name, group in before.groups.items():
                for key, variable in group.variables.items():
                    found = after[name].variables[key].values
                    assert found.tobytes() == variable.values.tobytes(), (place, name, key)


def test_a_number_changed_by_another_program_is_noticed_until_it_is_sealed(whole_table, tmp_path):
    import h5py

    path = tmp_path / "changed.h5"
    path.write_bytes(whole_table.read_bytes())
    with h5py.File(path, "r+") as file:
        file["and2/margin"][...] *= 1.01
    assert "'and2'" in outcome(path)
    (problem,) = check(path)
    assert "'and2'" in problem
    command = [sys.executable, "-m", "mramcim", "estimate", "lenet5", "--lut", str(path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "'and2'" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_other_programs_see_a_sealed_file_as_any_other(whole_table):
    import h5py

    assert len(whole_table.read_bytes()) > _FOOTER
    with h5py.File(whole_table) as file:
        assert set(file) == set(Table.open(whole_table).groups)


def test_a_table_that_is_being_written_is_in_use_and_not_damaged(whole_table):
    import h5py

    with h5py.File(whole_table, "r+"):
        assert "in use" in outcome(whole_table)
        command = [sys.executable, "-m", "mramcim", "lut", "info", str(whole_table)]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ended.returncode == 2
        assert "in use" in ended.stderr


def test_the_shipped_table_breaks_no_law():
    from lut import reference_path

    assert not broken_laws(Table.open(reference_path()).groups)
    assert not check(reference_path())
