"""`mramcim nightly`: characterize, judge, compare with the accepted table, and always report."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from mramcim.arguments import add_json
from mramcim.errors import CommandError, is_user_error, one_sentence
from mramcim.failures import failure_lines
from mramcim.limits import verdict_lines
from mramcim.nightly_text import accepted_lines, change_lines
from mramcim.outputs import STANDARD_OUTPUT, check_outputs, write_json
from mramcim.printable import printable
from mramcim.progress import Progress, add_quiet
from mramcim.running import add_run_arguments, asked_plan, asked_store, plan_inputs
from mramcim.stopping import Stopping, duration
from mramcim.tolerances import add_tolerances

if TYPE_CHECKING:
    from characterize.night import Night
    from characterize.nightly import NightlyRun
    from lut import Outcome

SUMMARY = "characterize a plan, judge its limits, compare with a baseline, and write a report"

EXIT_NOT_ALL_GOOD = 1
ACCEPT = "accept"
_ALLOWED = ("wrong_logic", "not_switched")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.usage = (
        "mramcim nightly PLAN.toml --report DIR [options]\n"
        "       mramcim nightly accept DIR [--baseline FILE.h5]"
    )
    parser.description = (
        "Characterize a plan (what the store has is not simulated again), judge its limits and "
        "the laws of its numbers, compare the table with a baseline, and put table.h5, "
        "report.html, junit.xml and summary.json into a folder, which is replaced as a whole and "
        "however the night ends. The exit code is 1 where a point failed or is wrong, a limit or "
        "a law is violated, a value moved, or the deadline came. `mramcim nightly accept DIR` "
        "makes the table of the night in DIR the baseline of later ones."
    )
    parser.add_argument(
        "plan", metavar="PLAN.toml", help="the plan, with its limits; or the word accept"
    )
    parser.add_argument("night", nargs="?", metavar="DIR", help="after accept: a night's folder")
    parser.add_argument("--report", metavar="DIR", help="the folder to write, of this alone")
    parser.add_argument(
        "--baseline",
        metavar="FILE.h5",
        help="the table that was accepted last, to compare with; it may not be there yet",
    )
    parser.add_argument(
        "--accept-if-good",
        action="store_true",
        help="let the table become the baseline after a good night, where there is none yet or "
        "no value differs at all",
    )
    parser.add_argument(
        "--allow",
        action="append",
        choices=_ALLOWED,
        default=[],
        help="do not count points with this outcome against the night",
    )
    parser.add_argument(
        "--deadline",
        type=duration,
        metavar="TIME",
        help="stop simulating after so long, such as 90min or 6h, and report what was reached",
    )
    add_tolerances(parser)
    add_run_arguments(parser)
    add_quiet(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the night, or accept one; 1 where something is not good, else 0."""
    if arguments.plan == ACCEPT and not Path(ACCEPT).is_file():
        return _accept(arguments)
    if arguments.report is None:
        raise CommandError("--report DIR is missing: say where the report goes")
    with Stopping(arguments.deadline) as stopping:
        return _night(arguments, stopping)


def _night(arguments: argparse.Namespace, stopping: Stopping) -> int:
    from characterize.errors import DeadlineError, StoppedError
    from characterize.nightly import NightlyRun

    running = NightlyRun(
        Path(arguments.report),
        title=Path(arguments.plan).name,
        inputs=_files([*plan_inputs(arguments), arguments.baseline]),
        allowed=_outcomes(arguments.allow),
        told=_told,
        held=stopping.held,
    )
    try:
        with running:
            stopping.begin()
            _run(arguments, running)
    except StoppedError as stop:
        said = [str(stop), *getattr(stop, "__notes__", [])]
        if not isinstance(stop, DeadlineError):
            print(f"mramcim: {'; '.join(said)}; see {_page(arguments)}", file=sys.stderr)
            _write_json_file(arguments, running)
            return stop.code
        if running.night is None:
            raise
        for note in getattr(stop, "__notes__", []):
            print(f"mramcim: {note}", file=sys.stderr)
    except Exception:
        _write_json_file(arguments, running)
        raise
    night = running.night
    assert night is not None, "a night that ends without an exception was reported"
    _write_json(arguments, night)
    if arguments.json != STANDARD_OUTPUT:
        _print(arguments, night)
    if night.run is not None and not (arguments.quiet and night.good):
        for line in failure_lines(night.run):
            print(line, file=sys.stderr)
    return 0 if night.good else EXIT_NOT_ALL_GOOD


def _run(arguments: argparse.Namespace, running: NightlyRun) -> None:
    if arguments.night is not None:
        raise CommandError(
            f"'{arguments.night}' is one file too many; a night takes one plan, and --report DIR"
        )
    check_outputs({"--json": arguments.json}, [*plan_inputs(arguments), arguments.baseline])
    if arguments.json not in (None, STANDARD_OUTPUT) and running.holds(Path(arguments.json)):
        raise CommandError(
            f"--json '{arguments.json}' is in the report's folder, which is of the report alone; "
            "its summary.json is the same"
        )
    plan = asked_plan(arguments)
    with asked_store(arguments) as store, Progress(quiet=arguments.quiet) as progress:
        running.run(
            plan,
            baseline=arguments.baseline,
            accept_if_good=arguments.accept_if_good,
            relative=arguments.relative,
            absolute=dict(arguments.absolute),
            jobs=arguments.jobs,
            scheduler=arguments.scheduler,
            store=store,
            progress=progress,
        )


def report_refusal(argv: Sequence[str], error: CommandError) -> None:
    """Report a command line that was refused, where it names the folder of the report.

    So that a night that never began does not look like the one before.
    """
    named = [word.partition("=")[2] for word in argv if word.startswith("--report=")]
    named += [after for word, after in pairwise(argv) if word == "--report"]
    if len(named) != 1 or not named[0] or named[0].startswith("-"):
        return

    from characterize.nightly import NightlyRun

    with (
        suppress(ValueError, OSError),
        NightlyRun(
            Path(named[0]),
            title="a night with a wrong command line",
            inputs=_files([word for word in argv if word != named[0]]),
            told=_told,
        ),
    ):
        raise error


def _files(names: Sequence[str | None]) -> list[Path]:
    """Those of the names that are files; others are of what comes with mramcim, or not there."""
    return [Path(name) for name in names if name is not None and Path(name).is_file()]


def _accept(arguments: argparse.Namespace) -> int:
    from characterize.baseline import accept

    if arguments.night is None:
        raise CommandError("say which night: `mramcim nightly accept DIR`, DIR its report's folder")
    if arguments.report is not None:
        raise CommandError("--report belongs to a night that is run; leave it out of accept")
    check_outputs({"--json": arguments.json}, [arguments.baseline])
    given = None if arguments.baseline is None else Path(arguments.baseline)
    path, night = accept(Path(arguments.night), given)
    if arguments.json is not None:
        content = {"format": "mramcim-accepted/1", "baseline": str(path), "table": night["table"]}
        write_json(arguments.json, content)
    if arguments.json != STANDARD_OUTPUT:
        lines = accepted_lines(path, night)
        for line in lines[:1] if arguments.quiet else lines:
            print(line)
    return 0


def _outcomes(names: Sequence[str]) -> list[Outcome]:
    from lut import Outcome

    return [Outcome[name.upper()] for name in dict.fromkeys(names)]


def _told(error: BaseException) -> str | None:
    return one_sentence(error) if is_user_error(error) else None


def _write_json(arguments: argparse.Namespace, night: Night | None) -> None:
    if arguments.json is not None and night is not None:
        write_json(arguments.json, night.to_dict())


def _write_json_file(arguments: argparse.Namespace, running: NightlyRun) -> None:
    """Write the file of a night that ended early, which has its own error to tell."""
    if arguments.json in (None, STANDARD_OUTPUT) or running.holds(Path(arguments.json)):
        return
    with suppress(CommandError, OSError):
        check_outputs({"--json": arguments.json}, plan_inputs(arguments))
        _write_json(arguments, running.night)


def _print(arguments: argparse.Namespace, night: Night) -> None:
    if not arguments.quiet:
        verdicts = () if night.run is None else night.run.verdicts
        for line in [*verdict_lines(verdicts), *change_lines(night)]:
            print(line)
        if night.difference is None or night.difference.same:
            print(printable(night.compared))
    verdict = "all good" if night.good else "not all good: " + "; ".join(night.reasons)
    print(f"{printable(verdict)}: {_page(arguments)}")


def _page(arguments: argparse.Namespace) -> Path:
    return Path(arguments.report) / "report.html"
