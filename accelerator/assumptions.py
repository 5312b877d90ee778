"""The constants that are not in the table, each with unit, tag and source."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib.resources import files

from accelerator.errors import EstimateError


@dataclass(frozen=True, slots=True)
class Assumption:
    """One constant: its value, where it comes from and what it means.

    `low` and `high` are the range within which it is uncertain; a user's own value has none.
    """

    value: float
    unit: str
    tag: str
    meaning: str
    source: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Assumptions:
    """All constants of the estimate; the texts are in assumptions.toml."""

    reserved_rows: Assumption
    peak_current_per_subarray: Assumption
    bias_generator_efficiency: Assumption
    idle_leakage_fraction: Assumption
    periphery_utilisation: Assumption
    array_utilisation: Assumption
    largest_pitch_aspect: Assumption
    control_flip_flops: Assumption
    digital_unit_lanes: Assumption
    root_to_leaf_over_side: Assumption
    corner_sigmas: Assumption
    density_half_width: Assumption
    off_chip_energy: Assumption
    off_chip_rate: Assumption
    subarrays_per_mat: Assumption
    mats_per_bank: Assumption
    banks_per_group: Assumption
    groups_per_chip: Assumption
    link_widening: Assumption

    def items(self) -> Iterator[tuple[str, Assumption]]:
        """Name and constant, in order."""
        for entry in fields(self):
            yield entry.name, getattr(self, entry.name)

    def exactly(self, name: str) -> Assumptions:
        """The same with one constant taken for certain."""
        entry = replace(getattr(self, name), low=None, high=None)
        return replace(self, **{name: entry})


WHOLE = frozenset(
    {
        "reserved_rows",
        "control_flip_flops",
        "digital_unit_lanes",
        "subarrays_per_mat",
        "mats_per_bank",
        "banks_per_group",
        "groups_per_chip",
    }
)
MAY_BE_ZERO = frozenset(
    {"reserved_rows", "idle_leakage_fraction", "control_flip_flops", "density_half_width"}
)
AT_MOST_ONE = frozenset(
    {
        "bias_generator_efficiency",
        "idle_leakage_fraction",
        "periphery_utilisation",
        "array_utilisation",
        "density_half_width",
    }
)


@cache
def _shipped() -> dict[str, Assumption]:
    text = files("accelerator").joinpath("assumptions.toml").read_text(encoding="utf-8")
    return {name: Assumption(**entry) for name, entry in tomllib.loads(text).items()}


def _checked(name: str, value: float) -> float:
    number = float(value) if isinstance(value, int | float) else float("nan")
    if not (0 <= number < float("inf")) or (number == 0 and name not in MAY_BE_ZERO):
        raise EstimateError(f"the assumption {name} cannot be {value!r}: give a positive number")
    if name in AT_MOST_ONE and number > 1:
        raise EstimateError(f"the assumption {name} is a share, {value!r} is above 1")
    if name in WHOLE and number != int(number):
        raise EstimateError(f"the assumption {name} is a whole number, {value!r} is not")
    return number


def load_assumptions(changes: Mapping[str, float] | None = None) -> Assumptions:
    """The shipped constants, with the user's values in place of those named in `changes`.

    Raises:
        EstimateError: an unknown name or a value that cannot be.
    """
    entries = dict(_shipped())
    for name, value in (changes or {}).items():
        if name not in entries:
            raise EstimateError(
                f"there is no assumption {name!r}: give one of {', '.join(sorted(entries))}"
            )
        shipped = entries[name]
        entries[name] = Assumption(
            _checked(name, value), shipped.unit, "user", shipped.meaning, "given by the user"
        )
    return Assumptions(**entries)
