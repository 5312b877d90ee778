"""Free layers that switch: from a device file to a magnet, and what is refused.

A set lives in `circuits/devices/AuthorYear.toml`; a user's own set is used by its path.
Axes: x along the track's current, y across it, z the normal of the film.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from circuits.device_fields import (
    AXES,
    JUNCTION_FIELDS,
    KINDS,
    MAGNET_FIELDS,
    SHAPES,
    TEXTS,
    TORQUES,
    merged,
)
from circuits.errors import DesignError
from circuits.film import (
    GYROMAGNETIC_RATIO,
    PULSE,
    RUN,
    film_thickness,
    magnetization_at,
    own_temperature,
    scaled,
    track_efficiency,
)
from circuits.magnet import Magnet
from circuits.parameters import ParameterSet, read_parameters, shipped_or_own, with_settings

DEVICE_FOLDER = Path(__file__).parent / "devices"
FIELDS = merged(MAGNET_FIELDS, JUNCTION_FIELDS)
DEMAGNETIZATION_TOLERANCE = 2e-3

_CHOICES = {"kind": KINDS, "shape": SHAPES, "torque": TORQUES}
FAMILIES = {
    "sot-perpendicular": "Zhang2026",
    "sot-inplane": "Fan2018Memory",
    "stt": "ARM2021",
}
"""The shipped set that stands for each kind of device."""


def device_file(name_or_path: str | Path) -> Path:
    """The file of a device: a family, a shipped set or a user's own `.toml`."""
    return shipped_or_own(DEVICE_FOLDER, "device", FAMILIES.get(str(name_or_path), name_or_path))


def load_magnet(name_or_path: str | Path, settings: Mapping[str, str] | None = None) -> Magnet:
    """Load the free layer of a shipped device by name, or of a user's own by its TOML file.

    `settings` replaces or adds entries: a key of the file and its text, a number in SI or
    a number and its unit ("0.9 nm"). Raises DesignError with the reason when the file, a
    setting or the physics of the set is wrong.
    """
    path = device_file(name_or_path)
    read = read_parameters(path, "device", FIELDS, TEXTS)
    return magnet_of(with_settings(read, settings or {}, FIELDS, TEXTS, "magnet"))


@lru_cache(maxsize=64)
def magnet_of(read: ParameterSet, temperature: float | None = None) -> Magnet:
    """The free layer of a set that was read, at the set's or another temperature [K].

    Raises DesignError with the reason when it cannot be a memory cell.
    """
    check_choices(read)
    magnet = _magnet(read, temperature)
    reason = magnet.fault
    if reason:
        raise DesignError(f"{read.path}: {reason}")
    return magnet


def check_choices(read: ParameterSet) -> None:
    """Refuse a text entry that is none of its choices."""
    for key, choices in _CHOICES.items():
        if read.texts.get(key, choices[0]) not in choices:
            raise DesignError(
                f"{read.path}: {key} must be one of {', '.join(choices)}, not '{read.texts[key]}'"
            )


def _magnet(read: ParameterSet, temperature: float | None) -> Magnet:
    thickness = film_thickness(read)
    texts = read.texts
    own = own_temperature(read)
    at = own if temperature is None else temperature
    magnetization = magnetization_at(read, at)
    ratio = magnetization / magnetization_at(read, own)
    spin_orbit = texts.get("torque", TORQUES[0]) == "spin-orbit"
    if spin_orbit:
        efficiency = track_efficiency(read)
        section = read["track_width"] * read["track_thickness"]
    else:
        efficiency = polarization_at(read, at)
        section = read["free_layer_length"] * read["free_layer_width"]
        section *= math.pi / 4 if texts["shape"] == "ellipse" else 1.0
    magnet = Magnet(
        name=texts["name"],
        kind=texts["kind"],
        shape=texts["shape"],
        torque=texts.get("torque", TORQUES[0]),
        temperature=at,
        length=read["free_layer_length"],
        width=read["free_layer_width"],
        thickness=thickness,
        magnetization=magnetization,
        anisotropy=read["anisotropy"] * scaled(read, ratio, "anisotropy"),
        anisotropy_axis=_direction(read, "anisotropy_axis", (0.0, 0.0, 1.0)),
        demagnetization_given=_demagnetization(read),
        damping=read["damping"],
        gyromagnetic_ratio=read.get("gyromagnetic_ratio") or GYROMAGNETIC_RATIO,
        efficiency=efficiency,
        section=section,
        field_like_ratio=read.get("field_like_ratio") or 0.0,
        external_field=_components(read, "external_field"),
        polarization=_direction(
            read, "polarization", (0.0, 1.0, 0.0) if spin_orbit else (0.0, 0.0, 1.0)
        ),
        initial=(0.0, 0.0, 1.0),
        pulse_duration=read.get("pulse_duration") or PULSE,
        run_duration=read.get("run_duration") or RUN,
        anisotropy_per_volt=_anisotropy_per_volt(read),
        sources=read,
    )
    return replace(magnet, initial=_direction(read, "initial", magnet.thermal_tilt))


def polarization_at(read: ParameterSet, temperature: float) -> float:
    """Polarization of the tunnel current, P ~ 1 - a T^1.5 from the set's own temperature [K].

    Constant where the set does not give a.
    """
    slope = read.get("polarization_temperature_coefficient") or 0.0
    own = own_temperature(read)
    ratio = (1 - slope * temperature**1.5) / (1 - slope * own**1.5)
    return float(read["spin_polarization"] * ratio)


def _anisotropy_per_volt(read: ParameterSet) -> float:
    coefficient = read.get("anisotropy_per_voltage")
    if coefficient is None:
        return 0.0
    return -coefficient / (read["oxide_thickness"] * read["free_layer_thickness"])


def _components(read: ParameterSet, name: str) -> tuple[float, float, float]:
    x, y, z = (read.get(f"{name}_{axis}") or 0.0 for axis in AXES)
    return x, y, z


def _direction(
    read: ParameterSet, name: str, default: tuple[float, float, float] | None
) -> tuple[float, float, float]:
    keys = [f"{name}_{axis}" for axis in AXES]
    if all(read.get(key) is None for key in keys) and default is not None:
        return default
    x, y, z = _components(read, name)
    norm = math.hypot(x, y, z)
    if norm == 0:
        raise DesignError(f"{read.path}: {', '.join(keys)} give no direction; set one of them")
    return x / norm, y / norm, z / norm


def _demagnetization(read: ParameterSet) -> tuple[float, float, float] | None:
    given = [read.get(f"demagnetization_{axis}") for axis in AXES]
    if all(factor is None for factor in given):
        return None
    if any(factor is None for factor in given):
        raise DesignError(
            f"{read.path}: give all three of demagnetization_x, _y, _z, or none to compute them"
        )
    x, y, z = (factor or 0.0 for factor in given)
    if abs(x + y + z - 1) > DEMAGNETIZATION_TOLERANCE:
        raise DesignError(
            f"{read.path}: the demagnetization factors sum to {x + y + z:g}; they must sum to 1 "
            f"within {DEMAGNETIZATION_TOLERANCE:g}"
        )
    return x, y, z
