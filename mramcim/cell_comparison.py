"""`mramcim lut compare-cell FILE.cell`: a cell of NVSim beside that of a table."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from files import read_text
from mramcim.arguments import add_json
from mramcim.columns import aligned
from mramcim.errors import CommandError
from mramcim.outputs import STANDARD_OUTPUT, check_outputs, write_json
from mramcim.printable import printable
from mramcim.table_formats import add_conditions, nvsim_text, refuse_unused

_LARGEST = 1 << 20
"""Size [B] of a cell file; they have some forty lines."""
SUMMARY = "a memory cell of NVSim beside a table's own"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `lut compare-cell` takes."""
    parser.description = (
        "Read a memory cell of NVSim as NVSim does and put it beside the cell of a table, key by "
        "key. Lines of which NVSim takes nothing, for a wrong unit or an unknown key, are told."
    )
    parser.add_argument("file", metavar="FILE.cell", help="the cell")
    parser.add_argument(
        "--lut", metavar="FILE", help="the table (default: the reference table of mramcim)"
    )
    add_conditions(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print both cells; 0."""
    refuse_unused(arguments, "nvsim")
    inputs = [arguments.file, arguments.lut, arguments.design]
    check_outputs({"--json": arguments.json}, inputs=inputs)

    from lut import Table
    from lut.nvsim import NUMBERS, WORDS, read_cell

    text = read_text(Path(arguments.file), "cell file", _LARGEST, CommandError)
    theirs = read_cell(text)
    if not theirs.numbers:
        raise CommandError(
            f"NVSim takes no number from '{arguments.file}'; a line is as "
            "'-ResistanceOn (ohm): 3000', unit and colon included"
        )
    ours = read_cell(nvsim_text(Table.open(arguments.lut), arguments))
    rows: list[dict[str, Any]] = []
    for key in NUMBERS:
        sides = (theirs.numbers.get(key.name), ours.numbers.get(key.name))
        if sides != (None, None):
            rows.append({"key": key.name, "unit": key.unit, "theirs": sides[0], "ours": sides[1]})
    for name in WORDS:
        words = (theirs.words.get(name), ours.words.get(name))
        if words != (None, None):
            rows.append({"key": name, "unit": "", "theirs": words[0], "ours": words[1]})
    if arguments.json is not None:
        content = {
            "format": "mramcim-cell-comparison/1",
            "path": arguments.file,
            "keys": rows,
            "unread": list(theirs.unread),
        }
        write_json(arguments.json, content)
    if arguments.json != STANDARD_OUTPUT:
        scales = {key.name: key.scale for key in NUMBERS}
        lines = [_line(row, scales.get(row["key"], 1.0)) for row in rows]
        print(aligned(("key", "unit", "theirs", "ours", "ours/theirs"), lines))
        for line in theirs.unread:
            print(f"NVSim takes nothing from: {printable(line)}")
    return 0


def _line(row: dict[str, Any], scale: float) -> tuple[str, ...]:
    theirs, ours = row["theirs"], row["ours"]
    both = isinstance(theirs, float) and isinstance(ours, float) and theirs != 0
    ratio = f"{ours / theirs:.3g}" if both else "-"
    return (row["key"], row["unit"] or "-", _shown(theirs, scale), _shown(ours, scale), ratio)


def _shown(value: Any, scale: float) -> str:
    if value is None:
        return "-"
    return f"{value / scale:.5g}" if isinstance(value, float) else printable(value)
