"""A design: which device, technology and amplifier, and the sizes, currents and times chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from circuits.deck_text import identifier
from circuits.design_sections import (
    OPTIONAL,
    SECTIONS,
    AmplifierSizes,
    Bias,
    Cell,
    Column,
    Sampling,
    Timing,
    WriteDriver,
)
from circuits.device import load_device
from circuits.errors import DesignError
from circuits.junction import Junction
from circuits.parameters import (
    LEAST,
    Field,
    ParameterSet,
    read_parameters,
    read_toml,
    shipped_names,
    shipped_or_own,
)
from circuits.technologies import Technology, load_technology
from circuits.units import to_si
from files import naming, short

DESIGN_FOLDER = Path(__file__).parent / "designs"
DEFAULT_DESIGN = "cancelled"
AMPLIFIERS = ("strongarm", "precharge", "cancelled")


@dataclass(frozen=True)
class Design:
    """Everything that a bench needs to know besides the conditions of one simulation."""

    name: str
    device: Junction
    technology: Technology
    amplifier: str
    interconnect: ParameterSet
    cell: Cell
    column: Column
    bias: Bias
    amplifier_sizes: AmplifierSizes
    timing: Timing
    write: WriteDriver
    sampling: Sampling | None = None
    moving: bool = False
    """Whether every cell's magnet is simulated with its junction; static cells are faster."""

    @property
    def write_word_line(self) -> float:
        """Level [V] of a selected write word line, whatever the supply is."""
        return self.technology.vdd * self.cell.word_line_boost

    def bias_current(self, operation: str) -> float:
        """Current [A] of one branch in an operation; a reference draws twice that."""
        return self.bias.current_read if operation == "read" else self.bias.current_logic


_TEXTS = ("name", "device", "technology", "amplifier")


@cache
def load_interconnect() -> ParameterSet:
    """Wire resistance and capacitance and the layout overhead, tagged and sourced."""
    expected = {
        "local_resistance": Field("ohm/um", "resistance of a local wire"),
        "local_capacitance": Field("fF/um", "capacitance of a local wire"),
        "global_resistance": Field("ohm/um", "resistance of a semi-global wire"),
        "global_capacitance": Field("fF/um", "capacitance of a semi-global wire"),
        "layout_overhead": Field("1", "drawn area over bare transistor area", low=0.999),
    }
    path = Path(__file__).parent / "interconnect.toml"
    return read_parameters(path, "interconnect", expected, {})


def design_names() -> list[str]:
    """Names of the shipped designs, sorted."""
    return shipped_names(DESIGN_FOLDER)


def load_design(
    name_or_path: str | Path | None = None,
    *,
    device: str | Path | None = None,
    technology: str | Path | None = None,
    models: Sequence[str | Path] = (),
) -> Design:
    """Load a shipped design by name, or a user's own by the path of its TOML file.

    `device` and `technology` replace those that the file names. Without a name it is the
    design made for the device, where the device's set names one, else the default. `models`
    are folders that a technology may take its model files from (`load_technology`).
    Raises DesignError on unknown keys, units and unphysical sizes.
    """
    junction = None if device is None else load_device(device)
    if name_or_path is None:
        name_or_path = (junction.design if junction else "") or DEFAULT_DESIGN
    path = shipped_or_own(DESIGN_FOLDER, "design", name_or_path)
    contents = read_toml(path, "design")
    for key in contents:
        if key not in SECTIONS and key not in _TEXTS:
            known = ", ".join([*_TEXTS, *SECTIONS])
            raise DesignError(f"{path}: unknown key '{short(key)}'; a design file has {known}")
        if key in OPTIONAL and contents.get("amplifier") != OPTIONAL[key]:
            raise DesignError(
                f"{path}: only a design with the amplifier '{OPTIONAL[key]}' has a section "
                f"[{key}]; leave it out"
            )
    for key in _TEXTS:
        if not isinstance(contents.get(key), str):
            raise DesignError(f"{path}: '{key}' is missing or not text; add it")
        # Devices and technologies may also be named by their files.
        if key == "name" or not contents[key].endswith(".toml"):
            identifier(contents[key], f"{path}: '{key}'")
    if contents["amplifier"] not in AMPLIFIERS:
        raise DesignError(
            f"{path}: unknown amplifier '{short(contents['amplifier'])}'; "
            f"choose one of {', '.join(AMPLIFIERS)}"
        )
    with naming(path, DesignError):
        junction = junction or load_device(_beside(path, contents["device"]))
        if technology is None:
            transistors = load_technology(_beside(path, contents["technology"]), models=models)
    if technology is not None:
        transistors = load_technology(technology, models=models)
    if junction.cell == "stt":
        _share_transistor(path, contents.get("cell"))
    sections = {
        key: _section(path, key, contents.get(key), kind, expected)
        for key, (kind, expected) in SECTIONS.items()
        if OPTIONAL.get(key, contents["amplifier"]) == contents["amplifier"]
    }
    chosen = Design(
        name=contents["name"],
        device=junction,
        technology=transistors,
        amplifier=contents["amplifier"],
        interconnect=load_interconnect(),
        **sections,
    )
    _check_widths(path, chosen)
    return chosen


def _beside(path: Path, name: str) -> str | Path:
    # A path inside a design file is meant relative to that file.
    return path.parent / name if name.endswith(".toml") else name


def _share_transistor(path: Path, table: object) -> None:
    # A 1T1R cell reads through its write transistor.
    if isinstance(table, dict) and "write_width" in table:
        if "read_width" in table:
            raise DesignError(
                f"{path}: a spin-transfer cell has one transistor; leave out read_width"
            )
        table["read_width"] = table["write_width"]


def _section(path: Path, key: str, table: object, kind: type, expected: Mapping[str, Field]) -> Any:
    if not isinstance(table, dict):
        raise DesignError(f"{path}: the section [{key}] is missing; add it")
    for name in table:
        if name not in expected:
            raise DesignError(
                f"{path}: unknown key '{short(name)}' in [{key}]; it has {', '.join(expected)}"
            )
    values = {}
    for name, field in expected.items():
        where = f"{path}: '{name}' in [{key}]"
        if name not in table:
            raise DesignError(f"{where} is missing; add it")
        values[name] = _quantity(where, table[name], field)
    return kind(**values)


def _quantity(where: str, entry: object, field: Field) -> float | int:
    if field.unit == "count":
        if isinstance(entry, bool) or not isinstance(entry, int) or not 1 <= entry <= field.high:
            raise DesignError(f"{where} must be a whole number from 1 to {field.high:g}")
        return entry
    if not isinstance(entry, str) or len(entry.split(None, 1)) != 2:
        raise DesignError(f'{where} must be text such as "1.5 um", not {short(repr(entry))}')
    number, unit = entry.split(None, 1)
    try:
        value = to_si(float(number), unit, like=field.unit)
    except ValueError as error:
        raise DesignError(f"{where}: {error}") from None
    if not LEAST <= value <= field.high:
        raise DesignError(
            f"{where} = {short(entry)} must be above 0 and at most {field.high:g} (SI)"
        )
    return value


def _check_widths(path: Path, design: Design) -> None:
    technology, sampling = design.technology, design.sampling
    widths = {
        "read_width": design.cell.read_width,
        "write_width per finger": design.cell.write_width / design.cell.write_fingers,
        "multiplexer_width": design.column.multiplexer_width,
        "mirror_width": design.bias.mirror_width,
        "driver_n_width": design.write.driver_n_width,
        "driver_p_width": design.write.driver_p_width,
        **{f.name: getattr(design.amplifier_sizes, f.name) for f in fields(AmplifierSizes)},
    }
    lengths = {"mirror_length": design.bias.mirror_length}
    if sampling is not None:
        for known, kind in ((widths, "width"), (lengths, "length")):
            names = (f.name for f in fields(Sampling) if f.name.endswith(kind))
            known.update({name: getattr(sampling, name) for name in names})
    found = []
    for kind, sizes, least in (
        ("width", widths, technology.width_min),
        ("length", lengths, technology.length_min),
    ):
        small = [
            f"{name} of {size * 1e9:g} nm"
            for name, size in sizes.items()
            if size < least * (1 - 1e-9)
        ]
        if small:
            found.append(
                f"{', '.join(small)} {'is' if len(small) == 1 else 'are'} below the technology's "
                f"least {kind} of {least * 1e9:g} nm"
            )
    if found:
        raise DesignError(
            f"{path}: {' and '.join(found)}; enlarge what is named in a design of your own for "
            f"{technology.name} ({technology.path.name}), or use another technology"
        )
    if sampling is not None and design.column.columns_per_reference != 1:
        raise DesignError(
            f"{path}: each cancelled amplifier has a reference of its own; set "
            "columns_per_reference to 1"
        )
