"""`mramcim list`: the networks, trained networks, benches, devices, technologies, variations."""

from __future__ import annotations

import argparse

from mramcim.arguments import add_json
from mramcim.columns import aligned
from mramcim.listings import LISTINGS
from mramcim.outputs import STANDARD_OUTPUT, check_outputs, write_json

SUMMARY = "list the networks, trained networks, benches, devices, technologies or variations"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("what", choices=tuple(LISTINGS), help="what to list")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the list."""
    check_outputs({"--json": arguments.json})
    listing = LISTINGS[arguments.what]()
    if arguments.json is not None:
        content = {"format": "mramcim-list/1", arguments.what: listing.rows}
        write_json(arguments.json, content)
    if arguments.json != STANDARD_OUTPUT:
        lines = [[text(row) for text in listing.columns.values()] for row in listing.rows]
        print(aligned(tuple(listing.columns), lines, listing.numbers))
        for remark in listing.remarks:
            print(remark)
    return 0
