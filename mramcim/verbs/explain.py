"""`mramcim explain REPORT.json`: where a joule comes from, down to rows of the table."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from files import naming, read_json
from mramcim.arguments import add_json, add_models, processes
from mramcim.errors import CommandError
from mramcim.outputs import STANDARD_OUTPUT, check_outputs, write_json
from mramcim.printable import printable

if TYPE_CHECKING:
    from mramcim.resimulation import Check

SUMMARY = "take a report's energy apart: counts, rows of the table, netlists and parameters"

EXIT_DOES_NOT_HOLD = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument(
        "report", metavar="REPORT.json", help="what `mramcim estimate --json REPORT.json` wrote"
    )
    parser.add_argument("--layer", metavar="NAME", help="one layer (default: all)")
    parser.add_argument("--component", metavar="NAME", help="one component (default: all)")
    parser.add_argument(
        "--lut", metavar="FILE", help="the table (default: the one that the report names)"
    )
    parser.add_argument(
        "--resimulate",
        action="store_true",
        help="run the table's rows behind it in ngspice again; the exit code is 1 where one "
        "does not hold",
    )
    parser.add_argument(
        "--design", metavar="FILE", help="the table's design, where it is not a shipped one"
    )
    add_models(parser)
    parser.add_argument(
        "-j", "--jobs", type=processes, default=1, metavar="N", help="processes (default: 1)"
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the explanation, and the rows simulated again where that is asked for."""
    check_outputs({"--json": arguments.json}, inputs=[arguments.report, arguments.lut])

    from accelerator.errors import EstimateError
    from accelerator.explanation.again import estimate_again
    from accelerator.explanation.explanation import explain
    from accelerator.explanation.render import render_explanation
    from lut import TableError

    content = read_json(Path(arguments.report), "report", error=CommandError)
    with naming(Path(arguments.report), EstimateError, TableError):
        estimate = estimate_again(content, arguments.lut)
    found = explain(estimate, arguments.layer, arguments.component)
    checks: tuple[Check, ...] | None = None
    if arguments.resimulate:
        from mramcim.resimulation import resimulate, table_design

        design = table_design(estimate.table, arguments.design, arguments.models)
        rows = [row for rows in found.figures.values() for row in rows]
        checks = resimulate(estimate.table, rows, design, arguments.jobs)
    if arguments.json is not None:
        told = None if checks is None else [check.to_dict() for check in checks]
        write_json(arguments.json, {**found.to_dict(), "resimulated": told})
    if arguments.json != STANDARD_OUTPUT:
        sys.stdout.write(render_explanation(found) + _text(checks))
    return 0 if all(check.holds for check in checks or ()) else EXIT_DOES_NOT_HOLD


def _text(checks: tuple[Check, ...] | None) -> str:
    if checks is None:
        return ""
    from accelerator.alignment import aligned

    rows = [
        [
            f"{check.group}/{check.variable}",
            " ".join(
                printable(value) if isinstance(value, str) else f"{name}={value:g}"
                for name, value in check.place.items()
            ),
            f"{check.table:.6g} {check.units}",
            f"{check.now:.6g} {check.units}",
            f"{check.ratio:.6f}",
            "holds" if check.holds else f"does not hold ({check.outcome})",
        ]
        for check in checks
    ]
    header = ("row", "at", "table", "simulated now", "ratio", "")
    held = sum(check.holds for check in checks)
    return (
        "\nsimulated again:\n"
        + aligned(header, rows, texts=(0, 1, 5))
        + f"\n{held} of {len(checks)} rows hold\n"
    )
