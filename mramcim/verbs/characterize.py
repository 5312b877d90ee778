"""`mramcim characterize`: simulate a plan in ngspice and write its table."""

from __future__ import annotations

import argparse
import sys
from textwrap import shorten
from typing import TYPE_CHECKING

from mramcim.arguments import ZERO_CELSIUS, add_json, positive_count
from mramcim.benches import add_design_arguments
from mramcim.outputs import STANDARD_OUTPUT, check_outputs, write_json

if TYPE_CHECKING:
    from characterize import Run

SUMMARY = "simulate a plan in ngspice and write the lookup table"

EXIT_POINTS_FAILED = 1
SHOWN_FAILURES = 10
SHOWN_MESSAGE = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.description = (
        "Simulate every point of a plan in ngspice and write the lookup table. A point that "
        "fails stays in the table with its outcome, and the exit code is 1."
    )
    parser.add_argument(
        "plan", nargs="?", metavar="PLAN.toml", help="the plan (default: the reference table's)"
    )
    parser.add_argument(
        "-o", "--output", required=True, metavar="OUT.h5", help="the table to write"
    )
    parser.add_argument(
        "-j", "--jobs", type=positive_count, metavar="N", help="processes (default: all cores)"
    )
    parser.add_argument(
        "--quick", action="store_true", help="the nominal corner only, with every group"
    )
    add_design_arguments(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the plan; 1 where some point failed, else 0."""
    outputs = {"-o": arguments.output, "--json": arguments.json}
    inputs = [arguments.plan, arguments.design, arguments.device, arguments.technology]
    check_outputs(outputs, inputs)

    from tqdm import tqdm

    from characterize import load_plan, run_plan

    plan = load_plan(
        arguments.plan,
        quick=arguments.quick,
        design=arguments.design,
        device=arguments.device,
        technology=arguments.technology,
    )
    with tqdm(total=plan.count(), unit="point", file=sys.stderr, smoothing=0.1) as bar:
        done = run_plan(
            plan, arguments.output, jobs=arguments.jobs, progress=lambda *_: bar.update()
        )
    if arguments.json is not None:
        write_json(arguments.json, done.to_dict())
    if arguments.json != STANDARD_OUTPUT:
        print(_described(done))
    for line in _failures(done):
        print(line, file=sys.stderr)
    return EXIT_POINTS_FAILED if done.failed else 0


def _described(done: Run) -> str:
    outcomes = ", ".join(f"{meaning} {count}" for meaning, count in done.outcomes.items())
    return (
        f"{done.output}: {len(done.results)} points ({outcomes}), {done.simulations} transients "
        f"in {done.wall_seconds:.1f} s with ngspice {done.ngspice_version}"
    )


def _failures(done: Run) -> list[str]:
    """A line for each of the first failed points, and one for how many more there are."""
    lines = []
    for point, result in done.failed[:SHOWN_FAILURES]:
        where, outcome = point.conditions, result.outcome
        sizes = [axis for axis in ("rows", "columns") if axis in done.plan.group_axes(point.bench)]
        place = [
            where.corner,
            f"{where.vdd:g} V",
            f"{where.temperature - ZERO_CELSIUS:g} degC",
            *(f"{getattr(where, axis)} {axis}" for axis in sizes),
        ]
        message = f" ({shorten(result.message, SHOWN_MESSAGE)})" if result.message else ""
        lines.append(
            f"{f'{point.bench} {point.variant}'.strip()} at {', '.join(place)}: "
            f"{outcome.meaning}; {outcome.remedy}{message}"
        )
    more = len(done.failed) - len(lines)
    if more:
        lines.append(f"and {more} more; `mramcim lut info {done.output}` counts them")
    return lines
