"""Free layers that switch: what a parameter file holds, and what is refused.

A set lives in `circuits/magnets/AuthorYear.toml`; a user's own set is used by its path.
Axes: x along the track's current, y across it, z the normal of the film.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path

from circuits.errors import DesignError
from circuits.magnet import AXES, KINDS, SHAPES, TORQUES, Magnet
from circuits.parameters import (
    Field,
    Parameter,
    ParameterSet,
    read_number,
    read_parameters,
    shipped_names,
    shipped_or_own,
)

MAGNET_FOLDER = Path(__file__).parent / "magnets"
GYROMAGNETIC_RATIO = 220_880.0
"""Default gyromagnetic ratio times vacuum permeability [m/(A s)], the value that cmtj has."""
THINNEST = 0.3e-9
"""Least thickness [m] of a free layer: about one and a half atomic layers of iron."""
DEMAGNETIZATION_TOLERANCE = 2e-3


def _vector(name: str, unit: str, description: str) -> dict[str, Field]:
    return {
        f"{name}_{axis}": Field(unit, f"{description}, {axis} component", low=-1e9, required=False)
        for axis in AXES
    }


FIELDS: Mapping[str, Field] = {
    "temperature": Field("K", "temperature of the free layer", high=1500.0),
    "free_layer_length": Field("nm", "free-layer size along x", high=1e-6),
    "free_layer_width": Field("nm", "free-layer size along y", high=1e-6),
    "free_layer_thickness": Field("nm", "free-layer thickness", high=1e-7),
    "saturation_magnetization": Field(
        "kA/m", "saturation magnetization at the temperature given", high=3e6, required=False
    ),
    "saturation_magnetization_zero": Field(
        "kA/m", "saturation magnetization at 0 K", high=3e6, required=False
    ),
    "curie_temperature": Field("K", "temperature at which Ms vanishes", required=False),
    "magnetization_exponent": Field("1", "exponent of (1 - T/T_c)", high=5.0, required=False),
    "anisotropy": Field("J/m^3", "uniaxial anisotropy energy K", low_allowed=True),
    **_vector("anisotropy_axis", "1", "direction of the anisotropy"),
    **{
        f"demagnetization_{axis}": Field(
            "1", f"demagnetization factor along {axis}", high=1.0, low_allowed=True, required=False
        )
        for axis in AXES
    },
    "damping": Field("1", "Gilbert damping", high=1.0, low_allowed=True),
    "gyromagnetic_ratio": Field("1", "gyromagnetic ratio times mu0, in m/(A s)", required=False),
    "spin_hall_angle": Field("1", "spin-Hall angle", low=-10.0, high=10.0, required=False),
    "spin_diffusion_length": Field("nm", "spin diffusion length of the track", required=False),
    "spin_polarization": Field("1", "polarization of the tunnel current", high=1.0, required=False),
    "field_like_ratio": Field("1", "field-like over damping-like", low=-100.0, required=False),
    "track_width": Field("nm", "spin-Hall track width", high=1e-5, required=False),
    "track_thickness": Field("nm", "spin-Hall track thickness", high=1e-6, required=False),
    **_vector("external_field", "A/m", "external field"),
    **_vector("polarization", "1", "direction of the spin polarization"),
    **_vector("initial", "1", "direction at the start"),
    "pulse_duration": Field("ns", "current pulse", high=1e-6),
    "run_duration": Field("ns", "simulated time", high=1e-6),
}
TEXTS = {
    "name": True,
    "description": True,
    "kind": True,
    "shape": True,
    "torque": True,
    "note": False,
}
_CHOICES = {"kind": KINDS, "shape": SHAPES, "torque": TORQUES}


def magnet_names() -> list[str]:
    """Names of the shipped sets, sorted."""
    return shipped_names(MAGNET_FOLDER)


def load_magnet(name_or_path: str | Path, settings: Mapping[str, str] | None = None) -> Magnet:
    """Load a shipped set by name, or a user's own by the path of its TOML file.

    `settings` replaces or adds entries: a key of the file and its text, a number in SI or
    a number and its unit ("0.9 nm"). Raises DesignError with the reason when the file, a
    setting or the physics of the set is wrong.
    """
    path = shipped_or_own(MAGNET_FOLDER, "magnet", name_or_path)
    read = _with_settings(read_parameters(path, "magnet", FIELDS, TEXTS), settings or {})
    for key, choices in _CHOICES.items():
        if read.texts[key] not in choices:
            raise DesignError(
                f"{path}: {key} must be one of {', '.join(choices)}, not '{read.texts[key]}'"
            )
    magnet = _magnet(read)
    reason = magnet.fault
    if reason:
        raise DesignError(f"{path}: {reason}")
    return magnet


def _with_settings(read: ParameterSet, settings: Mapping[str, str]) -> ParameterSet:
    numbers: dict[str, Parameter] = dict(read.numbers)
    texts = dict(read.texts)
    for key, value in settings.items():
        if key in TEXTS:
            texts[key] = value
        elif key in FIELDS:
            number, _, unit = value.strip().partition(" ")
            try:
                parsed = float(number)
            except ValueError:
                parsed = math.nan
            if not math.isfinite(parsed):
                raise DesignError(
                    f"'{value}' is no value of '{key}'; give a number in SI, or a number, a blank "
                    "and its unit"
                )
            field = FIELDS[key]
            # A bare number is SI; a field's own unit may be a multiple.
            if not unit:
                field = dataclasses.replace(field, unit=_SI_UNITS.get(field.unit, field.unit))
            entry = {
                "value": parsed,
                "unit": unit.strip() or field.unit,
                "tag": "assumed",
                "source": "set by the user",
            }
            numbers[key] = read_number(read.path, key, entry, field)
        else:
            raise DesignError(
                f"unknown key '{key}'; a magnet has {', '.join(sorted({*FIELDS, *TEXTS}))}"
            )
    return ParameterSet(read.path, numbers, texts)


_SI_UNITS = {"nm": "m", "kA/m": "A/m", "ns": "s"}


def _magnet(read: ParameterSet) -> Magnet:
    for key in ("temperature", "free_layer_thickness"):
        read[key]
    if read["free_layer_thickness"] < THINNEST:
        raise DesignError(
            f"{read.path}: a free layer of {read['free_layer_thickness'] * 1e9:.3g} nm is thinner "
            f"than {THINNEST * 1e9:g} nm and no magnet; make free_layer_thickness larger"
        )
    texts = read.texts
    spin_orbit = texts["torque"] == "spin-orbit"
    if spin_orbit:
        efficiency = read["spin_hall_angle"]
        section = read["track_width"] * read["track_thickness"]
        length = read.get("spin_diffusion_length")
        if length is not None:
            efficiency *= 1 - 1 / math.cosh(min(read["track_thickness"] / length, 700.0))
    else:
        efficiency = read["spin_polarization"]
        section = read["free_layer_length"] * read["free_layer_width"]
        section *= math.pi / 4 if texts["shape"] == "ellipse" else 1.0
    return Magnet(
        name=texts["name"],
        kind=texts["kind"],
        shape=texts["shape"],
        torque=texts["torque"],
        temperature=read["temperature"],
        length=read["free_layer_length"],
        width=read["free_layer_width"],
        thickness=read["free_layer_thickness"],
        magnetization=_magnetization(read),
        anisotropy=read["anisotropy"],
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
        initial=_direction(read, "initial", None),
        pulse_duration=read["pulse_duration"],
        run_duration=read["run_duration"],
        sources=read,
    )


def _magnetization(read: ParameterSet) -> float:
    law = ("saturation_magnetization_zero", "curie_temperature", "magnetization_exponent")
    given = [key for key in law if read.get(key) is not None]
    plain = read.get("saturation_magnetization")
    if plain is not None and given:
        raise DesignError(
            f"{read.path}: saturation_magnetization and {given[0]} are both given; give the value "
            "at the temperature or the law, not both"
        )
    if plain is not None:
        return plain
    if len(given) < len(law):
        raise DesignError(
            f"{read.path}: no saturation magnetization; give saturation_magnetization or all of "
            f"{', '.join(law)}"
        )
    zero, curie, exponent = (read[key] for key in law)
    temperature = read["temperature"]
    if temperature >= curie:
        raise DesignError(
            f"{read.path}: at {temperature:g} K the layer is no magnet, its curie_temperature is "
            f"{curie:g} K; lower the temperature"
        )
    return float(zero * (1 - temperature / curie) ** exponent)


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
