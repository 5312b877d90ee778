"""Units: one prefix table, everything to SI, wrong units refused with the nearest names."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits import DesignError
from circuits.units import PREFIXES, UNITS, to_si

# SI prefixes and their exponents, written out once more, independently of the table.
EXPONENTS = {"f": -15, "p": -12, "n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9}
BASES = ("m", "s", "V", "A", "ohm", "F", "W", "J", "T", "Hz")


def test_prefixes_are_the_si_ones() -> None:
    assert set(PREFIXES) == set(EXPONENTS)
    for prefix, factor in PREFIXES.items():
        assert factor == float(f"1e{EXPONENTS[prefix]}")


@settings(deadline=None, derandomize=True, max_examples=200)
@given(
    value=st.floats(-1e12, 1e12),
    base=st.sampled_from(BASES),
    first=st.sampled_from(sorted(EXPONENTS)),
    second=st.sampled_from(sorted(EXPONENTS)),
)
def test_prefixes_go_round(value: float, base: str, first: str, second: str) -> None:
    there = to_si(value, first + base)
    assert there == pytest.approx(value * 10.0 ** EXPONENTS[first], rel=1e-12)
    # The same quantity written with another prefix is the same SI value.
    other = value * 10.0 ** (EXPONENTS[first] - EXPONENTS[second])
    assert to_si(other, second + base, like=base) == pytest.approx(there, rel=1e-12)


def test_prefixed_units_keep_their_dimension() -> None:
    for base in BASES:
        for prefix in EXPONENTS:
            assert UNITS[prefix + base].dimension == UNITS[base].dimension


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (27, "degC", 300.15),
        (-40, "degC", 233.15),
        (300, "K", 300),
        (50, "%", 0.5),
        (1, "Oe", 1000 / (4 * math.pi)),
        (1, "MA/cm^2", 1e10),
        (200, "uohm cm", 2e-6),
        (5, "ohm um^2", 5e-12),
        (0.2, "fF/um", 2e-10),
        (3, "ohm/um", 3e6),
        (2.5, "mV um", 2.5e-9),
        (1, "kJ/m^3", 1e3),
        (1, "mJ/m^2", 1e-3),
        (10, "pJ/m", 1e-11),
        (1, "J/m", 1),
        (1, "um^2", 1e-12),
        (1, "nm^2", 1e-18),
        (1, "kA/m", 1e3),
    ],
)
def test_composed_units(value: float, unit: str, expected: float) -> None:
    assert to_si(value, unit) == pytest.approx(expected, rel=1e-12)


def test_no_unit_but_a_temperature_has_an_offset() -> None:
    assert {name for name, unit in UNITS.items() if unit.offset} == {"degC"}
    assert all(unit.factor > 0 for unit in UNITS.values())


@pytest.mark.parametrize(
    ("unit", "near"),
    [("nM", "nm"), ("Ohm", "ohm"), ("kOhm", "kohm"), ("C", "degC"), ("fF/mm", "fF/um")],
)
def test_unknown_unit_is_refused_with_near_ones(unit: str, near: str) -> None:
    with pytest.raises(DesignError, match=f"unknown unit '{unit}'; ") as refusal:
        to_si(1.0, unit)
    assert near in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("unit", ["", "furlong per fortnight", "am", "V V"])
def test_what_is_no_unit_is_refused(unit: str) -> None:
    with pytest.raises(DesignError, match="unknown unit"):
        to_si(1.0, unit)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(unit=st.sampled_from(sorted(UNITS)), like=st.sampled_from(sorted(UNITS)))
def test_another_dimension_is_refused(unit: str, like: str) -> None:
    if UNITS[unit].dimension == UNITS[like].dimension:
        to_si(1.0, unit, like=like)
    else:
        with pytest.raises(DesignError, match="is expected, as in") as refusal:
            to_si(1.0, unit, like=like)
        assert UNITS[unit].dimension in str(refusal.value)
        assert UNITS[like].dimension in str(refusal.value)
