"""`mramcim lut merge A B ... -o OUT`: tables of some points each as one of all."""

from __future__ import annotations

import argparse
import math

from mramcim.arguments import add_json
from mramcim.outputs import STANDARD_OUTPUT, check_outputs, write_json
from mramcim.printable import printable

SUMMARY = "tables of some points or groups each as one table"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `lut merge` takes."""
    parser.description = (
        "Write the union of tables made with the same design, device, models and ngspice. Each "
        "group must become a full grid, and points that several tables have must agree within "
        "1e-9 relative."
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="the tables, two or more")
    parser.add_argument(
        "-o", "--output", required=True, metavar="OUT.h5", help="the table to write"
    )
    parser.add_argument(
        "--prefer",
        choices=("first", "last"),
        help="take the point of the first or last of the tables that disagree",
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write the merged table; 0."""
    check_outputs({"-o": arguments.output, "--json": arguments.json}, inputs=arguments.files)

    from importlib.metadata import version

    import lut

    lut.require_writable(arguments.output)
    tables = [lut.Table.open(file) for file in arguments.files]
    merged = lut.merge(tables, prefer=arguments.prefer)
    lut.write_table(
        arguments.output,
        merged.groups,
        mramcim_version=version("mramcim"),
        ngspice_version=merged.ngspice_version,
        provenance=merged.provenance,
        title=merged.title,
    )
    points = {
        name: math.prod(len(axis) for axis in group.axes.values())
        for name, group in merged.groups.items()
    }
    settled = merged.provenance.get("settled", {}).get("points", {})
    if arguments.json is not None:
        content = {
            "format": "mramcim-table-merge/1",
            "path": arguments.output,
            "points": points,
            "settled": settled,
            "sources": [
                {"name": source["name"], "sha256": source["sha256"]}
                for source in merged.provenance["sources"]
            ],
        }
        write_json(arguments.json, content)
    if arguments.json != STANDARD_OUTPUT:
        print(
            f"{printable(arguments.output)}: {_counted(sum(points.values()), 'point')} in "
            f"{_counted(len(points), 'group')} from {len(tables)} tables"
        )
        for group, count in settled.items():
            counted = _counted(count, "point")
            print(f"{group}: the tables disagree at {counted}, the {arguments.prefer} is taken")
    return 0


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
