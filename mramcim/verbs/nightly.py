"""`mramcim nightly`: characterize, judge, compare with a baseline, and report."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from mramcim.arguments import add_json
from mramcim.failures import failure_lines
from mramcim.limits import verdict_lines
from mramcim.outputs import STANDARD_OUTPUT, check_outputs, write_json
from mramcim.progress import Progress
from mramcim.running import add_run_arguments, asked_plan, asked_store, plan_inputs
from mramcim.tolerances import add_tolerances

if TYPE_CHECKING:
    from characterize.nightly import Night

SUMMARY = "characterize a plan, judge its limits, compare with a baseline, and write a report"

EXIT_NOT_ALL_GOOD = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.description = (
        "Characterize a plan (what the store has is not simulated again), judge its limits, "
        "compare the table with a baseline, and write table.h5, report.html, junit.xml and "
        "summary.json into a folder. The exit code is 1 where a point failed, a limit is "
        "violated or a value moved."
    )
    parser.add_argument("plan", metavar="PLAN.toml", help="the plan, with its limits")
    parser.add_argument("--report", required=True, metavar="DIR", help="the folder to write into")
    parser.add_argument("--baseline", metavar="OLD.h5", help="the table to compare with")
    add_tolerances(parser)
    add_run_arguments(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the night; 1 where something is not good, else 0."""
    check_outputs({"--json": arguments.json}, [*plan_inputs(arguments), arguments.baseline])

    from characterize.nightly import nightly

    plan = asked_plan(arguments)
    with asked_store(arguments) as store, Progress() as progress:
        night = nightly(
            plan,
            arguments.report,
            baseline=arguments.baseline,
            relative=arguments.relative,
            absolute=dict(arguments.absolute),
            jobs=arguments.jobs,
            scheduler=arguments.scheduler,
            store=store,
            progress=progress,
        )
    if arguments.json is not None:
        write_json(arguments.json, night.to_dict())
    if arguments.json != STANDARD_OUTPUT:
        for line in [*verdict_lines(night.run.verdicts), _moved(night), _where(night)]:
            print(line)
    for line in failure_lines(night.run):
        print(line, file=sys.stderr)
    return 0 if night.good else EXIT_NOT_ALL_GOOD


def _moved(night: Night) -> str:
    found = night.difference
    if found is None:
        return "no baseline was given"
    if found.same:
        return f"nothing moved of {found.compared} values within {found.relative:g}"
    outcomes = sum(change.count for change in found.outcomes)
    return (
        f"{found.beyond} of {found.compared} values moved, {outcomes} outcomes changed, "
        f"{len(found.mismatches)} differences of build"
    )


def _where(night: Night) -> str:
    verdict = "all good" if night.good else "not all good"
    return f"{verdict}: {night.folder / 'report.html'}"
