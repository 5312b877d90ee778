"""A table is what was written, or it is refused: digests of its content, a seal over its bytes."""

from __future__ import annotations

import hashlib
import random
import re
from pathlib import Path

import h5py
import numpy as np
import pytest

from lut import Table, TableError, check, examine, reference_path, take_over
from lut.hdf5 import decode
from lut.seal import require_intact

OLD = Path(__file__).parents[1] / "data" / "tables" / "schema-3.h5"
# Of the shipped table as it was before it had digests (schema 4), by the function below.
REFERENCE = "a71100449ef20b24a75b5ea34c29dd793d362026d9b51b32723f80df1120044d"


def test_the_shipped_table_has_the_bits_that_it_had_before_it_had_digests():
    digest, datasets = hashlib.sha256(), 0
    with h5py.File(reference_path()) as file:
        assert file.attrs["schema_version"] == "5"
        for group in sorted(file):
            for name in sorted(file[group]):
                item = file[group][name]
                text = h5py.check_string_dtype(item.dtype) is not None
                image = "\0".join(item.asstr()[()]).encode() if text else item[()].tobytes()
                head = f"{group}/{name} {item.shape} {item.attrs['units']}\0"
                digest.update(head.encode() + image)
                datasets += 1
        for name in ("mramcim_version", "ngspice_version", "provenance", "title"):
            digest.update(file.attrs[name].encode())
    assert (digest.hexdigest(), datasets) == (REFERENCE, 258)
    assert require_intact(reference_path())
    assert Table.open().verified


@pytest.fixture
def path(save, make_groups) -> Path:
    return save(make_groups("and2", "write", "cell"))


def flipped(path: Path, images: list[bytes | bytearray]) -> tuple[int, int]:
    """How many of the damaged images of a table are refused, and how many read as before."""
    whole, noticed, same = path.read_bytes(), 0, 0
    before = decode(path).content
    for image in images:
        path.write_bytes(image)
        told = refusal(path)
        if told is None:
            assert_same(decode(path).content, before)
            same += 1
        else:
            assert "\n" not in told
            assert str(path) in told
            noticed += 1
    path.write_bytes(whole)
    return noticed, same


def refusal(path: Path) -> str | None:
    try:
        Table.open(path)
    except TableError as error:
        return str(error)
    return None


def assert_same(content, before):
    assert content.provenance == before.provenance
    for name in ("schema_version", "mramcim_version", "ngspice_version", "title"):
        assert getattr(content, name) == getattr(before, name)
    assert content.groups.keys() == before.groups.keys()
    for name, group in content.groups.items():
        other = before.groups[name]
        assert group.attributes == other.attributes
        for kind in ("axes", "variables"):
            assert getattr(group, kind).keys() == getattr(other, kind).keys()
            for key, found in getattr(group, kind).items():
                known = getattr(other, kind)[key]
                assert (found.units, found.long_name) == (known.units, known.long_name)
                assert np.array(found.values).tobytes() == np.array(known.values).tobytes()


def flips(image: bytes, count: int, seed: int) -> list[bytearray]:
    """Copies of a file, each with one bit turned over."""
    chance = random.Random(seed)
    found = []
    for _ in range(count):
        copy = bytearray(image)
        bit = chance.randrange(8 * len(image))
        copy[bit // 8] ^= 1 << bit % 8
        found.append(copy)
    return found


@pytest.mark.parametrize("count", [300, pytest.param(3000, marks=pytest.mark.slow)])
def test_every_flipped_bit_of_a_table_is_noticed(path, count):
    """The figures on the page of the table's format."""
    assert flipped(path, flips(path.read_bytes(), count, seed=17)) == (count, 0)


def test_every_flipped_bit_of_the_seal_and_the_superblock_is_noticed(path):
    whole = path.read_bytes()
    end = int.from_bytes(whole[40:48], "little")
    places = [*range(96), *range(end, end + 200), *range(len(whole) - 200, len(whole))]
    images = []
    for place in places:
        images.append(bytearray(whole))
        images[-1][place] ^= 1 << place % 8
    assert flipped(path, images) == (len(images), 0)


@pytest.mark.parametrize("count", [8, pytest.param(100, marks=pytest.mark.slow)])
def test_without_a_seal_a_flipped_bit_is_noticed_or_changes_nothing(path, count):
    """As of a table that another HDF5 program has laid out anew."""
    whole = path.read_bytes()
    images = flips(whole[: int.from_bytes(whole[40:48], "little")], count, seed=3)
    noticed, same = flipped(path, images)
    assert noticed + same == count
    assert noticed > same


def test_damage_that_libhdf5_does_not_survive_is_told_all_the_same(path):
    """The kind of an attribute's type: a text that is said to be a list of something."""
    whole = path.read_bytes()
    image = bytearray(whole[: int.from_bytes(whole[40:48], "little")])
    for found in list(re.finditer(rb"long_name\0+\x19\x01", image))[:3]:
        image[found.end()] ^= 8
    path.write_bytes(image)
    with pytest.raises(TableError, match="truncated or damaged"):
        Table.open(path)


def test_cut_short_anywhere_it_is_refused_or_whole(path):
    whole = path.read_bytes()
    end = int.from_bytes(whole[40:48], "little")
    kept = [0, 7, 40, 95, end // 2, end - 1, end + 1, end + 50, len(whole) - 100, len(whole) - 1]
    assert flipped(path, [whole[:length] for length in kept]) == (len(kept), 0)
    assert flipped(path, [whole[:end], whole + b"\0", whole + whole]) == (2, 1)


def test_damaged_numbers_are_told_with_their_group(path):
    image = bytearray(path.read_bytes())
    with h5py.File(path) as file:
        place = file["and2/energy"].id.get_offset()
    image[place + 6] ^= 1
    path.write_bytes(image)
    for reader in (Table.open, check):
        with pytest.raises(TableError, match=r"\(the numbers of group 'and2' are not those that"):
            reader(path)


def turn(file, name, factor=1.0 + 1e-15):
    file[name][...] = file[name][...] * factor


def rename(file):
    file.move("cell", "wire")


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (lambda f: turn(f, "and2/energy"), "group 'and2'"),
        (lambda f: turn(f, "and2/vdd"), "group 'and2'"),
        (lambda f: turn(f, "write/outcome", 0) or turn(f, "cell/area", -1.0), "group 'cell'"),
        (lambda f: f["write/rows"].write_direct(np.array([64, 257])), "group 'write'"),
        (lambda f: f["write/energy"].attrs.modify("long_name", "of something"), "group 'write'"),
        (lambda f: f["and2"].attrs.modify("bias_current", 5.1e-6), "group 'and2'"),
        (lambda f: f["and2"].attrs.__delitem__("bias_current"), "group 'and2'"),
        (lambda f: f["and2"].attrs.create("note", "mine"), "group 'and2'"),
        (lambda f: f["write/energy"].attrs.create("source", "mine"), "group 'write'"),
        (lambda f: f["and2"].__delitem__("peak_current"), "group 'and2'"),
        (lambda f: f.__delitem__("write"), "what the root says"),
        (lambda f: f.attrs.modify("title", "better"), "what the root says"),
        (lambda f: f.attrs.modify("ngspice_version", "40"), "what the root says"),
        (lambda f: f.attrs.modify("provenance", '{"seed": 8}'), "what the root says"),
        (lambda f: f.attrs.modify("schema_version", "4"), "what the root says"),
        (lambda f: f.attrs.modify("digests", "{}"), "has no digest"),
        (lambda f: f.attrs.modify("digests", "none"), "is not a JSON object"),
        (lambda f: f.attrs.create("digests", 1), "has no text attribute 'digests'"),
        (lambda f: f.attrs.__delitem__("digests"), "has no text attribute 'digests'"),
    ],
)
def test_what_another_program_changed_is_refused_and_taken_over_only_on_purpose(
    path, edit, told, monkeypatch
):
    # It is sound to libhdf5; reading it elsewhere first only takes its time.
    monkeypatch.setattr("lut.hdf5.require_survivable", lambda path: None)
    with h5py.File(path, "a") as file:
        edit(file)
    with pytest.raises(TableError, match="was damaged or changed: ") as caught:
        Table.open(path)
    assert told in str(caught.value)
    assert "another copy" in str(caught.value)
    assert any(told in problem for problem in check(path))
    again = path.with_name("again.h5")
    assert any(told in text for text in take_over(path, again))
    assert Table.open(again).verified
    assert_same(decode(again).content, Table.open(again))


def test_laid_out_anew_by_another_program_it_is_the_same_table(path):
    whole, before = path.read_bytes(), decode(path).content
    with h5py.File(path, "a") as file:
        title = file.attrs["title"]
        file["large"] = np.arange(1000.0)
        file.attrs["title"] = title
        del file["large"]
    assert path.read_bytes()[: 1 << 16] != whole[: 1 << 16]
    assert not require_intact(path)
    assert check(path) == []
    assert Table.open(path).verified
    assert_same(decode(path).content, before)


def test_an_old_table_is_read_with_a_remark(tmp_path):
    table = Table.open(OLD)
    assert not table.verified
    findings = examine(OLD)
    assert findings.problems == []
    assert "has no digests" in findings.remarks[0]
    assert take_over(OLD, tmp_path / "new.h5") == []
    assert Table.open(tmp_path / "new.h5").verified
    assert examine(tmp_path / "new.h5").remarks == []


def test_reading_an_old_table_runs_nothing_of_the_working_folder(tmp_path, monkeypatch):
    for name in ("lut", "h5py", "numpy", "json"):
        (tmp_path / f"{name}.py").write_text("import pathlib; pathlib.Path('run').touch()")
    monkeypatch.chdir(tmp_path)
    copy = tmp_path / "old.h5"
    copy.write_bytes(OLD.read_bytes())
    assert not Table.open("old.h5").verified
    assert not (tmp_path / "run").exists()
