"""Parameter files: every number carries its unit, a tag and a source.

A parameter is an inline table `{ value, unit, tag, source }`; the tag says how the
number is known: `measured`, `fitted` or `assumed`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from circuits.deck_text import identifier, is_name
from circuits.errors import DesignError
from circuits.units import si_unit, to_si
from files import read_toml as read_toml_file
from files import short

LARGEST, LEAST = 1e40, 1e-40
"""Magnitudes of any SI value but zero: no quantity comes near, and products of several stay
finite and above zero."""
TAGS = ("measured", "fitted", "assumed")
FREE_TEXTS = ("description", "note")
"""Texts of a parameter file that may be anything; the others are names, which reach decks."""


@dataclass(frozen=True)
class Parameter:
    """One number of a parameter set: SI value, the unit it was given in, tag and source."""

    value: float
    unit: str
    tag: str
    source: str


@dataclass(frozen=True, eq=False)
class ParameterSet:
    """The tagged numbers and the plain text entries of one parameter file.

    Compared by identity, so that what follows from a set can be kept.
    """

    path: Path
    numbers: Mapping[str, Parameter]
    texts: Mapping[str, str]

    def __getitem__(self, name: str) -> float:
        """The SI value of a number."""
        try:
            return self.numbers[name].value
        except KeyError:
            raise DesignError(f"{self.path}: the parameter '{name}' is missing; add it") from None

    def get(self, name: str) -> float | None:
        """The SI value of a number, or None where the file does not give it."""
        return self.numbers[name].value if name in self.numbers else None


@dataclass(frozen=True)
class Field:
    """What a parameter file may hold under one name.

    `unit` is any unit of the right dimension; `low` and `high` bound the SI value.
    """

    unit: str
    description: str
    low: float = 0.0
    high: float = float("inf")
    low_allowed: bool = False
    required: bool = True


def shipped_names(folder: Path) -> list[str]:
    """Names of the TOML files in a folder, sorted."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def shipped_or_own(folder: Path, what: str, name_or_path: str | Path) -> Path:
    """The file of a shipped set by its name, or a user's own by its path (`.toml`)."""
    path = Path(name_or_path)
    if path.suffix == ".toml":
        return path
    shipped = folder / f"{name_or_path}.toml"
    # A name with a folder in it would lead out of this one.
    if not is_name(str(name_or_path)) or not shipped.is_file():
        raise DesignError(
            f"unknown {what} '{short(str(name_or_path))}'; choose one of "
            f"{', '.join(shipped_names(folder))} or give the path of a .toml file"
        )
    return shipped


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """The contents of a TOML file, or a DesignError that says what is wrong with it."""
    return read_toml_file(path, f"{what} file", DesignError)


def read_parameters(
    path: Path, what: str, fields: Mapping[str, Field], texts: Mapping[str, bool]
) -> ParameterSet:
    """Read and validate a parameter file.

    `fields` names the numbers and their bounds, `texts` the plain text entries and
    whether each is required; all but FREE_TEXTS must be names. Unknown keys, units, tags
    and values outside the bounds raise DesignError.
    """
    contents = read_toml(path, what)
    known = {*fields, *texts}
    for key in contents:
        if key not in known:
            raise DesignError(
                f"{path}: unknown key '{short(key)}'; a {what} file has {', '.join(sorted(known))}"
            )
    plain: dict[str, str] = {}
    for key, required in texts.items():
        if key in contents:
            if not isinstance(contents[key], str):
                raise DesignError(f"{path}: '{key}' must be text, not {short(contents[key])}")
            plain[key] = _checked_text(f"{path}: ", key, contents[key])
        elif required:
            raise DesignError(f"{path}: '{key}' is missing; add it")
    numbers: dict[str, Parameter] = {}
    for key, field in fields.items():
        if key in contents:
            numbers[key] = read_number(path, key, contents[key], field)
        elif field.required:
            raise DesignError(f"{path}: '{key}' ({field.description}, {field.unit}) is missing")
    return ParameterSet(path, numbers, plain)


def with_settings(
    read: ParameterSet,
    settings: Mapping[str, str],
    fields: Mapping[str, Field],
    texts: Mapping[str, bool],
    what: str,
) -> ParameterSet:
    """A set with entries replaced or added: texts, numbers in SI, or numbers with a unit."""
    numbers, plain = dict(read.numbers), dict(read.texts)
    for key, value in settings.items():
        if key in texts:
            plain[key] = _checked_text("", key, value)
        elif key in fields:
            numbers[key] = _setting(read.path, key, value, fields[key])
        else:
            known = ", ".join(sorted({*fields, *texts}))
            raise DesignError(f"unknown key '{key}'; a {what} has {known}")
    return ParameterSet(read.path, numbers, plain)


def _checked_text(where: str, key: str, value: str) -> str:
    return value if key in FREE_TEXTS else identifier(value, f"{where}'{key}'")


def _setting(path: Path, key: str, value: str, field: Field) -> Parameter:
    number, _, unit = value.strip().partition(" ")
    try:
        parsed = float(number)
    except ValueError:
        parsed = math.nan
    if not math.isfinite(parsed):
        raise DesignError(
            f"'{value}' is no value of '{key}'; give a number in SI, or a number, a blank and its "
            "unit"
        )
    # A bare number is SI; a field's own unit may be a multiple.
    given = unit.strip() or si_unit(field.unit)
    entry = {"value": parsed, "unit": given, "tag": "assumed", "source": "set by the user"}
    return read_number(path, key, entry, field)


def read_number(path: Path, key: str, entry: object, field: Field) -> Parameter:
    """One tagged number of a file, checked against its field."""
    where = f"{path}: '{key}'"
    if not isinstance(entry, dict) or set(entry) != {"value", "unit", "tag", "source"}:
        raise DesignError(f"{where} must be {{ value, unit, tag, source }}, not {short(entry)}")
    value, unit, tag, source = entry["value"], entry["unit"], entry["tag"], entry["source"]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DesignError(f"{where}: value must be a number, not {short(value)}")
    if tag not in TAGS:
        raise DesignError(f"{where}: tag must be one of {', '.join(TAGS)}, not {short(repr(tag))}")
    if not isinstance(unit, str):
        raise DesignError(f"{where}: unit must be text, not {short(unit)}")
    if not isinstance(source, str) or not source.strip():
        raise DesignError(f"{where}: source must say where the number comes from")
    try:
        si = to_si(float(value), unit, like=field.unit)
    except DesignError as error:
        raise DesignError(f"{where}: {error}") from None
    above = si > field.low or (field.low_allowed and si == field.low)
    if not above or not si <= min(field.high, LARGEST) or 0 < abs(si) < LEAST:
        raise DesignError(
            f"{where} = {short(value)} {unit} is outside its bounds: {field.description} must be "
            f"{'at least' if field.low_allowed else 'above'} {field.low:g}"
            + f" and at most {min(field.high, LARGEST):g} (SI)"
        )
    return Parameter(si, unit, tag, source)
