"""A table with made-up aged groups, for the tests: delays that grow with the threshold's shift."""

from dataclasses import replace

import numpy as np

from lut import AGED, SCHEMA, Axis, Group, Outcome, Table, Variable

YEAR = 365.25 * 86400.0
AGES = (0.0, YEAR, 10 * YEAR)
SHIFT = 20e-3
"""Shift [V] after ten years at 1 V and 398.15 K."""


def shift(age, vdd, temperature):
    """A made-up law with the right signs, exactly of the form t^(1/6)."""
    return SHIFT * (age / (10 * YEAR)) ** (1 / 6) * vdd**2 * (temperature / 398.15) ** 2


def with_ageing(
    *blocks,
    table=None,
    ages=AGES,
    supplies=(0.9, 1.0),
    temperatures=(300.15, 398.15),
    corners=("tt",),
    rows=(256,),
    columns=(256,),
    per_volt=2.0,
):
    """The reference table, or another, with aged groups of some blocks.

    Delays and energies are those of the table's own fresh group times 1 + per_volt shift.
    """
    source = table or Table.open()
    groups = dict(source.groups)
    numbers = {"vdd": supplies, "temperature": temperatures, "age": ages}
    numbers |= {"rows": rows, "columns": columns, "corner": corners}
    for block in blocks:
        spec = SCHEMA[AGED[block]]
        values = {name: list(numbers.get(name, axis.allowed)) for name, axis in spec.axes.items()}
        axes = {n: Axis(values[n], axis.units, axis.meaning) for n, axis in spec.axes.items()}
        shape = tuple(len(axis) for axis in axes.values())
        arrays = {name: np.zeros(shape) for name in spec.variables}
        for index in np.ndindex(shape):
            at = {name: values[name][i] for name, i in zip(axes, index, strict=True)}
            grown = shift(at.pop("age"), at["vdd"], at["temperature"])
            for name in spec.variables:
                if name == "threshold_shift":
                    arrays[name][index] = grown
                elif name != "outcome":
                    factor = 1 + per_volt * grown if name in ("delay", "energy") else 1.0
                    arrays[name][index] = factor * source.value(block, name, **at)
        arrays["outcome"] = np.full(shape, int(Outcome.OK), dtype=np.int8)
        variables = {
            name: Variable(arrays[name], spec.dims, found.units, found.meaning)
            for name, found in spec.variables.items()
        }
        attributes = {"ageing": "made up", "duty": 0.5, "technology": "none"}
        groups[AGED[block]] = Group(axes, variables, attributes)
    return replace(source, groups=groups)
