"""A space to explore from its TOML file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from files import Section, naming, read_toml, short
from mramcim.errors import CommandError

if TYPE_CHECKING:
    from accelerator.exploration.space import Space

_KEYS = ("title", "axes", "objectives", "limits", "pairs")
_QUANTITIES = {"vdd": "V", "write_vdd": "V", "temperature": "K"}
_FILES = ("network", "table", "data")
# The measures' units as a file may give them; a plain number is SI.
_LIMITS = {"energy": "J", "latency": "s", "interval": "s", "power": "W", "area": "m^2"}
_LARGEST = 1_000_000


def read_space(name: str) -> Space:
    """The space in a TOML file; paths in it are relative to the file.

    Raises CommandError or EstimateError on anything that cannot be.
    """
    from accelerator.errors import EstimateError
    from accelerator.exploration.space import DEFAULT_OBJECTIVES, Space

    path = Path(name)
    contents = read_toml(path, "space file", CommandError)
    section = Section(contents, name, CommandError)
    section.only(_KEYS, "a space")
    title = section.text("title", path.stem)
    objectives = contents.get("objectives", list(DEFAULT_OBJECTIVES))
    if not isinstance(objectives, list) or not all(isinstance(one, str) for one in objectives):
        raise CommandError(f"{name}: 'objectives' must be a list of measures")
    limits = _section(name, contents, "limits")
    with naming(path, EstimateError):
        space = Space(
            _axes(path, _section(name, contents, "axes")),
            tuple(objectives),
            {key: _limit(name, key, value) for key, value in limits.items()},
            title,
            _pairs(name, contents.get("pairs", [])),
        )
    if space.size > _LARGEST:
        raise CommandError(f"{name} has {space.size} points, more than {_LARGEST}: leave some out")
    return space


def _pairs(name: str, entry: object) -> tuple[tuple[str, ...], ...]:
    """Axes that run together, from a list of lists of names."""
    if not isinstance(entry, list) or not all(
        isinstance(names, list) and all(isinstance(one, str) for one in names) for names in entry
    ):
        raise CommandError(
            f"{name}: 'pairs' must be lists of axes that run together, such as "
            '[["weight_bits", "activation_bits"]]'
        )
    return tuple(tuple(names) for names in entry)


def _section(name: str, contents: dict[str, Any], key: str) -> dict[str, Any]:
    found = contents.get(key, {})
    if not isinstance(found, dict):
        raise CommandError(f"{name}: [{key}] must be a section")
    return found


def _axes(path: Path, section: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    from characterize.quantities import quantity

    axes: dict[str, tuple[Any, ...]] = {}
    for key, entry in section.items():
        if key == "assumptions" and isinstance(entry, dict):
            axes |= {f"assumptions.{name}": _values(value) for name, value in entry.items()}
            continue
        values = _values(entry)
        if key in _QUANTITIES:
            unit = _QUANTITIES[key]
            values = tuple(quantity(str(path), key, value, unit) for value in values)
        elif key in _FILES:
            values = tuple(_file(path, key, value) for value in values)
        axes[key] = values
    return axes


def _values(entry: Any) -> tuple[Any, ...]:
    """A list's entries; one value alone is an axis of one."""
    return tuple(entry) if isinstance(entry, list) else (entry,)


def _file(path: Path, key: str, value: Any) -> str:
    from accelerator.networks import network_names

    if not isinstance(value, str):
        raise CommandError(f"{path}: '{key}' must be names or files, not {short(repr(value))}")
    if key == "network" and value in network_names():
        return value
    try:
        return str((path.parent / value).resolve())
    except (OSError, ValueError, RuntimeError):
        # A NUL, a name that is too long, links in a circle.
        raise CommandError(f"{path}: '{key}' names no file by {short(repr(value))}") from None


def _limit(name: str, key: str, value: Any) -> Any:
    """A limit in SI; what is no text is judged by the space."""
    from characterize.quantities import quantity

    if key == "area" and isinstance(value, str) and value.split()[-1:] in (["mm^2"], ["mm2"]):
        # The unit of chips; a metre's prefix would be squared with it.
        metres = quantity(name, key, value.rsplit(None, 1)[0] + " m^2", "m^2")
        return float(f"{1e-6 * metres:.12g}")
    if isinstance(value, str) and key in _LIMITS:
        return quantity(name, key, value, _LIMITS[key])
    return value
