"""`mramcim lut diff A B`: what differs between two tables."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING, Any

from mramcim.arguments import add_json
from mramcim.columns import aligned
from mramcim.outputs import (
    STANDARD_OUTPUT,
    check_outputs,
    write_json,
    write_text,
)
from mramcim.printable import printable_content
from mramcim.tolerances import add_tolerances

if TYPE_CHECKING:
    from lut import Difference, Mismatch, MovedPoint, VariableDifference

SUMMARY = "what differs between two tables"

EXIT_DIFFERENT = 1
MOST_IN_JSON = 100
SHOWN_LINES = 20
SHOWN_VALUES = 6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `lut diff` takes."""
    parser.description = (
        "Compare two tables point by point, matched by coordinates. A value has moved where "
        "|a - b| > absolute + relative * max(|a|, |b|), or where only one side is NaN; an outcome "
        "where it is another one. The exit code is 0 where the tables are the same within "
        "tolerance, 1 where they differ. Provenance is told but is no difference."
    )
    parser.add_argument("a", metavar="A", help="the first table, such as a baseline")
    parser.add_argument("b", metavar="B", help="the second table")
    add_tolerances(parser)
    add_json(parser)
    parser.add_argument("--csv", metavar="F", help="write a row for each value that moved to F")


def run(arguments: argparse.Namespace) -> int:
    """Print or write what differs; 1 where something does, else 0."""
    outputs = {"--json": arguments.json, "--csv": arguments.csv}
    check_outputs(outputs, inputs=[arguments.a, arguments.b])

    import lut

    found = lut.diff(
        arguments.a,
        arguments.b,
        relative=arguments.relative,
        absolute=dict(arguments.absolute),
    )
    if arguments.csv is not None:
        write_text(arguments.csv, found.to_csv())
    if arguments.json is not None:
        write_json(arguments.json, found.to_dict(MOST_IN_JSON))
    if arguments.json != STANDARD_OUTPUT:
        print("\n\n".join(_sections(found)))
    return 0 if found.same else EXIT_DIFFERENT


def _sections(found: Difference) -> list[str]:
    sections = [_head(found)]
    if found.mismatches:
        lines = [_mismatch(mismatch) for mismatch in found.mismatches]
        sections.append("\n".join(["tables that do not match (A | B):", *_first(lines)]))
    moved = [variable for variable in found.variables if variable.beyond]
    if moved:
        sections.append(_moved(moved))
    if found.outcomes:
        heading = ("outcome of", "A -> B", "points", "first at")
        rows = [
            (change.group, f"{change.a} -> {change.b}", str(change.count), _at(change.moved(1)[0]))
            for change in found.outcomes
        ]
        sections.append(aligned(heading, rows))
    if found.provenance:
        lines = [f"  {printable_content(str(change))}" for change in found.provenance]
        sections.append("\n".join(["made differently (A -> B):", *_first(lines)]))
    return sections


def _head(found: Difference) -> str:
    sides = [
        f"{name}  {side['path']}: {side['title']}".rstrip(": ")
        for name, side in (("A", found.a), ("B", found.b))
    ]
    compared = f"{found.compared} values compared"
    if found.same:
        within = f"within {found.relative:g} relative"
        within += " and the absolute tolerances given" if found.absolute else ""
        lines = [f"the same {within}; {compared}", *_largest(found)]
        return "\n".join([*printable_content(sides), *lines])
    outcomes = sum(change.count for change in found.outcomes)
    counts = [
        f"{found.beyond} beyond tolerance",
        f"{outcomes} changed outcome{'' if outcomes == 1 else 's'}",
        f"{len(found.mismatches)} mismatch{'' if len(found.mismatches) == 1 else 'es'} of build",
    ]
    return "\n".join([*printable_content(sides), f"different: {compared}, {', '.join(counts)}"])


def _largest(found: Difference) -> list[str]:
    """A line for the largest difference within tolerance, if there is any."""
    points = [v.largest_relative for v in found.variables if v.largest_relative is not None]
    if not points:
        return []
    point = max(points, key=lambda point: point.relative)
    where = f"{point.group}/{point.variable} at {_at(point)}"
    return [f"largest relative difference {point.relative:.2g}: {where}"]


def _first(lines: list[str]) -> list[str]:
    more = len(lines) - SHOWN_LINES
    return lines[:SHOWN_LINES] + ([f"  and {more} more"] if more > 0 else [])


def _mismatch(mismatch: Mismatch) -> str:
    sides = (_side(mismatch.kind, side) for side in (mismatch.a, mismatch.b))
    return f"  {printable_content(f'{mismatch.kind} {mismatch.place}')}: {' | '.join(sides)}"


def _side(kind: str, value: Any) -> str:
    if value is None:
        return "-"
    if kind == "group":
        return f"{len(value)} variables"
    if isinstance(value, tuple):
        texts = [item if isinstance(item, str) else f"{item:.10g}" for item in value]
        more = len(texts) - SHOWN_VALUES
        text = " ".join(texts[:SHOWN_VALUES]) + (f" and {more} more" if more > 0 else "")
    else:
        text = f"{value:.10g}" if isinstance(value, int | float) else str(value)
    return str(printable_content(text))


def _moved(variables: list[VariableDifference]) -> str:
    variables = sorted(variables, key=lambda variable: -variable.moved(1)[0].relative)
    heading = ("moved", "points", "beyond", "NaN once", "median", "largest", "A -> B", "at")
    rows = []
    for variable in variables:
        only_one_sided = variable.beyond == variable.one_sided
        worst = None if only_one_sided else variable.largest_relative
        worst = worst or variable.moved(1)[0]
        values = f"{worst.a:.5g} -> {worst.b:.5g} {'' if worst.units == '1' else worst.units}"
        rows.append(
            (
                f"{variable.group}/{variable.variable}",
                str(variable.compared),
                str(variable.beyond),
                str(variable.one_sided or "-"),
                _percent(variable.median_change),
                _percent(_signed(worst)),
                values.rstrip(),
                _at(worst),
            )
        )
    shown = aligned(heading, rows[:SHOWN_LINES], numbers=5)
    more = len(rows) - SHOWN_LINES
    return shown + (f"\nand {more} more variables; --csv F writes all values" if more > 0 else "")


def _signed(point: MovedPoint) -> float:
    return -point.relative if point.b < point.a else point.relative


def _percent(change: float) -> str:
    return f"{100 * change:+.3g} %" if math.isfinite(change) else "-"


def _at(point: MovedPoint) -> str:
    return str(printable_content(str(point)))
