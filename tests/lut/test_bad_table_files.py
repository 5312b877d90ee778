"""A path that holds no whole table of this version is told in one sentence, never a traceback."""

from __future__ import annotations

import os

import h5py
import numpy as np
import pytest

import lut.table
from lut import SCHEMA_VERSION, Table, TableError, check, reference_path
from lut.model import Content

CHANGED = (
    "{} is not what was written: its digest differs; make it again or take another copy; what was "
    "changed on purpose, `mramcim lut seal` takes over"
)


@pytest.fixture(autouse=True)
def _read_here(monkeypatch):
    """What is done here to files is survived; reading each elsewhere first takes its time."""
    monkeypatch.setattr("lut.hdf5.require_survivable", lambda path: None)


def refusal(path) -> str:
    """The sentence with which both ways of opening refuse `path`."""
    with pytest.raises(TableError) as caught:
        Table.open(path)
    with pytest.raises(TableError) as checked:
        check(path)
    message = str(caught.value)
    assert str(checked.value) == message
    assert "\n" not in message
    assert str(path) in message
    return message


@pytest.fixture
def path(whole_table):
    return whole_table


def without_seal(path) -> bytearray:
    """The HDF5 file alone, as tables before schema 5 are, and those that libhdf5 changed."""
    image = path.read_bytes()
    return bytearray(image[: int.from_bytes(image[40:48], "little")])


def test_missing_file_folder_and_pipe(tmp_path):
    assert "there is no table" in refusal(tmp_path / "none.h5")
    assert "is a folder" in refusal(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    assert "not a regular file" in refusal(tmp_path / "pipe")


@pytest.mark.parametrize(
    "content", [b"", b"energy,delay\n1,2\n", b"\x89HDF\r\n\x1a", b"PK\x03\x04"]
)
def test_foreign_file(tmp_path, content):
    path = tmp_path / "foreign.h5"
    path.write_bytes(content)
    assert "is not an HDF5 file" in refusal(path)


def test_foreign_hdf5_file(tmp_path):
    path = tmp_path / "foreign.h5"
    with h5py.File(path, "w") as file:
        file["data"] = np.arange(3)
    assert "not a table of mramcim" in refusal(path)


@pytest.mark.parametrize("kept", [0.001, 0.1, 0.5, 0.9, 0.999])
def test_truncated_file(path, kept):
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    assert "truncated or damaged" in refusal(path)


def test_a_file_with_its_last_byte_missing(path):
    path.write_bytes(path.read_bytes()[:-1])
    assert "truncated or damaged" in refusal(path)


@pytest.mark.parametrize(
    ("shape", "layout"),
    [
        ((2**46,), {}),
        ((2**46,), {"chunks": (64,)}),
        ((4 * 10**9,), {"chunks": (2**20,), "compression": "gzip"}),
        ((2**31, 2**30), {"chunks": (64, 64)}),  # 2^64 bytes.
    ],
)
def test_a_dataset_that_claims_more_than_the_file_holds_is_not_fetched(path, shape, layout):
    with h5py.File(path, "a") as file:  # Never filled.
        huge = file["cell"].create_dataset("huge", shape=shape, dtype="f8", **layout)
        huge.make_scale("huge")
    assert "cell/huge claims to be larger than the file" in refusal(path)


def test_a_dataset_that_is_compressed_to_less_than_its_size_is_sound(path):
    size = path.stat().st_size
    with h5py.File(path, "a") as file:
        file["cell"].create_dataset(
            "long", data=np.arange(10.0 * size), compression="gzip", shuffle=True
        ).make_scale("long")
    unknown, changed = check(path)
    assert unknown == "cell: unknown axis 'long' (the group has no axes)"
    assert changed.startswith("group 'cell' is not what was written: its digest differs")


@pytest.mark.parametrize("name", [b"flag_values", b"flag_meanings", b"ngspice_version", b"and2"])
def test_a_name_that_is_not_utf8(path, name):
    whole = path.read_bytes()
    assert name + b"\0" in whole
    path.write_bytes(whole.replace(name + b"\0", b"\xff" + name[1:] + b"\0"))
    assert "truncated or damaged" in refusal(path)


@pytest.mark.parametrize("signature", [b"SNOD", b"TREE", b"HEAP", b"GCOL"])
def test_a_file_with_a_damaged_inner_structure(path, signature):
    whole = path.read_bytes()
    assert whole.count(signature) > 1
    start = whole.rindex(signature)
    path.write_bytes(whole[:start] + b"\0\0\0\0" + whole[start + 4 :])
    assert "truncated or damaged" in refusal(path)


@pytest.mark.parametrize(
    "header",
    [
        bytes(16),  # libhdf5 steps over this object for ever.
        b"\0" * 8 + b"\x08" + b"\0" * 7,
        b"\x01" + b"\0" * 7 + b"\xf0" + b"\xff" * 7,
        b"\x01" + b"\0" * 7 + b"\0\0\x01\0\0\0\0\0",
    ],
)
@pytest.mark.parametrize("behind", [0, 16])
def test_a_heap_whose_objects_lead_nowhere(path, header, behind):
    image = without_seal(path)
    first = image.index(b"GCOL") + 16
    if behind:
        # Free space, and the object behind it: libhdf5 reads on there.
        image[first : first + 16] = bytes(8) + behind.to_bytes(8, "little")
    image[first + behind : first + behind + 16] = header
    path.write_bytes(image)
    assert f"impossible size at byte {first + behind}" in refusal(path)


def test_a_text_that_looks_like_a_heap_is_none(save, make_groups):
    path = save(make_groups("cell"), provenance={"note": "GCOL and no heap"}, title="GCOL")
    with h5py.File(path, "a") as file:
        file["cell"].attrs["device"] = "GCOL"  # Stored anew, behind which space is free.
    assert path.read_bytes().count(b"GCOL") > 3
    assert check(path) == [CHANGED.format("group 'cell'")]


def test_unreadable_file(path, monkeypatch):
    def refuse(self, *args):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(type(path), "open", refuse)  # File modes do not bind a superuser.
    assert "Permission denied; check its permissions" in refusal(path)


def test_wrong_schema_version(path):
    with h5py.File(path, "a") as file:
        file.attrs["schema_version"] = "9"
        file.attrs["mramcim_version"] = "9.0"
    message = refusal(path)
    assert "schema version '9'" in message
    assert f"reads '{SCHEMA_VERSION}'" in message
    assert "9.0" in message


def test_an_old_version_is_converted_by_the_registry(path, monkeypatch):
    with h5py.File(path, "a") as file:
        file.attrs["schema_version"] = "0"
        file.move("and2", "and")
        del file.attrs["digests"]

    def convert(old: Content) -> Content:
        groups = {{"and": "and2"}.get(name, name): group for name, group in old.groups.items()}
        return Content(
            SCHEMA_VERSION,
            old.mramcim_version,
            old.ngspice_version,
            old.provenance,
            groups,
            old.title,
        )

    assert "schema version '0'" in refusal(path)
    monkeypatch.setitem(lut.table.CONVERTERS, "0", convert)
    table = Table.open(path)
    assert table.schema_version == SCHEMA_VERSION
    assert "and2" in table.groups
    assert "and" not in table.groups


def _edit_link(file):
    del file["cell"]
    file["cell"] = h5py.ExternalLink("other.h5", "/cell")


def _edit_scale(file):
    file["and2/energy"].dims[1].detach_scale(file["and2/vdd"])


def _edit_foreign_scale(file):
    file["and2/energy"].dims[1].detach_scale(file["and2/vdd"])
    file["and2/energy"].dims[1].attach_scale(file["or2/vdd"])


def _edit_order(file):
    file["and2/vdd"][...] = [1.1, 1.0, 0.9]


def _edit_compound(file):
    del file["cell/area"]
    file["cell/area"] = np.zeros((), dtype=[("a", "f8"), ("b", "i4")])


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (lambda f: f.create_group("and3"), "unknown group 'and3'"),
        (lambda f: f.create_dataset("loose", data=1.0), "'loose' at the root is not a group"),
        (lambda f: f.create_group("and2/deeper"), "'and2/deeper' is not a dataset"),
        (lambda f: f["and2"].create_dataset("power", data=1.0), "and2: unknown variable 'power'"),
        (lambda f: f["and2/energy"].attrs.create("units", "pJ"), "units are 'pJ', the schema has"),
        (lambda f: f["and2/energy"].attrs.__delitem__("units"), "and2/energy: units are ''"),
        (lambda f: f["read/vdd"].attrs.__delitem__("long_name"), "read/vdd: long_name"),
        (lambda f: f["read/outcome"].write_direct(np.full((2, 3, 3, 2, 2), 9, "i1")), "outcome 9"),
        (lambda f: f["read/outcome"].attrs.create("flag_meanings", "bad ok"), "flag_meanings"),
        (lambda f: f.attrs.__delitem__("title"), "text attribute 'title'"),
        (lambda f: f.attrs.create("provenance", "{half"), "'provenance' is not JSON"),
        (lambda f: f.attrs.create("provenance", "[1]"), "'provenance' is not a JSON object"),
        (lambda f: f["cell"].create_dataset("empty", data=h5py.Empty("f8")), "not a dataset of v"),
        (_edit_link, "'cell' at the root is not a group"),
        (_edit_scale, "'and2/energy' has a dimension without a scale in its group"),
        (_edit_foreign_scale, "'and2/energy' has a dimension without a scale in its group"),
        (_edit_order, "and2/vdd: coordinates do not strictly increase"),
        (_edit_compound, "cell/area: values are"),
    ],
)
def test_departures_from_the_schema_are_listed_by_check_and_refused_by_open(path, edit, told):
    with h5py.File(path, "a") as file:
        edit(file)
    assert any(told in problem for problem in check(path)), check(path)
    with pytest.raises(TableError, match="does not conform to the schema") as caught:
        Table.open(path)
    assert "\n" not in str(caught.value)


def test_without_a_reference_table_its_absence_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(lut.table, "reference_path", lambda: tmp_path / "reference.h5")
    with pytest.raises(TableError, match=r"no reference table .*; make one with `mramcim"):
        Table.open()


def test_the_reference_table_is_opened_when_none_is_named(monkeypatch, path):
    assert reference_path().parts[-3:] == ("lut", "data", "reference.h5")
    monkeypatch.setattr(lut.table, "reference_path", lambda: path)
    table = Table.open()
    assert table.path == path
    assert table.name == "table.h5"
