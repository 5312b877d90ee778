"""The table that nights are compared with: the last one that was accepted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from characterize.errors import PlanError
from characterize.plan import Plan
from characterize.plan_measures import plan_measures
from characterize.report.folder import SUMMARY, TABLE
from files import FileError, read_bytes, read_json, replace_file, short, shown_path
from lut import Table

LARGEST_TABLE = 1 << 34
"""Size [B] of the largest table that is accepted."""
_SUFFIXES = (".h5", ".hdf5")


@dataclass(frozen=True)
class Baseline:
    """An accepted table and which it is; `table` is None where none was accepted yet."""

    path: Path
    table: Table | None = None
    sha256: str = ""
    accepted: datetime | None = None
    """When the file was written."""

    @property
    def text(self) -> str:
        """Which table it is, in a line."""
        if self.table is None or self.accepted is None:
            return f"{self.path} is not there yet"
        title = f" '{self.table.title}'" if self.table.title else ""
        return (
            f"{self.path}{title} of {self.accepted:%Y-%m-%d %H:%M}, sha256 {self.sha256[:12]}, "
            f"mramcim {self.table.mramcim_version}, ngspice {self.table.ngspice_version}"
        )

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able summary."""
        table = self.table
        known = table is not None
        return {
            "path": str(self.path.absolute()),
            "found": known,
            "sha256": self.sha256 if known else None,
            "accepted": self.accepted.isoformat() if self.accepted else None,
            "title": table.title if table else None,
            "mramcim_version": table.mramcim_version if table else None,
            "ngspice_version": table.ngspice_version if table else None,
            "schema_version": table.schema_version if table else None,
        }


def open_baseline(path: Path, last_compared: str | None = None) -> Baseline:
    """The baseline at `path`, or one without a table where there is no such file yet.

    `last_compared` is the baseline of the last night, if it had one: then there is none "yet" no
    more, and PlanError says so. Raises TableError where the file is no table.
    """
    if path.suffix.lower() not in _SUFFIXES and not path.exists():
        raise PlanError(
            f"there is no baseline {shown_path(path)}, and a first one cannot get this name; "
            "end it in .h5"
        )
    if path.exists() or path.is_symlink():
        table = Table.open(path)
        accepted = datetime.fromtimestamp(path.stat().st_mtime).astimezone()
        return Baseline(path, table, digest(path), accepted)
    if last_compared is not None:
        raise PlanError(
            f"there is no baseline {shown_path(path)}, and the last night was compared with "
            f"{short(last_compared)}; name that, or delete the report's folder to begin anew"
        )
    return Baseline(path)


def require_tolerances(
    absolute: Mapping[str, float], plan: Plan, baseline: Baseline | None
) -> None:
    """Refuse a tolerance for what neither table has, which would come up after the last point."""
    groups: dict[str, Iterable[str]] = {group: plan_measures(plan, group) for group in plan.groups}
    groups["cell"] = ("area", "width", "height")
    old = {} if baseline is None or baseline.table is None else baseline.table.groups
    known = {
        f"{group}/{name}"
        for group, names in [*groups.items(), *((key, one.variables) for key, one in old.items())]
        for name in names
    }
    for name in absolute:
        if name not in known and name not in {one.partition("/")[2] for one in known}:
            raise PlanError(
                f"there is an absolute tolerance for '{short(name)}', which neither the plan nor "
                "the baseline has; name a variable such as 'energy' or 'and2/energy'"
            )


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def accept(folder: Path, baseline: Path | None = None) -> tuple[Path, dict[str, Any]]:
    """Make the table of a night in `folder` the accepted one, with which later nights compare.

    It is written to `baseline`, or to where that night's baseline was. Returns that path and the
    night's summary. Raises PlanError or FileError where the night has no table, its table is
    another than it was, or another file would be lost.
    """
    summary = last_night(folder, error=True)
    table, image = folder / TABLE, b""
    if not summary.get("table"):
        raise PlanError(
            f"the night in {short(str(folder))} did not end and has no table "
            f"({short('; '.join(map(str, summary.get('reasons', []))))}); run it to its end"
        )
    image = read_bytes(table, "table", LARGEST_TABLE, PlanError)
    if hashlib.sha256(image).hexdigest() != summary["table"].get("sha256"):
        raise PlanError(f"{short(str(table))} is not the table of that night; run the night again")
    Table.open(table)
    if baseline is None:
        known = (summary.get("baseline") or {}).get("path")
        if not isinstance(known, str):
            raise PlanError(
                f"the night in {short(str(folder))} had no baseline; say which file is to be "
                "compared with by --baseline FILE.h5"
            )
        baseline = Path(known)
    require_acceptable(folder, baseline)
    replace_file(baseline, image)
    return baseline, summary


def require_acceptable(folder: Path, baseline: Path) -> None:
    """Refuse to lose a file that is no table, or the table itself with the next night."""
    if folder.resolve() in baseline.resolve().parents:
        raise PlanError(
            f"the baseline {short(str(baseline))} would go with the report's folder at the next "
            "night; name a file elsewhere"
        )
    if baseline.suffix.lower() not in _SUFFIXES:
        raise PlanError(f"the baseline {short(str(baseline))} is a table; end its name in .h5")
    if not baseline.resolve().parent.is_dir():
        raise PlanError(
            f"the folder of the baseline {short(str(baseline))} does not exist; make it first"
        )
    if baseline.exists():
        Table.open(baseline)  # raises where it is something else


def last_night(folder: Path, *, error: bool = False) -> dict[str, Any]:
    """The summary of the night in `folder`; an empty one where there is none.

    With `error` that is a PlanError.
    """
    try:
        summary = read_json(folder / SUMMARY, "night's summary")
    except FileError as problem:
        if error:
            raise PlanError(str(problem)) from None
        return {}
    if not isinstance(summary, dict) or not str(summary.get("format")).startswith("mramcim-night"):
        if error:
            raise PlanError(f"{short(str(folder / SUMMARY))} is not the summary of a night")
        return {}
    return summary
