"""Small trained networks that are shipped, by name; the file's metadata say how each was made."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from accelerator.errors import EstimateError

_FOLDER = Path(__file__).parent


def trained_names() -> list[str]:
    """Names of the shipped networks."""
    return sorted(path.stem for path in _FOLDER.glob("*.onnx"))


def path_of(name: str | os.PathLike[str]) -> Path:
    """The file of a shipped network; any other name is a path already."""
    shipped = _FOLDER / f"{os.fspath(name)}.onnx"
    return shipped if os.fspath(name) in trained_names() else Path(name)


def training_of(path: str | os.PathLike[str]) -> dict[str, Any]:
    """How `mramcim train` made a file: network, widths, recipe and accuracies [1].

    Raises EstimateError for a file that it did not make.
    """
    import onnx

    entries = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    if "training" not in entries:
        raise EstimateError(f"{path} does not say how it was trained; mramcim train writes that")
    found: dict[str, Any] = json.loads(entries["training"])
    return found
