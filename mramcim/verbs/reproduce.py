"""`mramcim reproduce`: every published figure that is addressed here, beside ours."""

from __future__ import annotations

import argparse
import sys

from mramcim.arguments import add_json
from mramcim.outputs import STANDARD_OUTPUT, check_outputs, write_json

SUMMARY = "set the papers' headline figures beside ours, with both sides' conditions"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument(
        "--lut", metavar="FILE", help="the table (default: the reference table of mramcim)"
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Compute all rows from the table and the shipped networks, and print them."""
    check_outputs({"--json": arguments.json}, inputs=[arguments.lut])

    from accelerator.pipeline import open_table
    from accelerator.reproduction import all_rows
    from accelerator.reproduction.render import render_rows

    table = open_table(arguments.lut)
    rows = all_rows(table)
    if arguments.json is not None:
        write_json(arguments.json, [row.to_dict() for row in rows])
    if arguments.json != STANDARD_OUTPUT:
        sys.stdout.write(render_rows(rows))
    return 0
