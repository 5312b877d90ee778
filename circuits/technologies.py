"""Transistor technologies: model files by corner, and how an instance is written.

A technology is a TOML file; a user's own library is used by pointing at one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from circuits.deck_text import identifier, number, setting
from circuits.errors import DesignError
from circuits.model_folders import model_folder, package_folder
from circuits.modelfiles import inline_cards, text_of
from circuits.parameters import Field, read_number, read_toml, shipped_names, shipped_or_own
from circuits.random_models import refuse_random_models
from circuits.units import to_si
from files import is_regular, short

TECHNOLOGY_FOLDER = Path(__file__).parent / "technology"
_TOP = (
    "name",
    "description",
    "root",
    "package",
    "package_version",
    "options",
    "supply",
    "geometry",
    "mismatch",
    "transistors",
    "corners",
)
_GEOMETRY = {
    "length_min": Field("nm", "least drawn gate length", high=1e-5),
    "width_min": Field("nm", "least drawn gate width", high=1e-5),
    "diffusion_length": Field("nm", "length of a contacted source or drain", high=1e-5),
    "contacted_gate_pitch": Field("nm", "contacted gate pitch", high=1e-5),
    "metal_pitch": Field("nm", "pitch of local wires", high=1e-5),
    "active_spacing": Field("nm", "space between active areas", high=1e-5),
    "feature_size": Field("nm", "the F of cell areas in F^2", high=1e-5),
}
_SUPPLY = {"vdd": Field("V", "nominal supply", low=0.2, high=5.0, low_allowed=True)}
_CONVENTIONS = ("pair", "device")
_KINDS = ("M", "X")


@dataclass(frozen=True)
class ModelFile:
    """One file of a corner, and the section of it where the file is a library."""

    path: Path
    section: str | None


@dataclass(frozen=True)
class Layout:
    """Layout rules [m] that areas and wire lengths follow from."""

    diffusion_length: float
    contacted_gate_pitch: float
    metal_pitch: float
    active_spacing: float
    feature_size: float


@dataclass(frozen=True)
class TransistorModel:
    """How one polarity is instantiated: model name, `M` element or `X` sub-circuit, unit [m]."""

    model: str
    kind: str
    scale: float


@dataclass(frozen=True)
class Mismatch:
    """Pelgrom coefficient [V m], whether it is of a pair or one device, and the instance's way.

    `instance_parameter` is None where the transistors take no shift (sub-circuits that hide
    their transistor); ngspice would ignore an unknown one without a word.
    """

    coefficient: float
    convention: str
    instance_parameter: str | None


@dataclass(frozen=True)
class Technology:
    """A validated technology; model text is read, inlined and checked when it is asked for."""

    name: str
    description: str
    path: Path
    root: Path
    vdd: float
    length_min: float
    width_min: float
    layout: Layout
    mismatch: Mismatch
    transistors: Mapping[str, TransistorModel]
    corners: Mapping[str, tuple[ModelFile, ...]]
    options: tuple[str, ...] = ()

    def model_text(self, corner: str) -> str:
        """All model cards of a corner in one text, nothing included from outside.

        Raises DesignError on an unknown corner, on model files that are missing or hold
        anything but models, and on models that are random.
        """
        if corner not in self.corners:
            raise DesignError(
                f"technology {self.name} has no corner '{short(corner)}'; it has "
                f"{', '.join(self.corners)} in {self.path.name}"
            )
        return _model_text(self.root, self.corners[corner])

    def content_hash(self, corner: str) -> str:
        """SHA-256 of a corner's model text."""
        return hashlib.sha256(self.model_text(corner).encode()).hexdigest()

    def at_least(self, width: float) -> float:
        """A transistor's width [m], widened to the least that can be drawn."""
        return max(width, self.width_min)

    def transistor(
        self,
        name: str,
        polarity: str,
        nodes: tuple[str, str, str, str],
        width: float,
        length: float,
        *,
        multiplicity: float = 1,
        threshold_shift: float | None = None,
    ) -> str:
        """The netlist line of one transistor.

        `nodes` are drain, gate, source, bulk; sizes in m; `threshold_shift` [V] is written by
        the technology's instance parameter. Sources and drains get the area and perimeter of
        a contacted diffusion.

        Raises DesignError where a shift is asked of a technology that takes none.
        """
        kind = self.transistors[polarity]
        diffusion = self.layout.diffusion_length
        unit = kind.scale
        values = {
            "w": width / unit,
            "l": length / unit,
            "ad": width * diffusion / unit**2,
            "as": width * diffusion / unit**2,
            "pd": (2 * diffusion + width) / unit,
            "ps": (2 * diffusion + width) / unit,
        }
        text = " ".join(f"{key}={number(value, 6)}" for key, value in values.items())
        if multiplicity != 1:
            text += f" m={number(multiplicity, 6)}"
        if threshold_shift is not None:
            if self.mismatch.instance_parameter is None:
                raise DesignError(
                    f"technology {self.name} has no instance parameter for a threshold shift; "
                    "set 'instance_parameter' in [mismatch] or use another technology"
                )
            text += f" {identifier(self.mismatch.instance_parameter)}={number(threshold_shift, 9)}"
        return f"{identifier(kind.kind)}{name} {' '.join(nodes)} {identifier(kind.model)} {text}"


@cache
def _model_text(root: Path, files: tuple[ModelFile, ...]) -> str:
    read = [inline_cards(file.path, file.section, root) for file in files]
    # Files of one corner share their parameters.
    refuse_random_models([placed for cards in read for placed in cards])
    return "\n".join(text_of(cards) for cards in read)


def technology_names() -> list[str]:
    """Names of the shipped technologies, sorted."""
    return shipped_names(TECHNOLOGY_FOLDER)


def load_technology(name_or_path: str | Path, *, models: Sequence[str | Path] = ()) -> Technology:
    """Load a shipped technology by name, or a user's own by the path of its TOML file.

    Its model files lie under the TOML file's folder, under the Python package that it names, or
    under a folder of `models`, symbolic links resolved: a file of somebody else's must not
    choose which of the user's files is read. Raises DesignError on any other folder.
    """
    path = shipped_or_own(TECHNOLOGY_FOLDER, "technology", name_or_path)
    contents = read_toml(path, "technology")
    for key in contents:
        if key not in _TOP:
            raise DesignError(
                f"{path}: unknown key '{short(key)}'; a technology has {', '.join(_TOP)}"
            )
    root = _root(path, contents, models)
    geometry = _numbers(path, contents, "geometry", _GEOMETRY)
    supply = _numbers(path, contents, "supply", _SUPPLY)
    least = {key: geometry.pop(key) for key in ("length_min", "width_min")}
    return Technology(
        name=_name(path, contents, "name"),
        description=_text(path, contents, "description"),
        path=path,
        root=root,
        vdd=supply["vdd"],
        layout=Layout(**geometry),
        mismatch=_mismatch(path, _table(path, contents, "mismatch")),
        transistors=_transistors(path, _table(path, contents, "transistors")),
        corners=_corners(path, _table(path, contents, "corners"), root),
        options=_options(path, contents.get("options", [])),
        **least,
    )


def _root(path: Path, contents: Mapping[str, Any], models: Sequence[str | Path]) -> Path:
    """Folder that holds the model files: beside the TOML file, or inside a Python package."""
    base, owner = path.parent, "the technology file"
    if "package" in contents:
        name = _text(path, contents, "package")
        version = _text(path, contents, "package_version") if "package_version" in contents else ""
        base, owner = package_folder(path, name, version), f"the package '{name}'"
    given = contents.get("root", ".")
    root = given if isinstance(given, str) else short(given)
    return model_folder(path, base, root, owner, models)


def _text(path: Path, table: Mapping[str, Any], key: str, where: str = "") -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise DesignError(f"{path}: '{key}'{where} is missing or not text; add it")
    return value


def _name(path: Path, table: Mapping[str, Any], key: str, where: str = "") -> str:
    return identifier(_text(path, table, key, where), f"{path}: '{key}'{where}")


def _table(path: Path, contents: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = contents.get(key)
    if not isinstance(value, dict):
        raise DesignError(f"{path}: the section [{key}] is missing; add it")
    return value


def _numbers(
    path: Path, contents: Mapping[str, Any], section: str, fields: Mapping[str, Field]
) -> dict[str, float]:
    table = _table(path, contents, section)
    for key in table:
        if key not in fields:
            raise DesignError(
                f"{path}: unknown key '{short(key)}' in [{section}]; it has {', '.join(fields)}"
            )
    for key in fields:
        if key not in table:
            raise DesignError(f"{path}: '{key}' in [{section}] is missing; add it")
    return {key: read_number(path, key, table[key], field).value for key, field in fields.items()}


def _mismatch(path: Path, table: Mapping[str, Any]) -> Mismatch:
    for key in table:
        if key not in ("convention", "coefficient", "instance_parameter"):
            raise DesignError(f"{path}: unknown key '{short(key)}' in [mismatch]")
    convention = _text(path, table, "convention", " in [mismatch]")
    if convention not in _CONVENTIONS:
        raise DesignError(
            f"{path}: the mismatch convention must be one of {', '.join(_CONVENTIONS)}, "
            f"not '{convention}'"
        )
    field = Field("mV um", "Pelgrom coefficient", high=1e-6)
    coefficient = read_number(path, "coefficient", table.get("coefficient"), field)
    parameter = None
    if "instance_parameter" in table:
        parameter = _name(path, table, "instance_parameter", " in [mismatch]")
    return Mismatch(coefficient.value, convention, parameter)


def _transistors(path: Path, table: Mapping[str, Any]) -> dict[str, TransistorModel]:
    if set(table) != {"n", "p"}:
        raise DesignError(f"{path}: [transistors] must have exactly n and p")
    found = {}
    for polarity, entry in table.items():
        where = f" in [transistors.{polarity}]"
        if not isinstance(entry, dict) or set(entry) != {"model", "kind", "scale"}:
            raise DesignError(f"{path}: [transistors.{polarity}] must have model, kind and scale")
        kind = _text(path, entry, "kind", where)
        if kind not in _KINDS:
            raise DesignError(f"{path}: 'kind'{where} must be M (model) or X (sub-circuit)")
        number, _, unit = _text(path, entry, "scale", where).partition(" ")
        try:
            scale = to_si(float(number), unit, like="m")
        except ValueError as error:
            raise DesignError(f"{path}: 'scale'{where}: {error}") from None
        if not 0 < scale <= 1:
            raise DesignError(f"{path}: 'scale'{where} must be a length above 0, at most 1 m")
        found[polarity] = TransistorModel(_name(path, entry, "model", where), kind, scale)
    return found


def _corners(path: Path, table: Mapping[str, Any], root: Path) -> dict[str, tuple[ModelFile, ...]]:
    if not table:
        raise DesignError(f"{path}: [corners] names no corner; add one")
    corners = {}
    for corner, files in table.items():
        identifier(corner, f"{path}: a corner in [corners]")
        if not isinstance(files, list) or not files:
            raise DesignError(f"{path}: corner '{corner}' must be a list of {{ file, section }}")
        read = []
        for entry in files:
            if not isinstance(entry, dict) or not set(entry) <= {"file", "section"}:
                raise DesignError(
                    f"{path}: corner '{corner}' has {short(entry)}, not {{ file, section }}"
                )
            where = f" of corner '{corner}'"
            file = root / _text(path, entry, "file", where)
            if not is_regular(file):
                raise DesignError(f"{path}: there is no model file {file}{where}; check its name")
            section = entry.get("section")
            if section is not None:
                identifier(section, f"{path}: 'section'{where}")
            read.append(ModelFile(file, section))
        corners[corner] = tuple(read)
    return corners


def _options(path: Path, options: object) -> tuple[str, ...]:
    allowed = ("scale", "scalm", "gmin", "rshunt", "seed", "wnflag")
    if not isinstance(options, list) or not all(isinstance(item, str) for item in options):
        raise DesignError(f"{path}: 'options' must be a list such as [\"wnflag=1\"]")
    for item in options:
        if item.partition("=")[0].strip().lower() not in allowed:
            raise DesignError(f"{path}: option '{short(item)}' is not one of {', '.join(allowed)}")
    return tuple(setting(item, f"{path}: an entry of 'options'") for item in options)
