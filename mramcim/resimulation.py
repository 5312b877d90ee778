"""Rows of a table simulated again: whether they still hold."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from files import short
from mramcim.errors import CommandError

if TYPE_CHECKING:
    from accelerator.explanation.readings import Reading
    from characterize.plan import Point
    from circuits import Design
    from lut import Table

HOLDS_WITHIN = 1e-3
"""Relative difference; equal versions of ngspice give equal values."""
_TIME_LIMIT = 600.0


@dataclass(frozen=True, slots=True)
class Check:
    """One value of the table beside the same simulated now; NaN where there is no result."""

    group: str
    variable: str
    place: dict[str, Any]
    units: str
    table: float
    now: float
    outcome: str

    @property
    def ratio(self) -> float:
        """What is simulated now over the table's value (1)."""
        return self.now / self.table

    @property
    def holds(self) -> bool:
        """Whether both are the same within HOLDS_WITHIN."""
        return abs(self.ratio - 1) <= HOLDS_WITHIN

    def to_dict(self) -> dict[str, Any]:
        """The entry in the JSON; a missing result is null."""
        missing = math.isnan(self.now)
        return {
            **asdict(self),
            "now": None if missing else self.now,
            "ratio": None if missing else self.ratio,
            "holds": self.holds,
        }


def table_design(table: Table, path: str | None, models: Sequence[str] = ()) -> Design:
    """The design that a table was made with, by its name or from the file at `path`.

    `models` are folders that its technology may take model files from.

    Raises CommandError where that is another one than the table's.
    """
    from characterize.tabulate import design_record
    from circuits import load_design
    from circuits.design import design_names

    record = table.provenance.get("design")
    if not isinstance(record, Mapping) or "name" not in record:
        raise CommandError(f"the table {table.name} does not say which design it is of")
    if path is None and record["name"] not in design_names():
        # A table's text opens no file.
        raise CommandError(
            f"the table {table.name} is of the design '{short(str(record['name']))}', which is no "
            "shipped one: give its file with --design"
        )
    design = load_design(path or str(record["name"]), models=models)
    if design_record(design) != record:
        raise CommandError(
            f"the design {design.name} is not, or not any more, the one that the table "
            f"{table.name} was made with: give its file with --design"
        )
    return design


def resimulate(
    table: Table, rows: Iterable[Reading], design: Design, jobs: int
) -> tuple[Check, ...]:
    """Simulate the points of `rows` again, each once; the cell's layout is not simulated."""
    from characterize.pool import Simulations

    wanted = list({_key(row): row for row in rows if row.group != "cell"}.values())
    points = {_point(table, row): None for row in wanted}
    found = {}
    with Simulations(design, jobs, _TIME_LIMIT) as running:
        for done in running.simulate(points):
            found[done.point] = done.result
    return tuple(
        Check(
            row.group,
            row.variable,
            dict(row.place),
            row.units,
            row.value,
            found[_point(table, row)].values.get(row.variable, math.nan),
            found[_point(table, row)].outcome.meaning,
        )
        for row in wanted
    )


def _key(row: Reading) -> tuple[Any, ...]:
    return (row.group, row.variable, *sorted(row.place.items()))


def _point(table: Table, row: Reading) -> Point:
    from characterize.plan import Point
    from circuits import Conditions

    place = dict(row.place)
    variant = str(place.pop("operands", place.pop("line", "")))
    for name in ("rows", "columns"):
        if name in place:
            place[name] = int(place[name])
    rate = _error_rate(table) if row.group == "write" else None
    return Point(row.group, variant, Conditions(**place), write_error_rate=rate)


def _error_rate(table: Table) -> float:
    """The rate of errors that the table's writes were made for, if a plan could ask for it."""
    rate = table.attribute("write", "error_rate_target")
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 1e-12 <= rate <= 0.5:
        raise CommandError(
            f"the table {table.name} gives its writes an error rate of '{short(str(rate))}', not "
            "one from 1e-12 to 0.5: characterize anew"
        )
    return float(rate)
