"""Compiled kernels are kept on disk exactly as long as they are those of the sources."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import accelerator
import files

PACK = """
import numpy as np
from accelerator.bitwise.packing import pack_bytes
planes = np.zeros((1, 1, 1, 1, 2, 2), np.uint32)
pack_bytes(np.full((1, 4, 2, 2), 7, np.uint8), 0, 0, 1, 0, 0, planes)
assert np.all(planes == 0x07070707)
print(sum(pack_bytes.stats.cache_hits.values()))
"""


def run(folder: Path, **environment: str) -> str:
    inherited = {name: value for name, value in os.environ.items() if "NUMBA" not in name}
    return subprocess.run(
        [sys.executable, "-c", PACK],
        env={**inherited, "PYTHONPATH": str(folder), **environment},
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


@pytest.fixture
def package(tmp_path):
    copy = tmp_path / "accelerator"
    copy.mkdir()
    for name in ("__init__.py", "errors.py"):
        shutil.copy(Path(accelerator.__file__).parent / name, copy)
    original = Path(accelerator.__file__).parent / "bitwise"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(original, copy / "bitwise", ignore=ignored)
    shutil.copytree(Path(files.__file__).parent, tmp_path / "files", ignore=ignored)
    return tmp_path


def test_a_change_in_any_source_compiles_anew(package):
    places = {"NUMBA_CACHE_DIR": str(package / "cache")}
    assert run(package, **places) == "0"
    assert run(package, **places) == "1"
    with (package / "accelerator/bitwise/vectors.py").open("a") as source:
        source.write("# changed\n")
    assert run(package, **places) == "0"


def test_no_folder_to_cache_in(package):
    """Compilation goes on where neither the installation nor a user's folder is writable."""
    nowhere = str(package / "a file" / "below")
    (package / "a file").write_text("")
    bitwise = package / "accelerator/bitwise"
    (bitwise / "__pycache__").write_text("")
    places = {"HOME": nowhere, "XDG_CACHE_HOME": nowhere, "PYTHONDONTWRITEBYTECODE": "1"}
    assert run(package, **places) == "0"


def test_a_kernel_file_that_was_damaged_is_made_anew(package):
    places = {"NUMBA_CACHE_DIR": str(package / "cache")}
    run(package, **places)
    (kept,) = (package / "cache").rglob("*pack_bytes*.kernel")
    image = bytearray(kept.read_bytes())
    kept.write_bytes(b"")
    assert run(package, **places) == "0"
    image[len(image) // 2] ^= 4
    kept.write_bytes(image)
    assert run(package, **places) == "0"
    assert run(package, **places) == "1"
