"""`mramcim study NAME`: one of the papers' systems on our table and accelerator."""

from __future__ import annotations

import argparse
from importlib import import_module

SUMMARY = "study one of the systems beside bit-wise convolution: what it costs, how accurate it is"

STUDIES = ("crossbar", "comparator", "adaptive", "pruning", "stochastic")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the studies, each with arguments of its own."""
    parser.epilog = (
        "Each takes --json [F]: print JSON alone on standard output, or write it to the file F. "
        "`mramcim study NAME --help` tells a study's own options."
    )
    studies = parser.add_subparsers(dest="study", metavar="NAME", required=True, title="studies")
    for name in STUDIES:
        module = import_module(f"mramcim.studies.{name}")
        study = studies.add_parser(name, help=module.SUMMARY, description=module.SUMMARY)
        module.add_arguments(study)
        study.set_defaults(run_study=module.run)


def run(arguments: argparse.Namespace) -> int:
    """Run the study that was named."""
    code: int = arguments.run_study(arguments)
    return code
