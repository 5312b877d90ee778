"""`mramcim lut seal FILE -o OUT`: a table that another program wrote or changed, with digests."""

from __future__ import annotations

import argparse

from mramcim.outputs import check_outputs
from mramcim.printable import printable

SUMMARY = "a table that another program wrote or changed on purpose, with digests of its content"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `lut seal` takes."""
    parser.description = (
        "Write a table anew with digests of what it holds now. Meant for a table that was written "
        "or changed on purpose by another program; what was wrong in it stays wrong."
    )
    parser.add_argument("file", metavar="FILE", help="the table (HDF5)")
    parser.add_argument(
        "-o", "--output", required=True, metavar="OUT.h5", help="the table to write"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the table; 0."""
    check_outputs({"-o": arguments.output}, inputs=[arguments.file])

    import lut

    changed = lut.take_over(arguments.file, arguments.output)
    for text in changed:
        print(printable(f"taken as it is: {text}"))
    print(f"{printable(arguments.output)}: sealed")
    return 0
