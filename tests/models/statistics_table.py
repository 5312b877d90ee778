"""A table with made-up error rates, for the tests."""

from dataclasses import replace

import numpy as np

from lut import SCHEMA, Axis, Group, Outcome, Table, Variable, write_table


def with_statistics(rates, rows=(256,), supplies=(1.0,)):
    """The reference table with made-up error rates: by operands, a number or one a supply."""
    table = Table.open()
    spec = SCHEMA["and2_statistics"]
    values = {"corner": ["tt"], "vdd": list(supplies), "temperature": [300.15], "rows": list(rows)}
    values["operands"] = list(rates)
    axes = {name: Axis(values[name], axis.units, axis.meaning) for name, axis in spec.axes.items()}
    shape = tuple(len(axis) for axis in axes.values())
    by_supply = np.array([np.broadcast_to(one, len(supplies)) for one in rates.values()]).T
    array = np.broadcast_to(by_supply[None, :, None, None, :], shape)
    factors = {"error_rate": 1.0, "error_rate_low": 0.8, "error_rate_high": 1.25}
    variables = {
        name: Variable(factor * array, spec.dims, "1", spec.variables[name].meaning)
        for name, factor in factors.items()
    }
    energy = np.empty(shape)
    for place in np.ndindex(shape):
        at = {name: axis.values[i] for (name, axis), i in zip(axes.items(), place, strict=True)}
        energy[place] = table.value("and2", "energy", **at)
    for name, found in spec.variables.items():
        # Of the rest only the mean energy is asked for: that of nominal devices.
        rest = energy if name.startswith("energy_mean") else np.ones(shape)
        variables.setdefault(name, Variable(rest, spec.dims, found.units, found.meaning))
    outcomes = np.full(shape, int(Outcome.OK), dtype=np.int8)
    variables["outcome"] = Variable(outcomes, spec.dims, "1", "how it ended")
    group = Group(axes, variables, {"variation": "made up"})
    return replace(table, groups={**table.groups, "and2_statistics": group})


def write_with_statistics(path, *args, **options):
    """The same as a file."""
    table = with_statistics(*args, **options)
    write_table(
        path, table.groups, mramcim_version="0", ngspice_version="39", provenance=table.provenance
    )
