"""`mramcim compare A.json B.json`: what differs between two reports, by layer and component."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from files import naming, read_json
from mramcim.arguments import add_json
from mramcim.errors import CommandError
from mramcim.outputs import STANDARD_OUTPUT, check_outputs, write_json

SUMMARY = "differences between two reports by layer and component, the largest first"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument(
        "first", metavar="A.json", help="what `mramcim estimate`, `map` or `run` wrote with --json"
    )
    parser.add_argument("second", metavar="B.json", help="another such report, held against it")
    parser.add_argument("--full", action="store_true", help="every difference, however small")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the differences of the second report from the first, or write their JSON."""
    files = (arguments.first, arguments.second)
    check_outputs({"--json": arguments.json}, inputs=list(files))

    from accelerator.errors import EstimateError
    from accelerator.explanation.differences import compare_reports
    from accelerator.explanation.render_differences import render_differences
    from accelerator.explanation.told import read_told

    told = []
    for file in map(Path, files):
        content = read_json(file, "report", error=CommandError)
        with naming(file, EstimateError):
            told.append(read_told(content))
    found = compare_reports(*told)
    if arguments.json is not None:
        write_json(arguments.json, found.to_dict())
    if arguments.json != STANDARD_OUTPUT:
        sys.stdout.write(render_differences(found, files, full=arguments.full))
    return 0
