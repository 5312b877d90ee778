"""What the verbs that run a plan have in common."""

from __future__ import annotations

import argparse
import sys
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from mramcim.arguments import processes, scheduler_address
from mramcim.benches import add_design_arguments
from mramcim.printable import printable

if TYPE_CHECKING:
    from characterize import Plan
    from characterize.store import Store


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare processes, the store's use, and what replaces the plan's own design."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "-j", "--jobs", type=processes, metavar="N", help="processes (default: all cores)"
    )
    where.add_argument(
        "--scheduler",
        type=scheduler_address,
        metavar="ADDRESS",
        help="run on the workers of this Dask scheduler, such as tcp://host:8786",
    )
    parser.add_argument(
        "--no-cache", action="store_true", help="simulate every point, and keep no results"
    )
    add_design_arguments(parser)


def asked_plan(arguments: argparse.Namespace, *, quick: bool = False) -> Plan:
    """The plan that was asked for, with its design, device and technology replaced."""
    from characterize import load_plan

    return load_plan(
        arguments.plan,
        quick=quick,
        design=arguments.design,
        device=arguments.device,
        technology=arguments.technology,
        models=arguments.models,
    )


def asked_store(arguments: argparse.Namespace) -> AbstractContextManager[Store | None]:
    """The user's store, or none."""
    from characterize.store import Store

    return nullcontext() if arguments.no_cache else Store(warn=warn)


def warn(text: str) -> None:
    """Say on standard error what does not keep the verb from going on."""
    print(f"mramcim: warning: {printable(text)}", file=sys.stderr)


def plan_inputs(arguments: argparse.Namespace) -> list[str | None]:
    """Files that are read, which no output may replace."""
    return [arguments.plan, arguments.design, arguments.device, arguments.technology]
