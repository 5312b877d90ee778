"""Finished points in a file of JSON lines, which a later run goes on from."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

from accelerator.errors import EstimateError
from accelerator.networks import network_names
from files import digest

FORMAT = "mramcim-points/1"


class Kept:
    """Points by their key, written as they finish; use it as a context manager.

    A line cut off by a kill is dropped. Raises EstimateError where the file is not of this
    format, or another run writes it.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._found: dict[str, dict[str, Any]] = {}

    def __enter__(self) -> Self:
        if self._path.exists() and not self._path.is_file():
            raise EstimateError(f"{self._path} is no regular file: name another one")
        try:
            self._file = self._path.open("a+b")
        except OSError as error:
            raise EstimateError(f"{self._path} cannot be written ({error.strerror})") from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise EstimateError(
                f"another run writes {self._path}: wait for it, or name another file"
            ) from None
        try:
            self._load()
        except BaseException:
            self._file.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _load(self) -> None:
        self._file.seek(0)
        whole = 0
        for line in self._file:
            if not line.endswith(b"\n"):
                break
            try:
                entry = json.loads(line)
                right = entry["format"] == FORMAT and isinstance(entry["measures"], dict)
                self._found[entry["key"]] = entry["measures"]
            except (ValueError, KeyError, TypeError, RecursionError):
                right = False
            if not right:
                raise EstimateError(
                    f"{self._path} is not a file of explored points: name another one"
                )
            whole += len(line)
        # What a kill cut off is written again.
        self._file.truncate(whole)
        self._file.seek(0, os.SEEK_END)

    def get(self, key: str) -> dict[str, Any] | None:
        """The measures of a point that is finished."""
        return self._found.get(key)

    def add(self, key: str, settings: Mapping[str, Any], measures: dict[str, Any]) -> None:
        """Keep a point; a kill after this does not lose it."""
        self._found[key] = measures
        entry = {"format": FORMAT, "key": key, "settings": dict(settings), "measures": measures}
        self._file.write(json.dumps(entry).encode() + b"\n")
        self._file.flush()


def key_of(settings: Mapping[str, Any]) -> str:
    """What decides a point's result: settings, contents of table and network, and the model."""
    from lut import reference_path

    made = dict(settings)
    table = made.pop("table", None)
    made["table"] = _content(str(reference_path() if table is None else table))
    network = str(made["network"])
    made["network"] = network if network in network_names() else _content(network)
    made["model"] = model_hash()
    return hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()


def _content(path: str) -> str:
    try:
        state = Path(path).stat()
        return _hash(path, state.st_mtime_ns, state.st_size)
    except OSError:
        return f"no file {path}"


@lru_cache(maxsize=64)
def _hash(path: str, _changed: int, _size: int) -> str:
    return digest(Path(path), "file", EstimateError)


@lru_cache(maxsize=1)
def model_hash() -> str:
    """Hash of the sources and constants of the cost model, and of how it reads a table."""
    import lut

    model, table = Path(__file__).parents[1], Path(lut.__file__).parent
    total = hashlib.sha256()
    for path in sorted([*model.rglob("*.py"), *model.glob("*.toml"), *table.glob("*.py")]):
        total.update(path.name.encode() + b"\0" + path.read_bytes())
    return total.hexdigest()
