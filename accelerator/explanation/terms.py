"""A layer's energy taken apart: every term is a count times a figure of the table times a factor.

But for leakage the energy of a layer is linear in its counts and linear in the table's figures.
So the factor of a count and a figure is what the cost model itself gives for that count alone and
that figure alone, both set to one; nothing of the model is written a second time here.
Leakage is linear in the idle powers; its terms are the slopes along them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from accelerator.chip import Chip
from accelerator.costs import (
    COMPONENTS,
    OFF_CHIP,
    Pricing,
    off_chip_energy,
)
from accelerator.price_list import listed, with_figures
from accelerator.traffic import Traffic
from accelerator.work import Work, work_energy

LEAKAGE = "leakage"
OFF_CHIP_FIGURE = "off_chip.energy"
_STEP = 1e-5
_NEGLIGIBLE = 1e-12


@dataclass(frozen=True, slots=True)
class Term:
    """A part of one component: `number` of `count`, times `figure` at `each`, times `factor`.

    `figure` is the name of a price, `each` its value (J, or W for leakage). The factor holds
    what the constants, distances and options make of it; of leakage it is the time (s) that so
    many blocks leak, and there is no count.
    """

    component: str
    count: str
    number: float
    figure: str
    each: float
    factor: float

    @property
    def energy(self) -> float:
        """The term's energy (J)."""
        return self.number * self.each * self.factor


def layer_terms(chip: Chip, index: int) -> tuple[Term, ...]:
    """All terms of the layer with this index, by component; they add up to its energy."""
    work = chip.works[index]
    pricing = replace(chip.pricing, options=work.options)
    return (*_counted(pricing, work), *_leaked(chip, index))


def is_energy(figure: str) -> bool:
    """Whether a price is an energy (J)."""
    return ".energy" in figure or figure == "write.half_selected"


def _counted(pricing: Pricing, work: Work) -> list[Term]:
    every = listed(pricing.prices)
    figures = {name: value for name, value in every.items() if is_energy(name) and value}
    # Sizes of cells, which are lengths of wires, stay as they are.
    one_each: dict[str, Any] = every | dict(zip(figures, np.eye(len(figures)), strict=True))
    single = replace(pricing, prices=with_figures(pricing.prices, one_each))
    terms = []
    for kind, events in (("counts", work.counts), ("traffic", work.traffic)):
        for field in fields(events):
            number = getattr(events, field.name)
            if not number:
                continue
            alone = replace(work, counts=type(work.counts)(), traffic=Traffic())
            setattr(alone.counts if kind == "counts" else alone.traffic, field.name, 1)
            energy = work_energy(single, alone)
            for component, factors in energy.items():
                if component == OFF_CHIP:
                    continue
                terms += [
                    Term(component, field.name, number, figure, figures[figure], factor)
                    for factor, figure in zip(*_present(factors, figures), strict=True)
                ]
    terms += _off_chip(pricing, work)
    return sorted(terms, key=lambda term: COMPONENTS.index(term.component))


def _off_chip(pricing: Pricing, work: Work) -> list[Term]:
    """What crosses the chip's edge; its figure is a constant, not one of the table's."""
    each = pricing.assumptions.off_chip_energy.value * 1e-12
    found = []
    for name in ("off_chip_bits", "off_chip_weights"):
        number = getattr(work.traffic, name)
        factor = off_chip_energy(pricing, Traffic(**{name: 1})) / each
        if number and factor:
            found.append(Term(OFF_CHIP, name, number, OFF_CHIP_FIGURE, each, factor))
    return found


def _present(factors: float, figures: dict[str, float]) -> tuple[list[float], list[str]]:
    """The factors that are not zero, and the figures that they are of."""
    values = np.broadcast_to(np.asarray(factors), len(figures))
    kept = np.flatnonzero(values)
    names = list(figures)
    return values[kept].tolist(), [names[index] for index in kept]


def _leaked(chip: Chip, index: int) -> list[Term]:
    pricing = chip.pricing
    figures = listed(pricing.prices)
    powers = [name for name in figures if name.endswith(".leakage_power")]
    # A block's power is the larger of two that may be equal: steps to both sides share it out.
    steps = np.concatenate([np.eye(len(powers)), -np.eye(len(powers))]) * _STEP
    changed: dict[str, Any] = dict(figures)
    for place, name in enumerate(powers):
        changed[name] = figures[name] * (1 + steps[:, place])
    stepped = Chip.build(
        tuple(work.planned for work in chip.works),
        pricing.array,
        with_figures(pricing.prices, changed),
        pricing.options,
        pricing.assumptions,
    )
    energy = np.asarray(stepped.layer_reports()[index].components[LEAKAGE])
    up, down = np.split(np.broadcast_to(energy, len(steps)), 2)
    slopes = (up - down) / (2 * _STEP)
    total = np.abs(slopes).sum()
    return [
        Term(LEAKAGE, "", 1, name, figures[name], float(slope) / figures[name])
        for name, slope in zip(powers, slopes, strict=True)
        if abs(slope) > _NEGLIGIBLE * total
    ]
