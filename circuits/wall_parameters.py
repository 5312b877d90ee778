"""Domain walls that move: from a device file to a wall, and what is refused.

A set lives in `circuits/walls/AuthorYear.toml`; a user's own set is used by its path.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from circuits.device_fields import AXES, merged
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
from circuits.magnetics import VACUUM_PERMEABILITY
from circuits.parameters import (
    ParameterSet,
    read_parameters,
    read_toml,
    shipped_names,
    shipped_or_own,
    with_settings,
)
from circuits.wall import Wall
from circuits.wall_demagnetization import wall_demagnetization
from circuits.wall_fields import (
    DIRECTIONS,
    KIND,
    WALL_FIELDS,
    WALL_JUNCTION_FIELDS,
    WALL_TEXTS,
)
from circuits.wall_landscape import Landscape

WALL_FOLDER = Path(__file__).parent / "walls"
WALL_FAMILIES = {KIND: "Emori2013"}
"""The shipped set that stands for the kind of device."""
_FIELDS = {**WALL_FIELDS, **WALL_JUNCTION_FIELDS}
_WALL_ALONE = merged(WALL_FIELDS, WALL_JUNCTION_FIELDS)


def wall_names() -> list[str]:
    """Names of the shipped domain-wall sets, sorted."""
    return shipped_names(WALL_FOLDER)


def is_wall(name_or_path: str | Path) -> bool:
    """Whether a device's name, or the `kind` of its file, is that of a domain-wall device."""
    if Path(name_or_path).suffix != ".toml":
        return str(name_or_path) in {*WALL_FAMILIES, *wall_names()}
    return read_toml(Path(name_or_path), "device").get("kind") == KIND


def read_wall(
    name_or_path: str | Path,
    settings: Mapping[str, str] | None = None,
    *,
    junction: bool = False,
) -> ParameterSet:
    """The numbers of a shipped domain-wall set by its name, or of a user's own by its file.

    `settings` replaces or adds entries: a number in SI, or a number and its unit ("0.9 nm").
    The junction's keys may be missing unless `junction`.
    """
    name = WALL_FAMILIES.get(str(name_or_path), name_or_path)
    path = shipped_or_own(WALL_FOLDER, "domain-wall device", name)
    fields = _FIELDS if junction else _WALL_ALONE
    read = read_parameters(path, "domain-wall device", fields, WALL_TEXTS)
    return with_settings(read, settings or {}, _FIELDS, WALL_TEXTS, "domain wall")


def load_wall(name_or_path: str | Path, settings: Mapping[str, str] | None = None) -> Wall:
    """Load the wall of a shipped device by name, or of a user's own by its TOML file.

    Raises DesignError with the reason when the file, a setting or the physics is wrong.
    """
    return wall_of(read_wall(name_or_path, settings))


@lru_cache(maxsize=64)
def wall_of(read: ParameterSet, temperature: float | None = None) -> Wall:
    """The wall of a set that was read, at the set's or another temperature [K].

    Raises DesignError with the reason when it cannot be a memory cell.
    """
    wall = _wall(read, temperature)
    reason = _fault(wall)
    if reason:
        raise DesignError(f"{read.path}: {reason}")
    return wall


def direction(read: ParameterSet, key: str) -> int:
    """+1 for "up" (the default), -1 for "down"."""
    text = read.texts.get(key, DIRECTIONS[0])
    if text not in DIRECTIONS:
        raise DesignError(f"{read.path}: {key} must be up or down, not '{text}'")
    return 1 if text == "up" else -1


def _wall(read: ParameterSet, temperature: float | None) -> Wall:
    if read.texts["kind"] != KIND:
        raise DesignError(
            f"{read.path}: kind must be {KIND} for a domain wall, not '{read.texts['kind']}'"
        )
    thickness = film_thickness(read)
    own = own_temperature(read)
    at = own if temperature is None else temperature
    magnetization = magnetization_at(read, at)
    ratio = magnetization / magnetization_at(read, own)
    dmi = read["dmi_constant"] * scaled(read, ratio, "dmi")
    width = _width(read, magnetization, ratio, dmi)
    anisotropy = read.get("wall_anisotropy_field")
    if anisotropy is None:
        along, across = wall_demagnetization(width, read["track_width"], thickness)
        anisotropy = magnetization * (along - across)
    x, y, z = (read.get(f"external_field_{axis}") or 0.0 for axis in AXES)
    return Wall(
        name=read.texts["name"],
        temperature=at,
        track_length=read["track_length"],
        track_width=read["track_width"],
        thickness=thickness,
        magnetization=magnetization,
        width=width,
        dmi=dmi,
        wall_anisotropy_field=anisotropy,
        damping=read["damping"],
        gyromagnetic_ratio=read.get("gyromagnetic_ratio") or GYROMAGNETIC_RATIO,
        efficiency=track_efficiency(read),
        section=read["track_width"] * read["track_thickness"],
        landscape=_landscape(read, width),
        field_like_ratio=read.get("field_like_ratio") or 0.0,
        external_field=(x, y, z),
        left_domain=direction(read, "left_domain"),
        position_given=read.get("initial_position"),
        angle_given=read.get("initial_angle"),
        pulse_duration=read.get("pulse_duration") or PULSE,
        run_duration=read.get("run_duration") or RUN,
        sources=read,
    )


def _landscape(read: ParameterSet, width: float) -> Landscape:
    for field, needed in (
        ("notch_field", ("notch_position",)),
        ("pinning_field", ("pinning_length",)),
    ):
        for key in needed:
            if read.get(field) and read.get(key) is None:
                raise DesignError(f"{read.path}: {field} is given without {key}; add {key}")
    return Landscape(
        width=width,
        notch_field=read.get("notch_field") or 0.0,
        notch_length=read.get("notch_length") or width,
        notch_position=read.get("notch_position") or 0.0,
        end_field=read["end_field"],
        end_position=read["track_length"] / 2 - read["end_length"],
        pinning_field=read.get("pinning_field") or 0.0,
        pinning_length=read.get("pinning_length") or 1.0,
    )


def _width(read: ParameterSet, magnetization: float, ratio: float, dmi: float) -> float:
    """Delta [m]: the given one holds, else sqrt(A/K_eff) with K_eff = K - mu0 Ms^2/2."""
    given = read.get("wall_width")
    stiffness, anisotropy = read.get("exchange_stiffness"), read.get("anisotropy")
    if given is not None:
        return given
    if stiffness is None or anisotropy is None:
        raise DesignError(
            f"{read.path}: the width of the wall is unknown; give wall_width, or "
            "exchange_stiffness and anisotropy"
        )
    stiffness *= scaled(read, ratio, "exchange")
    anisotropy *= scaled(read, ratio, "anisotropy")
    effective = anisotropy - VACUUM_PERMEABILITY * magnetization**2 / 2
    if effective <= 0:
        raise DesignError(
            f"{read.path}: the film is not magnetized perpendicular, its anisotropy less mu0 "
            f"Ms^2/2 is {effective:.4g} J/m^3; raise anisotropy or lower the magnetization"
        )
    limit = 4 * math.sqrt(stiffness * effective) / math.pi
    if abs(dmi) >= limit:
        raise DesignError(
            f"{read.path}: a dmi_constant of {dmi * 1e3:.3g} mJ/m^2 makes walls multiply, a wall "
            f"costs energy only below {limit * 1e3:.3g} mJ/m^2; lower it"
        )
    return math.sqrt(stiffness / effective)


def _fault(wall: Wall) -> str:
    """Why this set cannot be a memory cell, or an empty text."""
    edge, landscape = wall.landscape.end_position, wall.landscape
    if wall.dmi == 0 and wall.external_field[0] == 0:
        return (
            "without Dzyaloshinskii-Moriya interaction spin-Hall torque does not move the wall; "
            "give a dmi_constant"
        )
    if wall.efficiency == 0:
        return "without a spin_hall_angle no current moves the wall; give one that is not zero"
    if edge <= 0:
        return "the fixed ends fill the track; make end_length less than half of track_length"
    if math.pi * wall.width >= 2 * edge:
        return (
            f"the wall is {math.pi * wall.width * 1e9:.3g} nm wide, wider than the "
            f"{2 * edge * 1e9:.3g} nm of track between its fixed ends; lengthen the track"
        )
    if landscape.notch_field and landscape.notch_position > edge:
        return (
            f"the notches, {landscape.notch_position * 1e9:.3g} nm from the middle, lie in the "
            f"fixed ends, which begin at {edge * 1e9:.3g} nm; move them inwards"
        )
    if abs(wall.initial[0]) > wall.track_length / 2:
        return (
            f"the wall starts at {wall.initial[0] * 1e9:.3g} nm, off the track, which ends "
            f"{wall.track_length / 2 * 1e9:.3g} nm from its middle; mend initial_position"
        )
    if abs(wall.external_field[2]) >= landscape.end_field:
        return (
            "the external field along z is not below end_field and pushes the wall off the "
            "track; lower it"
        )
    return ""
