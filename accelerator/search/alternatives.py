"""The ways to map one layer, and what each adds to the sums that a chip is judged by."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from accelerator.chip import Chip, first_mapped
from accelerator.hardware import Hardware, floorplan, transposer
from accelerator.leakage import IdlePower, buffer_time
from accelerator.options import INPUT_STATIONARY, WEIGHT_STATIONARY
from accelerator.plan import Choice, PlannedLayer
from accelerator.timing import Clock
from accelerator.work import Work, plan_work, work_busy_leakage, work_energy, work_time

AREA, POWER, TIME, ENERGY, CELLS = range(5)
"""Columns of the sums: area of the sub-arrays without the tree of wires (m2), their idle power
(W), time (s), energy but for what idle neighbours leak (J), and cells (1)."""
_MOST_COPIES = 4096
_WAYS = (
    (False, False, WEIGHT_STATIONARY),
    (False, True, WEIGHT_STATIONARY),
    (True, False, WEIGHT_STATIONARY),
    (False, False, INPUT_STATIONARY),
    (False, True, INPUT_STATIONARY),
)
"""Reuse of overlap and double buffering exclude each other; there is no reuse where patches
stay."""


@dataclass(frozen=True)
class Alternatives:
    """One layer's choices, with what each adds: shape (choices, 5). Off the array it has one.

    `registers` (choices,) is the area (m2) of what transposes its patches, which layers share.
    """

    planned: PlannedLayer
    choices: tuple[Choice | None, ...]
    added: NDArray[np.float64]
    registers: NDArray[np.float64]


def alternatives(chip: Chip, planned: PlannedLayer) -> Alternatives:
    """All choices of a layer, weighed with the wires and the idle powers of `chip`.

    Folds are powers of two up to all that there are, copies up to one for each row of patches, or
    each tile of rows that stay, of what is not folded; choices that give the same mapping are one.
    """
    layers = tuple(work.planned for work in chip.works)
    works = _works(chip, planned, planned is first_mapped(layers), planned is layers[-1])
    clock = Clock(
        chip.pricing.prices,
        chip.pricing.array,
        chip.pricing.assumptions,
        chip.pricing.tree,
        chip.buffers,
    )
    return Alternatives(
        planned,
        tuple(work.planned.choice for work in works),
        np.array([_added(chip, clock, work) for work in works]),
        np.array([_registers(chip, work) for work in works]),
    )


def _registers(chip: Chip, work: Work) -> float:
    return bare_area(chip, transposer([work.waiting_bits], chip.pricing.options))


def bare_area(chip: Chip, hardware: Hardware) -> float:
    """Area without the tree (m2)."""
    pricing = chip.pricing
    return floorplan(hardware, None, pricing.prices, pricing.assumptions).total_area


def _works(chip: Chip, planned: PlannedLayer, first: bool, last: bool) -> list[Work]:
    pricing = chip.pricing
    parts = (pricing.array, pricing.options, pricing.assumptions, first, last)
    if not planned.layer.mapped:
        return [plan_work(planned, *parts)]
    found: dict[object, Work] = {}
    for reuse, double, dataflow in _WAYS:
        folds = copies = 1
        while copies <= _MOST_COPIES:
            entry = replace(planned, choice=Choice(copies, reuse, double, dataflow, folds))
            work = plan_work(entry, *parts)
            assert work.mapping is not None
            found.setdefault(work.mapping, work)
            if work.mapping.copies < copies:
                break
            copies *= 2
        while work.mapping is not None and work.mapping.folds == folds:
            # Copies of what is folded are as large and as fast as fewer folds.
            folds *= 2
            work = plan_work(
                replace(entry, choice=Choice(1, reuse, double, dataflow, folds)), *parts
            )
            assert work.mapping is not None
            found.setdefault(work.mapping, work)
    return list(found.values())


def _added(chip: Chip, clock: Clock, work: Work) -> list[float]:
    pricing = replace(chip.pricing, options=work.options)
    array = pricing.array
    plan = floorplan(work.hardware, pricing.tree, pricing.prices, pricing.assumptions)
    time, _, _ = work_time(clock, work)
    energy = work_energy(pricing, work)
    cells = work.subarrays * array.rows * array.columns
    idle = idle_power(chip, installed=plan.leakage_power)
    leaked = idle.during(plan.leakage_power, time, buffer_time(clock, work.traffic))
    own = sum(energy.values()) + leaked - work_busy_leakage(pricing, work)
    return [
        bare_area(chip, work.hardware),
        plan.leakage_power,
        time,
        own - idle.rest * plan.leakage_power * time,
        cells,
    ]


def idle_power(chip: Chip, installed: float) -> IdlePower:
    """What leaks on a chip whose sub-arrays leak `installed` W in all."""
    always_on = chip.digital_plan.leakage_power + chip.transposer_plan.leakage_power
    return IdlePower.of(chip.pricing, installed, chip.buffer_plan.leakage_power, always_on)
