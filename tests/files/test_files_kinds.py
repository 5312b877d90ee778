"""Checked sections and types, archives and rows: the right value, or one sentence."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from files import FileError, Section, digest, naming, read_csv, read_npz, read_toml, typed


def test_sections_give_values_of_their_kind_and_refuse_others():
    section = Section(
        {"a": "x", "b": True, "c": 2, "d": 0.5, "e": ["p", "q"], "f": {"g": 1}, "h": [[]]}, "f.toml"
    )
    assert section.text("a") == "x"
    assert section.flag("b", False) is True
    assert section.whole("c", 1, 3) == 2
    assert section.number("d", 0, 1) == 0.5
    assert section.names("e", ("p", "q", "r"), []) == ["p", "q"]
    assert section.table("f").whole("g", 1, 1) == 1
    assert section.text("none", "default") == "default"
    for ask in (
        lambda: section.text("c"),
        lambda: section.text("z"),
        lambda: section.flag("c", True),
        lambda: section.whole("d", 0, 9),
        lambda: section.whole("b", 0, 9),
        lambda: section.whole("c", 3, 9),
        lambda: section.table("e"),
        lambda: section.number("a", 0, 1),
        lambda: section.number("b", 0, 1),
        lambda: section.names("h", ("p",), []),
        lambda: section.names("a", ("p",), []),
        lambda: section.only(("a",), "a file"),
        lambda: Section([1], "f.toml"),
    ):
        with pytest.raises(FileError, match=r"^f\.toml"):
            ask()


@dataclass(frozen=True)
class Inner:
    sizes: tuple[int, ...]
    share: float = 0.5


@dataclass(frozen=True)
class Outer:
    name: str
    inner: Inner | None
    table: dict[float, bool]
    pair: tuple[int, str]


def test_types_are_held_to_what_they_name():
    content = {"name": "n", "inner": {"sizes": [1, 2]}, "table": {"0.5": True}, "pair": [3, "x"]}
    assert typed(content, Outer, "r.json") == Outer("n", Inner((1, 2)), {0.5: True}, (3, "x"))
    assert typed({**content, "inner": None}, Outer, "r.json").inner is None
    for change in (
        {"name": 1}, {"inner": {"sizes": [1.5]}}, {"inner": {"sizes": [True]}}, {"inner": 3},
        {"table": {"x": True}}, {"table": {"1": 1}}, {"pair": [3]}, {"pair": "3x"}, {"more": 1},
        {"inner": {}}, {"inner": {"sizes": [1], "share": "0.5"}},
    ):  # fmt: skip
        with pytest.raises(FileError, match=r"^r\.json"):
            typed({**content, **change}, Outer, "r.json")
    with pytest.raises(FileError, match="lacks 'pair'"):
        typed({key: value for key, value in content.items() if key != "pair"}, Outer, "r.json")


def test_archives_of_arrays(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, x=np.arange(3), t=np.array("text"))
    found = read_npz(path, "archive")
    assert found["x"].tolist() == [0, 1, 2]
    assert str(found["t"]) == "text"
    np.savez(path, x=np.array([np.inf]))
    with pytest.raises(FileError, match="'x' is not finite"):
        read_npz(path, "archive")
    np.savez(path, x=np.array([{}], dtype=object))
    with pytest.raises(FileError, match="not real numbers"):
        read_npz(path, "archive")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        image = io.BytesIO()
        np.save(image, np.zeros(1 << 20))
        for index in range(70):
            archive.writestr(f"{index}.npy", image.getvalue())
    with pytest.raises(FileError, match="unpacked it has more"):
        read_npz(path, "archive")


def test_rows_come_with_their_lines() -> None:
    assert read_csv('\ufeffa,b\n\n"c\nd",e\n', "s") == [(1, ["a", "b"]), (4, ["c\nd", "e"])]
    with pytest.raises(FileError, match="s line 1"):
        read_csv('"a', "s")


def test_a_key_of_thousands_of_parts_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text("a." * 300_000 + "a = 1")
    with pytest.raises(FileError, match="nested deeper than 64"):
        read_toml(path, "plan")
    path.write_text(
        f'text = "{"Some words. " * 500}{"x" * 5000}"\n' + "k = [" + "1.5, " * 500 + "]"
    )
    assert set(read_toml(path, "plan")) == {"text", "k"}


def test_errors_name_the_file_they_are_about(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    with pytest.raises(FileError, match=r"my\.toml: no corner"), naming(path, FileError):
        raise FileError("no corner")
    with pytest.raises(FileError, match=r"^my\.toml has none"), naming(path, FileError):
        raise FileError("my.toml has none")
    other = tmp_path / "net.onnx"
    with pytest.raises(FileError, match=r"^net\.onnx has"), naming(path, FileError, unless=other):
        raise FileError("net.onnx has none")
    path.write_bytes(b"abc")
    assert digest(path, "plan").startswith("ba7816bf")
    with pytest.raises(FileError):
        digest(tmp_path, "plan")
