"""Contents of earlier schema versions as those of the next one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from lut.errors import TableError
from lut.model import Axis, Content, Group, Variable
from lut.schema import SCHEMA


def _second(content: Content) -> Content:
    """Schema 1 to 2: the write group has an axis of driver widths, with the one of the design."""
    groups = {name: _without_flags(group) for name, group in content.groups.items()}
    if "write" in groups:
        try:
            width = float(content.provenance["design"]["write"]["driver_n_width"])
        except (LookupError, TypeError, ValueError):
            raise TableError(
                "the provenance of this table of schema 1 does not say how wide the write driver "
                "is; characterize it again"
            ) from None
        groups["write"] = _with_driver(groups["write"], width)
        design = content.provenance["design"]
        names = {k: design[k] for k in ("device", "technology") if isinstance(design.get(k), str)}
        groups["write"] = replace(groups["write"], attributes=names)
    return replace(content, schema_version="2", groups=groups)


def _without_flags(group: Group) -> Group:
    # The list of outcomes has grown; the writer adds the present one.
    variables = {
        name: replace(
            variable,
            attributes={k: v for k, v in variable.attributes.items() if not k.startswith("flag_")},
        )
        for name, variable in group.variables.items()
    }
    return replace(group, variables=variables)


def _with_driver(group: Group, width: float) -> Group:
    dims = SCHEMA["write"].dims
    if any(name not in group.axes for name in dims if name != "driver_width"):
        return group  # What is amiss is told when the group is held against the schema.
    spec = SCHEMA["write"].axes["driver_width"]
    driver = Axis(np.array([width]), spec.units, spec.meaning)
    ordered = {name: driver if name == "driver_width" else group.axes[name] for name in dims}
    variables = {}
    for name, variable in group.variables.items():
        if "operands" not in variable.dims:
            variables[name] = variable
            continue
        position = variable.dims.index("operands")
        runs = (*variable.dims[:position], "driver_width", *variable.dims[position:])
        values = np.expand_dims(variable.values, position)
        variables[name] = Variable(
            values, runs, variable.units, variable.long_name, variable.attributes
        )
    return replace(group, axes=ordered, variables=variables)


def _third(content: Content) -> Content:
    """Schema 2 to 3: groups of statistics were added, which no earlier table has."""
    return replace(content, schema_version="3")


def _fourth(content: Content) -> Content:
    """Schema 3 to 4: groups of aged circuits were added, which no earlier table has."""
    return replace(content, schema_version="4")


def _fifth(content: Content) -> Content:
    """Schema 4 to 5: digests were added, which the writer takes of any content."""
    return replace(content, schema_version="5")


CONVERTERS: Mapping[str, Callable[[Content], Content]] = {
    "1": _second,
    "2": _third,
    "3": _fourth,
    "4": _fifth,
}
"""Schema version -> what makes such a content one of the next version."""
