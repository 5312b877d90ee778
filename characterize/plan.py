"""Plans: which benches are simulated under which conditions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from characterize.ageing_section import AgeingSection, read_ageing
from characterize.bench_axes import bench_axes
from characterize.errors import PlanError
from characterize.limit_entries import read_limits
from characterize.limits import Limit
from characterize.plan_measures import plan_measures
from characterize.quantities import quantity
from characterize.statistics_section import Draws, Statistics, read_statistics
from circuits import (
    BENCHES,
    Conditions,
    Deck,
    Design,
    DesignError,
    build_deck,
    load_design,
)
from circuits.ageing import Stress, aged
from files import Section, is_number, is_one_of, naming, read_text, read_toml, short
from lut import AGED, STATISTICS

PLAN_FOLDER = Path(__file__).parent / "plans"
_KEYS = (
    "title",
    "design",
    "device",
    "technology",
    "benches",
    "axes",
    "tolerance",
    "write_error_rate",
    "time_limit",
    "limits",
    "statistics",
    "ageing",
)
_AXES: dict[str, str] = {
    "corner": "text",
    "vdd": "V",
    "temperature": "K",
    "rows": "count",
    "columns": "count",
    "driver": "number",
}


@dataclass(frozen=True)
class Point:
    """One simulation: a bench, its variant (operands or line) and the conditions.

    `offset` [V] is imposed on the inputs of a sense amplifier; with `tolerance`, the input
    offset tolerated in either polarity is searched. With `write_error_rate` the pulse that a
    write needs for it is found. With `draws` the devices are random, with `stress` its p
    transistors have aged.
    """

    bench: str
    variant: str
    conditions: Conditions
    tolerance: bool = False
    offset: float = 0.0
    write_error_rate: float | None = None
    draws: Draws | None = None
    stress: Stress | None = None

    @property
    def group(self) -> str:
        """The table's group that the point is in."""
        if self.draws is not None:
            return STATISTICS[self.bench]
        return self.bench if self.stress is None else AGED[self.bench]

    @property
    def place(self) -> dict[str, Any]:
        """Its coordinates by axis of its group, but for the variant."""
        found = {name: getattr(self.conditions, name) for name in BENCHES[self.bench].axes}
        return found if self.stress is None else {**found, "age": self.stress.age}

    def deck(self, design: Design) -> Deck:
        """The deck of its nominal devices, aged where they have aged."""
        deck = build_deck(design, self.bench, self.variant, self.conditions, self.offset)
        return deck if self.stress is None else aged(deck, design, self.stress)


@dataclass(frozen=True)
class Plan:
    """A validated plan. Axis values are SI; `tolerance` asks for the tolerated offset."""

    title: str
    design: Design
    benches: tuple[str, ...]
    axes: Mapping[str, tuple[Any, ...]]
    tolerance: bool = True
    time_limit: float = 120.0
    source: str = ""
    seed: int = 0
    write_error_rate: float = 1e-6
    """Probability of leaving the old bit that the write pulse is chosen for."""
    limits: tuple[Limit, ...] = ()
    statistics: Statistics | None = None
    ageing: AgeingSection | None = None

    @property
    def groups(self) -> dict[str, str]:
        """The table's groups that the plan simulates, each with its bench."""
        found = {bench: bench for bench in self.benches}
        if self.statistics is not None:
            found |= {STATISTICS[bench]: bench for bench in self.statistics.benches}
        if self.ageing is not None:
            found |= {AGED[bench]: bench for bench in self.ageing.benches}
        return found

    @property
    def unused_axes(self) -> tuple[str, ...]:
        """Axes, as a plan names them, that are given though no bench of it has them."""
        used = {name for bench in self.groups.values() for name in BENCHES[bench].axes}
        names = {"driver_width": "driver"}
        return tuple(names.get(name, name) for name in self.axes if name not in used)

    def group_axes(self, group: str) -> dict[str, tuple[Any, ...]]:
        """The axes of one group, in order, with the variant axis last."""
        bench, own = self.groups[group], self.axes
        if group == AGED.get(bench) and self.ageing is not None:
            return bench_axes(bench, self.ageing.axes, {"age": self.ageing.ages})
        if group == STATISTICS.get(bench) and self.statistics is not None:
            own = self.statistics.axes
        return bench_axes(bench, own)

    def points(self) -> Iterator[Point]:
        """Every point, lazily: groups in order, the last axis running fastest."""
        # Points of random devices take longest: begun last, one would keep the others waiting.
        for group in sorted(self.groups, key=lambda group: group in self.benches):
            yield from self._points_of(group)

    def _points_of(self, group: str) -> Iterator[Point]:
        bench, axes = self.groups[group], self.group_axes(group)
        kind = BENCHES[bench]
        draws = None
        if group == STATISTICS.get(bench) and self.statistics is not None:
            draws = self.statistics.draws
        tolerance = self.tolerance and kind.senses and draws is None
        rate = self.write_error_rate if bench == "write" else None
        stresses: tuple[Stress | None, ...] = (None,)
        if group == AGED.get(bench) and self.ageing is not None:
            stresses = self.ageing.stresses
        for values in product(*(axes[name] for name in kind.axes)):
            where = Conditions(**dict(zip(kind.axes, values, strict=True)))
            for stress, variant in product(stresses, kind.variants or ("",)):
                yield Point(bench, variant, where, tolerance, 0.0, rate, draws, stress)

    def count(self) -> int:
        """Number of points."""
        return sum(
            math.prod(len(values) for values in self.group_axes(group).values())
            for group in self.groups
        )


def plan_names() -> list[str]:
    """Names of the shipped plans."""
    return sorted(path.stem for path in PLAN_FOLDER.glob("*.toml"))


def load_plan(
    path: str | Path | None = None,
    *,
    quick: bool = False,
    design: str | Path | None = None,
    device: str | Path | None = None,
    technology: str | Path | None = None,
    models: Sequence[str | Path] = (),
) -> Plan:
    """Load a plan from its TOML file; without one the shipped reference or quick plan.

    `design`, `device` and `technology` replace those that the plan names, `models` are folders
    that a technology may take its model files from beside its own. A plan without an axis `vdd`
    is simulated at the technology's nominal supply. Raises PlanError on unknown keys, units,
    benches, corners and axis values, DesignError on a bad design and on models that it cannot
    use.
    """
    if path is not None and quick:
        raise PlanError("--quick is a plan of its own; leave out either it or the plan file")
    chosen = (
        Path(path)
        if path is not None
        else PLAN_FOLDER / ("quick.toml" if quick else "reference.toml")
    )
    contents = read_toml(chosen, "plan file", PlanError)
    text = read_text(chosen, "plan file", error=PlanError)
    section = Section(contents, str(chosen), PlanError)
    section.only(_KEYS, "a plan")
    # Where the command names one of them, an error may be of that.
    own = not (design or device or technology)
    with naming(chosen, DesignError) if own else nullcontext():
        loaded = load_design(
            design or _named(chosen, contents, "design"),
            device=device or _named(chosen, contents, "device"),
            technology=technology or _named(chosen, contents, "technology"),
            models=models,
        )
    others = "statistics" in contents or "ageing" in contents
    benches = _benches(chosen, contents.get("benches", list(BENCHES)), others)
    axes = _axes(chosen, contents.get("axes"), loaded, benches)
    for corner in axes.get("corner", ()):
        # Models that cannot be used are told before anything is simulated.
        loaded.technology.model_text(corner)
    tolerance = section.flag("tolerance", True)
    limit = quantity(str(chosen), "time_limit", contents.get("time_limit", "120 s"), "s")
    if limit <= 0:
        raise PlanError(f"{chosen}: 'time_limit' must be above 0 s")
    title = section.text("title", chosen.stem)
    rate = section.number("write_error_rate", 1e-12, 0.5, Plan.write_error_rate)
    statistics = None
    if "statistics" in contents:
        statistics = read_statistics(chosen, contents["statistics"], axes)
    ageing = None
    if "ageing" in contents:
        ageing = read_ageing(chosen, contents["ageing"], axes, loaded)
    plan = Plan(
        title, loaded, benches, axes, tolerance, limit, text, 0, rate, (), statistics, ageing
    )
    for bench in plan.groups.values():
        for name in BENCHES[bench].axes:
            if name not in axes:
                raise PlanError(
                    f"{chosen}: the axis '{name}' is missing, which {bench} has; add it"
                )
    group_axes = {group: plan.group_axes(group) for group in plan.groups}
    limits = read_limits(
        chosen, contents.get("limits", []), group_axes, lambda group: plan_measures(plan, group)
    )
    return replace(plan, limits=limits)


def _named(path: Path, contents: Mapping[str, Any], key: str) -> str | Path | None:
    if key not in contents:
        return None
    value = Section(contents, str(path), PlanError).text(key)
    # A path inside a plan is meant relative to that plan.
    return path.parent / value if value.endswith(".toml") else value


def _benches(path: Path, names: object, may_be_none: bool) -> tuple[str, ...]:
    if not isinstance(names, list) or not (names or may_be_none):
        raise PlanError(f"{path}: 'benches' must be a list of names")
    for name in names:
        if not is_one_of(name, BENCHES):
            raise PlanError(
                f"{path}: unknown bench {short(repr(name))}; choose from {', '.join(BENCHES)}"
            )
    return tuple(name for name in BENCHES if name in names)


def _axis_by_default(name: str, design: Design, benches: tuple[str, ...]) -> list[Any] | None:
    if name == "vdd":
        return [f"{design.technology.vdd!r} V"]
    return [1.0] if name == "driver" and "write" in benches else None


def _axes(
    path: Path, table: object, design: Design, benches: tuple[str, ...]
) -> dict[str, tuple[Any, ...]]:
    if not isinstance(table, dict):
        raise PlanError(f"{path}: the section [axes] is missing; add it")
    for key in table:
        if key not in _AXES:
            raise PlanError(f"{path}: unknown axis '{short(key)}'; the axes are {', '.join(_AXES)}")
    axes: dict[str, tuple[Any, ...]] = {}
    for name, unit in _AXES.items():
        values = table.get(name, _axis_by_default(name, design, benches))
        if values is None:
            continue  # Only the benches of a plan say which it needs.
        if not isinstance(values, list) or not values:
            raise PlanError(f"{path}: the axis '{name}' is empty or no list; give it a list")
        if unit == "text":
            for value in values:
                if not is_one_of(value, design.technology.corners):
                    raise PlanError(
                        f"{path}: technology {design.technology.name} has no corner "
                        f"{short(repr(value))}; "
                        f"it has {', '.join(design.technology.corners)}"
                    )
            read: tuple[Any, ...] = tuple(values)
        elif unit == "count":
            for value in values:
                if isinstance(value, bool) or not isinstance(value, int):
                    raise PlanError(
                        f"{path}: '{name}' must be whole numbers, not {short(repr(value))}"
                    )
            read = tuple(values)
        elif unit == "number":
            for value in values:
                if not is_number(value) or value <= 0:
                    raise PlanError(
                        f"{path}: '{name}' must be numbers above 0, not {short(repr(value))}"
                    )
            read = tuple(float(value) for value in values)
        else:
            read = tuple(quantity(str(path), name, value, unit) for value in values)
        if len(set(read)) != len(read) or (unit != "text" and list(read) != sorted(read)):
            raise PlanError(f"{path}: the axis '{name}' must ascend without repeats")
        axes[name] = read
    # A plan speaks of multiples of the design's write driver, a table of widths.
    if "driver" in axes:
        widths = (design.write.driver_n_width * scale for scale in axes.pop("driver"))
        axes["driver_width"] = tuple(round(width, 12) for width in widths)
    # Each bound is on one axis alone, so that their product, which may be huge, need not be made.
    for name, values in axes.items():
        for value in values:
            try:
                Conditions(**{name: value})
            except DesignError as error:
                raise PlanError(f"{path}: {error}") from None
    return axes
