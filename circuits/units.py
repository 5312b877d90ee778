"""Units of parameter files: one prefix table, one table of units, everything to SI."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from circuits.errors import DesignError
from files import short

PREFIXES: Mapping[str, float] = {
    "f": 1e-15,
    "p": 1e-12,
    "n": 1e-9,
    "u": 1e-6,
    "m": 1e-3,
    "": 1.0,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
}


@dataclass(frozen=True)
class Unit:
    """A unit: SI value = (number * factor) + offset, and the dimension it measures."""

    factor: float
    dimension: str
    offset: float = 0.0


_PREFIXED = {
    "m": "length",
    "s": "time",
    "V": "voltage",
    "A": "current",
    "ohm": "resistance",
    "F": "capacitance",
    "W": "power",
    "J": "energy",
    "T": "induction",
    "Hz": "frequency",
}
_PLAIN = {
    "1": Unit(1.0, "number"),
    "%": Unit(1e-2, "number"),
    "K": Unit(1.0, "temperature"),
    "degC": Unit(1.0, "temperature", 273.15),
    "A/m": Unit(1.0, "magnetic field"),
    "kA/m": Unit(1e3, "magnetic field"),
    # 1000/(4 pi) A/m.
    "Oe": Unit(79.57747154594767, "magnetic field"),
    "A/m^2": Unit(1.0, "current density"),
    "MA/cm^2": Unit(1e10, "current density"),
    "J/m": Unit(1.0, "energy by length"),
    "pJ/m": Unit(1e-12, "energy by length"),
    "J/m^2": Unit(1.0, "energy by area"),
    "mJ/m^2": Unit(1e-3, "energy by area"),
    "J/m^3": Unit(1.0, "energy by volume"),
    "kJ/m^3": Unit(1e3, "energy by volume"),
    "ohm m": Unit(1.0, "resistivity"),
    "uohm cm": Unit(1e-8, "resistivity"),
    "ohm m^2": Unit(1.0, "resistance-area product"),
    "ohm um^2": Unit(1e-12, "resistance-area product"),
    "m^2": Unit(1.0, "area"),
    "um^2": Unit(1e-12, "area"),
    "nm^2": Unit(1e-18, "area"),
    "ohm/m": Unit(1.0, "resistance by length"),
    "ohm/um": Unit(1e6, "resistance by length"),
    "F/m": Unit(1.0, "capacitance by length"),
    "fF/um": Unit(1e-9, "capacitance by length"),
    "J/(V m)": Unit(1.0, "surface energy by field"),
    "fJ/(V m)": Unit(1e-15, "surface energy by field"),
    "V m": Unit(1.0, "voltage length"),
    "mV um": Unit(1e-9, "voltage length"),
    "hour": Unit(3600.0, "time"),
    "day": Unit(86400.0, "time"),
    "month": Unit(365.25 * 86400.0 / 12, "time"),
    "year": Unit(365.25 * 86400.0, "time"),
    "eV": Unit(1.602176634e-19, "energy"),
    "V/m": Unit(1.0, "electric field"),
    "V/nm": Unit(1e9, "electric field"),
    "s/m^2": Unit(1.0, "time by area"),
    "s/nm^2": Unit(1e18, "time by area"),
    "C^-0.5 m^-2.5": Unit(1.0, "trap generation"),
    "C^-0.5 nm^-2.5": Unit(10**22.5, "trap generation"),
}
UNITS: Mapping[str, Unit] = {
    **{
        prefix + symbol: Unit(factor, dimension)
        for symbol, dimension in _PREFIXED.items()
        for prefix, factor in PREFIXES.items()
    },
    **_PLAIN,
}


def prefixed(unit: str, numbers: Iterable[float]) -> tuple[float, str]:
    """A factor and the unit with its prefix that suit the largest of some SI numbers.

    Only units that take prefixes get one; the factor is 1 for any other, and where no number is
    finite and above zero.
    """
    sizes = [abs(number) for number in numbers if math.isfinite(number) and number]
    if unit not in _PREFIXED or not sizes:
        return 1.0, unit
    suiting = [item for item in PREFIXES.items() if item[1] <= max(sizes) * (1 + 1e-12)]
    least = min(PREFIXES.items(), key=lambda item: item[1])
    prefix, factor = max(suiting or [least], key=lambda item: item[1])
    return factor, prefix + unit


def si_unit(unit: str) -> str:
    """The unit of the same dimension whose factor is one, as "m" for "nm"."""
    dimension = UNITS[unit].dimension
    return next(
        name
        for name, found in UNITS.items()
        if found.dimension == dimension and found.factor == 1.0 and found.offset == 0.0
    )


def to_si(value: float, unit: str, *, like: str | None = None) -> float:
    """The SI value of a number with its unit.

    `like` is any unit of the dimension that is expected. Raises DesignError on an unknown
    unit (with the nearest names) and on one of another dimension.
    """
    if unit not in UNITS:
        near = difflib.get_close_matches(unit[:20], UNITS, n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(UNITS)}"
        raise DesignError(f"unknown unit '{short(unit)}'; {hint}")
    found = UNITS[unit]
    if like is not None and found.dimension != UNITS[like].dimension:
        raise DesignError(
            f"the unit '{unit}' measures {found.dimension}, but {UNITS[like].dimension} is "
            f"expected, as in '{like}'"
        )
    return value * found.factor + found.offset
