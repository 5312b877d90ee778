"""What a schema is made of: axes, variables, attributes and groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class AxisSpec:
    """One axis: texts, real numbers (float64) or counts (int64, at least 1).

    `allowed` lists the texts that may occur; empty where any may.
    """

    kind: Literal["text", "real", "count"]
    units: str
    meaning: str
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class VariableSpec:
    """One variable: real numbers (float64), or outcomes (int8).

    The writer insists on `required` ones; the absence of an `expected` one is reported by
    `lut.check`; `positive` ones are above zero wherever the outcome is ok.
    """

    units: str
    meaning: str
    kind: Literal["real", "outcome"] = "real"
    required: bool = False
    expected: bool = True
    positive: bool = False


@dataclass(frozen=True)
class AttributeSpec:
    """One attribute of a group; a count is a whole number of at least 1."""

    kind: Literal["text", "real", "count"]
    units: str
    meaning: str


@dataclass(frozen=True)
class GroupSpec:
    """One simulated operation: its axes (in the order of dimensions), variables, attributes.

    `truth` is the truth table of a sensing operation, operands to logic value; `parts` names
    the variables that sum to `energy`.
    """

    meaning: str
    axes: Mapping[str, AxisSpec]
    variables: Mapping[str, VariableSpec]
    attributes: Mapping[str, AttributeSpec] = field(default_factory=dict)
    truth: Mapping[str, int] = field(default_factory=dict)
    parts: tuple[str, ...] = ()

    @property
    def dims(self) -> tuple[str, ...]:
        """The names of the group's dimensions, in order."""
        return tuple(self.axes)
