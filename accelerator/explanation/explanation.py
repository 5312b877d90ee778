"""The whole walk for one layer or all, and one component or all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from accelerator.assumptions import Assumption, Assumptions
from accelerator.chip import Chip
from accelerator.costs import COMPONENTS
from accelerator.elementwise import as_number
from accelerator.errors import EstimateError
from accelerator.explanation.again import Estimate
from accelerator.explanation.readings import Reading, readings
from accelerator.explanation.terms import OFF_CHIP_FIGURE, Term, is_energy, layer_terms

FORMAT = "mramcim-explanation/1"
_STEP = 1e-3
_NO_EFFECT = 1e-6
# Whole numbers of rows, lanes and amplifiers have no slope.
_SMOOTH = (
    "bias_generator_efficiency",
    "idle_leakage_fraction",
    "periphery_utilisation",
    "array_utilisation",
    "control_flip_flops",
    "root_to_leaf_over_side",
    "off_chip_energy",
    "off_chip_rate",
)


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant behind an energy, and by how many percent that changes for one of its own."""

    assumption: Assumption
    elasticity: float


@dataclass(frozen=True)
class Explanation:
    """Where the energy (J) of a layer, or of a component in it, comes from.

    `layer` and `component` are None where all are meant. `terms` add up to `energy`;
    `figures` are the table's rows behind each of their prices.
    """

    estimate: Estimate
    layer: str | None
    component: str | None
    energy: float
    total: float
    terms: tuple[Term, ...]
    constants: dict[str, Constant]
    figures: dict[str, tuple[Reading, ...]]

    @property
    def groups(self) -> list[str]:
        """Groups of the table that are read, the cell's layout left out."""
        found = {one.group for rows in self.figures.values() for one in rows}
        return sorted(found - {"cell"})

    def to_dict(self) -> dict[str, Any]:
        """The JSON of format "mramcim-explanation/1"."""
        table = self.estimate.table
        made = table.provenance
        netlists = made.get("netlists", {})
        return {
            "format": FORMAT,
            "network": self.estimate.report["network"],
            "layer": self.layer,
            "component": self.component,
            "energy_J": self.energy,
            "share_of_total": self.energy / self.total,
            "terms": [{**asdict(term), "energy_J": term.energy} for term in self.terms],
            "constants": {
                name: {**asdict(one.assumption), "elasticity": one.elasticity}
                for name, one in self.constants.items()
            },
            "figures": {
                name: {"unit": rows[0].units, "rows": [asdict(row) for row in rows]}
                for name, rows in self.figures.items()
            },
            "table": dict(self.estimate.report["table"]),
            "netlists": {
                group: {key: netlists[group][key] for key in ("description", "sha256")}
                for group in self.groups
                if group in netlists
            },
            "design": made.get("design"),
            "device": made.get("device"),
            "models": made.get("models"),
        }


def explain(
    estimate: Estimate, layer: str | None = None, component: str | None = None
) -> Explanation:
    """Take an estimate apart.

    Raises:
        EstimateError: there is no such layer or component.
    """
    chip = estimate.chip
    reports = chip.layer_reports()
    names = [report.name for report in reports]
    if layer is not None and layer not in names:
        raise EstimateError(f"there is no layer {layer!r}: give one of {', '.join(names)}")
    if component is not None and component not in COMPONENTS:
        raise EstimateError(
            f"there is no component {component!r}: give one of {', '.join(COMPONENTS)}"
        )
    places = [place for place, name in enumerate(names) if layer in (None, name)]
    terms = _joined(
        term
        for place in places
        for term in layer_terms(chip, place)
        if component in (None, term.component)
    )

    def energy(of: Chip) -> Any:
        found = of.layer_reports()
        return sum(
            found[place].energy if component is None else found[place].components[component]
            for place in places
        )

    return Explanation(
        estimate,
        layer,
        component,
        energy(chip),
        sum(report.energy for report in reports),
        terms,
        _constants(chip, energy),
        {
            figure: readings(estimate.table, estimate.conditions, figure)
            for figure in dict.fromkeys(term.figure for term in terms)
            if figure != OFF_CHIP_FIGURE
        },
    )


def _joined(terms: Iterable[Term]) -> tuple[Term, ...]:
    """Terms of several layers as one where component, count and figure agree, largest first."""
    sums: dict[tuple[str, str, str], list[Term]] = {}
    for term in terms:
        sums.setdefault((term.component, term.count, term.figure), []).append(term)
    found = []
    for same in sums.values():
        first, energy = same[0], sum(term.energy for term in same)
        number = sum(term.number for term in same) if is_energy(first.figure) else 1
        found.append(replace(first, number=number, factor=energy / (number * first.each)))
    return tuple(sorted(found, key=lambda term: -abs(term.energy)))


def _constants(chip: Chip, energy: Any) -> dict[str, Constant]:
    pricing = chip.pricing
    steps = 1 + _STEP * np.concatenate([np.eye(len(_SMOOTH)), -np.eye(len(_SMOOTH))])
    changed: dict[str, Any] = {}
    for place, name in enumerate(_SMOOTH):
        entry: Assumption = getattr(pricing.assumptions, name)
        changed[name] = replace(entry, value=as_number(entry.value * steps[:, place]))
    stepped = Chip.build(
        tuple(work.planned for work in chip.works),
        pricing.array,
        pricing.prices,
        pricing.options,
        _with(pricing.assumptions, changed),
    )
    values = np.broadcast_to(energy(stepped), len(steps))
    up, down = np.split(values, 2)
    middle = energy(chip)
    if not middle:
        return {}
    slopes = (up - down) / (2 * _STEP * middle)
    return {
        name: Constant(getattr(pricing.assumptions, name), float(slope))
        for name, slope in sorted(
            zip(_SMOOTH, slopes, strict=True), key=lambda item: -abs(float(item[1]))
        )
        if abs(slope) > _NO_EFFECT
    }


def _with(assumptions: Assumptions, changed: dict[str, Any]) -> Assumptions:
    return replace(assumptions, **changed)
