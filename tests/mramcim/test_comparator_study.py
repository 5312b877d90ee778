"""`mramcim study comparator`: tables of the shipped networks, and what is refused."""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stdout

import pytest

from accelerator.comparator.ratios import PUBLISHED
from accelerator.comparator.record import FOLDER, Record
from accelerator.reproduction.comparator import rows
from lut import Table
from mramcim.command import main


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What the study prints and writes, run once; what ships is used without PyTorch."""
    path, text = tmp_path_factory.mktemp("study") / "study.json", io.StringIO()
    with pytest.MonkeyPatch.context() as patched, redirect_stdout(text):
        patched.setitem(sys.modules, "torch", None)
        assert main(["study", "comparator", "--json", str(path)]) == 0
    return json.loads(path.read_text(encoding="utf-8")), text.getvalue()


@pytest.fixture
def study(told):
    return told[0]


def test_all_networks_are_costed_and_ratios_are_theirs(study):
    assert study["format"] == "mramcim-comparator-study/1"
    trained, shapes = study["parts"].values()
    record = Record.read()
    for part, widths in ((trained, {8}), (shapes, {8, 4, 2})):
        by_name = {(one["name"], one["activation_bits"]): one for one in part["results"]}
        names = {"cmpnet", "cmpnet, added in rows", "lbcnn", "cnn"}
        assert set(by_name) == {(name, bits) for name in names for bits in widths}
        for one in by_name.values():
            total = one["report"]["total"]
            assert one["energy_J"] == total["energy_J"]
            assert sum(total["components"].values()) == pytest.approx(one["energy_J"])
        for entry in part["ratios"]:
            figure = next(one for one in PUBLISHED if one.id == entry["id"])
            key = {"energy": "energy_J", "latency": "latency_s"}[figure.quantity]
            bits = entry["activation_bits"]
            mine, other = by_name[entry["network"], bits], by_name[figure.over, bits]
            assert entry["ours"] == pytest.approx(other[key] / mine[key])
    for one in trained["results"]:
        kind = one["name"].partition(",")[0]
        assert one["accuracy"] == record.find(kind, one["activation_bits"]).mean
        assert len(one["seeds"]) >= 3


def test_comparisons_take_less_than_multiplications_and_fewer_bits_narrow_it(study):
    _, shapes = study["parts"].values()
    ours = {
        entry["activation_bits"]: entry["ours"]
        for entry in shapes["ratios"]
        if (entry["id"], entry["network"]) == ("energy-over-cnn", "cmpnet")
    }
    assert ours[8] > ours[4] > ours[2] > 1


def test_operations_follow_from_the_configuration(study):
    for one in next(iter(study["parts"].values()))["results"]:
        found = one["operations"]
        compared = 4 * 32 * 64 if one["name"].startswith("cmpnet") else 0
        assert found["comparisons"] == compared
        assert (found["xor"] > 0) == bool(compared)
        assert (found["or"] > 0) == ("added" in one["name"])
        stem, scores = 64 * 16 * 9, 16 * 16 * 10
        spread, gather = 4 * 64 * 16 * 32 * 9, 4 * 64 * 32 * 16
        wanted = {
            "cmpnet": stem + gather + scores,
            "cmpnet, added in rows": stem + scores,
        }.get(one["name"], stem + spread + gather + scores)
        assert found["multiply_accumulates"] == wanted


def test_the_text_has_the_published_ratios(told):
    for words in ("energy of cnn over cmpnet", "published 94", "published 4.3", "+-", "lbcnn"):
        assert words in told[1]


def test_shipped_files_are_small_and_say_how_they_were_made():
    import onnx

    for path in FOLDER.iterdir():
        assert path.stat().st_size < 200_000
        if path.suffix == ".onnx":
            notes = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
            told = json.loads(notes["training"])
            trained = Record.read().find(told["configuration"]["kind"], 8)
            assert told["test"] == [trained.test[0]]


def test_rows_of_the_reproduction_have_ours_or_say_why_not():
    found = {row.id: row for row in rows(Table.open())}
    assert len(found) == 9
    assert found["cmp-pim-energy-over-cnn"].published == 94
    for row in found.values():
        assert row.source
        assert row.conditions
        assert (row.ours is None) == row.id.startswith("lbcnn")
        assert "not set beside" in row.assumptions or row.ours > 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--networks", "nowhere"), "is no record of trained networks"),
        (("--train", "x", "--networks", "y"), "give one"),
        (("--set", "nothing=1"), "there is no 'nothing'"),
        (("--train", "x", "--seeds", "a"), "is not whole numbers"),
        (("--lut", "missing.h5"), "missing.h5"),
    ],
)
def test_what_cannot_be_studied_is_refused(words, said, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main(["study", "comparator", *words]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())
