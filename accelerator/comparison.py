"""One network on several tables: what each costs, and which of them cannot answer."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accelerator.errors import EstimateError, UnsuitableTableError
from accelerator.names import printable
from accelerator.networks import READING, Network, load_network
from accelerator.pipeline import estimate, open_table
from accelerator.report import Report
from files import short

if TYPE_CHECKING:
    from lut import Table

FORMAT = "mramcim-comparison/1"
DESCRIPTIONS = ("device", "technology", "amplifier")


@dataclass(frozen=True, slots=True)
class Entry:
    """One table: its report, or the sentence why there is none.

    `name` is the file's name, with its folder where another table has the same name.
    `device`, `technology` and `amplifier` are those of the table's groups, empty where it
    says nothing of them.
    """

    name: str
    path: str
    device: str
    technology: str
    amplifier: str
    report: Report | None
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The tables in the order given; at least one has a report."""

    entries: tuple[Entry, ...]

    def __repr__(self) -> str:
        names = short(", ".join(entry.name for entry in self.entries))
        return f"<comparison of {short(self.reports[0].network)} on {names}>"

    def _repr_html_(self) -> str:
        """The comparison in a notebook."""
        from html import escape

        from accelerator.render_comparison import render_comparison

        return f"<pre>{escape(render_comparison(self))}</pre>"

    def to_dataframe(self) -> Any:
        """A pandas data frame with a row for each table, as in the CSV; SI units.

        Raises:
            ImportError: pandas is not installed.
        """
        from accelerator.render_comparison import comparison_csv_rows
        from lut.frames import frame_of_rows

        return frame_of_rows(comparison_csv_rows(self))

    @property
    def reports(self) -> tuple[Report, ...]:
        """The reports that there are."""
        return tuple(entry.report for entry in self.entries if entry.report is not None)

    @property
    def first(self) -> Entry:
        """The first table with a report, which the others are held against."""
        return next(entry for entry in self.entries if entry.report is not None)

    @property
    def refused(self) -> tuple[Entry, ...]:
        """The tables without a report."""
        return tuple(entry for entry in self.entries if entry.report is None)

    def ratios(self, report: Report) -> dict[str, float]:
        """Energy, latency and area of `report` over those of the first (1)."""
        first = self.reports[0]
        return {
            "energy": report.energy / first.energy,
            "latency": report.latency / first.latency,
            "area": report.area / first.area,
        }

    def to_dict(self) -> dict[str, Any]:
        """The JSON of format "mramcim-comparison/1".

        Each of `reports` is the JSON of an estimate on its table, with the table's place and
        make and its ratios to the first; `refused` names the tables that have no report.
        """
        return {
            "format": FORMAT,
            "reports": [
                {
                    **_described(entry),
                    "ratios": self.ratios(entry.report),
                    **entry.report.to_dict(),
                }
                for entry in self.entries
                if entry.report is not None
            ],
            "refused": [{**_described(entry), "reason": entry.refusal} for entry in self.refused],
        }


def _described(entry: Entry) -> dict[str, str]:
    return {
        "name": entry.name,
        "path": entry.path,
        **{what: getattr(entry, what) for what in DESCRIPTIONS},
    }


def compare(
    network: str | os.PathLike[str] | Network,
    tables: Sequence[str | os.PathLike[str] | Table],
    **settings: Any,
) -> Comparison:
    """Estimate one network on each of `tables`, all under the same settings.

    A table that cannot be read, or does not serve these settings, has a sentence in place of
    its report.

    Args:
        network: as of `estimate`.
        tables: tables or their paths, the first being what the others are held against.
        settings: keyword arguments of `estimate` other than `table`.

    Raises:
        EstimateError: a network or an argument that no table could answer, no table at all,
            or none of the tables answers.
    """
    if not tables:
        raise EstimateError("there is nothing to compare: give at least one table")
    reading = {name: settings.pop(name) for name in READING if name in settings}
    parsed = load_network(network, **reading)
    paths = [_path(table) for table in tables]
    entries = tuple(
        _entry(parsed, table, _short_name(path, paths), path, settings)
        for table, path in zip(tables, paths, strict=True)
    )
    if all(entry.report is None for entry in entries):
        reasons = "; ".join(
            entry.refusal if entry.name in entry.refusal else f"{entry.name}: {entry.refusal}"
            for entry in entries
        )
        raise UnsuitableTableError(f"no table can be used: {reasons}")
    return Comparison(entries)


def _path(table: str | os.PathLike[str] | Table) -> str:
    from lut import Table as LookupTable

    return os.fspath(table.path if isinstance(table, LookupTable) else table)


def _short_name(path: str, paths: Sequence[str]) -> str:
    name = Path(path).name
    twins = {other for other in paths if Path(other).name == name}
    return printable(name if len(twins) == 1 else path) or "''"


def _entry(
    network: Network,
    table: str | os.PathLike[str] | Table,
    name: str,
    path: str,
    settings: dict[str, Any],
) -> Entry:
    from lut import TableError

    make = dict.fromkeys(DESCRIPTIONS, "")
    report, refusal = None, ""
    try:
        opened = open_table(table)
        make = {what: _make(opened, what) for what in DESCRIPTIONS}
        report = estimate(network, table=opened, **settings)
    except (TableError, UnsuitableTableError, OSError) as error:
        refusal = printable(" ".join(str(error).split()))
    return Entry(name, printable(path), **make, report=report, refusal=refusal)


def _make(table: Table, what: str) -> str:
    """The attribute `what` of the table's groups; several where they contradict each other."""
    found = [group.attributes[what] for group in table.groups.values() if what in group.attributes]
    return printable(" and ".join(dict.fromkeys(map(str, found))))
