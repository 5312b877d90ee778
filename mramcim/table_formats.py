"""A table under one set of conditions in the form of another tool: NVSim, hwcomponents."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

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


def conditions(arguments: argparse.Namespace) -> Conditions:
    """The conditions that were given, else those of an estimate."""
    from accelerator.prices import Conditions

    return Conditions(**chosen(arguments, CONDITIONS))


def given_conditions(arguments: argparse.Namespace) -> list[str]:
    """Flags of conditions or a design that were given."""
    names = [*chosen(arguments, CONDITIONS)]
    if arguments.design is not None:
        names.append("design")
    return [f"--{name.replace('_', '-')}" for name in names]


def nvsim_text(table: Table, arguments: argparse.Namespace) -> str:
    """A cell file of NVSim."""
    from lut.nvsim import cell_text
    from mramcim.nvsim_cell import cell_design, cell_parts

    design = cell_design(table, arguments.design)
    return cell_text(cell_parts(table, design, conditions(arguments)))


def hwcomponents_text(table: Table, arguments: argparse.Namespace) -> str:
    """A Python file of component models."""
    from accelerator.component_models import component_models

    return component_models(table, conditions(arguments))


TEXTS: dict[str, Callable[[Any, argparse.Namespace], str]] = {
    "nvsim": nvsim_text,
    "hwcomponents": hwcomponents_text,
}
SUFFIXES = {".csv": "csv", ".parquet": "parquet", ".cell": "nvsim", ".py": "hwcomponents"}
