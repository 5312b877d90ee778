"""A table under one set of conditions in the form of another tool: NVSim, hwcomponents."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mramcim.arguments import add_models
from mramcim.errors import CommandError
from mramcim.estimates import ARRAY_OPTIONS, CONDITION_OPTIONS, add_options, chosen

if TYPE_CHECKING:
    from accelerator.prices import Conditions
    from lut import Table

CONDITIONS = (*CONDITION_OPTIONS, *ARRAY_OPTIONS)


def add_conditions(parser: argparse.ArgumentParser) -> None:
    """Declare the conditions, and the design that says what the table does not."""
    add_options(parser, CONDITIONS)
    parser.add_argument(
        "--design",
        metavar="FILE",
        help="the design that the table was made with, where it is no shipped one (NVSim)",
    )
    add_models(parser)


def conditions(table: Table, arguments: argparse.Namespace) -> Conditions:
    """The conditions that were given, else those of an estimate."""
    from accelerator.prices import conditions_in

    return conditions_in(table, **chosen(arguments, CONDITIONS))


def refuse_unused(arguments: argparse.Namespace, kind: str) -> None:
    """Refuse a condition or a design that says nothing in this format.

    Raises:
        CommandError: one was given.
    """
    given = {name: f"--{name.replace('_', '-')}" for name in chosen(arguments, CONDITIONS)}
    if arguments.design is not None:
        given["design"] = "--design"
    for name, flag in given.items():
        if kind not in TEXTS:
            raise CommandError(
                f"{flag} is of one set of conditions (nvsim, hwcomponents); {kind} has every point "
                "of the table, leave it out"
            )
        if name == _UNUSED[kind]:
            raise CommandError(
                f"{flag} changes nothing in what is written for {kind}; leave it out"
            )


def nvsim_text(table: Table, arguments: argparse.Namespace) -> str:
    """A cell file of NVSim."""
    from lut.nvsim import cell_text
    from mramcim.nvsim_cell import cell_design, cell_parts

    design = cell_design(table, arguments.design, arguments.models)
    return cell_text(cell_parts(table, design, conditions(table, arguments)))


def hwcomponents_text(table: Table, arguments: argparse.Namespace) -> str:
    """A Python file of component models."""
    from accelerator.component_models import component_models

    return component_models(table, conditions(table, arguments))


# A cell has no columns; component models have all that they need in the table.
_UNUSED = {"nvsim": "columns", "hwcomponents": "design"}
TEXTS: dict[str, Callable[[Any, argparse.Namespace], str]] = {
    "nvsim": nvsim_text,
    "hwcomponents": hwcomponents_text,
}
SUFFIXES = {".csv": "csv", ".parquet": "parquet", ".cell": "nvsim", ".py": "hwcomponents"}
