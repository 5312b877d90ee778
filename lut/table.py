"""A table in memory: what was read from a file, and look-ups in it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from files import naming, short
from lut.conversion import CONVERTERS
from lut.errors import TableError
from lut.hdf5 import Decoded, decode
from lut.interpolation import Interpolator
from lut.model import Array, Group
from lut.schema import SCHEMA_VERSION
from lut.validation import problems

_USUAL_VDD = 1.0
REMEDY = (
    "make it again or take another copy; what was changed on purpose, `mramcim lut seal` takes over"
)
"""What to do about a table that is not what was written."""


def reference_path() -> Path:
    """Return where the reference table of this installation is (or should be)."""
    return Path(__file__).parent / "data" / "reference.h5"


def _first(found: Sequence[str]) -> str:
    more = f" (and {len(found) - 1} more such problems)" if len(found) > 1 else ""
    return f"{found[0]}{more}"


def load(path: Path) -> Decoded:
    """Read a file of any known schema version as the present one, and all that is amiss in it.

    Raises:
        TableError: the file is missing, foreign, damaged, in use or of an unknown schema version.
    """
    decoded = decode(path)
    content = decoded.content
    while content.schema_version != SCHEMA_VERSION:
        if content.schema_version not in CONVERTERS:
            raise TableError(
                f"{path} has schema version {content.schema_version!r} and this mramcim reads "
                f"{SCHEMA_VERSION!r}; characterize it again or use the mramcim that made it "
                f"({content.mramcim_version or 'unknown'})"
            )
        with naming(path, TableError):
            content = CONVERTERS[content.schema_version](content)
    return replace(decoded, content=content, found=decoded.found + problems(content.groups))


@dataclass(frozen=True, eq=False)
class Table:
    """A lookup table of simulated operations, whole in memory; SI units, temperature in K."""

    path: Path
    schema_version: str
    mramcim_version: str
    ngspice_version: str
    provenance: Mapping[str, Any]
    groups: Mapping[str, Group]
    title: str = ""
    verified: bool = False
    """Whether its file had digests, which everything in it agrees with."""
    _interpolators: dict[tuple[str, str], Interpolator] = field(
        default_factory=dict, init=False, repr=False
    )

    @classmethod
    def open(cls, path: str | os.PathLike[str] | None = None) -> Table:
        """Read the table at `path`, or the reference table that comes with mramcim.

        Raises:
            TableError: there is no such file, or it is not a whole table that this version
                can read.
        """
        chosen = reference_path() if path is None else Path(path)
        if path is None and not chosen.is_file():
            raise TableError(
                f"this installation has no reference table ({chosen}); make one with "
                "`mramcim characterize --quick -o table.h5` and name it"
            )
        loaded = load(chosen)
        content = loaded.content
        if loaded.found:
            told = _first(loaded.found)
            raise TableError(f"{chosen} does not conform to the schema of tables: {told}")
        if loaded.changed:
            raise TableError(f"{chosen} was damaged or changed: {_first(loaded.changed)}; {REMEDY}")
        return cls(
            path=chosen,
            schema_version=content.schema_version,
            mramcim_version=content.mramcim_version,
            ngspice_version=content.ngspice_version,
            provenance=content.provenance,
            groups=content.groups,
            title=content.title,
            verified=loaded.verified,
        )

    def __repr__(self) -> str:
        return (
            f"<table {short(self.name)} ({short(self.title or 'no title')}): "
            f"{len(self.groups)} groups ({short(', '.join(self.groups))}), "
            f"schema {short(self.schema_version)}>"
        )

    def to_dataframe(self, group: str) -> Any:
        """A pandas data frame of a group, a row for each point of its grid; SI units.

        Columns are those of `long_form`: axes first, then variables.

        Raises:
            TableError: there is no such group.
            ImportError: pandas is not installed.
        """
        from lut.export import long_form
        from lut.frames import data_frame

        return data_frame(long_form(self[group]))

    @property
    def name(self) -> str:
        """The file's name, without its folder."""
        return self.path.name

    def __getitem__(self, group: str) -> Group:
        """Return a group; a TableError names the groups that there are."""
        if group not in self.groups:
            raise TableError(
                f"table {self.name} has no group '{group}' (it has {', '.join(self.groups)}); "
                "characterize that operation too"
            )
        return self.groups[group]

    def axis(self, group: str, name: str) -> Array | tuple[str, ...]:
        """Return the coordinates along one axis: a numeric array, or a tuple of texts.

        Raises:
            TableError: there is no such group or axis.
        """
        axes = self[group].axes
        if name not in axes:
            known = ", ".join(axes) or "none"
            raise TableError(
                f"group '{group}' of table {self.name} has no axis '{name}' (axes: {known})"
            )
        return axes[name].values

    def attribute(self, group: str, name: str) -> Any:
        """Return an attribute of a group, such as `bias_current` [A].

        Raises:
            TableError: there is no such group or attribute.
        """
        attributes = self[group].attributes
        if name not in attributes:
            known = ", ".join(attributes) or "none"
            raise TableError(
                f"group '{group}' of table {self.name} has no attribute '{name}' "
                f"(attributes: {known})"
            )
        return attributes[name]

    def value(self, group: str, variable: str, **conditions: Any) -> float:
        """Return one value in the variable's unit, interpolated linearly inside the grid.

        Text axes match exactly. A number within 1e-9 (relative) of a coordinate is that
        coordinate, so points of the grid give the stored value exactly. Conditions on axes
        that the group has but the variable does not use are checked and otherwise ignored.
        `outcome` is given at points of the grid only.

        Example:
            `table.value("and2", "energy", corner="tt", vdd=1.0, temperature=300.15, rows=256,
            operands="01")`

        Raises:
            TableError: a condition is missing, unknown or outside the grid (with the range),
                or a value that is needed is NaN or its simulation failed (with the point and
                the outcome).
        """
        interpolator = self._interpolator(group, variable)
        try:
            return interpolator.value(conditions)
        except TableError as error:
            raise self._told(group, variable, error) from None

    def grid_points(
        self, group: str, variable: str, **conditions: Any
    ) -> list[tuple[dict[str, Any], float]]:
        """Return the points of the grid that `value` is made of, by axis, with their shares (1).

        Raises:
            TableError: as `value`, but a point whose simulation failed is given too.
        """
        try:
            return self._interpolator(group, variable).grid_points(conditions)
        except TableError as error:
            raise self._told(group, variable, error) from None

    @property
    def nominal_vdd(self) -> float:
        """The supply [V] that stands for the table where nobody names one.

        It is that of the technology, where the table says so and reaches it; else 1 V, where the
        table reaches that; else the middle supply of the sense amplifier's grid.
        """
        group = next((name for name in ("and2", "read") if name in self.groups), None)
        if group is None or "vdd" not in self.groups[group].axes:
            return _USUAL_VDD
        values = [float(value) for value in self.axis(group, "vdd")]
        said = self.provenance.get("nominal_vdd")
        for wanted in (said, _USUAL_VDD):
            if isinstance(wanted, float) and values[0] <= wanted <= values[-1]:
                return wanted
        return values[(len(values) - 1) // 2]

    def _told(self, group: str, variable: str, error: TableError) -> TableError:
        return TableError(f"{group}/{variable} of table {self.name}: {error}")

    def _interpolator(self, group: str, variable: str) -> Interpolator:
        interpolator = self._interpolators.get((group, variable))
        if interpolator is None:
            variables = self[group].variables
            if variable not in variables:
                raise TableError(
                    f"group '{group}' of table {self.name} has no variable '{variable}' "
                    f"(variables: {', '.join(variables)})"
                )
            interpolator = Interpolator(self[group], variable)
            self._interpolators[group, variable] = interpolator
        return interpolator
