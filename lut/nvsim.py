"""Cell files of NVSim (`.cell`): the text of one, and what NVSim takes from any.

NVSim (X. Dong, C. Xu, Y. Xie, N. P. Jouppi, IEEE TCAD 31, 994 (2012)) reads a cell line by line.
A line belongs to the first key that it begins with; its value is taken only where unit and colon
follow exactly. All else it passes over without a word, so that a wrong unit leaves its default.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class CellKey:
    """One key: the unit that stands in the file, and that unit in SI (F and F^2 stay)."""

    name: str
    unit: str = ""
    scale: float = 1.0
    real: bool = True

    @property
    def title(self) -> str:
        """What stands before the value."""
        return f"-{self.name} ({self.unit}):" if self.unit else f"-{self.name}:"


NUMBERS = (
    # In NVSim's order, in which a longer name comes before its beginning.
    CellKey("ProcessNode", "", 1e-9, real=False),  # nm, whole
    CellKey("CellArea", "F^2"),
    CellKey("CellAspectRatio"),
    *(
        CellKey(f"Resistance{state}At{at}Voltage", "ohm")
        for at in ("Set", "Reset", "Read", "HalfRead")
        for state in ("On", "Off")
    ),
    CellKey("ResistanceOnAtHalfResetVoltage", "ohm"),
    CellKey("ResistanceOn", "ohm"),
    CellKey("ResistanceOff", "ohm"),
    CellKey("CapacitanceOn", "F"),
    CellKey("CapacitanceOff", "F"),
    CellKey("ReadVoltage", "V"),
    CellKey("ReadCurrent", "uA", 1e-6),
    CellKey("ReadEnergy", "pJ", 1e-12),
    CellKey("MinSenseVoltage", "mV", 1e-3),
    *(
        CellKey(f"{write}{name}", unit, scale)
        for write in ("Reset", "Set")
        for name, unit, scale in (
            ("Voltage", "V", 1.0),
            ("Current", "uA", 1e-6),
            ("Pulse", "ns", 1e-9),
            ("Energy", "pJ", 1e-12),
        )
    ),
    CellKey("AccessCMOSWidth", "F"),
    CellKey("VoltageDropAccessDevice", "V"),
    CellKey("LeakageCurrentAccessDevice", "uA", 1e-6),
)
WORDS = ("MemCellType", "ReadMode", "ResetMode", "SetMode", "AccessType", "ReadFloating")
_NUMBERS = {key.name: key for key in NUMBERS}
# What the C library reads as %lf, but for infinities, NaN and hexadecimals.
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_DIGITS = 12
LONGEST_LINE = 4999
"""Characters of a line for which NVSim has room."""


@dataclass(frozen=True)
class Cell:
    """What a cell file says. Numbers are SI, but for lengths and areas in F and F^2.

    `unread` are the lines with a dash from which a resistive cell gets nothing.
    """

    numbers: Mapping[str, float]
    words: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()


def cell_text(parts: Iterable[tuple[str, Mapping[str, float | str]]]) -> str:
    """Return a cell file: under a remark each, keys with their values, in the order given.

    Numbers are rounded to 12 digits. NVSim takes the aspect ratio for the area above it, so
    the area goes first.

    Args:
        parts: a remark (of one line or more, or "") and the numbers and words under it.

    Raises:
        KeyError: a key that NVSim has not.
    """
    lines: list[str] = []
    for remark, values in parts:
        lines.extend(f"// {line}"[:LONGEST_LINE] for line in remark.splitlines())
        for name, value in values.items():
            if name in WORDS:
                lines.append(f"-{name}: {value}")
            else:
                key = _NUMBERS[name]
                lines.append(f"{key.title} {float(value) / key.scale:.{_DIGITS}g}")
    return "\n".join(lines) + "\n"


def read_cell(text: str) -> Cell:
    """Return what NVSim takes from a cell file; of a key that stands twice the last value."""
    numbers: dict[str, float] = {}
    words: dict[str, str] = {}
    unread = []
    first, *others = text.split("\n")
    for line in (first, *(other.lstrip() for other in others)):
        name = _key_of(line)
        found = None
        if name in _NUMBERS:
            key = _NUMBERS[name]
            found = re.match(_pattern(key.title, _NUMBER if key.real else r"[-+]?\d+"), line)
            # NVSim warns of the one width that it leaves out.
            if name == "AccessCMOSWidth" and words.get("AccessType", "CMOS") != "CMOS":
                found = None
            if found:
                numbers[name] = float(found[1]) * key.scale
        elif name:
            found = re.match(_pattern(f"-{name}:", r"\S+"), line)
            if found:
                words[name] = found[1]
        if line.startswith("-") and not found:
            unread.append(line.rstrip())
    return Cell(numbers, words, tuple(unread))


def _key_of(line: str) -> str:
    """The key that NVSim takes a line for; "" for none."""
    return next((name for name in (*_NUMBERS, *WORDS) if line.startswith(f"-{name}")), "")


def _pattern(title: str, value: str) -> str:
    """As `sscanf` reads it: a blank is any blank or none, also before the value."""
    return r"\s*".join(re.escape(word) for word in title.split(" ")) + rf"\s*({value})"
