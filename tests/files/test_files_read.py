"""Files that people bring: every bad one is one sentence that names it."""

import os
from pathlib import Path

import numpy as np
import pytest

from files import FileError, read_json, read_npy, read_toml

BAD_TOML = {
    "deep lists": "a = " + "[" * 3000 + "]" * 3000,
    "65 levels": "a = " + "[" * 70 + "]" * 70,
    "deep tables": "[" + ".".join("a" * 3000) + "]",
    "digits": "a = " + "9" * 5000,
    "huge": "a = " + "9" * 400,
    "overflow": "a = 1e400",
    "nan": "[x]\na = [nan]",
    "syntax": "a = \n",
}


def one_sentence(error: pytest.ExceptionInfo[FileError], path: Path) -> None:
    text = str(error.value)
    assert path.name in text
    assert len(text) < 400
    assert text.isascii()
    assert text.isprintable()


@pytest.mark.parametrize("kind", BAD_TOML)
def test_bad_toml_is_one_sentence(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text(BAD_TOML[kind])
    with pytest.raises(FileError) as error:
        read_toml(path, "plan")
    one_sentence(error, path)


@pytest.mark.parametrize(
    "text", ["{", "[" * 100000, "NaN", "[1e400]", "9" * 5000, '{"a": -Infinity}', "\x00"]
)
def test_bad_json_is_one_sentence(text: str, tmp_path: Path) -> None:
    path = tmp_path / "my.json"
    path.write_text(text)
    with pytest.raises(FileError) as error:
        read_json(path, "report")
    one_sentence(error, path)


@pytest.mark.parametrize(
    "header",
    ["{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627776, 1024), }",
     "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
     "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
     "{'descr': 'zz', 'fortran_order': False, 'shape': (1,), }", "{", "(" * 900],
)  # fmt: skip
def test_bad_array_is_one_sentence(header: str, tmp_path: Path) -> None:
    path = tmp_path / "my.npy"
    text = header.encode()
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + b"\0" * 64)
    with pytest.raises(FileError) as error:
        read_npy(path, "array of images")
    one_sentence(error, path)


def test_numbers_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "my.npy"
    np.save(path, np.array([1.0, np.nan]))
    with pytest.raises(FileError) as error:
        read_npy(path, "array of images")
    one_sentence(error, path)


def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    pipe, loop = tmp_path / "pipe.toml", tmp_path / "loop.toml"
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    for path in (pipe, loop, tmp_path, Path("/dev/zero"), tmp_path / "none.toml"):
        with pytest.raises(FileError) as error:
            read_toml(path, "plan")
        one_sentence(error, path)
    with pytest.raises(FileError):
        read_toml(Path("a\0b"), "plan")


def test_a_large_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.toml"
    with path.open("wb") as file:
        file.truncate(150 << 20)
    with pytest.raises(FileError) as error:
        read_toml(path, "plan")
    one_sentence(error, path)


def test_arrays_and_texts_come_back(tmp_path: Path) -> None:
    values = np.arange(12, dtype=np.uint8).reshape(3, 4)
    np.save(tmp_path / "a.npy", values)
    assert np.array_equal(read_npy(tmp_path / "a.npy", "array"), values)
    (tmp_path / "a.toml").write_bytes(b"\xef\xbb\xbfa = 1\r\n[b]\r\nc = [2.5]\r\n")
    assert read_toml(tmp_path / "a.toml", "plan") == {"a": 1, "b": {"c": [2.5]}}
