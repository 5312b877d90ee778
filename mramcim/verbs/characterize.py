"""`mramcim characterize`: simulate a plan in ngspice and write its table."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from mramcim.arguments import add_json
from mramcim.errors import CommandError
from mramcim.failures import failure_lines
from mramcim.limits import verdict_lines
from mramcim.outputs import STANDARD_OUTPUT, check_outputs, write_json
from mramcim.progress import Progress, add_quiet
from mramcim.running import add_run_arguments, asked_plan, asked_store, plan_inputs

if TYPE_CHECKING:
    from characterize import Plan, Run
    from characterize.dry_run import DryRun
    from characterize.store import Store

SUMMARY = "simulate a plan in ngspice and write the lookup table"

EXIT_NOT_ALL_GOOD = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.description = (
        "Simulate every point of a plan in ngspice and write the lookup table. Results are kept "
        "as they finish: what was stopped goes on where it was. A point that fails stays in the "
        "table with its outcome, and the exit code is 1, as it is where a limit of the plan is "
        "violated; wrong logic and bits that do not switch are results."
    )
    parser.add_argument(
        "plan", nargs="?", metavar="PLAN.toml", help="the plan (default: the reference table's)"
    )
    parser.add_argument("-o", "--output", metavar="OUT.h5", help="the table to write")
    parser.add_argument(
        "--quick", action="store_true", help="the nominal corner only, with every group"
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="only say how many points are new and how long they should take",
    )
    add_run_arguments(parser)
    add_quiet(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the plan; 1 where some point failed or a limit is violated, else 0."""
    if arguments.output is None and not arguments.dry_run:
        raise CommandError("-o OUT.h5 is missing: say where the table goes, or use --dry-run")
    outputs = {"-o": arguments.output, "--json": arguments.json}
    check_outputs(outputs, plan_inputs(arguments))
    plan = asked_plan(arguments, quick=arguments.quick)
    with asked_store(arguments) as store:
        return _dry(arguments, plan, store) if arguments.dry_run else _wet(arguments, plan, store)


def _dry(arguments: argparse.Namespace, plan: Plan, store: Store | None) -> int:
    from characterize.dry_run import dry_run

    found = dry_run(plan, store, arguments.jobs or os.cpu_count() or 1)
    if arguments.json is not None:
        write_json(arguments.json, found.to_dict())
    if arguments.json != STANDARD_OUTPUT:
        print(_foretold(found))
    return 0


def _foretold(found: DryRun) -> str:
    new = sum(found.new.values())
    benches = ", ".join(f"{bench} {count}" for bench, count in found.new.items())
    return (
        f"{found.points} points: {found.cached} cached, {new} new"
        + (f" ({benches}), some {_duration(found.seconds)}" if new else "")
        + f", with ngspice {found.ngspice_version}"
        + "".join(f"\nno bench of the plan has the axis '{name}'" for name in found.unused_axes)
    )


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _wet(arguments: argparse.Namespace, plan: Plan, store: Store | None) -> int:
    from characterize import run_plan

    with Progress(quiet=arguments.quiet) as progress:
        done = run_plan(
            plan,
            arguments.output,
            jobs=arguments.jobs,
            scheduler=arguments.scheduler,
            store=store,
            progress=progress,
        )
    if arguments.json is not None:
        write_json(arguments.json, done.to_dict())
    if arguments.json != STANDARD_OUTPUT:
        print(_described(done))
        if not (arguments.quiet and done.good):
            for line in verdict_lines(done.verdicts):
                print(line)
    if not (arguments.quiet and done.good):
        for line in failure_lines(done):
            print(line, file=sys.stderr)
    return 0 if done.good else EXIT_NOT_ALL_GOOD


def _described(done: Run) -> str:
    outcomes = ", ".join(f"{meaning} {count}" for meaning, count in done.outcomes.items())
    cached = f", {done.cached} of them cached" if done.cached else ""
    return (
        f"{done.output}: {len(done.results)} points ({outcomes}{cached}), {done.simulations} "
        f"transients in {done.wall_seconds:.1f} s with ngspice {done.ngspice_version}"
    )
