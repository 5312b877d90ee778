"""The section [ageing] of a plan: which benches are simulated after which times under stress."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from characterize.bench_axes import chosen_values
from characterize.errors import PlanError
from characterize.quantities import quantity
from circuits.ageing import (
    DEFAULT_AGEING,
    DEFAULT_DUTY,
    Ageing,
    Stress,
    check_technology,
    load_ageing,
)
from circuits.design import Design
from circuits.errors import DesignError
from files import Section, naming
from lut import AGED

_KEYS = ("benches", "model", "ages", "duty", "axes")


@dataclass(frozen=True)
class AgeingSection:
    """What a plan asks of aged circuits: benches, their axes, the model, ages [s] and duty."""

    benches: tuple[str, ...]
    axes: Mapping[str, tuple[Any, ...]]
    model: Ageing
    ages: tuple[float, ...]
    duty: float

    @property
    def stresses(self) -> tuple[Stress, ...]:
        """One for each age."""
        return tuple(Stress(self.model, age, self.duty) for age in self.ages)


def read_ageing(
    path: Path, table: object, axes: Mapping[str, tuple[Any, ...]], design: Design
) -> AgeingSection:
    """The section, with the plan's own axes where it chooses no values of one.

    Raises PlanError, and DesignError on a bad ageing set or one of another technology.
    """
    place = f"{path}: [ageing]"
    section = Section({"ageing": table}, str(path), PlanError).table("ageing")
    section.only(_KEYS, "it")
    names = section.names("benches", AGED, list(AGED))
    own = dict(axes)
    for name, values in section.table("axes", "ageing.axes").content.items():
        own[name] = chosen_values(f"{path}: [ageing.axes]", name, values, axes)
    name = section.text("model", DEFAULT_AGEING, "a name or a path")
    with naming(path, DesignError):
        model = load_ageing(path.parent / name if name.endswith(".toml") else name)
        check_technology(design, model)
    duty = section.number("duty", 0, 1, DEFAULT_DUTY)
    return AgeingSection(
        tuple(name for name in AGED if name in names),
        own,
        model,
        _ages(place, section.content.get("ages"), model, duty),
        duty,
    )


def _ages(place: str, values: object, model: Ageing, duty: float) -> tuple[float, ...]:
    if not isinstance(values, list) or not values:
        raise PlanError(f"{place}: 'ages' must be a list of times such as \"10 year\"")
    ages = tuple(quantity(place, "ages", value, "s") for value in values)
    if list(ages) != sorted(set(ages)):
        raise PlanError(f"{place}: 'ages' must ascend without repeats")
    for age in ages:
        try:
            Stress(model, age, duty)
        except DesignError as error:
            raise PlanError(f"{place}: {error}") from None
    return ages
