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
    if not isinstance(table, dict):
        raise PlanError(f"{path}: 'ageing' must be a section, headed [ageing]")
    for key in table:
        if key not in _KEYS:
            raise PlanError(f"{place} has an unknown key '{key}'; it has {', '.join(_KEYS)}")
    names = table.get("benches", list(AGED))
    if not isinstance(names, list) or not names or any(name not in AGED for name in names):
        raise PlanError(f"{place}: 'benches' must be a list of {', '.join(AGED)}, not {names!r}")
    chosen = table.get("axes", {})
    if not isinstance(chosen, dict):
        raise PlanError(f"{place}: 'axes' must be a section, headed [ageing.axes]")
    own = dict(axes)
    for name, values in chosen.items():
        own[name] = chosen_values(f"{path}: [ageing.axes]", name, values, axes)
    name = table.get("model", DEFAULT_AGEING)
    if not isinstance(name, str):
        raise PlanError(f"{place}: 'model' must be a name or a path, not {name!r}")
    model = load_ageing(path.parent / name if name.endswith(".toml") else name)
    check_technology(design, model)
    duty = table.get("duty", DEFAULT_DUTY)
    if isinstance(duty, bool) or not isinstance(duty, int | float):
        raise PlanError(f"{place}: 'duty' must be a number between 0 and 1, not {duty!r}")
    return AgeingSection(
        tuple(name for name in AGED if name in names),
        own,
        model,
        _ages(place, table.get("ages"), model, float(duty)),
        float(duty),
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
