"""Every device by name, family or file, whatever its bit is."""

from __future__ import annotations

from pathlib import Path

from circuits.junction import Junction
from circuits.magnet_parameters import DEVICE_FOLDER
from circuits.mtj import load_magnet_device
from circuits.parameters import shipped_names
from circuits.wall_junction import load_wall_device
from circuits.wall_parameters import is_wall, wall_names


def load_device(name_or_path: str | Path) -> Junction:
    """Load a shipped device by its name or family, or a user's own by its `.toml` file.

    Raises DesignError with the reason when the file or the physics of the set is wrong.
    """
    if is_wall(name_or_path):
        return load_wall_device(name_or_path)
    return load_magnet_device(name_or_path)


def device_names() -> list[str]:
    """Names of the shipped device sets, sorted."""
    return sorted([*shipped_names(DEVICE_FOLDER), *wall_names()])
