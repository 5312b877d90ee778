"""Output files: refused before work, replaced only by complete ones."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from mramcim.errors import CommandError
from mramcim.outputs import check_outputs, write_file, write_json, write_text


def test_good_places_are_accepted_and_left_untouched(tmp_path):
    (tmp_path / "old.json").write_text("kept")
    check_outputs(
        {
            "--json": str(tmp_path / "old.json"),
            "--csv": str(tmp_path / "new.csv"),
            "--plot": str(tmp_path / "new.PNG"),
            "-o": str(tmp_path / "table.h5"),
        }
    )
    assert [path.name for path in tmp_path.iterdir()] == ["old.json"]
    assert (tmp_path / "old.json").read_text() == "kept"


def test_standard_output_and_absent_flags_are_not_checked():
    check_outputs({"--json": "-", "--csv": None})


def test_a_device_is_written_in_place():
    check_outputs({"--json": "/dev/null", "--csv": "/dev/null"})
    write_text("/dev/null", "gone")


@pytest.mark.parametrize(
    ("flag", "name", "said"),
    [
        ("--csv", "absent/a.csv", "does not exist"),
        ("--csv", "file/a.csv", "does not exist"),
        ("--csv", "folder", "is a folder"),
        ("--csv", "locked.csv", "is read-only"),
        ("--csv", "closed/a.csv", "cannot be written"),
        ("--plot", "a.txt", "not a picture's name"),
        ("--plot", "a", "not a picture's name"),
        ("--json", "plan.toml", "put --json last"),
    ],
)
def test_bad_places_are_refused_by_name(tmp_path, monkeypatch, flag, name, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "closed").mkdir(mode=0o555)
    (tmp_path / "locked.csv").write_text("")
    (tmp_path / "locked.csv").chmod(0o444)
    with pytest.raises(CommandError, match=said) as caught:
        check_outputs({flag: name})
    assert name in str(caught.value)


def test_one_file_is_not_written_twice_nor_over_an_input(tmp_path):
    table = tmp_path / "table"
    table.write_text("")
    with pytest.raises(CommandError, match="both name"):
        check_outputs({"--json": str(tmp_path / "a"), "--csv": str(tmp_path / "." / "a")})
    with pytest.raises(CommandError, match="replace an input"):
        check_outputs({"--csv": str(table)}, inputs=[None, str(table)])


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail(temporary):
        temporary.write_text("half")
        raise RuntimeError("cut off")

    with pytest.raises(RuntimeError, match="cut off"):
        write_file(str(path), fail)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_and_permissions_are_kept(tmp_path):
    path = tmp_path / "real.txt"
    path.write_text("old")
    path.chmod(0o640)
    link = tmp_path / "link.txt"
    link.symlink_to(path)
    write_text(str(link), "new")
    assert link.is_symlink()
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o640


def test_json_has_no_nan_and_takes_arrays(capsys):
    write_json("-", {"a": np.arange(2), "b": math.nan, 3: (np.float64(1.5), np.int8(2), None)})
    text = capsys.readouterr().out
    assert "NaN" not in text
    assert json.loads(text) == {"a": [0, 1], "b": None, "3": [1.5, 2, None]}
