"""`mramcim lut import FILE.csv ... -o OUT.h5`: a table from its groups in CSV."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from files import naming, read_bytes, read_json
from mramcim.arguments import add_json
from mramcim.errors import CommandError
from mramcim.outputs import STANDARD_OUTPUT, check_outputs, write_json
from mramcim.printable import printable

SUMMARY = "a table from CSV files, one a group"

EXIT_PROBLEMS_FOUND = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `lut import` takes."""
    parser.description = (
        "Make a table of CSV files as `lut export` writes them, the unit in the title of each "
        "column, a row for each point of a full grid. The end of a file's name is its group: "
        "FILE-and2.csv or and2.csv. The table is then checked as by `lut check`, and the exit "
        "code is 1 where a problem is found."
    )
    parser.add_argument("files", nargs="+", metavar="FILE.csv", help="the groups")
    parser.add_argument(
        "-o", "--output", required=True, metavar="OUT.h5", help="the table to write"
    )
    parser.add_argument("--group", metavar="NAME", help="the group of the one file given")
    parser.add_argument(
        "--record",
        metavar="F.json",
        help="attributes, provenance and versions, as `lut export --record` writes them",
    )
    parser.add_argument("--title", metavar="TEXT", help="one line that says what the table is")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write the table, tell what is wrong with it; 1 where something is, else 0."""
    inputs = [*arguments.files, arguments.record]
    check_outputs({"-o": arguments.output, "--json": arguments.json}, inputs=inputs)

    from importlib.metadata import version

    import lut

    lut.require_writable(arguments.output)
    images = {
        group: (Path(file).name, read_bytes(Path(file), "CSV file", error=CommandError))
        for group, file in _groups(arguments.files, arguments.group).items()
    }
    with naming(Path(arguments.record or arguments.files[0]), lut.TableError):
        content = lut.content_of(
            images,
            mramcim_version=version("mramcim"),
            record=None if arguments.record is None else _record(arguments.record),
            title=arguments.title,
        )
        lut.write_table(
            arguments.output,
            content.groups,
            mramcim_version=content.mramcim_version,
            ngspice_version=content.ngspice_version,
            provenance=content.provenance,
            title=content.title,
        )
    problems = lut.check(arguments.output)
    points = {
        name: math.prod(len(axis) for axis in group.axes.values())
        for name, group in content.groups.items()
    }
    foreign = [name for name in content.provenance.get("imported", {}) if name in images]
    if arguments.json is not None:
        found = {
            "format": "mramcim-table-import/1",
            "path": arguments.output,
            "points": points,
            "not_as_recorded": foreign,
            "problems": problems,
        }
        write_json(arguments.json, found)
    if arguments.json != STANDARD_OUTPUT:
        total = sum(points.values())
        told = f"{total} point{'' if total == 1 else 's'}"
        groups = f"{len(points)} group{'' if len(points) == 1 else 's'}"
        print(f"{printable(arguments.output)}: {told} in {groups}")
        if arguments.record is not None and foreign:
            print(f"not as the record has them, which the provenance says: {', '.join(foreign)}")
        for problem in problems:
            print(printable(problem))
    return EXIT_PROBLEMS_FOUND if problems else 0


def _groups(files: Sequence[str], named: str | None) -> dict[str, str]:
    """Group to its file."""
    from lut import SCHEMA

    if named is not None:
        if len(files) > 1:
            raise CommandError("--group names the group of one file; give one, or none of it")
        return {named: files[0]}
    found: dict[str, str] = {}
    for file in files:
        stem = Path(file).stem
        group = next((name for name in SCHEMA if stem == name or stem.endswith(f"-{name}")), None)
        if group is None:
            raise CommandError(
                f"the name of '{file}' does not end in a group, such as FILE-and2.csv; name its "
                f"group with --group, one of {', '.join(SCHEMA)}"
            )
        if group in found:
            raise CommandError(f"'{found[group]}' and '{file}' are both {group}; give one of them")
        found[group] = file
    return found


def _record(name: str) -> Any:
    content = read_json(Path(name), "record", error=CommandError)
    # A null is no record, and must not pass for none given.
    return {} if content is None else content
