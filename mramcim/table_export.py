"""`mramcim lut export TABLE -o FILE`: a table for spreadsheets, R, pandas and databases."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mramcim.arguments import add_json
from mramcim.errors import CommandError
from mramcim.outputs import STANDARD_OUTPUT, check_outputs, write_file, write_json
from mramcim.printable import printable

if TYPE_CHECKING:
    import lut

SUMMARY = "a table as CSV or Parquet, a row for each point"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `lut export` takes."""
    parser.description = (
        "Write the points of a table as rows: coordinates, then variables, the unit in the "
        "column's name. With --group the file is FILE; without it each group has a file of its "
        "own, whose name ends in the group's: FILE-and2.csv and so on."
    )
    parser.add_argument("file", metavar="TABLE", help="the table (HDF5)")
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="FILE",
        help="file to write, .csv or .parquet; - prints CSV of one group",
    )
    parser.add_argument("--group", metavar="NAME", help="the one group to write")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write the files and tell their names; 0."""
    name = arguments.output
    suffix = ".csv" if name == STANDARD_OUTPUT else Path(name).suffix.lower()
    if suffix not in (".csv", ".parquet"):
        raise CommandError(f"-o '{name}' does not say how to export; end it in .csv or .parquet")
    if name == STANDARD_OUTPUT and arguments.group is None:
        raise CommandError("-o - prints one group; name it with --group")
    if name == arguments.json == STANDARD_OUTPUT:
        raise CommandError("-o - and --json both print; give one of them a file")

    from lut import Table, exported

    table = Table.open(arguments.file)
    targets = _targets(table, arguments.group, name)
    for target in targets.values():
        check_outputs({"-o": target, "--json": arguments.json}, inputs=[arguments.file])
    # All are made before any is written, so that what cannot be exported leaves no file behind.
    images = {group: exported(table[group], suffix) for group in targets}
    if name == STANDARD_OUTPUT:
        sys.stdout.write(images[arguments.group].decode("utf-8"))
    else:
        for group, target in targets.items():
            _write(target, images[group])
    files = [
        {
            "path": target,
            "group": group,
            "rows": math.prod(len(axis) for axis in table[group].axes.values()),
        }
        for group, target in targets.items()
    ]
    if arguments.json is not None:
        write_json(arguments.json, {"format": "mramcim-table-export/1", "files": files})
    if STANDARD_OUTPUT not in (name, arguments.json):
        for file in files:
            rows = f"{file['rows']} row{'' if file['rows'] == 1 else 's'}"
            print(f"{printable(str(file['path']))}: {rows} of {file['group']}")
    return 0


def _targets(table: lut.Table, group: str | None, name: str) -> dict[str, str]:
    """Group to the name of its file."""
    if group is not None:
        table[group]  # A TableError names the groups that there are.
        return {group: name}
    path = Path(name)
    return {key: str(path.with_stem(f"{path.stem}-{key}")) for key in table.groups}


def _write(target: str, image: bytes) -> None:
    write_file(target, lambda path: _fill(path, image))


def _fill(path: Path, image: bytes) -> None:
    path.write_bytes(image)
