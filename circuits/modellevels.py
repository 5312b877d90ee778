"""The levels of `.model` that ngspice 39 has, and those of other simulators by their names."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

_MOSFET = {
    1: "MOS1",
    2: "MOS2",
    3: "MOS3",
    4: "BSIM1",
    5: "BSIM2",
    6: "MOS6",
    8: "BSIM3",
    9: "MOS9",
    10: "BSIMSOI",
    14: "BSIM4",
    49: "BSIM3",
    54: "BSIM4",
    55: "BSIM3SOI-FD",
    56: "BSIM3SOI-DD",
    57: "BSIM3SOI-PD",
    58: "BSIMSOI",
    60: "SOI3",
    68: "HiSIM2",
    73: "HiSIM_HV",
}
_BIPOLAR = {1: "Gummel-Poon", 2: "Gummel-Poon", 4: "VBIC", 8: "HICUM", 9: "VBIC"}
_JFET = {1: "Shichman-Hodges", 2: "Parker-Skellern"}
_MESFET = {1: "Statz", 2: "MESA", 3: "MESA", 4: "MESA", 5: "HFET1", 6: "HFET2"}

LEVELS: Mapping[str, Mapping[int, str]] = {
    **dict.fromkeys(("nmos", "pmos"), _MOSFET),
    **dict.fromkeys(("npn", "pnp"), _BIPOLAR),
    **dict.fromkeys(("njf", "pjf"), _JFET),
    **dict.fromkeys(("nmf", "pmf"), _MESFET),
}
"""Levels by type, each tried in ngspice 39.3; other types have any level or none."""

_ELSEWHERE = {
    7: "MOS7",
    15: "BSIM5",
    13: "BSIM1",
    28: "modified BSIM1",
    39: "BSIM2",
    47: "BSIM3 version 2",
    53: "BSIM3",
    59: "UFSOI",
    61: "RPI a-Si thin film",
    62: "RPI poly-Si thin film",
    63: "MOS11",
    64: "HiSIM",
    66: "HiSIM_HV",
    69: "PSP",
    70: "BSIMSOI 4",
    71: "thin film",
    72: "BSIM-CMG",
    74: "MOS20",
    76: "UTSOI",
    77: "BSIM-BULK",
    78: "BSIM-IMG",
}
"""MOSFET levels of other simulators, which ngspice does not have under this number."""

_VERILOG_A = re.compile(
    r"(?:\w*_va|bsim\w*|psp\w*|ekv\w*|hisim\w*|l?utsoi\w*|mextram\w*|hicum\w*|vbic\w*|asmhemt\w*"
    r"|mvsg\w*|bjt\w*|juncap\w*|r2_cmc|r3_cmc|diode_cmc|ekv\w*)",
    re.I,
)
_LEVEL = re.compile(r"(?<![\w.])level\s*=\s*(['{]?)\s*([+-]?[\d.]+(?:e[+-]?\d+)?)\s*[}']?", re.I)
_HEAD = re.compile(r"\.model\s+([^\s(),=]+)\s+(\w+)", re.I)


def level_fault(text: str) -> str:
    """What is wrong with the level of a `.model` card; empty where ngspice has it."""
    head, level = _HEAD.match(text), _LEVEL.search(text)
    if head is None or level is None:
        return ""
    name, kind = head.groups()
    known = LEVELS.get(kind.lower())
    try:
        number = float(level.group(2))
    except ValueError:
        number = math.nan
    # ngspice reads 0 as the type's default.
    if known is None or number == 0 or number in known:
        return ""
    meant = _ELSEWHERE.get(int(number), "") if known is _MOSFET and math.isfinite(number) else ""
    levels = ", ".join(f"{key} ({what})" for key, what in known.items())
    return (
        f"the model '{name}' has level {level.group(2)}{f' ({meant})' if meant else ''}, which "
        f"ngspice does not have for {kind.lower()}; take a library of one of its levels: {levels}"
    )


def type_fault(name: str, kind: str) -> str:
    """What is wrong with a type of `.model` that is a model in Verilog-A; empty for others."""
    if _VERILOG_A.fullmatch(kind) is None:
        return ""
    return (
        f"the model '{name}' is of the type '{kind}', a model in Verilog-A, which has to be "
        "compiled and is not supported; take a library of a model that ngspice has built in, "
        "such as BSIM4 (level 54)"
    )
