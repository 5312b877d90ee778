"""From points and their results to the groups of a table."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, fields
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from characterize.ageing_section import AgeingSection
from characterize.plan import Plan, Point
from characterize.simulate import PointResult
from characterize.statistics_section import Statistics
from circuits import (
    BENCHES,
    Conditions,
    Design,
    amplifiers_per_reference,
    build_deck,
    cell_layout,
)
from circuits.parameters import ParameterSet
from lut import SCHEMA, Axis, Group, Outcome, Variable, VariableSpec

CELL = "cell"


def groups_of(plan: Plan, results: Mapping[Point, PointResult]) -> dict[str, Group]:
    """The table's groups; a point whose simulation failed has NaN beside its outcome."""
    groups = {group: group_of(plan, group, results) for group in SCHEMA if group in plan.groups}
    layout = cell_layout(plan.design)
    sizes = {"area": layout.area, "width": layout.width, "height": layout.height}
    specification = SCHEMA[CELL].variables
    variables = {
        name: Variable(np.array(value), (), specification[name].units, specification[name].meaning)
        for name, value in sizes.items()
    }
    groups[CELL] = Group({}, variables)
    return groups


def group_of(plan: Plan, bench: str, results: Mapping[Point, PointResult]) -> Group:
    """One group of the table, from the results of all its points."""
    specification = SCHEMA[bench]
    axes = plan.group_axes(bench)
    shape = tuple(len(values) for values in axes.values())
    points = [point for point in plan.points() if point.group == bench]
    found = [results[point] for point in points]
    variables: dict[str, Variable] = {}
    for name, variable in specification.variables.items():
        if name == "outcome":
            values = np.array([int(result.outcome) for result in found], dtype=np.int8)
        elif name == "area":
            variables[name] = _area(plan, bench, variable)
            continue
        elif any(name in result.values for result in found):
            values = np.array([result.values.get(name, np.nan) for result in found])
        else:
            continue
        variables[name] = Variable(
            values.reshape(shape), tuple(axes), variable.units, variable.meaning
        )
    coordinates = {
        name: Axis(values, specification.axes[name].units, specification.axes[name].meaning)
        for name, values in axes.items()
    }
    return Group(coordinates, variables, _attributes(plan, bench))


def _area(plan: Plan, bench: str, spec: VariableSpec) -> Variable:
    """Area [m^2] along the axes that it depends on: a driver's width, a word line's columns."""
    axes = plan.group_axes(bench)
    kind = BENCHES[bench]

    def of(place: Mapping[str, Any]) -> float:
        where = Conditions(**{name: place[name] for name in kind.axes})
        variant = place[kind.variant_axis] if kind.variants else ""
        return build_deck(plan.design, bench, variant, where).values["area"]

    first = {name: values[0] for name, values in axes.items()}
    dims = tuple(
        name
        for name, values in axes.items()
        if any(of({**first, name: value}) != of(first) for value in values[1:])
    )
    shape = tuple(len(axes[name]) for name in dims)
    places = product(*(axes[name] for name in dims))
    areas = [of({**first, **dict(zip(dims, place, strict=True))}) for place in places]
    return Variable(np.array(areas).reshape(shape), dims, spec.units, spec.meaning)


def _attributes(plan: Plan, group: str) -> dict[str, Any]:
    design, bench = plan.design, plan.groups[group]
    sharing = amplifiers_per_reference(design, bench)
    known: dict[str, Any] = {
        "columns_per_amplifier": design.column.columns_per_amplifier,
        "columns_per_reference": sharing,
        "bias_current": design.bias_current(bench),
        "amplifier": design.amplifier,
        "device": design.device.name,
        "technology": design.technology.name,
        "error_rate_target": plan.write_error_rate,
    }
    if plan.statistics is not None:
        draws = plan.statistics.draws
        known |= {"variation": draws.variation.name, "samples": draws.samples, "seed": draws.seed}
    if plan.ageing is not None:
        known |= {"ageing": plan.ageing.model.name, "duty": plan.ageing.duty}
    return {name: known[name] for name in SCHEMA[group].attributes if name in known}


def provenance_of(plan: Plan, results: Mapping[Point, PointResult]) -> dict[str, Any]:
    """How the table was made: plan, design, parameter files, model and netlist hashes.

    No times, hosts or dates, so that equal plans give equal tables.
    """
    design = plan.design
    device = design.device.parameters
    retried = [
        {**_place(point), "rung": result.rung} for point, result in results.items() if result.rung
    ]
    failures = [
        {
            **_place(point),
            "outcome": result.outcome.name.lower(),
            "message": result.message,
        }
        for point, result in results.items()
        if result.outcome is not Outcome.OK
    ]
    found: dict[str, Any] = {
        "plan": plan.source,
        "seed": plan.seed,
        "tolerance": plan.tolerance,
        "nominal_vdd": design.technology.vdd,
        "design": design_record(design),
        "device": {
            "name": design.device.name,
            "sha256": _file_hash(device.path),
            "thermal_stability": design.device.stability,
            "parameters": _numbers(device),
        },
        "models": {
            corner: design.technology.content_hash(corner) for corner in plan.axes["corner"]
        },
        "netlists": _netlists(plan),
        "failures": failures,
        "retried": retried,
    }
    if plan.statistics is not None:
        found["statistics"] = _statistics_record(plan.statistics)
    if plan.ageing is not None:
        found["ageing"] = _ageing_record(plan.ageing)
    return found


def _ageing_record(ageing: AgeingSection) -> dict[str, Any]:
    return {
        "duty": ageing.duty,
        "model": {
            "name": ageing.model.name,
            "sha256": ageing.model.content_hash,
            "parameters": _numbers(ageing.model.parameters),
        },
    }


def _statistics_record(statistics: Statistics) -> dict[str, Any]:
    draws = statistics.draws
    return {
        "samples": draws.samples,
        "relative_error": draws.relative_error,
        "simulations": draws.simulations,
        "seed": draws.seed,
        "variation": {
            "name": draws.variation.name,
            "sha256": draws.variation.content_hash,
            "parameters": _numbers(draws.variation.parameters),
        },
    }


def _numbers(parameters: ParameterSet) -> dict[str, Any]:
    return {
        name: {"value_SI": number.value, "tag": number.tag, "source": number.source}
        for name, number in parameters.numbers.items()
    }


def _place(point: Point) -> dict[str, Any]:
    where = {f.name: getattr(point.conditions, f.name) for f in fields(Conditions)}
    age = {} if point.stress is None else {"age": point.stress.age}
    return {"bench": point.group, "variant": point.variant, **where, **age}


def design_record(design: Design) -> dict[str, Any]:
    """All sizes, currents and times of a design, as a table's provenance has them."""
    record: dict[str, Any] = {
        "name": design.name,
        "amplifier": design.amplifier,
        "device": design.device.name,
        "technology": design.technology.name,
    }
    for section in ("cell", "column", "bias", "amplifier_sizes", "timing", "write"):
        record[section] = asdict(getattr(design, section))
    if design.sampling is not None:
        record["sampling"] = asdict(design.sampling)
    return record


def _netlists(plan: Plan) -> dict[str, Any]:
    """By bench: one example netlist without the models, and the hash of all of them."""
    record: dict[str, Any] = {}
    for group, bench in plan.groups.items():
        digest = hashlib.sha256()
        example = ""
        for point in plan.points():
            if point.group == group:
                text = point.deck(plan.design).netlist
                example = example or text
                digest.update(text.encode())
        models = plan.design.technology.model_text(plan.axes["corner"][0]).rstrip("\n")
        record[group] = {
            "description": BENCHES[bench].description,
            "sha256": digest.hexdigest(),
            "example": example.replace(models, "* (models of the corner)"),
        }
    return record


def _file_hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
