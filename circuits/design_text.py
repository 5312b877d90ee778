"""A design as the text of its TOML file."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from circuits.design import Design
from circuits.design_sections import OPTIONAL, SECTIONS
from circuits.parameters import Field
from circuits.units import prefixed


def design_text(design: Design, comments: tuple[str, ...] = (), base: Path | None = None) -> str:
    """The file that `load_design` reads as this design, but for what a device shares.

    `comments` are lines at its head; a device or technology of the user's own is named by its
    path, relative to `base` where that is possible.
    """
    lines = [f"# {line}".rstrip() for line in comments]
    lines += [
        f"name = {_quoted(design.name)}",
        f"device = {_quoted(_reference(design.device.name, design.device.parameters.path, base))}",
        "technology = " + _quoted(_reference(design.technology.name, design.technology.path, base)),
        f"amplifier = {_quoted(design.amplifier)}",
    ]
    for section, (_, expected) in SECTIONS.items():
        if OPTIONAL.get(section, design.amplifier) != design.amplifier:
            continue
        values = asdict(getattr(design, section))
        if section == "cell" and design.device.cell == "stt":
            del values["read_width"]  # It is the write transistor's.
        lines += ["", f"[{section}]"]
        lines += [f"{name} = {_entry(value, expected[name])}" for name, value in values.items()]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    # A string of JSON is one of TOML; paths may hold quotes and backslashes.
    return json.dumps(text, ensure_ascii=False)


def _entry(value: float, field: Field) -> str:
    if field.unit == "count":
        return str(value)
    factor, unit = prefixed(field.unit, [value])
    return f'"{value / factor:.9g} {unit}"'


def _reference(name: str, path: Path, base: Path | None) -> str:
    """The name of a shipped part, or the path of a user's own."""
    if Path(__file__).parent in path.parents:
        return name
    path = path.resolve()
    if base is not None and path.is_relative_to(base.resolve()):
        return path.relative_to(base.resolve()).as_posix()
    return path.as_posix()
