"""Published headline figures set beside what this product gives.

Each system of the papers has a module with a function `rows`; nothing is tuned to a figure.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accelerator.reproduction.row import Row
    from lut import Table

SYSTEMS = ("imce", "crossbar", "comparator", "adaptive", "pruning", "stochastic")
"""Modules of this package, in the order of the list."""


def all_rows(table: Table) -> list[Row]:
    """Every published figure that is addressed, from a table and the shipped networks."""
    found: list[Row] = []
    for name in SYSTEMS:
        found += import_module(f"accelerator.reproduction.{name}").rows(table)
    return found
