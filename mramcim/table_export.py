"""`mramcim lut export TABLE -o FILE`: a table for spreadsheets, databases and other simulators."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from files import naming
from mramcim.arguments import add_json
from mramcim.errors import CommandError
from mramcim.outputs import STANDARD_OUTPUT, check_outputs, write_file, write_json, write_text
from mramcim.printable import printable
from mramcim.table_formats import SUFFIXES, TEXTS, add_conditions, refuse_unused

if TYPE_CHECKING:
    import lut

SUMMARY = "a table as CSV or Parquet, or its cell for NVSim, or models for hwcomponents"

_ALL_POINTS = ("csv", "parquet")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `lut export` takes."""
    parser.description = (
        "Write the points of a table as rows (CSV, Parquet): coordinates, then variables, the "
        "unit in the column's name. With --group the file is FILE; without it each group has a "
        "file of its own, whose name ends in the group's: FILE-and2.csv and so on. Or write what "
        "the table says under one set of conditions: a memory cell of NVSim, or component models "
        "of hwcomponents, which AccelForge loads."
    )
    parser.add_argument("file", metavar="TABLE", help="the table (HDF5)")
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="FILE",
        help="file to write, .csv, .parquet, .cell (NVSim) or .py (hwcomponents); - prints it",
    )
    parser.add_argument(
        "--format",
        choices=tuple(SUFFIXES.values()),
        help="what to write, where the file's name does not end in it",
    )
    parser.add_argument("--group", metavar="NAME", help="the one group to write as rows")
    parser.add_argument(
        "--record",
        metavar="F",
        help="write what CSV lacks, attributes and provenance, to the file F for `lut import`",
    )
    add_conditions(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write the files and tell their names; 0."""
    kind = _kind(arguments)
    if arguments.output == arguments.json == STANDARD_OUTPUT:
        raise CommandError("-o - and --json both print; give one of them a file")
    files = _rows(arguments, kind) if kind in _ALL_POINTS else _text(arguments, kind)
    if arguments.json is not None:
        write_json(arguments.json, {"format": "mramcim-table-export/1", "files": files})
    if STANDARD_OUTPUT not in (arguments.output, arguments.json):
        for file in files:
            print(f"{printable(str(file['path']))}: {_told(file)}")
    return 0


def _kind(arguments: argparse.Namespace) -> str:
    """What to write, by --format or the file's name; refused where options do not suit it."""
    name = arguments.output
    kind = arguments.format
    if kind is None:
        kind = "csv" if name == STANDARD_OUTPUT else SUFFIXES.get(Path(name).suffix.lower())
    if kind is None:
        raise CommandError(
            f"-o '{name}' does not say how to export; end it in .csv or .parquet (rows), .cell "
            "(NVSim) or .py (hwcomponents), or give --format"
        )
    refuse_unused(arguments, kind)
    if arguments.record == STANDARD_OUTPUT:
        raise CommandError("--record - would print between the rows; name a file")
    if kind not in _ALL_POINTS:
        for flag in ("group", "record"):
            if getattr(arguments, flag) is not None:
                raise CommandError(f"--{flag} is of rows (CSV, Parquet); leave it out for {kind}")
        return str(kind)
    if name == STANDARD_OUTPUT and kind == "parquet":
        raise CommandError("-o - prints text, which Parquet is not; name a file")
    if name == STANDARD_OUTPUT and arguments.group is None:
        raise CommandError("-o - prints one group; name it with --group")
    return str(kind)


def _told(file: dict[str, Any]) -> str:
    if "rows" not in file:
        return f"for {file['for']}"
    return f"{file['rows']} row{'' if file['rows'] == 1 else 's'} of {file['group']}"


def _text(arguments: argparse.Namespace, kind: str) -> list[dict[str, Any]]:
    """Write the one file of a format that is text."""
    from lut import Table

    name = arguments.output
    check_outputs({"-o": name, "--json": arguments.json}, inputs=[arguments.file, arguments.design])
    with naming(Path(arguments.file), ValueError):
        text = TEXTS[kind](Table.open(arguments.file), arguments)
    if name == STANDARD_OUTPUT:
        sys.stdout.write(text)
    else:
        write_text(name, text)
    return [{"path": name, "for": kind}]


def _rows(arguments: argparse.Namespace, kind: str) -> list[dict[str, Any]]:
    """Write a file for each group."""
    from lut import Table, exported, record_of

    name = arguments.output
    table = Table.open(arguments.file)
    targets = _targets(table, arguments.group, name)
    for target in targets.values():
        outputs = {"-o": target, "--record": arguments.record, "--json": arguments.json}
        check_outputs(outputs, inputs=[arguments.file])
    # All are made before any is written, so that what cannot be exported leaves no file behind.
    images = {group: exported(table[group], f".{kind}") for group in targets}
    record = None if arguments.record is None else record_of(table)
    if name == STANDARD_OUTPUT:
        sys.stdout.write(images[arguments.group].decode("utf-8"))
    else:
        for group, target in targets.items():
            _write(target, images[group])
    if record is not None:
        write_json(arguments.record, record)
    return [
        {
            "path": target,
            "group": group,
            "rows": math.prod(len(axis) for axis in table[group].axes.values()),
        }
        for group, target in targets.items()
    ]


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
