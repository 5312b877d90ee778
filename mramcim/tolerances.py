"""Tolerances of a comparison of tables, as they are written on the command line."""

from __future__ import annotations

import argparse

from mramcim.arguments import finite


def add_tolerances(parser: argparse.ArgumentParser) -> None:
    """Add --relative, a number, and --absolute, a list of pairs of a variable and a number."""
    parser.add_argument(
        "--relative", type=_tolerance, default=1e-6, metavar="R", help="tolerance (default: 1e-6)"
    )
    parser.add_argument(
        "--absolute",
        type=_named_tolerance,
        nargs="+",
        action="extend",
        default=[],
        metavar="VARIABLE=VALUE",
        help="tolerances in SI units, such as energy=1e-18 or and2/energy=1e-18 (default: 0)",
    )


def _tolerance(text: str) -> float:
    number = finite(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"'{text}' is below zero")
    return number


def _named_tolerance(text: str) -> tuple[str, float]:
    name, separator, value = text.partition("=")
    if not (name and separator):
        raise argparse.ArgumentTypeError(
            f"'{text}' is not VARIABLE=VALUE, such as energy=1e-18; name the files before it"
        )
    return name, _tolerance(value)
